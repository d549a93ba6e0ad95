package userpool

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// grant is a sign-in of one client. All its tokens have the same origin_jti.
type grant struct {
	originJTI, sub, clientID, scope, resource string
	signedInAt, expiresAt                     time.Time
}

// addGrant stores a new grant with its first refresh token. The error is errAbsent if its code was used again in the
// meantime.
func (d *database) addGrant(ctx context.Context, g grant, refreshToken string) error {
	return d.tx(ctx, func(tx *sql.Tx) error {
		added, err := tx.ExecContext(ctx, `INSERT INTO grants (origin_jti, sub, client_id, scope, resource, signed_in_at, expires_at)
			SELECT used_for, ?, ?, ?, ?, ?, ? FROM codes WHERE used_for = ?`,
			g.sub, g.clientID, g.scope, g.resource, g.signedInAt.UnixMicro(), g.expiresAt.UnixMicro(), g.originJTI)
		if err != nil {
			return err
		}
		if n, err := added.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errAbsent)
		}
		return addRefreshToken(ctx, tx, g.originJTI, refreshToken)
	})
}

func addRefreshToken(ctx context.Context, tx *sql.Tx, originJTI, token string) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO refresh_tokens (token, origin_jti) VALUES (?, ?)", hashed(token), originJTI)
	return err
}

// refreshUse is one use of a refresh token.
type refreshUse struct {
	token     string
	clientID  string
	successor string        // the token that replaces it; "": there is no rotation
	grace     time.Duration // how long it stays valid after it was replaced
	now       time.Time
}

// useRefreshToken returns the grant of a token. With rotation it also replaces the token.
// The new one expires with the grant, as the first one does. A replaced token is valid
// until its grace period is over, and each use of it adds a successor. The error is
// errAbsent if the token is unknown, revoked, expired, another client's, or replaced too
// long ago.
func (d *database) useRefreshToken(ctx context.Context, use refreshUse) (grant, error) {
	var g grant
	err := d.tx(ctx, func(tx *sql.Tx) error {
		var signedInAt, expiresAt int64
		var replacedAt sql.NullInt64
		err := tx.QueryRowContext(ctx, `SELECT g.origin_jti, g.sub, g.client_id, g.scope, g.resource, g.signed_in_at, g.expires_at, t.replaced_at
			FROM refresh_tokens t JOIN grants g ON g.origin_jti = t.origin_jti WHERE t.token = ? AND g.client_id = ? AND g.expires_at > ?`,
			hashed(use.token), use.clientID, use.now.UnixMicro()).
			Scan(&g.originJTI, &g.sub, &g.clientID, &g.scope, &g.resource, &signedInAt, &expiresAt, &replacedAt)
		if err != nil {
			return absent(err)
		}
		g.signedInAt, g.expiresAt = time.UnixMicro(signedInAt), time.UnixMicro(expiresAt)
		if replacedAt.Valid && !use.now.Before(time.UnixMicro(replacedAt.Int64).Add(use.grace)) {
			return errAbsent
		}
		return use.replace(ctx, tx, g.originJTI)
	})
	return g, err
}

// replace adds the successor, if there is one. The grace period begins with the first replacement.
func (use refreshUse) replace(ctx context.Context, tx *sql.Tx, originJTI string) error {
	if use.successor == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, "UPDATE refresh_tokens SET replaced_at = ? WHERE token = ? AND replaced_at IS NULL",
		use.now.UnixMicro(), hashed(use.token))
	if err != nil {
		return err
	}
	return addRefreshToken(ctx, tx, originJTI, use.successor)
}

// removeGrant deletes the grant of a client's refresh token, if there is one.
func (d *database) removeGrant(ctx context.Context, token, clientID string) error {
	_, err := d.ExecContext(ctx, "DELETE FROM grants WHERE client_id = ? AND origin_jti = (SELECT origin_jti FROM refresh_tokens WHERE token = ?)",
		clientID, hashed(token))
	return err
}

// userOfGrant returns the user of a grant. The error is errAbsent if the grant was revoked or has expired.
func (d *database) userOfGrant(ctx context.Context, originJTI string) (user, error) {
	return scanUser(d.QueryRowContext(ctx, "SELECT "+userColumns+" FROM users JOIN grants USING (sub) WHERE origin_jti = ?", originJTI))
}
