package service

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"strings"

	"photos/internal/photo"
)

// A RequestKey names a request that creates a secret. A client chooses it at random, and sends it
// again if the answer was lost. The secret is derived from it, so the request gets the same secret
// each time, and the service still stores only a hash. It is empty if the client does not repeat
// the request.
type RequestKey string

// The length of a RequestKey. The shortest one has 128 random bits if its characters are random.
const (
	minRequestKey = 22
	maxRequestKey = 64
)

// check refuses a key that would be too easy to guess.
func (k RequestKey) check() error {
	other := strings.ContainsFunc(string(k), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
	if k == "" || len(k) >= minRequestKey && len(k) <= maxRequestKey && !other {
		return nil
	}
	return &photo.Error{
		Kind: photo.KindUsage, Msg: fmt.Sprintf("%.20q is not a valid key of a request", string(k)),
		Hint: fmt.Sprintf("use %d to %d letters, digits, hyphens and underscores, and choose them at random", minRequestKey, maxRequestKey),
	}
}

// code returns what a secret of an owner is derived from. The caller adds everything that makes a
// request another request, because such a request gets another secret.
func (k RequestKey) code(what, owner string) hash.Hash {
	h := hmac.New(sha256.New, []byte(k))
	fmt.Fprintf(h, "photos %s: token of a request\x00%s\x00", what, owner)
	return h
}
