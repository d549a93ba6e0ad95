// Package redirect has the redirect URIs of the command line: the addresses to which the
// browser returns at the end of a sign-in. It imports nothing of this module.
package redirect

import (
	"net"
	"strconv"
)

// Cognito compares redirect URIs exactly, so the ports are fixed. There are several
// because one may be taken.
const (
	firstPort = 18484
	lastPort  = 18489
	path      = "/callback"
)

// URIs returns the redirect URIs that an app client for the command line registers, in
// the order in which they are tried.
func URIs() []string {
	return append(On("127.0.0.1"), On("localhost")...)
}

// On returns the redirect URIs on a host, one per port.
func On(host string) []string {
	var uris []string
	for port := firstPort; port <= lastPort; port++ {
		uris = append(uris, URI(host, strconv.Itoa(port)))
	}
	return uris
}

// URI returns the redirect URI on a host and port.
func URI(host, port string) string {
	return "http://" + net.JoinHostPort(host, port) + path
}
