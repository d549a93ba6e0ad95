package userpool

import (
	"errors"
	"net/http"
	"net/url"
)

func (p *Pool) signupPage(w http.ResponseWriter, r *http.Request) {
	req, refused := p.parseRequest(r.URL.Query())
	if refused != nil {
		p.refuse(w, r, refused)
		return
	}
	p.showSignup(w, http.StatusOK, req, req.form("/signup"))
}

func (p *Pool) showSignup(w http.ResponseWriter, status int, req request, f form) {
	p.show(w, status, page{Name: "signup", Title: "Create your account", Form: f, returnTo: req.redirectURI})
}

func (p *Pool) signup(w http.ResponseWriter, r *http.Request) {
	req, refused := p.parseRequest(r.URL.Query())
	if refused != nil {
		p.refuse(w, r, refused)
		return
	}
	f := req.form("/signup")
	given := NewUser{Email: r.PostForm.Get("email"), Nickname: r.PostForm.Get("nickname"), Password: r.PostForm.Get("password")}
	f.Values = given.shown()
	given, wrong := given.checked()
	if f.Wrong = wrong; wrong.any() {
		p.showSignup(w, http.StatusBadRequest, req, f)
		return
	}
	u, err := p.newAccount(r.Context(), given)
	switch {
	case errors.Is(err, ErrTaken):
		f.Wrong.Email = "There is an account with this email address: sign in instead."
		p.showSignup(w, http.StatusConflict, req, f)
	case err != nil:
		p.fail(w, err)
	default:
		p.askToConfirm(w, r, req, u)
	}
}

// askToConfirm makes a confirmation link, sends it, and says where it is.
func (p *Pool) askToConfirm(w http.ResponseWriter, r *http.Request, req request, u user) {
	secret := newUUID() + newUUID()
	c := confirmation{sub: u.sub, request: req.query.Encode()}
	if err := p.db.addConfirmation(r.Context(), secret, c, p.now().Add(confirmationLifetime)); err != nil {
		p.fail(w, err)
		return
	}
	link := p.conf.BaseURL + "/confirmUser?" + url.Values{"client_id": {req.clientID}, "user_name": {u.sub}, "confirmation_code": {secret}}.Encode()
	verify := page{Name: "verify", Title: "Confirm your email address", Email: u.email, returnTo: req.redirectURI}
	if p.conf.SMTP == "" {
		p.say("to confirm %s open\n  %s", u.email, link)
		verify.Link = link
		p.show(w, http.StatusOK, verify)
		return
	}
	if err := p.send(r.Context(), u.email, link); err != nil {
		p.say("the confirmation link for %s could not be sent: %v", u.email, err)
		f := req.form("/login")
		f.Values.Email = u.email
		f.Wrong.Form = "Your account is made, but the email with its confirmation link could not be sent. Sign in to send it again."
		p.show(w, http.StatusBadGateway, page{Name: "login", Title: "Sign in", Form: f, returnTo: req.redirectURI})
		return
	}
	p.show(w, http.StatusOK, verify)
}

// confirmUser is where a confirmation link leads. Unlike Cognito's it does not end
// here: the browser goes on to the sign-in that waits.
func (p *Pool) confirmUser(w http.ResponseWriter, r *http.Request) {
	c, err := p.db.confirmation(r.Context(), r.URL.Query().Get("confirmation_code"), p.now())
	if errors.Is(err, errAbsent) {
		p.show(w, http.StatusBadRequest, page{Name: "error", Title: "This link does not work any more",
			Text: "A confirmation link works for a day, and only the newest sign-up with an email address counts. Sign in, or sign up again, to get a new link."})
		return
	}
	if err == nil {
		err = p.db.confirm(r.Context(), c.sub)
	}
	if err != nil {
		p.fail(w, err)
		return
	}
	query, err := url.ParseQuery(c.request)
	if err != nil {
		p.fail(w, err)
		return
	}
	query.Set("login_hint", c.email)
	query.Set(noticeConfirmed, "1")
	http.Redirect(w, r, "/login?"+query.Encode(), http.StatusFound)
}
