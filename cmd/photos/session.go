package main

import (
	"context"
	"net/http"
	"net/url"

	"photos/internal/client"
	"photos/internal/photo"
)

// connect is a client for the service the settings select, signed in.
func (e *env) connect(_ context.Context) (*client.Client, error) {
	if token := e.getenv("PHOTOS_TOKEN"); token != "" {
		return e.connectWithToken(token)
	}
	return nil, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "not signed in", Hint: "photos login URL signs in at the service at URL"}
}

// connectWithToken uses an access token exactly as it was given: it is never
// refreshed, kept or sent anywhere but to PHOTOS_SERVER.
func (e *env) connectWithToken(token string) (*client.Client, error) {
	if e.set.Server == "" {
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: "PHOTOS_TOKEN is set but PHOTOS_SERVER is not", Hint: "say which service the token is for: PHOTOS_SERVER=https://…"}
	}
	origin, err := url.Parse(e.set.Server)
	if err != nil {
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: err.Error()}
	}
	return e.client(e.set.Server, fixedToken{token: token, origin: origin, base: e.network})
}

// client talks to server through a transport that adds the token.
func (e *env) client(server string, signedIn http.RoundTripper) (*client.Client, error) {
	return client.New(client.Options{Server: server, Transport: signedIn, Patience: e.set.Timeout, Agent: "photos/" + version()})
}

// fixedToken adds one bearer token to requests of one origin.
type fixedToken struct {
	token  string
	origin *url.URL
	base   http.RoundTripper
}

func (t fixedToken) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == t.origin.Scheme && r.URL.Host == t.origin.Host {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+t.token)
	}
	return t.base.RoundTrip(r)
}
