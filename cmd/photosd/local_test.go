package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"photos/internal/person"
)

// local is the local user pool at a test server.
type local struct{ url string }

const localVerifier = "a-verifier-that-is-long-enough-for-rfc-7636-abc"

// startLocal opens the local user pool of settings in a new folder.
func startLocal(t *testing.T, s *settings) local {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.data, s.baseURL = t.TempDir(), server.URL
	signIn, err := newLocal(t.Context(), s, &talk{w: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := signIn.close(); err != nil {
			t.Error(err)
		}
	})
	for pattern, h := range signIn.pages {
		mux.Handle(pattern, h)
	}
	return local{signIn.resource.Domain}
}

// signUp returns the code that a new account brings back to the command line; "": there is no account.
func (l local) signUp(t *testing.T, password string) (code string) {
	t.Helper()
	sum := sha256.Sum256([]byte(localVerifier))
	q := url.Values{
		"response_type": {"code"}, "client_id": {localClient}, "redirect_uri": {redirectURIs()[0]},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	ada := person.Person{
		Email: "ada@example.org", Nickname: "Ada", Password: password, SignUp: true,
		Visited: func(u *url.URL) { code = u.Query().Get("code") },
	}
	_, _ = ada.Visit(t.Context(), l.url+"/oauth2/authorize?"+q.Encode()) // it ends at the command line, which is not there
	return code
}

// granted is what the token endpoint answers, and the scopes of the access token.
type granted struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Scope   string `json:"-"`
}

func (l local) token(t *testing.T, pairs ...string) granted {
	t.Helper()
	form := url.Values{"client_id": {localClient}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	resp, err := http.PostForm(l.url+"/oauth2/token", form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got granted
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	parts := strings.Split(got.Access, ".")
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Scope string `json:"scope"`
	}
	if err := json.Unmarshal(claims, &read); err != nil {
		t.Fatal(err)
	}
	got.Scope = read.Scope
	return got
}
