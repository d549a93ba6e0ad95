package userpool

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"

	"photos/internal/httpkit"
)

// The rules of the pages: they work without JavaScript and load nothing, from here or elsewhere;
// fields are labelled and named so that password managers know them; an error
// stands beside its field, and what was typed, except for the password, is still there.

//go:embed pages
var pageFiles embed.FS

// page is one page and what it shows.
type page struct {
	Name  string // of its template
	Title string
	Text  string
	Form  form
	Email string
	Link  string // confirms Email; "": it was mailed

	returnTo string // redirect URI that the page's form may lead to
}

// pages are the templates of pages, by name.
type pages map[string]*template.Template

func newPages() (pages, error) {
	style, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		return nil, err
	}
	p := pages{}
	functions := template.FuncMap{"style": func() template.CSS { return template.CSS(style) }} //nolint:gosec // our own file
	for _, name := range []string{"login", "signup", "verify", "confirm", "mailbox", "reset", "done", "error"} {
		p[name], err = template.New("layout.html").Funcs(functions).ParseFS(pageFiles, "pages/layout.html", "pages/"+name+".html")
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// show sends a page.
func (p *Pool) show(w http.ResponseWriter, status int, content page) {
	var body bytes.Buffer
	if err := p.pages[content.Name].ExecuteTemplate(&body, "layout.html", content); err != nil {
		p.complain(fmt.Errorf("rendering the %s page: %w", content.Name, err))
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	// With no-referrer browsers would send Origin: null with forms.
	httpkit.Page{HTML: body.Bytes(), Forms: formTargets(content.returnTo), Referrer: "same-origin"}.Write(w, status)
}

// formTargets returns where the forms of a page may lead. Chromium holds form-action against the
// redirects that follow a form too, so a sign-in has to name where it ends.
func formTargets(returnTo string) []string {
	targets := []string{"'self'"}
	if u, err := url.Parse(returnTo); err == nil && u.Host != "" {
		targets = append(targets, httpkit.Source(u))
	}
	return targets
}

// errorPage explains what never comes back to the client.
func (p *Pool) errorPage(w http.ResponseWriter, r *http.Request) {
	content := page{Name: "error", Title: "Something is wrong with this request", Text: "The program that sent you here asked for something this page cannot do."}
	switch r.URL.Query().Get("error") {
	case "redirect_mismatch":
		content.Title = "Return address not registered"
		content.Text = "redirect_mismatch: the address to return to is not one of those registered for this app client. It has to be the same in every character, with its port and any slash at the end."
	case "invalid_client":
		content.Title = "Unknown app client"
		content.Text = "The program that sent you here names itself by a client id that this pool does not know."
	}
	p.show(w, http.StatusBadRequest, content)
}

// fail shows that something of ours went wrong; the terminal says what it was.
func (p *Pool) fail(w http.ResponseWriter, err error) {
	if errors.Is(err, errBusy) {
		w.Header().Set("Retry-After", "2")
		p.show(w, http.StatusServiceUnavailable, page{Name: "error", Title: "Too many sign-ins at once", Text: "Go back and try again in a few seconds."})
		return
	}
	p.complain(err)
	p.show(w, http.StatusInternalServerError, page{Name: "error", Title: "Something went wrong here", Text: "It is not your fault. The terminal of the service says more. Try again."})
}

// answerError answers a program. An error that is not a tokenError is ours.
func (p *Pool) answerError(w http.ResponseWriter, err error) {
	var known *tokenError
	if !errors.As(err, &known) {
		p.complain(err)
		known = &tokenError{http.StatusInternalServerError, "server_error"}
	}
	if known.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf("Basic realm=%q", p.id))
	}
	writeJSON(w, known.status, map[string]string{"error": known.code})
}

// writeJSON answers with what may hold tokens.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client is gone: nobody to tell
}
