package userpool

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"time"

	"github.com/google/uuid"
)

// purpose says what a link in a mail is for.
type purpose string

const (
	toConfirm purpose = "confirm"
	toReset   purpose = "reset"
)

// lifetime returns how long a link is valid. Cognito's codes have the same lifetimes.
func (p purpose) lifetime() time.Duration {
	if p == toReset {
		return time.Hour
	}
	return 24 * time.Hour
}

// page returns the path of the page that a link opens.
func (p purpose) page() string {
	if p == toReset {
		return "/confirmForgotPassword"
	}
	return "/confirmUser"
}

// link is the record of a link. Whoever opens it can read the mail of its address. That alone confirms nothing,
// because anybody may have asked for the link.
type link struct {
	purpose purpose
	email   string
	sub     string // of the sign-up whose password was given to get the link; "": no password was given
	request string // query of the authorization request that waits
}

// Limits for links that are sent by mail or written to the terminal.
const (
	sentMemory      = 24 * time.Hour
	maxSentToOne    = 5   // to one address, in sentMemory
	maxSentInAnHour = 100 // to all addresses
)

// errTooManySent says that one of these limits is reached.
var errTooManySent = errors.New("too many links were sent")

// newLink creates a link and counts it as sent. The error is errTooManySent if a limit is reached.
func (p *Pool) newLink(ctx context.Context, clientID string, l link) (address string, err error) {
	now, secret := p.now(), uuid.NewString()+uuid.NewString()
	if err := p.db.sweep(ctx, now); err != nil {
		return "", err
	}
	query := url.Values{"client_id": {clientID}, "confirmation_code": {secret}}
	return p.conf.BaseURL + l.purpose.page() + "?" + query.Encode(), p.db.addLink(ctx, secret, l, now)
}

// deliver mails a link, or writes it to the terminal if there is no mail server.
func (p *Pool) deliver(ctx context.Context, l link, address string) error {
	if p.conf.SMTP != "" {
		return p.send(ctx, l.letter(address))
	}
	task := "confirm " + l.email
	if l.purpose == toReset {
		task = "choose a new password for " + l.email
	}
	p.print("to %s open\n  %s", task, address)
	return nil
}

func (d *database) addLink(ctx context.Context, secret string, l link, now time.Time) error {
	return d.tx(ctx, func(tx *sql.Tx) error {
		if err := maySend(ctx, tx, l.email, now); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO sent (email, sent_at) VALUES (?, ?)", l.email, now.UnixMicro()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO links (code, purpose, email, sub, request, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
			hashed(secret), l.purpose, l.email, l.sub, l.request, now.Add(l.purpose.lifetime()).UnixMicro())
		return err
	})
}

// maySend returns errTooManySent if no more may be sent to an address now.
func maySend(ctx context.Context, in interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}, email string, now time.Time,
) error {
	var toOne, inAnHour int
	err := in.QueryRowContext(ctx, "SELECT count(*) FILTER (WHERE email = ? AND sent_at > ?), count(*) FILTER (WHERE sent_at > ?) FROM sent",
		email, now.Add(-sentMemory).UnixMicro(), now.Add(-time.Hour).UnixMicro()).Scan(&toOne, &inAnHour)
	if err == nil && (toOne >= maxSentToOne || inAnHour >= maxSentInAnHour) {
		err = errTooManySent
	}
	return err
}

// link returns a link. A link can be opened again until it expires. The error is errAbsent if there is none or it has
// expired.
func (d *database) link(ctx context.Context, secret string, use purpose, now time.Time) (link, error) {
	l := link{purpose: use}
	err := d.QueryRowContext(ctx, "SELECT email, sub, request FROM links WHERE code = ? AND purpose = ? AND expires_at > ?",
		hashed(secret), use, now.UnixMicro()).Scan(&l.email, &l.sub, &l.request)
	return l, absent(err)
}
