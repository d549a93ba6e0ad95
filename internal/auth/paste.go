package auth

import (
	"errors"
	"net/url"
	"strings"
)

// parsePasted reads the address a person copied from a browser that could not reach the
// redirect URI (a sign-in from another machine). It must be our redirect URI; browsers
// hide the scheme at times, and people paste quotes and spaces along.
func parsePasted(line string, redirect *url.URL) (reply, error) {
	line = strings.Trim(strings.TrimSpace(line), `"'<>`)
	if !strings.Contains(line, "://") {
		line = redirect.Scheme + "://" + line
	}
	u, err := url.Parse(line)
	if err != nil {
		return reply{}, errors.New("not an address")
	}
	if u.Path == "/error" && u.Query().Get("error") == "redirect_mismatch" {
		// Cognito shows this page instead of sending the browser back.
		return reply{}, errors.New("the provider does not know the redirect URI " + redirect.String() + ": register it, or choose another with --redirect-port")
	}
	if u.Scheme != redirect.Scheme || u.Host != redirect.Host || u.EscapedPath() != redirect.EscapedPath() {
		return reply{}, errors.New("not the address the browser ends on: that one begins with " + redirect.String())
	}
	return parseReply(u.RawQuery)
}
