package httpapi_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/service"
)

// Otherwise somebody in the network could answer for the service with plain http.
func TestBrowsersKeepToHTTPS(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://photos.example.org": "max-age=31536000", "https://example.org/photos": "", "http://photos.example.org": "",
	} {
		s := start(t, func(c *config) { c.HTTP.BaseURL, c.HTTP.Local = base, false })
		res, err := s.web.Client().Do(s.as("").request(http.MethodGet, "/healthz", nil, nil))
		must(t, err)
		if a := read(t, res); a.header.Get("Strict-Transport-Security") != want {
			t.Errorf("%s: Strict-Transport-Security is %q, want %q", base, a.header.Get("Strict-Transport-Security"), want)
		}
	}
}

func TestOtherHostsAreRefused(t *testing.T) {
	t.Parallel()
	local := start(t)
	proxied := start(t, func(c *config) { c.HTTP.BaseURL, c.HTTP.Local = "https://Photos.example.org", false })
	port := local.web.URL[strings.LastIndexByte(local.web.URL, ':'):]
	for _, c := range []struct {
		s      *fixture
		host   string
		path   string
		header header
		status int
	}{
		{local, "127.0.0.1" + port, api.PathProtectedResource, nil, 200},
		{local, "localhost" + port, api.PathProtectedResource, nil, 200},
		{local, "LOCALHOST" + port, api.PathProtectedResource, nil, 200},
		{local, "[::1]" + port, api.PathProtectedResource, nil, 200},
		{local, "localhost", api.PathProtectedResource, nil, 421},
		{local, "127.0.0.1:1", api.PathProtectedResource, nil, 421},
		{local, "evil.example" + port, api.PathProtectedResource, nil, 421},
		{local, "evil.example" + port, "/healthz", nil, 200},
		{local, "localhost" + port, api.PathProtectedResource, header{"X-Forwarded-For": "10.0.0.1"}, 421},
		{local, "localhost" + port, api.PathProtectedResource, header{"Forwarded": "for=10.0.0.1"}, 421},
		{local, "localhost" + port, api.PathProtectedResource, header{"Via": "1.1 proxy"}, 421},
		{local, "localhost" + port, api.PathProtectedResource, header{"X-Real-IP": "10.0.0.1"}, 421},
		{proxied, "photos.example.org", api.PathProtectedResource, header{"X-Forwarded-For": "10.0.0.1"}, 200},
		{proxied, "photos.example.org:443", api.PathProtectedResource, nil, 200},
		{proxied, "photos.example.org:80", api.PathProtectedResource, nil, 421},
		{proxied, "localhost:443", api.PathProtectedResource, nil, 421},
	} {
		req := c.s.as("").request(http.MethodGet, c.path, c.header, nil)
		req.Host = c.host
		res, err := c.s.web.Client().Do(req)
		must(t, err)
		a := read(t, res)
		if a.status != c.status {
			t.Errorf("%s%s with %v: %d %s", c.host, c.path, c.header, a.status, a.body)
		}
		if c.status == http.StatusMisdirectedRequest {
			a.refused(c.status, photo.KindUsage)
		}
	}
}

// nginx without a setting for headers adds none, and uses HTTP/1.0.
func TestLocalPoolRefusesHTTP10(t *testing.T) {
	t.Parallel()
	address := strings.TrimPrefix(start(t).web.URL, "http://")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	must(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET "+api.PathProtectedResource+" HTTP/1.0\r\nHost: "+address+"\r\n\r\n")
	must(t, err)
	text, err := io.ReadAll(conn)
	must(t, err)
	if status, _, _ := strings.Cut(string(text), "\r\n"); !strings.Contains(status, " 421 ") {
		t.Errorf("answered %s", status)
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	ada := start(t).as("ada")
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{http.MethodGet, "/nothing", 404, ""},
		{http.MethodGet, "/v1/photos/", 404, ""},
		{http.MethodPut, api.PathMe, 405, "GET"},
		{http.MethodPost, api.PathPhotos, 405, "GET, PATCH"},
		{http.MethodGet, api.PathCheck, 405, "POST"},
		{http.MethodGet, photoPath(photo.ID{}) + "/thumbnail", 404, ""},
		{http.MethodGet, api.PathPhotos + "/cafe1234", 404, ""},
	} {
		a := ada.call(c.method, c.path, nil, nil)
		a.problem()
		a.has(c.status, header{"Allow": c.allow})
	}
}

// The service is behind a proxy that serves other sites under the same name.
func TestBaseURLWithAPath(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.close()
	s.open(func(c *config) {
		c.HTTP.BaseURL += "/pictures"
		c.HTTP.Extra = map[string]http.Handler{"/login": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a page") })}
	})
	ada := s.as("ada")
	data := jpeg(t, 1, 4000)
	for path, status := range map[string]int{
		"/pictures/v1/me": 200, "/v1/me": 404, "/pictures/": 404, "/": 404, "/healthz": 200, "/pictures/login": 200,
		api.PathProtectedResource + "/pictures": 200, api.PathProtectedResource: 404,
	} {
		if a := ada.call(http.MethodGet, path, nil, nil); a.status != status {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	a := ada.call(http.MethodPost, "/pictures"+api.PathUploads, creating(len(data), api.UploadMetadata{}), nil)
	path := a.header.Get("Location")
	if !strings.HasPrefix(path, "/pictures"+api.PathUploads+"/") {
		t.Fatalf("Location: %q", path)
	}
	ada.append(path, 0, data).has(http.StatusNoContent, header{api.HeaderOutcome: "uploaded"})
	challenge := s.as("").call(http.MethodGet, "/pictures/v1/me", nil, nil).header.Get("WWW-Authenticate")
	if want := `resource_metadata="` + strings.TrimSuffix(s.config.HTTP.BaseURL, "/pictures") + api.PathProtectedResource + `/pictures"`; !strings.Contains(challenge, want) {
		t.Errorf("challenge %s, want %s", challenge, want)
	}
}

// lockedBuffer collects a log from several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestPanicEndsOnlyItsRequest(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	s := start(t, func(c *config) {
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
		c.Verify = func(context.Context, string) (service.Identity, error) { panic("secret cause") }
	})
	a := s.as("secret-token").call(http.MethodGet, api.PathMe+"?q=secret-query", nil, nil)
	p := a.refused(http.StatusInternalServerError, photo.KindInternal)
	if strings.Contains(string(a.body), "secret") || !strings.Contains(log.String(), "secret cause") || !strings.Contains(log.String(), p.RequestID) {
		t.Errorf("answer %s, log %s", a.body, log.String())
	}
	s.as("").call(http.MethodGet, "/healthz", nil, nil).has(http.StatusOK, nil)
	if l := log.String(); strings.Contains(l, "secret-token") || strings.Contains(l, "secret-query") || !strings.Contains(l, "path=/healthz") {
		t.Errorf("log %s", l)
	}
}
