package oidc

import (
	"testing"
	"time"

	"photos/internal/auth"
)

func TestTokenFresh(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		obtained, expiry time.Duration // from now
		want             bool
	}{
		"an hour's, just got":          {0, time.Hour, true},
		"an hour's, 61 s left":         {-time.Hour + 61*time.Second, 61 * time.Second, true},
		"an hour's, 59 s left":         {-time.Hour + 59*time.Second, 59 * time.Second, false},
		"a minute's, 13 s left":        {-47 * time.Second, 13 * time.Second, true},
		"a minute's, 11 s left":        {-49 * time.Second, 11 * time.Second, false},
		"got in the future by a clock": {2 * time.Minute, time.Hour, false},
		"ended":                        {-time.Hour, -time.Second, false},
	} {
		token := Token{Value: auth.NewSecret("x"), Obtained: now.Add(test.obtained), Expiry: now.Add(test.expiry)}
		if got := token.Fresh(now); got != test.want {
			t.Errorf("%s: fresh = %v", name, got)
		}
	}
	if (Token{}).Fresh(now) {
		t.Error("no token at all is fresh")
	}
}
