package auth

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"photos/internal/testkit/freeport"
)

func TestRegistered(t *testing.T) {
	t.Parallel()
	const uri = "http://127.0.0.1:18484/callback"
	for name, test := range map[string]struct {
		status   int
		location string
		kind     Kind
	}{
		"known":        {302, "https://p.example/login?client_id=cli", ""},
		"unknown":      {302, "https://p.example/error?error=redirect_mismatch&client_id=cli", Misconfigured},
		"no client":    {302, "https://p.example/error?error=invalid_client", Misconfigured},
		"bad request":  {400, "", Misconfigured},
		"out of order": {503, "", Unavailable},
	} {
		web := roundTrip(answering(test.status, "", "Location", test.location))
		err := Registered(t.Context(), web, Provider{AuthorizationEndpoint: "https://p.example/oauth2/authorize"}, "cli", uri)
		if (err == nil) != (test.kind == "") || err != nil && KindOf(err) != test.kind {
			t.Errorf("%s: %v, want kind %q", name, err, test.kind)
		}
	}
}

func TestPortFree(t *testing.T) {
	t.Parallel()
	uri := freeport.Redirect(t)
	if err := PortFree(t.Context(), uri); err != nil {
		t.Error(err)
	}
	l, err := net.Listen("tcp", mustURL(t, uri).Host)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := PortFree(t.Context(), uri); KindOf(err) != PortsTaken {
		t.Errorf("taken port: %v, want kind %s", err, PortsTaken)
	}
}

// TestLocalhostMeansBothLoopbacks: whoever held the other one would get the code.
func TestLocalhostMeansBothLoopbacks(t *testing.T) {
	t.Parallel()
	six, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no ::1")
	}
	defer six.Close()
	_, port, _ := net.SplitHostPort(six.Addr().String())
	if err := PortFree(t.Context(), "http://localhost:"+port+"/callback"); KindOf(err) != PortsTaken {
		t.Errorf("::1 taken: %v, want kind %s", err, PortsTaken)
	}
}

func TestClockOff(t *testing.T) {
	t.Parallel()
	p := newFakeProvider(t)
	for _, want := range []time.Duration{0, 30 * time.Minute, -30 * time.Minute} {
		p.with(func(p *fakeProvider) { p.clock = want })
		got, err := ClockOff(t.Context(), nil, p.URL)
		if err != nil || (got-want).Abs() > 2*time.Second {
			t.Errorf("clock off by %s, %v; want %s", got, err, want)
		}
	}
}

func TestChooseRedirects(t *testing.T) {
	t.Parallel()
	published := []string{"http://127.0.0.1:1/callback", "http://127.0.0.1:2/callback", "http://localhost:1/callback"}
	for _, test := range []struct {
		host, port string
		want       []string
	}{
		{"", "", published},
		{"localhost", "", published[2:]},
		{"", "1", []string{published[0], published[2]}},
		{"127.0.0.1", "2", published[1:2]},
		{"", "9", []string{"http://127.0.0.1:9/callback"}},
		{"::1", "9", []string{"http://[::1]:9/callback"}},
	} {
		if got := ChooseRedirects(published, test.host, test.port); !slices.Equal(got, test.want) {
			t.Errorf("host %q, port %q: %q, want %q", test.host, test.port, got, test.want)
		}
	}
	if got := ChooseRedirects(published, "[::1]", ""); len(got) != 6 {
		t.Errorf("host alone: %q, want the six ports", got)
	}
}

func TestBrowserCommands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script, opened := filepath.Join(dir, "browser"), filepath.Join(dir, "opened")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho \"$@\" >"+opened+"\necho noise; echo noise >&2\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]string{
		script:                             "https://p.example/a?b=$(c)",
		script + " --new %s --tab":         "--new https://p.example/a?b=$(c) --tab",
		dir + "/none:" + script:            "https://p.example/a?b=$(c)",
		dir + "/none":                      "",
		" ":                                "",
		"/bin/false:" + script + " second": "second https://p.example/a?b=$(c)",
	} {
		_ = os.Remove(opened)
		err := Browser(command)("https://p.example/a?b=$(c)")
		got, _ := os.ReadFile(opened)
		if strings.TrimSpace(string(got)) != want || (err == nil) != (want != "") {
			t.Errorf("%q: opened %q, %v; want %q", command, got, err, want)
		}
	}
}
