package httpkit

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Hosts passes on only requests whose Host header is one of names, in lower case, and calls
// refuse for the others. A page of another site whose name was made to point here (DNS
// rebinding) still sends the name of that site.
func Hosts(names map[string]bool, refuse http.HandlerFunc) Guard {
	return func(w *Response, r *http.Request, next func()) {
		if names[strings.ToLower(r.Host)] {
			next()
			return
		}
		refuse(w, r)
	}
}

// HostNames returns the values of the Host header that name the service at base, in lower
// case. With loopback these are also the names of this machine, at the same port. A default
// port may be given or left out.
func HostNames(base *url.URL, loopback bool) map[string]bool {
	port, standard := base.Port(), "80"
	if base.Scheme == "https" {
		standard = "443"
	}
	if port == "" {
		port = standard
	}
	names := []string{base.Hostname()}
	if loopback {
		names = append(names, "localhost", "127.0.0.1", "::1")
	}
	hosts := map[string]bool{}
	for _, name := range names {
		name = strings.ToLower(name)
		hosts[net.JoinHostPort(name, port)] = true
		if port == standard {
			hosts[strings.TrimSuffix(net.JoinHostPort(name, ""), ":")] = true
		}
	}
	return hosts
}

// Unproxied passes on only requests that do not show that they came through a proxy, and
// calls refuse for the others. A proxy shows itself by the headers that it adds, or by
// HTTP/1.0, which nginx uses by default and no browser does. A proxy that does neither is
// not noticed.
func Unproxied(refuse http.HandlerFunc) Guard {
	return func(w *Response, r *http.Request, next func()) {
		if proxied(r) {
			refuse(w, r)
			return
		}
		next()
	}
}

func proxied(r *http.Request) bool {
	if !r.ProtoAtLeast(1, 1) {
		return true
	}
	for name := range r.Header {
		switch name {
		case "Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Host", "X-Original-Url",
			"Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "Cdn-Loop", "Fastly-Client-Ip":
			return true
		}
		if strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "X-Envoy-") {
			return true
		}
	}
	return false
}
