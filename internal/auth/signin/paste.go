package signin

import (
	"errors"
	"net/url"
	"strings"
)

// parsePasted reads the address that the user copied from a browser that could not reach
// the redirect URI, because it runs on another machine. The address must be the redirect
// URI. Browsers may hide the scheme, and users may paste quotes and spaces with it.
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
		// Cognito shows this page instead of redirecting the browser.
		return reply{}, errors.New("the provider does not know the redirect URI " + redirect.String() + ": register it, or choose another with --redirect-port")
	}
	if u.Scheme != redirect.Scheme || u.Host != redirect.Host || u.EscapedPath() != redirect.EscapedPath() {
		return reply{}, errors.New("not the address at which the browser ends: that one begins with " + redirect.String())
	}
	return parseReply(u.RawQuery)
}
