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

// Cognito rotates keys without a schedule. It publishes a new key before it signs with
// it.
const (
	maxAge     = time.Hour       // older keys are fetched again before use; they are used if that fails
	fetchEvery = 5 * time.Second // the shortest time between two fetches, whatever key IDs tokens have
	fetchLimit = 5 * time.Second // for one fetch
	maxKeySet  = 64 << 10        // bytes of a published set; Cognito's has about 1,000
)

var errUnknownKey = errors.New("signed with a key the issuer does not publish")

// keySet has the published keys of an issuer (RFC 7517). It fetches them when they are
// needed. A caller waits for a fetch only if it needs its result.
type keySet struct {
	url     string
	client  *http.Client
	now     func() time.Time
	fetch   chan struct{} // holds one element while a goroutine fetches
	current atomic.Pointer[snapshot]
}

// snapshot is what is known of the keys at one time. It is never changed.
type snapshot struct {
	keys    map[string]*rsa.PublicKey
	fetched time.Time // when the keys were fetched
	tried   time.Time // when the last fetch was tried
	err     error     // of the last fetch, or nil
}

func newKeySet(c Config) *keySet {
	client := http.Client{Timeout: fetchLimit}
	if c.HTTPClient != nil {
		client = *c.HTTPClient
	}
	// Another address must not decide which keys are the issuer's.
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

// find returns the key with this ID. The error is errUnknownKey if there is none, of
// photo.KindUnavailable if that is not certain, or the error of ctx.
func (k *keySet) find(ctx context.Context, id string) (*rsa.PublicKey, error) {
	s := k.current.Load()
	if key, ok := s.keys[id]; ok && k.now().Sub(s.fetched) < maxAge {
		return key, nil
	}
	if !s.due(k.now()) {
		return s.key(id)
	}
	select {
	case k.fetch <- struct{}{}:
		defer func() { <-k.fetch }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s = k.current.Load(); s.due(k.now()) { // no other goroutine fetched while this one waited
		s = k.refresh(ctx, s)
		k.current.Store(s)
	}
	return s.key(id)
}

// due reports whether the keys may be fetched again.
func (s *snapshot) due(now time.Time) bool {
	return s.tried.IsZero() || now.Sub(s.tried) >= fetchEvery
}

// key returns the key with this ID from the snapshot. A key in it is valid even if the
// last fetch failed, so that nobody is signed out while the provider is down.
func (s *snapshot) key(id string) (*rsa.PublicKey, error) {
	switch key, ok := s.keys[id]; {
	case ok:
		return key, nil
	case s.err != nil:
		return nil, &photo.Error{Kind: photo.KindUnavailable, Msg: "fetch the issuer's keys", Err: s.err}
	}
	return nil, errUnknownKey
}

// refresh returns a snapshot with the keys that are published now, or with the old keys
// if they cannot be fetched. The fetch is for all callers, so it goes on if the request
// that caused it is cancelled.
func (k *keySet) refresh(ctx context.Context, old *snapshot) *snapshot {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchLimit)
	defer cancel()
	keys, err := k.download(ctx)
	now := k.now()
	if err != nil {
		return &snapshot{keys: old.keys, fetched: old.fetched, tried: now, err: err}
	}
	return &snapshot{keys: keys, fetched: now, tried: now}
}

// download fetches the published key set.
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

// parseKeys returns the RSA signature keys of a set and ignores other keys. A set without
// such a key is an error, so that the known keys are kept.
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
			continue // a key type that go-jose does not know
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
