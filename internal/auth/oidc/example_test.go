package oidc_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
)

// Example signs a user in as a web server does. The browser's part is one request.
func Example() {
	server := httptest.NewServer(newExample())
	defer server.Close()
	ctx := context.Background()
	if err := signIn(ctx, server.URL); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Ada <ada@example.org> is signed in for 1h0m0s
	// after a refresh: access-2
}

func signIn(ctx context.Context, service string) error {
	resource, err := oidc.FetchResource(ctx, nil, service)
	if err != nil {
		return err
	}
	provider, err := oidc.Discover(ctx, nil, resource.AuthorizationServers[0], "")
	if err != nil {
		return err
	}
	client := oidc.Client{Provider: provider, ID: resource.ClientID}

	// Keep these three in the browser's session until it comes back.
	state, nonce, verifier := rand.Text(), rand.Text(), oidc.NewVerifier()
	const redirectURI = "https://photos.example/callback"
	back, err := visit(client.AuthorizationURL(oidc.Authorization{
		RedirectURI: redirectURI, State: state, Nonce: nonce, Verifier: verifier,
	}))
	if err != nil {
		return err
	}
	if back.Query().Get("state") != state {
		return fmt.Errorf("the reply belongs to another sign-in")
	}

	tokens, err := client.Redeem(ctx, redirectURI, auth.NewSecret(back.Query().Get("code")), verifier)
	if err != nil {
		return err
	}
	account, err := client.VerifyID(ctx, tokens, nonce)
	if err != nil {
		return err
	}
	fmt.Println(account.Label(), "is signed in for", tokens.Access.Expiry.Sub(tokens.Access.Obtained))

	newer, _, err := client.Refresh(ctx, tokens.Refresh)
	if err != nil {
		return err
	}
	fmt.Println("after a refresh:", newer.Access.Value.Reveal())
	return client.Revoke(ctx, tokens.Refresh)
}

// visit is a browser: it opens the address and returns where it is redirected.
func visit(address string) (*url.URL, error) {
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Get(address)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return resp.Location()
}

// example is a service and its provider.
type example struct {
	*http.ServeMux
	key    *rsa.PrivateKey
	nonce  string
	issued int
}

func newExample() *example {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	e := &example{ServeMux: http.NewServeMux(), key: key}
	e.HandleFunc("GET /.well-known/oauth-protected-resource", func(w http.ResponseWriter, r *http.Request) {
		answer(w, oidc.Resource{Resource: "http://" + r.Host, AuthorizationServers: []string{"http://" + r.Host + "/pool"}, ClientID: "web"})
	})
	e.HandleFunc("GET /pool/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		home := "http://" + r.Host
		answer(w, oidc.Provider{
			Issuer: home + "/pool", JWKSURI: home + "/pool/keys",
			AuthorizationEndpoint: home + "/oauth2/authorize", TokenEndpoint: home + "/oauth2/token",
		})
	})
	e.HandleFunc("GET /pool/keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: e.key.Public(), KeyID: "1", Algorithm: "RS256"}}})
	})
	e.HandleFunc("GET /oauth2/authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		e.nonce = q.Get("nonce")
		http.Redirect(w, r, q.Get("redirect_uri")+"?code=c&state="+q.Get("state"), http.StatusFound)
	})
	e.HandleFunc("POST /oauth2/token", e.token)
	e.HandleFunc("POST /oauth2/revoke", func(http.ResponseWriter, *http.Request) {})
	return e
}

// token answers both grants.
func (e *example) token(w http.ResponseWriter, r *http.Request) {
	e.issued++
	tokens := map[string]any{"access_token": fmt.Sprintf("access-%d", e.issued), "token_type": "Bearer", "expires_in": 3600}
	if r.FormValue("grant_type") == "authorization_code" {
		tokens["refresh_token"] = "refresh"
		tokens["id_token"] = e.sign(map[string]any{
			"iss": "http://" + r.Host + "/pool", "aud": "web", "sub": "5f0c", "token_use": "id", "nonce": e.nonce,
			"nickname": "Ada", "email": "ada@example.org", "exp": time.Now().Add(time.Hour).Unix(),
		})
	}
	answer(w, tokens)
}

func (e *example) sign(claims map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: e.key, KeyID: "1"}}, nil)
	if err != nil {
		panic(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return token
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err)
	}
}
