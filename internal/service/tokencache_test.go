package service

import (
	"strconv"
	"testing"
	"time"
)

// A valid token stays in the cache for a minute, but not beyond its expiry.
func TestTokenCacheExpires(t *testing.T) {
	now := time.Now()
	var cache tokenCache
	for name, c := range map[string]struct {
		expires, asked time.Duration
		found          bool
	}{
		"at once":         {time.Hour, 0, true},
		"a second before": {time.Hour, cacheFor - time.Second, true},
		"a minute later":  {time.Hour, cacheFor, false},
		"still valid":     {10 * time.Second, 9 * time.Second, true},
		"just expired":    {10 * time.Second, 10 * time.Second, false},
		"already expired": {-time.Second, 0, false},
	} {
		cache.add(name, Caller{Owner: name, Identity: Identity{Expires: now.Add(c.expires)}}, now)
		got, ok := cache.find(name, now.Add(c.asked))
		if ok != c.found || ok && got.Owner != name {
			t.Errorf("%s: %q, %t", name, got.Owner, ok)
		}
	}
	if _, ok := cache.find("another", now); ok {
		t.Error("the cache holds a token that was never added")
	}
}

func TestTokenCacheIsBounded(t *testing.T) {
	now := time.Now()
	var cache tokenCache
	for i := range 3 * maxCachedTokens {
		token := strconv.Itoa(i)
		cache.add(token, Caller{Owner: token, Identity: Identity{Expires: now.Add(time.Hour)}}, now)
		if c, ok := cache.find(token, now); !ok || c.Owner != token {
			t.Fatalf("token %d: %q, %t", i, c.Owner, ok)
		}
		if len(cache.byToken) > maxCachedTokens {
			t.Fatalf("the cache holds %d tokens", len(cache.byToken))
		}
	}
}
