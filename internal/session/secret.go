package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"photos/internal/store"
)

// secret is what the cookie of a session holds. Nothing else has it: the row of the session
// is found by one key derived from it, and opened with another one. So neither the database
// nor a copy of it gives a session away.
type secret [32]byte

// The labels of the derived keys (RFC 5869, section 3.2). They must never change: a session
// could not be found or opened any more.
const (
	labelLookUp = "photos web session: look-up"
	labelSeal   = "photos web session: seal"
)

func newSecret() secret {
	var s secret
	_, _ = rand.Read(s[:]) // never fails
	return s
}

// parseSecret reads the value of a cookie.
func parseSecret(cookie string) (secret, bool) {
	var s secret
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cookie)
	if err != nil || len(raw) != len(s) {
		return secret{}, false
	}
	copy(s[:], raw)
	return s, true
}

func (s secret) cookie() string { return base64.RawURLEncoding.EncodeToString(s[:]) }

// hash returns the key by which the row of the session is found.
func (s secret) hash() store.SessionHash { return s.derive(labelLookUp) }

func (s secret) derive(label string) [32]byte {
	key, err := hkdf.Key(sha256.New, s[:], nil, label, sha256.Size)
	if err != nil {
		panic(err) // only a length that is too large is an error
	}
	return [32]byte(key)
}

func (s secret) aead() cipher.AEAD {
	key := s.derive(labelSeal)
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has the right length
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES has the right block size
	}
	return aead
}

// content is what is sealed in the row of a session.
type content struct {
	Refresh string `json:"refresh,omitempty"`
	Name    string `json:"name,omitempty"`
	Email   string `json:"email,omitempty"`
}

func (s secret) seal(c content) []byte {
	plain, err := json.Marshal(c)
	if err != nil {
		panic(err) // it has only strings
	}
	return s.aead().Seal(nil, nil, plain, nil) //nolint:gosec // the cipher makes a random nonce itself
}

var errSealed = errors.New("the session cannot be opened")

func (s secret) open(sealed []byte) (content, error) {
	var c content
	plain, err := s.aead().Open(nil, nil, sealed, nil)
	if err != nil {
		return c, fmt.Errorf("%w: %w", errSealed, err)
	}
	if err := json.Unmarshal(plain, &c); err != nil {
		return c, fmt.Errorf("%w: %w", errSealed, err)
	}
	return c, nil
}
