package signin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
)

// scripted is a transport that gives one answer after the other and records the time of each
// request, by the clock of synctest.
type scripted struct {
	began   time.Time
	answers []func(*http.Request) (*http.Response, error)
	came    []time.Duration
}

func (s *scripted) RoundTrip(req *http.Request) (*http.Response, error) {
	s.came = append(s.came, time.Since(s.began))
	answer := s.answers[min(len(s.came), len(s.answers))-1]
	return answer(req)
}

func answering(status int, body string, headers ...string) func(*http.Request) (*http.Response, error) {
	return func(req *http.Request) (*http.Response, error) {
		resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}
		for i := 0; i < len(headers); i += 2 {
			resp.Header.Set(headers[i], headers[i+1])
		}
		resp.Header.Set("Content-Type", "application/json")
		return resp, nil
	}
}

// lost breaks the connection after the request was sent.
func lost(req *http.Request) (*http.Response, error) {
	httptrace.ContextClientTrace(req.Context()).GotConn(httptrace.GotConnInfo{})
	return nil, errors.New("connection reset by peer")
}

// never does not answer, so the request ends at its own limit.
func never(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// scriptedSource returns a source without an access token and the transport that it uses.
func scriptedSource(t *testing.T, patience time.Duration, answers ...func(*http.Request) (*http.Response, error)) (*Source, *scripted) {
	t.Helper()
	web := &scripted{began: time.Now(), answers: answers}
	store := newMemory()
	session := Session{Provider: oidc.Provider{TokenEndpoint: "https://p.example/oauth2/token"}, ClientID: "cli", Credential: "c"}
	if err := (credential{id: "c", store: store}).setRefresh(t.Context(), auth.NewSecret("refresh")); err != nil {
		t.Fatal(err)
	}
	return NewSource(SourceOptions{Session: session, Store: store, StateDir: t.TempDir(), Patience: patience, HTTP: web}), web
}

const goodTokens = `{"access_token":"new","expires_in":3600}`

func TestPausesBetweenRetries(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		patience time.Duration
		answers  []func(*http.Request) (*http.Response, error)
		came     []time.Duration // nil elements below are not looked at
		kind     auth.Kind
	}{
		"Retry-After is kept": {
			time.Minute,
			[]func(*http.Request) (*http.Response, error){answering(429, "slow down", "Retry-After", "7"), answering(200, goodTokens)},
			[]time.Duration{0, 7 * time.Second}, "",
		},
		"Retry-After beyond the patience ends it": {
			5 * time.Second,
			[]func(*http.Request) (*http.Response, error){answering(429, "slow down", "Retry-After", "7")},
			[]time.Duration{0}, auth.Unavailable,
		},
		"a lost answer is asked for again at once": {
			time.Minute,
			[]func(*http.Request) (*http.Response, error){lost, lost, answering(200, goodTokens)},
			[]time.Duration{0, lostAnswerPause, 2 * lostAnswerPause}, "",
		},
		"what is refused for good is not repeated": {
			time.Minute,
			[]func(*http.Request) (*http.Response, error){answering(401, `{"error":"invalid_client"}`)},
			[]time.Duration{0}, auth.Misconfigured,
		},
		"no answer at all": {
			10 * time.Second,
			[]func(*http.Request) (*http.Response, error){never},
			[]time.Duration{0}, auth.Unavailable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, web := scriptedSource(t, test.patience, test.answers...)
				_, err := s.Token(t.Context())
				if (err == nil) != (test.kind == "") || err != nil && auth.KindOf(err) != test.kind {
					t.Errorf("err = %v, want kind %q", err, test.kind)
				}
				if !slices.Equal(web.came, test.came) {
					t.Errorf("requests at %v, want %v", web.came, test.came)
				}
			})
		})
	}
}

// TestALostAnswerIsRequestedAgainAfterCtrlC presses Ctrl-C while the answer is lost. The provider may
// have rotated the token.
func TestALostAnswerIsRequestedAgainAfterCtrlC(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		interrupted := func(req *http.Request) (*http.Response, error) { interrupt(); return lost(req) }
		s, web := scriptedSource(t, time.Minute, interrupted, answering(200, `{"access_token":"new","refresh_token":"rotated","expires_in":3600}`))
		if _, err := s.Token(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v, want canceled", err)
		}
		if got, err := s.cred.refresh(t.Context()); err != nil || got.Reveal() != "rotated" || len(web.came) != 2 {
			t.Errorf("stored %q after %d requests, %v; want the rotated token after 2", got.Reveal(), len(web.came), err)
		}
	})
}

// TestBackOffEndsWithTheDeadline checks that the error says why, and that the session is kept.
func TestBackOffEndsWithTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, web := scriptedSource(t, time.Hour, answering(503, "down"))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		_, err := s.Token(ctx)
		if auth.KindOf(err) != auth.Unavailable || time.Since(web.began) != 20*time.Second {
			t.Errorf("%v after %s, want kind %s after 20 s", err, time.Since(web.began), auth.Unavailable)
		}
		if n := len(web.came); n < 4 || n > 10 {
			t.Errorf("%d requests in 20 s, want a handful", n)
		}
	})
}

func TestALongWaitForTheLockIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		release, err := locker{dir: dir, id: "c"}.lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		told := make(chan time.Duration, 8)
		second := locker{dir: dir, id: "c", waiting: func(pid int) {
			if pid == 0 {
				t.Error("the holder's pid is not known")
			}
			told <- time.Since(began)
			time.AfterFunc(3*time.Second, release)
		}}
		again, err := second.lock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		again()
		if n := len(told); n != 1 {
			t.Fatalf("told %d times, want once", n)
		}
		if after := <-told; after != 2*time.Second {
			t.Errorf("told after %s, want 2 s", after)
		}
	})
}
