package server

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
)

//go:embed page.html
var pageTemplate string

// page is what a person sees who opens the service's address in a browser.
type page struct {
	html   []byte
	policy string // Content-Security-Policy
}

func makePage(baseURL string) (page, error) {
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return page{}, fmt.Errorf("page: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, baseURL); err != nil {
		return page{}, fmt.Errorf("page: %w", err)
	}
	_, style, _ := bytes.Cut(out.Bytes(), []byte("<style>"))
	style, _, _ = bytes.Cut(style, []byte("</style>"))
	digest := sha256.Sum256(style)
	return page{
		html: out.Bytes(),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) +
			"'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	}, nil
}

func (s *Server) home(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", s.page.policy)
	h.Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write(s.page.html) // who went away needs no answer
	return nil
}
