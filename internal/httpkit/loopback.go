package httpkit

import (
	"net"
	"strings"
)

// IsLoopback reports whether a host, without its port, names this machine: localhost
// in any case, or a loopback address.
func IsLoopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}
