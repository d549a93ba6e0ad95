package userpool

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// form is what the pages with a form show. A password that was typed is never sent back.
type form struct {
	Action  string // where the form goes
	Other   string // the page for those who have an account, or have none
	Forgot  string // the page for those who forgot their password
	Cancel  string // back to the client
	Values  NewUser
	Wrong   problems
	Notice  string
	MinPass int
}

// form is an empty form at path, of a sign-in that waits.
func (r request) form(path string) form {
	other := "/login"
	if path == other {
		other = "/signup"
	}
	cancelled := refusal{code: "access_denied", description: "the person pressed cancel", redirectURI: r.redirectURI, state: r.state}
	return form{
		Action: r.base + path + "?" + r.query.Encode(), Other: r.base + other + "?" + r.query.Encode(),
		Forgot: r.base + "/forgotPassword?" + r.query.Encode(), Cancel: cancelled.location(),
		Values: NewUser{Email: r.hint}, MinPass: minPassword,
	}
}

func (p *Pool) loginPage(w http.ResponseWriter, r *http.Request) {
	req, refused := p.parseRequest(r.URL.Query())
	if refused != nil {
		p.refuse(w, r, refused)
		return
	}
	p.show(w, http.StatusOK, page{Name: "login", Title: "Sign in", Form: req.form("/login"), returnTo: req.redirectURI})
}

func (p *Pool) login(w http.ResponseWriter, r *http.Request) {
	req, refused := p.parseRequest(r.URL.Query())
	if refused != nil {
		p.refuse(w, r, refused)
		return
	}
	f := req.form("/login")
	given := NewUser{Email: r.PostForm.Get("email"), Password: r.PostForm.Get("password")}
	f.Values = given.shown()
	u, pause, err := p.checkPassword(r, normalEmail(given.Email), given.Password)
	status := http.StatusBadRequest
	switch {
	case err == nil && u.confirmed:
		p.signIn(w, r, req, u)
		return
	case err == nil:
		p.askToConfirm(w, r, req, u)
		return
	case errors.Is(err, errTooOften):
		status = tooOften(w, pause)
		f.Wrong.Form = tooOftenText(pause)
	case errors.Is(err, errWrongPassword):
		f.Wrong.Form = "Email address or password is wrong."
	default:
		p.fail(w, err)
		return
	}
	p.show(w, status, page{Name: "login", Title: "Sign in", Form: f, returnTo: req.redirectURI})
}

// seconds rounds up, so that who waits that long has waited long enough.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// tooOften says how long to wait, and returns the status to answer with.
func tooOften(w http.ResponseWriter, pause time.Duration) int {
	w.Header().Set("Retry-After", strconv.Itoa(seconds(pause)))
	return http.StatusTooManyRequests
}

func tooOftenText(pause time.Duration) string {
	return fmt.Sprintf("Too many wrong passwords. Try again in %d s.", seconds(pause))
}

var (
	errWrongPassword = errors.New("unknown user or wrong password")
	errTooOften      = errors.New("too many wrong passwords")
)

// checkPassword finds the user or the sign-up with a password. Unknown users and wrong
// passwords get the same error after the same time; errTooOften comes with how long to wait.
func (p *Pool) checkPassword(r *http.Request, email, password string) (user, time.Duration, error) {
	if len(email) > maxEmail || len(password) > maxPassword {
		return user{}, 0, errWrongPassword // whoever it is
	}
	by := guessers(r, email)
	if pause := p.guesses.reserve(by, p.now()); pause > 0 {
		return user{}, pause, errTooOften
	}
	u, err := p.matchPassword(r.Context(), email, password)
	if !errors.Is(err, errWrongPassword) {
		p.guesses.undo(by)
	}
	return u, 0, err
}

func (p *Pool) matchPassword(ctx context.Context, email, password string) (user, error) {
	candidates, err := p.candidates(ctx, email)
	if err != nil {
		return user{}, err
	}
	for _, u := range candidates {
		match, err := p.passwords.match(ctx, password, u.password)
		if err != nil {
			return user{}, err
		}
		if match {
			return u, nil
		}
	}
	return user{}, errWrongPassword
}

// candidates returns those whose password may be meant: the user with an address, or the few sign-ups that wait
// for it, or somebody without any password.
func (p *Pool) candidates(ctx context.Context, email string) ([]user, error) {
	u, err := p.db.userByEmail(ctx, email)
	if err == nil {
		return []user{u}, nil
	}
	if !errors.Is(err, errAbsent) {
		return nil, err
	}
	waiting, err := p.db.signups(ctx, email, p.now())
	if len(waiting) == 0 {
		waiting = []user{{}}
	}
	return waiting, err
}

// signIn remembers the user in this browser and sends it back to the client.
func (p *Pool) signIn(w http.ResponseWriter, r *http.Request, req request, u user) {
	who, err := p.remember(r.Context(), w, u.sub)
	if err != nil {
		p.fail(w, err)
		return
	}
	p.sendCode(w, r, req, who)
}
