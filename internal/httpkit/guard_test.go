package httpkit

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// quiet is a log that nobody reads.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestGuardsSeeRequestsInOrder(t *testing.T) {
	t.Parallel()
	var seen []string
	named := func(name string) Guard {
		return func(_ *Response, _ *http.Request, next func()) {
			seen = append(seen, name)
			next()
			seen = append(seen, "after "+name)
		}
	}
	refuse := func(w *Response, _ *http.Request, _ func()) { w.WriteHeader(http.StatusTeapot) }
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen = append(seen, "handler") })
	chain := Chain(h, time.Minute, named("first"), Except(refuse, "/open"), named("second"))
	for path, want := range map[string]struct {
		status int
		seen   []string
	}{
		"/open":   {http.StatusOK, []string{"first", "second", "handler", "after second", "after first"}},
		"/closed": {http.StatusTeapot, []string{"first", "after first"}},
	} {
		seen = nil
		w := httptest.NewRecorder()
		chain.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want.status || !slices.Equal(seen, want.seen) {
			t.Errorf("%s: status %d, %q", path, w.Code, seen)
		}
	}
}

func TestHostNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		base     string
		loopback bool
		want     []string
	}{
		{"https://Photos.example.org/pictures", false, []string{"photos.example.org", "photos.example.org:443"}},
		{"https://photos.example.org:8443", false, []string{"photos.example.org:8443"}},
		{"http://[2001:db8::1]", false, []string{"[2001:db8::1]", "[2001:db8::1]:80"}},
		{"http://127.0.0.1:8484", true, []string{"127.0.0.1:8484", "[::1]:8484", "localhost:8484"}},
	} {
		base, err := url.Parse(c.base)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for name := range HostNames(base, c.loopback) {
			got = append(got, name)
		}
		if slices.Sort(got); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.base, got, c.want)
		}
	}
}

func TestUnproxied(t *testing.T) {
	t.Parallel()
	refuse := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMisdirectedRequest) }
	chain := Chain(http.NotFoundHandler(), time.Minute, Unproxied(refuse))
	for name, want := range map[string]int{
		"": 404, "X-Requested-With": 404, "Via": 421, "Forwarded": 421, "X-Forwarded-Proto": 421, "X-Real-IP": 421, "CF-Connecting-IP": 421, "X-Envoy-Attempt": 421,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if name != "" {
			r.Header.Set(name, "x")
		}
		w := httptest.NewRecorder()
		if chain.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%q: status %d, want %d", name, w.Code, want)
		}
	}
}

// A panic before the answer becomes an error. A panic in the middle of the answer cuts the
// connection, so that half an answer does not look complete.
func TestRecover(t *testing.T) {
	t.Parallel()
	fail := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	web := httptest.NewServer(Chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/late" {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
		}
		panic("oops")
	}), time.Minute, Recover(quiet(), "X-Request-Id", fail)))
	defer web.Close()
	get := func(path string) (int, error) {
		res, err := web.Client().Get(web.URL + path)
		if err != nil {
			return 0, err
		}
		defer res.Body.Close()
		_, err = io.ReadAll(res.Body)
		return res.StatusCode, err
	}
	if status, err := get("/early"); status != http.StatusInternalServerError || err != nil {
		t.Errorf("a panic before the answer: status %d, %v", status, err)
	}
	if status, err := get("/late"); err == nil {
		t.Errorf("a panic in the middle of the answer: status %d and a whole answer", status)
	}
}

func TestAccessLogKeepsSecretsOut(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	chain := Chain(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }), time.Minute,
		RequestID("X-Request-Id"), AccessLog(slog.New(slog.NewTextHandler(&log, nil)), "X-Request-Id"))
	r := httptest.NewRequest(http.MethodGet, "/path?q=secret", nil)
	r.Header.Set("Authorization", "Bearer secret")
	w := httptest.NewRecorder()
	chain.ServeHTTP(w, r)
	id := w.Header().Get("X-Request-Id")
	for _, want := range []string{"request_id=" + id, "method=GET", "path=/path", "status=200", "bytes=5"} {
		if len(id) != 16 || !strings.Contains(log.String(), want) {
			t.Errorf("no %q in %q", want, log.String())
		}
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the log has a secret: %q", log.String())
	}
}

func TestInFlight(t *testing.T) {
	t.Parallel()
	var f InFlight
	entered, leave := make(chan struct{}), make(chan struct{})
	chain := Chain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(entered); <-leave }), time.Minute, f.Guard)
	go chain.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	<-entered
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Wait(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("did not wait for the request: %v", err)
	}
	close(leave)
	if err := f.Wait(t.Context()); err != nil {
		t.Error(err)
	}
}

// stoppedRead is a body whose Read ends when the connection's deadline is over.
type stoppedRead struct {
	http.ResponseWriter
	deadline chan time.Time
}

func (c stoppedRead) SetReadDeadline(t time.Time) error {
	c.deadline <- t
	return nil
}

func (c stoppedRead) Read([]byte) (int, error) {
	for t := range c.deadline {
		if !t.IsZero() && t.Before(time.Now()) {
			break
		}
	}
	return 0, errors.New("timeout")
}

func (stoppedRead) Close() error { return nil }

func TestStoppedBody(t *testing.T) {
	t.Parallel()
	conn := stoppedRead{httptest.NewRecorder(), make(chan time.Time, 9)}
	r := httptest.NewRequest(http.MethodPut, "/", conn)
	b := NewBody(conn, r, time.Minute)
	done := make(chan error)
	go func() {
		_, err := b.Read(make([]byte, 1))
		done <- err
	}()
	b.Stop()
	if err := <-done; !errors.Is(err, ErrStopped) {
		t.Errorf("a read in progress: %v", err)
	}
	if _, err := b.Read(make([]byte, 1)); !errors.Is(err, ErrStopped) {
		t.Errorf("a later read: %v", err)
	}
	whole := NewBody(httptest.NewRecorder(), httptest.NewRequest(http.MethodPut, "/", strings.NewReader("x")), time.Minute)
	if got, err := io.ReadAll(whole); string(got) != "x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	whole.Stop()
	if _, err := whole.Read(make([]byte, 1)); err != io.EOF { //nolint:errorlint // the one value io.Reader promises
		t.Errorf("a body that was read whole cannot be stopped: %v", err)
	}
}
