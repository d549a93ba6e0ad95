package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/photo"
	"photos/internal/session"
	"photos/internal/text"
)

// login sends the browser to the user pool's pages, to sign in or, at /signup, to make an
// account. With ?provider= it goes straight to that identity provider of the pool.
func (p *Pages) login(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	name := query.Get("provider")
	if !isProviderName(name) {
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.40q is not the name of an identity provider", name)}
	}
	client, err := p.provider.open(r.Context())
	if err != nil {
		return err
	}
	a := newAttempt(localPath(query.Get("to")))
	p.cookies.begin(w, r, a)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, client.AuthorizationURL(oidc.Authorization{
		RedirectURI: p.callbackURI(), State: a.state(), Nonce: a.nonce(), Verifier: a.verifier(),
		IdentityProvider: name, SignUp: r.URL.Path == "/signup",
	}), http.StatusFound)
	return nil
}

// callbackURI is where the user pool sends the browser back to. It is registered there.
func (p *Pages) callbackURI() string { return strings.TrimSuffix(p.base.String(), "/") + "/callback" }

// homeURI is where the user pool sends the browser after a sign-out.
func (p *Pages) homeURI() string { return strings.TrimSuffix(p.base.String(), "/") + "/" }

// callback takes the browser back from the user pool, signed in.
func (p *Pages) callback(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	w.Header().Set("Cache-Control", "no-store")
	a, ok := p.cookies.finish(w, r, query.Get("state"))
	if !ok {
		return p.strayCallback(w, r)
	}
	if code := query.Get("error"); code != "" {
		return p.refusedSignIn(w, r, code, query.Get("error_description"))
	}
	in, err := p.redeem(r, a, query.Get("code"))
	if err != nil {
		return p.brokenSignIn(w, r, err)
	}
	if err := p.sessions.End(r.Context(), p.cookies.read(r)); err != nil { // the browser gets another session
		return err
	}
	cookie, err := p.sessions.Begin(r.Context(), in)
	if err != nil {
		return err
	}
	p.cookies.set(w, cookie)
	http.Redirect(w, r, p.root+cmp.Or(localPath(a.to), "/myphotos"), http.StatusSeeOther)
	return nil
}

// redeem exchanges the code and checks what it gives.
func (p *Pages) redeem(r *http.Request, a attempt, code string) (session.SignIn, error) {
	ctx := r.Context()
	client, err := p.provider.open(ctx)
	if err != nil {
		return session.SignIn{}, err
	}
	tokens, err := client.Redeem(ctx, p.callbackURI(), auth.NewSecret(code), a.verifier())
	if err != nil {
		return session.SignIn{}, err
	}
	account, err := client.VerifyID(ctx, tokens, a.nonce())
	if err != nil {
		return session.SignIn{}, err
	}
	by, err := p.identify(ctx, tokens.Access.Value.Reveal())
	if err != nil {
		return session.SignIn{}, err
	}
	if by.Subject != account.Subject {
		return session.SignIn{}, &auth.Error{Kind: auth.Untrusted, Msg: "the provider's tokens are of two users"}
	}
	return session.SignIn{Caller: by, Account: account, Tokens: tokens, Agent: agentName(r.UserAgent())}, nil
}

// strayCallback answers a callback that no sign-in of this browser waits for: it took too
// long, was begun in another browser, or was opened again by the back button.
func (p *Pages) strayCallback(w http.ResponseWriter, r *http.Request) error {
	if _, err := p.session(r); err == nil {
		http.Redirect(w, r, p.root+"/myphotos", http.StatusSeeOther)
		return nil
	}
	return p.show(w, r, http.StatusBadRequest, "message", view{Title: "This sign-in is not complete", Content: message{
		Text: "It took longer than an hour, it was begun in another browser, or this browser keeps no cookies. Nothing is lost.", Action: "Sign in again", Link: "/login",
	}})
}

// refusedSignIn shows why the user pool sent the browser back without a code.
func (p *Pages) refusedSignIn(w http.ResponseWriter, r *http.Request, code, description string) error {
	m := message{Text: "You are not signed in, because the sign-in was cancelled.", Action: "Try again", Link: "/login"}
	if code != "access_denied" {
		m.Text = "The sign-in service answered: " + text.Cut(code, 80)
		if description != "" {
			m.Text += " (" + text.Cut(description, 200) + ")"
		}
	}
	return p.show(w, r, http.StatusBadRequest, "message", view{Title: "You are not signed in", Content: m})
}

// brokenSignIn shows that the sign-in failed after the user had done everything right.
func (p *Pages) brokenSignIn(w http.ResponseWriter, r *http.Request, err error) error {
	refused, known := errors.AsType[*auth.Error](err)
	if !known || refused.Kind == auth.Unavailable {
		return err
	}
	p.log.ErrorContext(r.Context(), "a sign-in failed", "err", err)
	m := message{
		Text:   "The sign-in service and this service do not agree. If it happens again, its operator finds the reason in the log.",
		Action: "Try again", Link: "/login",
	}
	if refused.Kind == auth.Denied {
		m.Text = "The sign-in took too long, or its address was opened twice."
	}
	return p.show(w, r, http.StatusBadGateway, "message", view{Title: "The sign-in did not work", Content: m})
}

// logout ends the session here and at the user pool. Only a link of this site, or a user who
// types the address, does so at once. Others get a page that asks.
func (p *Pages) logout(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	if !fromThisSite(r, p.base) {
		v := view{Title: "Log out?", Content: message{Text: "Another site sent you here.", Action: "Log out", Link: "/logout"}}
		if by, err := p.session(r); err == nil {
			v.User = &by
		}
		return p.show(w, r, http.StatusOK, "message", v)
	}
	if err := p.sessions.End(r.Context(), p.cookies.read(r)); err != nil {
		return err
	}
	p.cookies.clear(w)
	to := p.root + "/"
	if client, err := p.provider.open(r.Context()); err == nil {
		to = client.Provider.LogoutURL(client.ID, p.homeURI())
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// fromThisSite reports whether a page of this service led the browser here, or the user
// alone. Old browsers say less: then the page that has the link must be known. A browser that
// only looks ahead is not a user.
func fromThisSite(r *http.Request, base *url.URL) bool {
	if r.Header.Get("Sec-Purpose") != "" {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "":
		from, err := url.Parse(r.Referer())
		return err == nil && from.Scheme == base.Scheme && strings.EqualFold(from.Host, base.Host)
	}
	return false
}

// agentName returns what a list calls a browser: its name and its system, as far as its
// User-Agent header gives them away.
func agentName(header string) string {
	find := func(otherwise string, names ...string) string {
		for i := 0; i < len(names); i += 2 {
			if strings.Contains(header, names[i]) {
				return names[i+1]
			}
		}
		return otherwise
	}
	browser := find("A browser", "Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "FxiOS/", "Firefox", "CriOS/", "Chrome",
		"Chrome/", "Chrome", "Safari/", "Safari")
	system := find("", "Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Windows", "Windows", "Mac OS X", "macOS",
		"CrOS", "ChromeOS", "Linux", "Linux")
	if system == "" {
		return browser
	}
	return browser + " on " + system
}
