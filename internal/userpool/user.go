package userpool

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// user is an account, or a sign-up that may become one. Its sub is also its user name, as in a Cognito pool where users
// sign in with their e-mail address.
type user struct {
	sub       string
	email     string // lower case
	nickname  string
	password  string // argon2id
	confirmed bool   // false: a sign-up
	provider  string // the other provider that the user comes from; empty: none
}

// NewUser has what a user types to sign up.
type NewUser struct {
	Email    string
	Nickname string
	Password string
}

// AddUser adds an account whose e-mail address needs no confirmation. The error says what
// is wrong with the user, or is ErrTaken.
func (p *Pool) AddUser(ctx context.Context, n NewUser) error {
	n, wrong := n.checked()
	if wrong.any() {
		return fmt.Errorf("adding a user: %s", wrong.text())
	}
	u, err := p.newUser(ctx, n)
	if err == nil {
		err = p.db.addUser(ctx, u, p.now())
	}
	if err != nil {
		return fmt.Errorf("adding user %s: %w", n.Email, err)
	}
	return nil
}

// problems says what is wrong with a form, by its fields.
type problems struct {
	Email, Nickname, Password string
	Form                      string // not about a single field
}

func (w problems) any() bool { return w != problems{} }

func (w problems) text() string {
	var all []string
	for _, problem := range []string{w.Email, w.Nickname, w.Password, w.Form} {
		if problem != "" {
			all = append(all, problem)
		}
	}
	return strings.Join(all, " ")
}

const (
	maxEmail    = 254 // bytes; RFC 5321, section 4.5.3.1.3, without the angle brackets
	maxNickname = 100 // characters
)

// shown returns what the form may show again. It leaves out the password and values that are too long.
func (n NewUser) shown() NewUser {
	if len(n.Email) > maxEmail {
		n.Email = ""
	}
	if len(n.Nickname) > maxNickname*utf8.UTFMax {
		n.Nickname = ""
	}
	n.Password = ""
	return n
}

// checked removes white space around the values, and returns what is wrong with them.
func (n NewUser) checked() (NewUser, problems) {
	var wrong problems
	n.Email, n.Nickname = normalEmail(n.Email), strings.TrimSpace(n.Nickname)
	switch {
	case n.Email == "":
		wrong.Email = "Enter your email address."
	case !isEmail(n.Email):
		wrong.Email = "This does not look like an email address."
	}
	switch {
	case n.Nickname == "":
		wrong.Nickname = "Enter a nickname: it is the name you will see."
	case utf8.RuneCountInString(n.Nickname) > maxNickname:
		wrong.Nickname = fmt.Sprintf("Use at most %d characters.", maxNickname)
	case !isPrintable(n.Nickname):
		wrong.Nickname = "Use letters, digits, spaces and signs only."
	}
	wrong.Password = passwordProblem(n.Password)
	return n, wrong
}

// passwordProblem returns what is wrong with a new password, or "".
func passwordProblem(password string) string {
	switch {
	case password == "":
		return "Choose a password."
	case utf8.RuneCountInString(password) < minPassword:
		return fmt.Sprintf("Use at least %d characters.", minPassword)
	case len(password) > maxPassword:
		return fmt.Sprintf("Use at most %d bytes: letters with accents count twice.", maxPassword)
	}
	return ""
}

// normalEmail returns an address in the form in which addresses are compared: without regard to case.
func normalEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// isEmail accepts an address without a name. What it accepts is safe in mail headers and on
// terminals.
func isEmail(s string) bool {
	if len(s) > maxEmail {
		return false
	}
	parsed, err := mail.ParseAddress(s)
	return err == nil && parsed.Address == s && isPrintable(s) && !strings.ContainsAny(s, " \"")
}

// isPrintable refuses control characters and broken UTF-8.
func isPrintable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) && r != '\u200d' }) < 0
}

// ErrTaken says that another user has this e-mail address.
var ErrTaken = errors.New("there is an account with this email address")

// newUser returns a user with a hashed password.
func (p *Pool) newUser(ctx context.Context, n NewUser) (user, error) {
	hash, err := p.passwords.hash(ctx, n.Password)
	return user{sub: uuid.NewString(), email: n.Email, nickname: n.Nickname, password: hash}, err
}

// addUser stores a user whose e-mail address is confirmed, and deletes every sign-up with that address. The error is
// ErrTaken if another user has the address.
func (d *database) addUser(ctx context.Context, u user, now time.Time) error {
	return d.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO users (sub, email, nickname, password, created_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO NOTHING`, u.sub, u.email, u.nickname, u.password, now.UnixMicro())
		if err != nil {
			return err
		}
		var owner string
		if err := tx.QueryRowContext(ctx, "SELECT sub FROM users WHERE email = ?", u.email).Scan(&owner); err != nil {
			return err
		}
		if owner != u.sub { // they are equal if the same sign-up was confirmed twice at the same time
			return ErrTaken
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM signups WHERE email = ?", u.email)
		return err
	})
}

const userColumns = "users.sub, users.email, users.nickname, users.password"

func scanUser(row *sql.Row) (user, error) {
	u := user{confirmed: true}
	err := row.Scan(&u.sub, &u.email, &u.nickname, &u.password)
	u.fromProvider()
	return u, absent(err)
}

// user returns the user with this sub. The error is errAbsent if there is none.
func (d *database) user(ctx context.Context, sub string) (user, error) {
	return scanUser(d.QueryRowContext(ctx, "SELECT "+userColumns+" FROM users WHERE sub = ?", sub))
}

// userByEmail returns the user with a normal address. The error is errAbsent if there is none.
func (d *database) userByEmail(ctx context.Context, email string) (user, error) {
	return scanUser(d.QueryRowContext(ctx, "SELECT "+userColumns+" FROM users WHERE email = ?", email))
}
