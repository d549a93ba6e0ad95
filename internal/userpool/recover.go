package userpool

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
)

// mailbox is a page that takes an e-mail address and sends a link there. The answer does not show whether there is such
// an account.
type mailbox struct {
	path, title, text string
	purpose           purpose
	waits             func(ctx context.Context, p *Pool, email string) error // returns nil if somebody may get this link, and errAbsent if not
}

func forgotten() mailbox {
	return mailbox{
		path: "/forgotPassword", title: "Choose a new password", purpose: toReset,
		text: "Type the email address of your account. You get a link to a page where you choose a new password.",
		waits: func(ctx context.Context, p *Pool, email string) error {
			_, err := p.db.userByEmail(ctx, email)
			return err
		},
	}
}

func resent() mailbox {
	return mailbox{
		path: "/resendcode", title: "Get a new confirmation link", purpose: toConfirm,
		text: "Type the email address you signed up with. You get a new link that confirms it.",
		waits: func(ctx context.Context, p *Pool, email string) error {
			waiting, err := p.db.signups(ctx, email, p.now())
			if len(waiting) == 0 {
				err = errors.Join(err, errAbsent)
			}
			return err
		},
	}
}

// ask returns the handler that shows the page.
func (p *Pool) ask(m mailbox) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		req, refused := p.parseRequest(r.URL.Query())
		if refused != nil {
			p.refuse(w, r, refused)
			return
		}
		p.showMailbox(w, http.StatusOK, m, req.form(m.path))
	}
}

func (p *Pool) showMailbox(w http.ResponseWriter, status int, m mailbox, f form) {
	p.show(w, status, page{Name: "mailbox", Title: m.title, Text: m.text, Form: f})
}

// answer returns the handler that sends the link. The link does not continue the sign-in that waits, because anybody
// may ask for one.
func (p *Pool) answer(m mailbox) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		req, refused := p.parseRequest(r.URL.Query())
		if refused != nil {
			p.refuse(w, r, refused)
			return
		}
		email := normalEmail(r.PostForm.Get("email"))
		if !isEmail(email) {
			f := req.form(m.path)
			f.Wrong.Email = "This does not look like an email address."
			p.showMailbox(w, http.StatusBadRequest, m, f)
			return
		}
		if err := p.sendTo(r.Context(), m, email, req.clientID); err != nil {
			p.logError(err) // not on the page, where it would show that there is such an account
		}
		text := "If somebody waits for a link to this address, it is on its way. It may take a minute."
		if p.conf.SMTP == "" {
			text = "This service sends no email. If somebody waits for a link to this address, it is in the service's terminal."
		}
		p.show(w, http.StatusOK, page{Name: "done", Title: m.title, Text: text, Email: email})
	}
}

// sendTo sends the link of a page to an address, if there is an account or a sign-up with it.
func (p *Pool) sendTo(ctx context.Context, m mailbox, email, clientID string) error {
	err := m.waits(ctx, p, email)
	if errors.Is(err, errAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	l := link{purpose: m.purpose, email: email}
	address, err := p.newLink(ctx, clientID, l)
	if err != nil {
		return err
	}
	return p.deliver(ctx, l, address)
}

// resetPage serves the page of a link to a new password.
func (p *Pool) resetPage(w http.ResponseWriter, r *http.Request) {
	if l, ok := p.openLink(w, r, toReset); ok {
		p.showReset(w, http.StatusOK, r, l, problems{})
	}
}

func (p *Pool) showReset(w http.ResponseWriter, status int, r *http.Request, l link, wrong problems) {
	f := form{Action: p.base + l.purpose.page() + "?" + r.URL.RawQuery, Values: NewUser{Email: l.email}, Wrong: wrong, MinPass: minPassword}
	p.show(w, status, page{Name: "reset", Title: "Choose a new password", Form: f})
}

// reset replaces a password. It ends every sign-in of the account, because somebody else may have known the old
// password.
func (p *Pool) reset(w http.ResponseWriter, r *http.Request) {
	l, ok := p.openLink(w, r, toReset)
	if !ok {
		return
	}
	password := r.PostForm.Get("password")
	if problem := passwordProblem(password); problem != "" {
		p.showReset(w, http.StatusBadRequest, r, l, problems{Password: problem})
		return
	}
	hash, err := p.passwords.hash(r.Context(), password)
	if err == nil {
		err = p.db.setPassword(r.Context(), l.email, hash)
	}
	if err != nil {
		p.fail(w, err)
		return
	}
	p.show(w, http.StatusOK, page{Name: "done", Title: "Your password is changed",
		Text: "Go back to where you came from, and sign in with the new password. You have been signed out everywhere else."})
}

// setPassword replaces a user's password, ends the user's sign-ins and deletes links to a new password.
func (d *database) setPassword(ctx context.Context, email, hash string) error {
	return d.tx(ctx, func(tx *sql.Tx) error {
		for _, statement := range []string{
			"DELETE FROM browsers WHERE sub = (SELECT sub FROM users WHERE email = ?)",
			"DELETE FROM codes WHERE sub = (SELECT sub FROM users WHERE email = ?)",
			"DELETE FROM grants WHERE sub = (SELECT sub FROM users WHERE email = ?)",
			"DELETE FROM links WHERE purpose = 'reset' AND email = ?",
		} {
			if _, err := tx.ExecContext(ctx, statement, email); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE users SET password = ? WHERE email = ?", hash, email)
		return err
	})
}
