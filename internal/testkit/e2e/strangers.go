package e2e

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"
)

var signInAddress = regexp.MustCompile(`http://\S+/oauth2/authorize\?\S+`)

// cmdStrays hits the callback port of a sign-in that is waiting. Each hit must get 400.
func cmdStrays(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: strays FILE")
	}
	address, err := url.Parse(signInAddress.FindString(ts.ReadFile(args[0])))
	ts.Check(err)
	redirect, err := url.Parse(address.Query().Get("redirect_uri"))
	ts.Check(err)
	state := address.Query().Get("state")
	for _, stray := range []struct{ method, host, target string }{
		{"GET", redirect.Host, "/favicon.ico"},
		{"GET", redirect.Host, "/callback"},
		{"GET", redirect.Host, "/callback?code=early"},
		{"GET", redirect.Host, "/callback?code=forged&state=wrong"},
		{"GET", redirect.Host, "/callback?error=access_denied&state=wrong"},
		{"GET", redirect.Host, "/callback?code=one&code=two&state=" + state},
		{"GET", redirect.Host, "/elsewhere?code=forged&state=" + state},
		{"POST", redirect.Host, "/callback?code=forged&state=" + state},
		{"GET", "evil.example:" + redirect.Port(), "/callback?code=forged&state=" + state},
	} {
		req, err := http.NewRequest(stray.method, redirect.Scheme+"://"+redirect.Host+stray.target, nil)
		ts.Check(err)
		req.Host = stray.host
		resp, err := http.DefaultClient.Do(req)
		ts.Check(err)
		ts.Check(resp.Body.Close())
		if resp.StatusCode != http.StatusBadRequest {
			ts.Fatalf("%s %s at %s: status %d, want 400", stray.method, stray.target, stray.host, resp.StatusCode)
		}
	}
}

// stranger is somebody else's service.
type stranger struct {
	*httptest.Server
	metadata      []byte // photosd's, in the stranger's name
	asked, tokens atomic.Int64
}

type strangerKey struct{}

func cmdStranger(ts *testscript.TestScript, neg bool, args []string) {
	s, _ := ts.Value(strangerKey{}).(*stranger)
	switch {
	case !neg && len(args) == 1 && args[0] == "start":
		s.Server = httptest.NewUnstartedServer(s)
		s.metadata = borrow(ts, ts.Getenv("PHOTOSD_URL"), "http://"+s.Listener.Addr().String())
		s.Start()
		ts.Defer(s.Close)
		ts.Setenv("STRANGER_URL", s.URL)
	case !neg && len(args) == 1 && args[0] == "lures":
		s.lure(ts, strings.TrimPrefix(ts.Getenv("PHOTOSD_URL"), "http://"))
	case !neg && len(args) == 2 && args[0] == "asked":
		if got, want := int(s.asked.Load()), numbers(ts, args[1:], 0)[0]; got != want {
			ts.Fatalf("the stranger got %d requests, want %d", got, want)
		}
		if n := s.tokens.Load(); n > 0 {
			ts.Fatalf("the stranger got %d tokens", n)
		}
	default:
		ts.Fatalf("usage: stranger start | lures | asked N")
	}
}

// ServeHTTP implements http.Handler.
func (s *stranger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	body, _ := io.ReadAll(r.Body) // as much as came
	if r.Header.Get("Authorization") != "" || strings.Contains(r.URL.RawQuery+string(body), "token") {
		s.tokens.Add(1)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.metadata)
}

// borrow is the metadata of a service with only the address changed.
func borrow(ts *testscript.TestScript, service, address string) []byte {
	resp, err := http.Get(service + "/.well-known/oauth-protected-resource")
	ts.Check(err)
	defer resp.Body.Close()
	var metadata map[string]any
	ts.Check(json.NewDecoder(resp.Body).Decode(&metadata))
	metadata["resource"] = address
	out, err := json.Marshal(metadata)
	ts.Check(err)
	return out
}

// lure sends every visitor of an address to the stranger.
func (s *stranger) lure(ts *testscript.TestScript, addr string) {
	l, err := net.Listen("tcp", addr)
	ts.Check(err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.URL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	})}
	go func() { _ = server.Serve(l) }()
	ts.Defer(func() { server.Close() })
}
