package person_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"photos/internal/testkit/person"
	"photos/internal/userpool"
)

// visit starts a pool and a client's callback, and returns the address to open.
func visit(t *testing.T) string {
	t.Helper()
	client := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("code") == "" {
			w.WriteHeader(http.StatusBadRequest)
		}
		fmt.Fprintf(w, "<title>x</title><p>state %s,\n error <b>%s</b>", q.Get("state"), q.Get("error"))
	}))
	t.Cleanup(client.Close)
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	pool, err := userpool.Open(t.Context(), userpool.Config{
		BaseURL: server.URL, Path: filepath.Join(t.TempDir(), "pool.db"),
		Clients: []userpool.Client{{ID: "cli", RedirectURIs: []string{client.URL + "/callback"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	server.Config.Handler = pool.Handler()
	q := url.Values{
		"response_type": {"code"}, "client_id": {"cli"}, "redirect_uri": {client.URL + "/callback"}, "state": {"s1"},
		"code_challenge": {strings.Repeat("a", 43)}, "code_challenge_method": {"S256"},
	}
	return server.URL + "/oauth2/authorize?" + q.Encode()
}

func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	address := visit(t)
	ada := person.Person{Email: "ada@example.org", Nickname: "Ada", Password: "correct horse", Forgot: true}
	text, err := ada.Visit(t.Context(), address)
	if err != nil || !strings.Contains(text, "ada@example.org") || !strings.Contains(text, "If somebody waits for a link") {
		t.Errorf("%q, %v", text, err)
	}
}

func TestSignUpThenSignIn(t *testing.T) {
	t.Parallel()
	address := visit(t)
	var paths []string
	ada := person.Person{
		Email: "ada@example.org", Nickname: "Ada", Password: "correct horse", SignUp: true,
		Visited: func(u *url.URL) { paths = append(paths, u.Path) },
	}
	text, err := ada.Visit(t.Context(), address)
	if err != nil || text != "state s1, error" {
		t.Fatalf("%q, %v", text, err)
	}
	want := "/oauth2/authorize /login /signup /signup /confirmUser /confirmUser /callback"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("visited %s, want %s", got, want)
	}
	if _, err := ada.Visit(t.Context(), address); err == nil || !strings.Contains(err.Error(), "There is an account") {
		t.Errorf("signing up again: %v", err)
	}
	ada.SignUp = false
	if text, err := ada.Visit(t.Context(), address); err != nil || text != "state s1, error" {
		t.Errorf("signing in: %q, %v", text, err)
	}
	ada.Password = "wrong"
	if _, err := ada.Visit(t.Context(), address); err == nil || !strings.Contains(err.Error(), "password is wrong") {
		t.Errorf("wrong password: %v", err)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	text, err := person.Person{Cancel: true}.Visit(t.Context(), visit(t))
	if err != nil || text != "state s1, error access_denied" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestAPageThatEndsBadly(t *testing.T) {
	t.Parallel()
	address := strings.Replace(visit(t), "callback", "elsewhere", 1)
	if _, err := (person.Person{}).Visit(t.Context(), address); err == nil || !strings.Contains(err.Error(), "/error answers 400: photos Return address not registered redirect_mismatch") {
		t.Errorf("%v", err)
	}
}
