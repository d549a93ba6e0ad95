package userpool

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// A Cognito pool can let users in who have signed in at another provider, such as Login with
// Amazon. This pool cannot ask one. Instead of its pages it has one of its own, the stand-in,
// which believes the name and the address that are typed. The users it makes are apart from
// those with a password, also if the address is the same.

// knows reports whether an authorization request of the client may name a provider.
func (c Client) knows(provider string) bool {
	return provider == "" || provider == "COGNITO" || slices.Contains(c.IdentityProviders, provider)
}

// standIn returns the provider that a request names, or "" for the pool itself.
func (r request) standIn() string {
	if name := r.query.Get("identity_provider"); name != "COGNITO" {
		return name
	}
	return ""
}

// providerLink leads from the sign-in page to a provider.
type providerLink struct{ Label, Address string }

// providerLinks returns the links to the providers of the client.
func (r request) providerLinks() []providerLink {
	var links []providerLink
	for _, name := range r.providers {
		query := url.Values{}
		for key, values := range r.query {
			query[key] = values
		}
		query.Set("identity_provider", name)
		links = append(links, providerLink{providerLabel(name), r.base + "/provider?" + query.Encode()})
	}
	return links
}

// providerLabel returns the words of a provider's button.
func providerLabel(name string) string {
	if name == "LoginWithAmazon" {
		return "Login with Amazon"
	}
	return "Continue with " + name
}

// standInRequest returns the authorization request of the stand-in's page.
func (p *Pool) standInRequest(w http.ResponseWriter, r *http.Request) (request, bool) {
	req, refused := p.parseRequest(r.URL.Query())
	if refused == nil && req.standIn() == "" {
		refused = &refusal{code: "invalid_request", description: "no identity provider is named", redirectURI: req.redirectURI, state: req.state}
	}
	if refused != nil {
		p.refuse(w, r, refused)
		return request{}, false
	}
	return req, true
}

func (p *Pool) standInPage(w http.ResponseWriter, r *http.Request) {
	if req, ok := p.standInRequest(w, r); ok {
		p.showStandIn(w, http.StatusOK, req, req.form("/provider"))
	}
}

func (p *Pool) showStandIn(w http.ResponseWriter, status int, req request, f form) {
	p.show(w, status, page{Name: "provider", Title: providerLabel(req.standIn()), Form: f, returnTo: req.redirectURI})
}

// standIn signs in whoever the form names. The name becomes the nickname, as a pool with a
// required nickname has to map it.
func (p *Pool) standIn(w http.ResponseWriter, r *http.Request) {
	req, ok := p.standInRequest(w, r)
	if !ok {
		return
	}
	f := req.form("/provider")
	given := NewUser{Email: r.PostForm.Get("email"), Nickname: r.PostForm.Get("name")}
	f.Values = given.shown()
	given, wrong := given.checked()
	wrong.Password = "" // it has none
	if f.Wrong = wrong; wrong.any() {
		p.showStandIn(w, http.StatusBadRequest, req, f)
		return
	}
	u, err := p.userOfProvider(r.Context(), req.standIn(), given)
	if err != nil {
		p.fail(w, err)
		return
	}
	p.signIn(w, r, req, u)
}

// providerMark stands between a provider and an address where other users have only their
// address. No address has it.
const providerMark = ":"

// userOfProvider returns the user that a provider knows by an address. The first time it adds one. Each sign-in sets the nickname, as in Cognito.
func (p *Pool) userOfProvider(ctx context.Context, provider string, n NewUser) (user, error) {
	key := provider + providerMark + n.Email
	u, err := p.db.userByEmail(ctx, key)
	if errors.Is(err, errAbsent) {
		u = user{sub: uuid.NewString(), email: key, nickname: n.Nickname}
		err = p.db.addUser(ctx, u, p.now())
		u.fromProvider()
	}
	if err == nil && u.nickname != n.Nickname {
		_, err = p.db.ExecContext(ctx, "UPDATE users SET nickname = ? WHERE sub = ?", n.Nickname, u.sub)
	}
	return u, err
}

// fromProvider splits the address of a user of another provider.
func (u *user) fromProvider() {
	if provider, email, found := strings.Cut(u.email, providerMark); found {
		u.provider, u.email = provider, email
	}
}

// username returns the name that Cognito gives a user: a UUID, or the provider with its own
// identifier.
func (u user) username() string {
	if u.provider == "" {
		return u.sub
	}
	sum := sha256.Sum256([]byte(u.email))
	return u.provider + "_amzn1.account." + strings.ToUpper(hex.EncodeToString(sum[:14]))
}
