package oidc

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"photos/internal/auth"
)

func TestRegistered(t *testing.T) {
	t.Parallel()
	const uri = "http://127.0.0.1:18484/callback"
	for name, test := range map[string]struct {
		status   int
		location string
		kind     auth.Kind
	}{
		"known":        {302, "https://p.example/login?client_id=cli", ""},
		"unknown":      {302, "https://p.example/error?error=redirect_mismatch&client_id=cli", auth.Misconfigured},
		"no client":    {302, "https://p.example/error?error=invalid_client", auth.Misconfigured},
		"bad request":  {400, "", auth.Misconfigured},
		"out of order": {503, "", auth.Unavailable},
	} {
		web := &serving{status: test.status, header: http.Header{"Location": {test.location}}}
		err := Client{Provider: Provider{AuthorizationEndpoint: "https://p.example/oauth2/authorize"}, ID: "cli", HTTP: web}.Registered(t.Context(), uri)
		if (err == nil) != (test.kind == "") || err != nil && auth.KindOf(err) != test.kind {
			t.Errorf("%s: %v, want kind %q", name, err, test.kind)
		}
	}
}

func TestClockOff(t *testing.T) {
	t.Parallel()
	var ahead time.Duration
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
	}))
	t.Cleanup(srv.Close)
	for _, want := range []time.Duration{0, 30 * time.Minute, -30 * time.Minute} {
		ahead = want
		got, err := ClockOff(t.Context(), nil, srv.URL)
		if err != nil || (got-want).Abs() > 2*time.Second {
			t.Errorf("clock off by %s, %v; want %s", got, err, want)
		}
	}
}
