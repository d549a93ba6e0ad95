package httpapi

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"

	"photos/internal/httpkit"
)

//go:embed page.html
var pageTemplate string

// makePage renders what a browser shows that opens the service's address.
func makePage(baseURL string) (httpkit.Page, error) {
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return httpkit.Page{}, fmt.Errorf("page: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, baseURL); err != nil {
		return httpkit.Page{}, fmt.Errorf("page: %w", err)
	}
	return httpkit.Page{HTML: out.Bytes()}, nil
}

func (s *Server) home(w http.ResponseWriter, _ *http.Request) error {
	s.page.Write(w, http.StatusOK)
	return nil
}
