// Package person plays the user at a user pool's pages, in tests and in the
// demo: it follows links, fills in forms and presses buttons like somebody
// with a browser that has no JavaScript. It goes by what a person and a
// password manager see: labels, autocomplete, the text of links.
package person

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// Person sits at the browser.
type Person struct {
	Email    string
	Nickname string
	Password string

	SignUp bool // make the account first, and confirm it by the link the page shows
	Cancel bool // press cancel at the sign-in page
	Forgot bool // ask for a link to a new password

	// Visited is called with every address, in order and before it is asked for; it may be nil.
	// The addresses may hold codes.
	Visited func(*url.URL)
}

// maxPages is more than any sign-in has.
const maxPages = 12

// Visit opens an address, does what the pages ask for, and returns the text of the page on
// which it ended. It is an error if that page says so by its status, unless
// the user cancelled.
func (p Person) Visit(ctx context.Context, address string) (string, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	s := &sitting{Person: p, client: &http.Client{Jar: jar, CheckRedirect: p.redirect}}
	at, err := s.open(ctx, address)
	for range maxPages {
		if err != nil {
			return "", err
		}
		next := s.next(at)
		if next == nil {
			return at.text, s.verdict(at)
		}
		at, err = next(ctx)
	}
	return "", fmt.Errorf("visiting %s: no end after %d pages", plain(at.address), maxPages)
}

func (p Person) redirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxPages {
		return errors.New("too many redirects")
	}
	p.visited(req.URL)
	return nil
}

func (p Person) visited(u *url.URL) {
	if p.Visited != nil {
		p.Visited(u)
	}
}

// sitting is one visit under way.
type sitting struct {
	Person
	client    *http.Client
	signedUp  bool // sent the form
	signedIn  bool // likewise
	confirmed bool // opened the link
	cancelled bool
	asked     bool // for a link to a new password
}

// next is what the user does at a page; nil: nothing, it is the last.
func (s *sitting) next(at *seen) func(context.Context) (*seen, error) {
	form := at.form()
	confirm := at.link("confirm")
	switch {
	case form == nil && confirm != "" && !s.confirmed:
		s.confirmed = true
		return s.follow(confirm)
	case form == nil:
		return nil
	case s.Cancel && at.link("cancel") != "":
		s.cancelled = true
		return s.follow(at.link("cancel"))
	case s.Forgot && at.link("forgot your password") != "":
		return s.follow(at.link("forgot your password"))
	case s.Forgot && !form.asksPassword() && !s.asked:
		s.asked = true
		return s.fill(at, form)
	case form.has("new-password") && !s.signedUp:
		s.signedUp = true
		return s.fill(at, form)
	case form.has("current-password") && s.SignUp && !s.signedUp:
		return s.follow(at.link("create an account"))
	case form.has("current-password") && !s.signedIn:
		s.signedIn = true
		return s.fill(at, form)
	}
	return nil // a form that comes again: it was refused
}

// verdict is nil for a page that ends well.
func (s *sitting) verdict(at *seen) error {
	switch {
	case s.Cancel && s.cancelled:
		return nil
	case at.form() != nil:
		return fmt.Errorf("the form at %s came again: %s", plain(at.address), at.alert())
	case at.status != http.StatusOK:
		return fmt.Errorf("%s answers %d: %s", plain(at.address), at.status, at.text)
	}
	return nil
}

func (s *sitting) follow(address string) func(context.Context) (*seen, error) {
	return func(ctx context.Context) (*seen, error) { return s.open(ctx, address) }
}

func (s *sitting) open(ctx context.Context, address string) (*seen, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return s.send(req)
}

// fill sends a form with what its fields ask for.
func (s *sitting) fill(at *seen, f *form) func(context.Context) (*seen, error) {
	values := url.Values{}
	for _, field := range f.fields {
		switch field.autocomplete {
		case "username", "email":
			field.value = s.Email
		case "nickname":
			field.value = s.Nickname
		case "new-password", "current-password":
			field.value = s.Password
		}
		values.Set(field.name, field.value)
	}
	return func(ctx context.Context) (*seen, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.action, strings.NewReader(values.Encode()))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", at.address.Scheme+"://"+at.address.Host)
		return s.send(req)
	}
}

func (s *sitting) send(req *http.Request) (*seen, error) {
	s.visited(req.URL)
	resp, err := s.client.Do(req)
	if err != nil {
		var inner *url.Error // its text holds the address, codes and all
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return nil, fmt.Errorf("visiting %s: %w", plain(req.URL), err)
	}
	defer resp.Body.Close()
	return read(resp)
}

// plain is an address without its query.
func plain(u *url.URL) string { return u.Scheme + "://" + u.Host + u.Path }
