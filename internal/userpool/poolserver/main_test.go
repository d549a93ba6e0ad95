package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"photos/internal/testkit/person"
)

// start runs the server until the test ends and returns its address and its issuer.
func start(t *testing.T, args ...string) (address, issuer string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	args = append([]string{"-db", filepath.Join(t.TempDir(), "pool.db")}, args...)
	go func() { done <- run(ctx, args, in, io.Discard) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(line, "poolserver listening on %s issuer %s\n", &address, &issuer); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return address, issuer
}

func ask(t *testing.T, method, address, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestControl(t *testing.T) {
	t.Parallel()
	address, issuer := start(t, "-client", "cli", "-client", "web:secret", "-redirect", "http://127.0.0.1:1/callback", "-issuer-host", "localhost", "-pool-id", "local_TEST")
	if want := strings.Replace(address, "127.0.0.1", "localhost", 1) + "/local_TEST"; issuer != want {
		t.Errorf("issuer %s, want %s", issuer, want)
	}
	knobs := `{"rotation":true,"faults":{"/oauth2/token":{"times":1,"status":503}}}`
	if status, text := ask(t, http.MethodPut, address+"/control", knobs); status != http.StatusNoContent {
		t.Errorf("setting knobs: status %d, %s", status, text)
	}
	if status, text := ask(t, http.MethodPut, address+"/control", `{"rotaton":true}`); status != http.StatusBadRequest || !strings.Contains(text, "rotaton") {
		t.Errorf("a misspelt knob: status %d, %s", status, text)
	}
	for _, want := range []int{http.StatusServiceUnavailable, http.StatusBadRequest} {
		if status, _ := ask(t, http.MethodPost, address+"/oauth2/token", ""); status != want {
			t.Errorf("token endpoint: status %d, want %d", status, want)
		}
	}
	_, before := ask(t, http.MethodGet, address+"/local_TEST/.well-known/jwks.json", "")
	if status, text := ask(t, http.MethodPost, address+"/control/rotate-keys", ""); status != http.StatusOK {
		t.Errorf("rotating keys: status %d, %s", status, text)
	}
	if _, after := ask(t, http.MethodGet, address+"/local_TEST/.well-known/jwks.json", ""); after == before {
		t.Error("the keys are the same after rotating them")
	}
	_, text := ask(t, http.MethodGet, address+"/control", "")
	var got struct{ Requests map[string]int }
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"/oauth2/token": 2, "/.well-known/jwks.json": 2}, got.Requests); diff != "" {
		t.Error(diff)
	}
}

func TestTheUserIsThere(t *testing.T) {
	t.Parallel()
	address, _ := start(t, "-client", "cli", "-redirect", "http://127.0.0.1:1/callback", "-user", "ada@example.org", "-password", "a long password")
	var last *url.URL
	ada := person.Person{Email: "ada@example.org", Password: "a long password", Visited: func(u *url.URL) { last = u }}
	q := url.Values{
		"response_type": {"code"}, "client_id": {"cli"}, "redirect_uri": {"http://127.0.0.1:1/callback"},
		"code_challenge": {strings.Repeat("a", 43)}, "code_challenge_method": {"S256"},
	}
	if _, err := ada.Visit(t.Context(), address+"/oauth2/authorize?"+q.Encode()); err == nil {
		t.Error("nobody listens at the callback, and yet there is no error")
	}
	if last.Host != "127.0.0.1:1" || last.Query().Get("code") == "" {
		t.Errorf("the sign-in ended at %v", last)
	}
}

func TestWrongFlags(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "pool.db")
	for _, args := range [][]string{{}, {"-db", db, "extra"}, {"-db", db, "-listen", "0.0.0.0:0"}, {"-db", db, "-grace", "soon"}, {"-db", db, "-user", "ada"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}
