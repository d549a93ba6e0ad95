// Command xdg-open plays the browser and the user at it, for tests and
// the demo: programs that open a browser find it on PATH.
//
//	xdg-open URL
//
// PERSON_EMAIL, PERSON_NICKNAME and PERSON_PASSWORD are who signs in; PERSON_SIGNUP=1 makes
// the account first, PERSON_CANCEL=1 presses cancel, PERSON_FORGOT=1 asks for a link to a new password, PERSON_LOG=FILE appends the addresses visited
// without codes, PERSON_NOISY=1 prints noise on standard output as some browsers do.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"time"

	"photos/internal/testkit/person"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "xdg-open:", err)
		os.Exit(1)
	}
}

// patience bounds a visit. The last page comes only when the program that opened the browser has
// finished its sign-in.
const patience = 2 * time.Minute

func run(ctx context.Context, args []string, getenv func(string) string) (err error) {
	if len(args) != 1 {
		return errors.New("usage: xdg-open URL")
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if getenv("PERSON_NOISY") == "1" {
		fmt.Println("Opening in existing browser session.")
	}
	p := person.Person{
		Email: getenv("PERSON_EMAIL"), Nickname: getenv("PERSON_NICKNAME"), Password: getenv("PERSON_PASSWORD"),
		SignUp: getenv("PERSON_SIGNUP") == "1", Cancel: getenv("PERSON_CANCEL") == "1", Forgot: getenv("PERSON_FORGOT") == "1",
	}
	if name := getenv("PERSON_LOG"); name != "" {
		log, openErr := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if openErr != nil {
			return openErr
		}
		defer func() { err = errors.Join(err, log.Close()) }()
		p.Visited = func(u *url.URL) { fmt.Fprintln(log, withoutCodes(*u)) }
	}
	_, err = p.Visit(ctx, args[0])
	return err
}

// withoutCodes is an address that is worth nothing to whoever reads it.
func withoutCodes(u url.URL) string {
	query := u.Query()
	query.Del("code")
	query.Del("confirmation_code")
	u.RawQuery = query.Encode()
	return u.String()
}
