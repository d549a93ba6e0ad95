package oidc

import (
	"strings"
	"time"

	"photos/internal/auth"
)

// Token is an access token.
type Token struct {
	Value    auth.Secret
	Obtained time.Time // when it arrived, by this machine's clock
	Expiry   time.Time // Obtained plus the lifetime that the provider gave
}

const (
	maxMargin = time.Minute // a token is not used when less than this is left
	clockJump = time.Minute // if the clock was set back by more than this, a token's times mean nothing
)

// Fresh reports whether t may be used at now: at least a minute is left, or a fifth of
// its lifetime if that is shorter.
func (t Token) Fresh(now time.Time) bool {
	margin := min(maxMargin, t.Expiry.Sub(t.Obtained)/5)
	return !t.Value.IsZero() && now.Before(t.Expiry.Add(-margin)) && now.After(t.Obtained.Add(-clockJump))
}

// Tokens are what the token endpoint gave.
type Tokens struct {
	Access   Token
	Refresh  auth.Secret   // zero if the answer has none
	ID       auth.Secret   // zero if the answer has none
	ClockOff time.Duration // how far the provider's clock is ahead of this machine's; 0 within ClockTolerance
}

// wellFormed reports whether token has only the characters that RFC 6750, section 2.1,
// allows, so that it may go into a header.
func wellFormed(token string) bool {
	for _, c := range []byte(token) {
		alnum := '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
		if !alnum && strings.IndexByte("-._~+/=", c) < 0 {
			return false
		}
	}
	return token != ""
}
