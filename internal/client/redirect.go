package client

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

const maxRedirects = 3

// redirectError says why a redirect is not followed.
type redirectError string

func (b redirectError) Error() string { return string(b) }

// checkRedirect follows a redirect only for a photo's content, which a service may keep
// elsewhere: over https, or in plain http where the service itself is on this machine. A
// service on the internet cannot send the client to addresses of the user's own network.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case first.Method != http.MethodGet || !strings.HasSuffix(first.URL.Path, "/content"):
		return http.ErrUseLastResponse
	case len(via) > maxRedirects:
		return redirectError("it redirects too often")
	case via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https":
		return redirectError("it redirects from https to http")
	case reachOf(req.Context(), req.URL.Hostname()) < reachOf(req.Context(), c.base.Hostname()):
		return redirectError("it redirects to an address of this machine or network")
	case req.URL.Scheme != "https" && reachOf(req.Context(), req.URL.Hostname()) == public:
		return redirectError("it redirects to plain http")
	}
	return nil
}

// A reach says from where an address can be reached.
type reach int

// The reaches, the nearest one first.
const (
	machine reach = iota // loopback, link-local and unspecified addresses
	network              // private addresses
	public
)

// reachOf returns the nearest reach of a host's addresses. A name that cannot be resolved
// here is public: a proxy may resolve it.
func reachOf(ctx context.Context, host string) reach {
	if addr, err := netip.ParseAddr(host); err == nil {
		return reachOfAddr(addr)
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return public
	}
	nearest := public
	for _, addr := range addrs {
		nearest = min(nearest, reachOfAddr(addr))
	}
	return nearest
}

func reachOfAddr(addr netip.Addr) reach {
	addr = addr.Unmap()
	carrier := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10) // RFC 6598
	switch {
	case addr.IsLoopback(), addr.IsLinkLocalUnicast(), addr.IsUnspecified(), addr.IsMulticast():
		return machine
	case addr.IsPrivate(), carrier.Contains(addr):
		return network
	}
	return public
}
