package cognito

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"photos/internal/photo"
)

// When keys are fetched. Cognito rotates them without a schedule, publishing a
// new one before it signs with it.
const (
	maxAge     = time.Hour       // older keys are fetched again before use, and used if that fails
	fetchEvery = 5 * time.Second // the shortest time between two fetches, whatever key IDs callers make up
	fetchLimit = 5 * time.Second // one fetch
	maxKeySet  = 64 << 10        // bytes of a published set; Cognito's has 1,000
)

var errUnknownKey = errors.New("signed with a key the issuer does not publish")

// A keySet is an issuer's published keys (RFC 7517), fetched when needed. Readers
// never wait for a fetch that they do not need.
type keySet struct {
	url     string
	client  *http.Client
	now     func() time.Time
	fetch   chan struct{} // held by the one that fetches
	current atomic.Pointer[snapshot]
}

// A snapshot is never changed.
type snapshot struct {
	keys    map[string]*rsa.PublicKey
	fetched time.Time // when keys came
	tried   time.Time // the last fetch
	err     error     // of the last fetch
}

func newKeySet(c Config) *keySet {
	client := http.Client{Timeout: fetchLimit}
	if c.HTTPClient != nil {
		client = *c.HTTPClient
	}
	// Whoever answers for another address must not decide which keys are the issuer's.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	k := &keySet{
		url:    strings.TrimSuffix(c.Issuer, "/") + "/.well-known/jwks.json",
		client: &client,
		now:    c.Now,
		fetch:  make(chan struct{}, 1),
	}
	k.current.Store(&snapshot{})
	return k
}

// find is the key of this ID. Its error is errUnknownKey, of photo.KindUnavailable
// when that cannot be said for sure, or ctx's.
func (k *keySet) find(ctx context.Context, id string) (*rsa.PublicKey, error) {
	s := k.current.Load()
	if key, ok := s.keys[id]; ok && k.now().Sub(s.fetched) < maxAge {
		return key, nil
	}
	if !s.due(k.now()) {
		return s.answer(id)
	}
	select {
	case k.fetch <- struct{}{}:
		defer func() { <-k.fetch }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s = k.current.Load(); s.due(k.now()) { // nobody else fetched while we waited
		s = k.refreshed(ctx, s)
		k.current.Store(s)
	}
	return s.answer(id)
}

// due reports whether a fetch is allowed again.
func (s *snapshot) due(now time.Time) bool {
	return s.tried.IsZero() || now.Sub(s.tried) >= fetchEvery
}

// answer is what is known without asking again. A known key is good even when it
// could not be confirmed: a provider that is down signs nobody out.
func (s *snapshot) answer(id string) (*rsa.PublicKey, error) {
	switch key, ok := s.keys[id]; {
	case ok:
		return key, nil
	case s.err != nil:
		return nil, &photo.Error{Kind: photo.KindUnavailable, Msg: "fetch the issuer's keys", Err: s.err}
	}
	return nil, errUnknownKey
}

// refreshed is old with the keys published now. The fetch is on everybody's
// behalf, so it goes on when the request that caused it is gone.
func (k *keySet) refreshed(ctx context.Context, old *snapshot) *snapshot {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchLimit)
	defer cancel()
	keys, err := k.download(ctx)
	now := k.now()
	if err != nil {
		return &snapshot{keys: old.keys, fetched: old.fetched, tried: now, err: err}
	}
	return &snapshot{keys: keys, fetched: now, tried: now}
}

func (k *keySet) download(ctx context.Context) (map[string]*rsa.PublicKey, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", k.url, resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxKeySet))
	if err != nil {
		return nil, err
	}
	return parseKeys(body)
}

// parseKeys takes the RSA signature keys of a set and leaves others alone. A set
// without any is a fault of the provider, not a reason to forget what we have.
func parseKeys(body []byte) (map[string]*rsa.PublicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("parse key set: %w", err)
	}
	keys := make(map[string]*rsa.PublicKey)
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) != nil {
			continue // of a kind that we do not know
		}
		if public, ok := key.Key.(*rsa.PublicKey); ok && key.Use != "enc" && key.KeyID != "" {
			keys[key.KeyID] = public
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the key set has no RSA key")
	}
	return keys, nil
}
