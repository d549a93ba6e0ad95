package userpool

import (
	"errors"
	"net/http"
	"net/url"
)

// openLink returns the link that a request names. If there is none, it answers the request and returns false.
func (p *Pool) openLink(w http.ResponseWriter, r *http.Request, use purpose) (link, bool) {
	l, err := p.db.link(r.Context(), single(r.URL.Query(), "confirmation_code"), use, p.now())
	switch {
	case errors.Is(err, errAbsent):
		p.show(w, http.StatusBadRequest, page{Name: "error", Title: "This link does not work any more",
			Text: "Links that confirm an address work for a day. Links to choose a new password work for an hour. Go back to where you came from to get a new one."})
	case err != nil:
		p.fail(w, err)
	}
	return l, err == nil
}

// confirmPage serves the page of a confirmation link. It asks for the password of the sign-up, because the reader of
// the mail may be somebody else than the one who signed up.
func (p *Pool) confirmPage(w http.ResponseWriter, r *http.Request) {
	if l, ok := p.openLink(w, r, toConfirm); ok {
		p.showConfirm(w, http.StatusOK, r, l, problems{})
	}
}

func (p *Pool) showConfirm(w http.ResponseWriter, status int, r *http.Request, l link, wrong problems) {
	f := form{Action: p.base + l.purpose.page() + "?" + r.URL.RawQuery, Values: NewUser{Email: l.email}, Wrong: wrong}
	content := page{Name: "confirm", Title: "Confirm your email address", Form: f}
	if query, err := url.ParseQuery(l.request); err == nil {
		content.returnTo = query.Get("redirect_uri")
	}
	p.show(w, status, content)
}

// confirmUser turns the sign-up whose password is given into an account. Unlike Cognito's page, it then continues the
// sign-in that waits for the link, if that began with the same sign-up.
func (p *Pool) confirmUser(w http.ResponseWriter, r *http.Request) {
	l, ok := p.openLink(w, r, toConfirm)
	if !ok {
		return
	}
	u, pause, err := p.checkPassword(r, l.email, r.PostForm.Get("password"))
	if err == nil && !u.confirmed {
		err = p.db.addUser(r.Context(), u, p.now())
	}
	switch {
	case errors.Is(err, errTooOften):
		p.showConfirm(w, tooOften(w, pause), r, l, problems{Form: tooOftenText(pause)})
	case errors.Is(err, errWrongPassword), errors.Is(err, ErrTaken):
		p.showConfirm(w, http.StatusBadRequest, r, l, problems{Form: "Nobody signed up with this address and this password. If it was not you who signed up, close this page."})
	case err != nil:
		p.fail(w, err)
	default:
		p.confirmed(w, r, l, u)
	}
}

// confirmed continues the sign-in that waits for a link. It does not if somebody else asked for the link: the sign-in
// would be theirs, and the code would give them the account.
func (p *Pool) confirmed(w http.ResponseWriter, r *http.Request, l link, u user) {
	query, err := url.ParseQuery(l.request)
	if err != nil {
		p.fail(w, err)
		return
	}
	req, refused := p.parseRequest(query)
	if refused != nil || l.sub != u.sub {
		p.show(w, http.StatusOK, page{Name: "done", Title: "Your email address is confirmed", Text: "Go back to where you came from, and sign in."})
		return
	}
	p.signIn(w, r, req, u)
}
