package userpool

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// tokenUse is the value of Cognito's claim token_use.
type tokenUse string

const (
	useID     tokenUse = "id"
	useAccess tokenUse = "access"
)

// keptPublished is how long a retired key stays in the JWKS: the longest lifetime of an
// access token in Cognito.
const keptPublished = 24 * time.Hour

// key is one RSA key pair of the pool.
type key struct {
	id      string
	use     tokenUse
	private *rsa.PrivateKey
	retired bool
}

// keys are the pool's keys. As in Cognito, ID tokens and access tokens have different ones.
type keys struct {
	mu  sync.RWMutex
	all []key
}

// loadKeys reads the keys, or creates the first ones.
func loadKeys(ctx context.Context, db *database, now time.Time) (*keys, error) {
	k := new(keys)
	var err error
	if k.all, err = db.keys(ctx, now); err != nil {
		return nil, err
	}
	if len(k.all) == 0 {
		err = k.rotate(ctx, db, now)
	}
	return k, err
}

// rotate creates new keys to sign with.
func (k *keys) rotate(ctx context.Context, db *database, now time.Time) error {
	var fresh []key
	for _, use := range []tokenUse{useID, useAccess} {
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return fmt.Errorf("creating a signing key: %w", err)
		}
		var id [32]byte
		_, _ = rand.Read(id[:]) // never fails
		fresh = append(fresh, key{id: base64.StdEncoding.EncodeToString(id[:]), use: use, private: private})
	}
	if err := db.replaceKeys(ctx, fresh, now); err != nil {
		return fmt.Errorf("storing new signing keys: %w", err)
	}
	all, err := db.keys(ctx, now)
	if err != nil {
		return fmt.Errorf("reading the signing keys: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all = all
	return nil
}

// find returns the public key with an ID.
func (k *keys) find(kid string) (*rsa.PublicKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range k.all {
		if key.id == kid {
			return &key.private.PublicKey, true
		}
	}
	return nil, false
}

// public returns the JWKS (RFC 7517).
func (k *keys) public() jose.JSONWebKeySet {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var set jose.JSONWebKeySet
	for _, key := range k.all {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.private.Public(), KeyID: key.id, Algorithm: string(jose.RS256), Use: "sig"})
	}
	return set
}

// sign returns a token with the claims. Its header has only RS256 and a key ID, as in Cognito.
func (k *keys) sign(use tokenUse, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encoding a token: %w", err)
	}
	current := k.current(use)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: current.private, KeyID: current.id}}, nil)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return signed.CompactSerialize()
}

func (k *keys) current(use tokenUse) key {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, key := range k.all {
		if key.use == use && !key.retired {
			return key
		}
	}
	panic("userpool: no signing key") // loadKeys has created one
}

// verify checks the signature of one of the pool's tokens and returns its claims.
func (k *keys) verify(token string) (accessClaims, error) {
	var claims accessClaims
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return claims, err
	}
	public, ok := k.find(signed.Signatures[0].Header.KeyID)
	if !ok {
		return claims, errAbsent
	}
	payload, err := signed.Verify(public)
	if err != nil {
		return claims, err
	}
	err = json.Unmarshal(payload, &claims)
	return claims, err
}

// keys returns the keys that sign, and those that were retired within keptPublished.
func (d *database) keys(ctx context.Context, now time.Time) ([]key, error) {
	rows, err := d.QueryContext(ctx, "SELECT kid, token_use, pkcs8, retired_at IS NOT NULL FROM keys WHERE retired_at IS NULL OR retired_at > ? ORDER BY retired_at IS NOT NULL, rowid",
		now.Add(-keptPublished).UnixMicro())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []key
	for rows.Next() {
		var k key
		var der []byte
		if err := rows.Scan(&k.id, &k.use, &der, &k.retired); err != nil {
			return nil, err
		}
		parsed, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return nil, fmt.Errorf("signing key %s: %w", k.id, err)
		}
		private, ok := parsed.(*rsa.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("signing key %s: not an RSA key", k.id)
		}
		k.private = private
		all = append(all, k)
	}
	return all, rows.Err()
}

// replaceKeys retires the current keys and stores new ones.
func (d *database) replaceKeys(ctx context.Context, fresh []key, now time.Time) error {
	return d.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE keys SET retired_at = ? WHERE retired_at IS NULL", now.UnixMicro()); err != nil {
			return err
		}
		for _, k := range fresh {
			der, err := x509.MarshalPKCS8PrivateKey(k.private)
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO keys (kid, token_use, pkcs8) VALUES (?, ?, ?)", k.id, k.use, der); err != nil {
				return err
			}
		}
		return nil
	})
}
