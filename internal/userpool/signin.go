package userpool

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// form is the content of a page with a form. It never has the password that was typed.
type form struct {
	Action string // the address of the form
	Other  string // the page for users with an account, or for new ones
	Forgot string // the page for a forgotten password
	Cancel string // the redirect URI with an error

	Providers []providerLink
	Values    NewUser
	Wrong     problems
	Notice    string
	MinPass   int
}

// form returns an empty form at path. The request is in its addresses.
func (r request) form(path string) form {
	other := "/login"
	if path == other {
		other = "/signup"
	}
	cancelled := refusal{code: "access_denied", description: "the sign-in was cancelled", redirectURI: r.redirectURI, state: r.state}
	return form{
		Action: r.base + path + "?" + r.query.Encode(), Other: r.base + other + "?" + r.query.Encode(),
		Forgot: r.base + "/forgotPassword?" + r.query.Encode(), Cancel: cancelled.location(),
		Values: NewUser{Email: r.hint}, MinPass: minPassword, Providers: r.providerLinks(),
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

// seconds rounds up, so that a client that waits that long has waited long enough.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// tooOften sets Retry-After and returns the status of the answer.
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

// checkPassword returns the user or the sign-up with this address and password. For an
// unknown user and for a wrong password, it returns the same error after the same time.
// With errTooOften it returns how long to wait.
func (p *Pool) checkPassword(r *http.Request, email, password string) (user, time.Duration, error) {
	if len(email) > maxEmail || len(password) > maxPassword {
		return user{}, 0, errWrongPassword
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

// candidates returns the user with an address, or else the few sign-ups with it, or else one user without a password,
// so that the comparison takes the same time.
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

// signIn signs the user in in this browser and sends the browser back to the client.
func (p *Pool) signIn(w http.ResponseWriter, r *http.Request, req request, u user) {
	who, err := p.addSession(r.Context(), w, u.sub)
	if err != nil {
		p.fail(w, err)
		return
	}
	p.sendCode(w, r, req, who)
}
