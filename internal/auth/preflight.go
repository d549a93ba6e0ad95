package auth

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// Questions for a look at the whole chain before anything has gone wrong.

// Registered asks the provider whether a redirect URI is registered, by beginning a
// sign-in that nobody finishes: Cognito sends a known one on to its login page and an
// unknown one to its error page, never back to us.
func Registered(ctx context.Context, rt http.RoundTripper, p Provider, clientID, redirectURI string) error {
	e := endpoint{provider: p, clientID: clientID}
	address := e.config(redirectURI, []string{"openid"}).AuthCodeURL("preflight", oauth2.S256ChallengeOption(oauth2.GenerateVerifier()))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return &Error{Kind: Misconfigured, Msg: "authorization endpoint", Err: err}
	}
	resp, err := newClient(rt).Do(req)
	if err != nil {
		return unreachable(ctx, "asking about "+redirectURI, err)
	}
	defer resp.Body.Close()
	location := resp.Header.Get("Location")
	switch {
	case strings.Contains(location, "redirect_mismatch"):
		return &Error{Kind: Misconfigured, Msg: redirectURI + " is not registered with the app client",
			Hint: "add it to the app client's callback URLs, exactly like this"}
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return &Error{Kind: Unavailable, Msg: fmt.Sprintf("asking about %s: status %d", redirectURI, resp.StatusCode),
			Hint: "try again later"}
	case resp.StatusCode >= 400 || strings.Contains(location, "/error?"):
		return &Error{Kind: Misconfigured, Msg: fmt.Sprintf("the provider refuses client %s with %s (status %d)", clientID, redirectURI, resp.StatusCode),
			Hint: "check the client id and its callback URLs"}
	}
	return nil
}

// PortFree reports whether a redirect URI could be listened on now; PortsTaken if not.
func PortFree(ctx context.Context, redirectURI string) error {
	d, err := newDoor(ctx, []string{redirectURI})
	if err != nil {
		return err
	}
	d.close()
	return nil
}

// ClockOff is how far the clock of the server at address is ahead of this machine's; 0
// when they differ by less than a minute.
func ClockOff(ctx context.Context, rt http.RoundTripper, address string) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return 0, &Error{Kind: Misconfigured, Msg: "address of the clock", Err: err}
	}
	resp, err := newClient(rt).Do(req)
	if err != nil {
		return 0, unreachable(ctx, "comparing clocks", err)
	}
	defer resp.Body.Close()
	return skew(resp.Header.Get("Date"), time.Now()), nil
}
