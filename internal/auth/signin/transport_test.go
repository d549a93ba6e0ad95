package signin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
)

// counting gives token-0, and the next token after each Invalidate.
type counting struct {
	number  atomic.Int32
	refuses bool // Invalidate says that it is no use
}

func (c *counting) Token(context.Context) (oidc.Token, error) {
	return oidc.Token{Value: auth.NewSecret("token-" + strconv.Itoa(int(c.number.Load())))}, nil
}

func (c *counting) Invalidate(oidc.Token) bool {
	if !c.refuses {
		c.number.Add(1)
	}
	return !c.refuses
}

// wanting returns a server that answers 401 with a challenge to every token but one, and sends the body back
// otherwise.
func wanting(t *testing.T, token, challenge string, hits *atomic.Int32) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write(body)
	}))
	t.Cleanup(srv.Close)
	return srv
}

func TestTransportRefreshesOnceAfter401(t *testing.T) {
	t.Parallel()
	once := func(s string) io.Reader { return io.MultiReader(strings.NewReader(s)) } // hides GetBody
	const bearer = `Bearer error="invalid_token"`
	for name, test := range map[string]struct {
		accepted  string
		challenge string
		refuses   bool
		body      io.Reader
		status    int
		hits      int32
	}{
		"good at once":               {"token-0", bearer, false, nil, 200, 1},
		"refreshed":                  {"token-1", bearer, false, nil, 200, 2},
		"refreshed, body sent again": {"token-1", bearer, false, strings.NewReader("photo"), 200, 2},
		"body that cannot be":        {"token-1", bearer, false, once("photo"), 401, 1},
		"never good":                 {"none", bearer, false, nil, 401, 2},
		"refresh is no use":          {"token-1", bearer, true, nil, 401, 1},
		"a proxy's own sign-in":      {"token-1", `Basic realm="staff"`, false, nil, 401, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var hits atomic.Int32
			srv := wanting(t, test.accepted, test.challenge, &hits)
			client := http.Client{Transport: &Transport{Base: http.DefaultTransport, Source: &counting{refuses: test.refuses}, Origin: srv.URL}}
			req, err := http.NewRequest(http.MethodPost, srv.URL+"/v1/uploads", test.body)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != test.status || hits.Load() != test.hits {
				t.Errorf("status %d after %d requests, want %d after %d", resp.StatusCode, hits.Load(), test.status, test.hits)
			}
			if test.body != nil && resp.StatusCode == 200 && string(body) != "photo" {
				t.Errorf("body %q", body)
			}
			if req.Header.Get("Authorization") != "" {
				t.Error("the caller's request was changed")
			}
		})
	}
}

func TestTransportSendsTheTokenToOneOriginOnly(t *testing.T) {
	t.Parallel()
	var seen atomic.Value
	seen.Store("")
	stranger := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen.Store(r.Header.Get("Authorization"))
	}))
	t.Cleanup(stranger.Close)
	home := httptest.NewServer(http.RedirectHandler(stranger.URL, http.StatusTemporaryRedirect))
	t.Cleanup(home.Close)
	client := http.Client{Transport: &Transport{Base: http.DefaultTransport, Source: &counting{}, Origin: home.URL}}
	for _, address := range []string{home.URL, stranger.URL, strings.Replace(home.URL, "127.0.0.1", "localhost", 1)} {
		resp, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := seen.Load(); got != "" {
			t.Errorf("%s: the stranger got %q", address, got)
		}
	}
}

func TestTransportPassesOnWhyThereIsNoToken(t *testing.T) {
	t.Parallel()
	p := newFakeProvider(t)
	source := p.source(t, Session{Provider: p.provider(), Credential: "none"}, newMemory(), t.TempDir())
	client := http.Client{Transport: &Transport{Base: http.DefaultTransport, Source: source, Origin: p.URL}}
	_, err := client.Post(p.URL, "text/plain", strings.NewReader("x"))
	if auth.KindOf(err) != auth.NotSignedIn {
		t.Errorf("err = %v, want kind %s", err, auth.NotSignedIn)
	}
	if e, ok := errors.AsType[*auth.Error](err); !ok || e.Hint == "" {
		t.Error("no hint")
	}
}
