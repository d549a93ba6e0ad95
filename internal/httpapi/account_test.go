package httpapi

import (
	"strconv"
	"testing"
	"time"
)

// A token that was good is remembered for a minute, but never past its end.
func TestAccountsAreForgottenInTime(t *testing.T) {
	now := time.Now()
	var m accounts
	for name, c := range map[string]struct {
		expires, asked time.Duration
		known          bool
	}{
		"at once":         {time.Hour, 0, true},
		"a second before": {time.Hour, accountsFor - time.Second, true},
		"a minute later":  {time.Hour, accountsFor, false},
		"it still lives":  {10 * time.Second, 9 * time.Second, true},
		"it has expired":  {10 * time.Second, 10 * time.Second, false},
		"it had expired":  {-time.Second, 0, false},
	} {
		m.keep(name, account{owner: name, Identity: Identity{Expires: now.Add(c.expires)}}, now)
		a, ok := m.find(name, now.Add(c.asked))
		if ok != c.known || ok && a.owner != name {
			t.Errorf("%s: %q, %t", name, a.owner, ok)
		}
	}
	if _, ok := m.find("another", now); ok {
		t.Error("a token that was never seen is known")
	}
}

func TestAccountsAreFew(t *testing.T) {
	now := time.Now()
	var m accounts
	for i := range 3 * maxAccounts {
		token := strconv.Itoa(i)
		m.keep(token, account{owner: token, Identity: Identity{Expires: now.Add(time.Hour)}}, now)
		if a, ok := m.find(token, now); !ok || a.owner != token {
			t.Fatalf("token %d: %q, %t", i, a.owner, ok)
		}
		if len(m.byToken) > maxAccounts {
			t.Fatalf("%d are remembered", len(m.byToken))
		}
	}
}
