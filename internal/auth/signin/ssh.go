package signin

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"photos/internal/httpkit"
)

// SSH describes the SSH connection by which the user came from another machine.
type SSH struct {
	Connection string // the value of SSH_CONNECTION: client address and port, server address and port; empty without SSH
	User       string
}

// command returns the ssh command that makes ports of this machine reachable from the
// user's: the redirect port and the ports of those addresses that are loopback. It is
// empty without an SSH connection.
func (s SSH) command(redirectPort string, addresses ...string) string {
	fields := strings.Fields(s.Connection)
	if len(fields) != 4 {
		return ""
	}
	ports := []string{redirectPort}
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err == nil && httpkit.IsLoopback(u.Hostname()) && u.Port() != "" && !slices.Contains(ports, u.Port()) {
			ports = append(ports, u.Port())
		}
	}
	line := "ssh -N"
	for _, port := range ports {
		line += fmt.Sprintf(" -L %s:localhost:%s", port, port)
	}
	if fields[3] != "22" {
		line += " -p " + fields[3]
	}
	target := fields[2]
	if s.User != "" {
		target = s.User + "@" + target
	}
	return line + " " + target
}
