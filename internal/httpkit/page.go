// Package httpkit holds what the HTTP clients and servers of both programs share. It imports
// nothing of this module, and no template engine: photos would start later with one.
package httpkit

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Page is an HTML page. It has no script in it, and loads nothing from elsewhere.
type Page struct {
	HTML     []byte   // with at most one style element, which has no attributes
	Assets   bool     // it loads styles, scripts, pictures and videos of its own origin; else it loads nothing
	Media    string   // a further source of its pictures and videos; empty: none
	Forms    []string // sources that its forms may lead to, as form-action has them; empty: none
	Referrer string   // Referrer-Policy; empty: no-referrer
}

// Write sends the page, which no cache keeps and no other page may frame. The browser
// applies the page's own style element and nothing else, unless the page has assets.
func (p Page) Write(w http.ResponseWriter, status int) {
	p.send(w, status, p.HTML)
}

// WriteCompressed is like Write, but compresses the page if the client of r accepts that.
func (p Page) WriteCompressed(w http.ResponseWriter, r *http.Request, status int) {
	w.Header().Add("Vary", "Accept-Encoding")
	body := p.HTML
	if AcceptsGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		body = Gzip(body)
	}
	p.send(w, status, body)
}

func (p Page) send(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Content-Security-Policy", p.policy())
	h.Set("Referrer-Policy", cmp.Or(p.Referrer, "no-referrer"))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller escapes what it fills in; a browser that has left needs no answer
}

func (p Page) policy() string {
	forms := "'none'"
	if len(p.Forms) > 0 {
		forms = strings.Join(p.Forms, " ")
	}
	if p.Assets {
		media := strings.TrimSpace("'self' " + p.Media)
		return "default-src 'none'; style-src 'self'; script-src 'self'; img-src " + media + "; media-src " + media + "; connect-src 'self'; form-action " + forms +
			"; base-uri 'none'; frame-ancestors 'none'"
	}
	return strings.Join([]string{
		"default-src 'none'", "style-src " + p.styleSource(), "img-src data:", "form-action " + forms,
		"base-uri 'none'", "frame-ancestors 'none'",
	}, "; ")
}

// styleSource returns the hash of the page's style element as style-src has it.
func (p Page) styleSource() string {
	_, style, found := bytes.Cut(p.HTML, []byte("<style>"))
	if !found {
		return "'none'"
	}
	style, _, _ = bytes.Cut(style, []byte("</style>"))
	digest := sha256.Sum256(style)
	return "'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'"
}

// Source returns the source that stands for an address's origin in a policy. Policies have no
// notation for IPv6 addresses (CSP Level 3, section 2.3.1): for those it is the scheme alone.
func Source(u *url.URL) string {
	if strings.HasPrefix(u.Host, "[") {
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}
