package userpool

import (
	"context"
	"errors"
	"net/http"
	"time"
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
	switch _, err := p.db.userByEmail(r.Context(), given.Email); {
	case err == nil:
		f.Wrong.Email = "There is an account with this email address: sign in instead."
		p.showSignup(w, http.StatusConflict, req, f)
		return
	case !errors.Is(err, errAbsent):
		p.fail(w, err)
		return
	}
	u, err := p.newSignup(r.Context(), given)
	switch {
	case errors.Is(err, errTooManySent):
		p.refuseToSend(w, req)
	case err != nil:
		p.fail(w, err)
	default:
		p.askToConfirm(w, r, req, u)
	}
}

// newSignup returns a new sign-up. It does not hash the password if the link may not be sent.
func (p *Pool) newSignup(ctx context.Context, given NewUser) (user, error) {
	if err := maySend(ctx, p.db, given.Email, p.now()); err != nil {
		return user{}, err
	}
	return p.newUser(ctx, given)
}

// askToConfirm stores a sign-up, sends the link that turns it into an account, and says where the link is.
func (p *Pool) askToConfirm(w http.ResponseWriter, r *http.Request, req request, u user) {
	l := link{purpose: toConfirm, email: u.email, sub: u.sub, request: req.query.Encode()}
	address, err := p.newLink(r.Context(), req.clientID, l)
	if errors.Is(err, errTooManySent) {
		p.refuseToSend(w, req)
		return
	}
	if err == nil {
		err = p.db.keepSignup(r.Context(), u, p.now().Add(toConfirm.lifetime()))
	}
	if err != nil {
		p.fail(w, err)
		return
	}
	if err := p.deliver(r.Context(), l, address); err != nil {
		p.logError(err)
		f := req.form("/login")
		f.Values.Email = u.email
		f.Wrong.Form = "The email with your confirmation link could not be sent. Sign in to send it again."
		p.show(w, http.StatusBadGateway, page{Name: "login", Title: "Sign in", Form: f, returnTo: req.redirectURI})
		return
	}
	verify := page{Name: "verify", Title: "Confirm your email address", Email: u.email, Form: req.form("/resendcode")}
	if p.conf.SMTP == "" {
		verify.Link = address
	}
	p.show(w, http.StatusOK, verify)
}

// refuseToSend shows that no more links are sent to an address.
func (p *Pool) refuseToSend(w http.ResponseWriter, req request) {
	w.Header().Set("Retry-After", "3600")
	f := req.form("/login")
	f.Wrong.Form = "Too many links were sent already. Open the newest one, or try again tomorrow."
	p.show(w, http.StatusTooManyRequests, page{Name: "login", Title: "Sign in", Form: f, returnTo: req.redirectURI})
}

// keepSignup stores a sign-up, or extends it.
func (d *database) keepSignup(ctx context.Context, u user, expiresAt time.Time) error {
	_, err := d.ExecContext(ctx, `INSERT INTO signups (sub, email, nickname, password, expires_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (sub) DO UPDATE SET expires_at = excluded.expires_at`, u.sub, u.email, u.nickname, u.password, expiresAt.UnixMicro())
	return err
}

// signups returns the sign-ups with an address that are not confirmed, newest first.
func (d *database) signups(ctx context.Context, email string, now time.Time) ([]user, error) {
	rows, err := d.QueryContext(ctx, "SELECT sub, email, nickname, password FROM signups WHERE email = ? AND expires_at > ? ORDER BY expires_at DESC",
		email, now.UnixMicro())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var waiting []user
	for rows.Next() {
		var u user
		if err := rows.Scan(&u.sub, &u.email, &u.nickname, &u.password); err != nil {
			return nil, err
		}
		waiting = append(waiting, u)
	}
	return waiting, rows.Err()
}
