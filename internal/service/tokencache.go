package service

import (
	"crypto/sha256"
	"sync"
	"time"
)

const (
	cacheFor        = time.Minute // how long a valid token is not checked again
	maxCachedTokens = 1024        // then the cache is emptied
)

// tokenCache holds the callers of access tokens, so that a client that sends thousands of
// photos is verified once a minute and not once per photo. It holds digests of tokens, not
// the tokens. The zero value is empty.
type tokenCache struct {
	mu      sync.Mutex
	byToken map[[sha256.Size]byte]cachedCaller
}

type cachedCaller struct {
	Caller
	until time.Time
}

func (c *tokenCache) find(token string, now time.Time) (Caller, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, ok := c.byToken[sha256.Sum256([]byte(token))]
	return found.Caller, ok && now.Before(found.until)
}

// add keeps the caller of a valid token for a while, but not beyond the token's expiry.
func (c *tokenCache) add(token string, caller Caller, now time.Time) {
	until := now.Add(cacheFor)
	if caller.Expires.Before(until) {
		until = caller.Expires
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byToken == nil || len(c.byToken) >= maxCachedTokens {
		c.byToken = map[[sha256.Size]byte]cachedCaller{}
	}
	c.byToken[sha256.Sum256([]byte(token))] = cachedCaller{caller, until}
}
