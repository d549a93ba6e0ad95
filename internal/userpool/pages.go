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

// The pages work without JavaScript and load no other files. Fields have labels, and names that password managers
// recognize. An error is next to its field, and the input is kept, except for the password.

//go:embed pages
var pageFiles embed.FS

// page is one page and its content.
type page struct {
	Name  string // of its template
	Title string
	Text  string
	Form  form
	Email string
	Link  string // the link that confirms Email; "": it was mailed

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
	functions := template.FuncMap{"style": func() template.CSS { return template.CSS(style) }} //nolint:gosec // an embedded file
	for _, name := range []string{"login", "signup", "verify", "confirm", "mailbox", "reset", "provider", "done", "error"} {
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
		p.logError(fmt.Errorf("rendering the %s page: %w", content.Name, err))
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	// With no-referrer browsers would send Origin: null with forms.
	httpkit.Page{HTML: body.Bytes(), Forms: formTargets(content.returnTo), Referrer: "same-origin"}.Write(w, status)
}

// formTargets returns where the forms of a page may go. Chromium also applies form-action to the redirects after a
// form, so a sign-in has to name the address at which it ends.
func formTargets(returnTo string) []string {
	targets := []string{"'self'"}
	if u, err := url.Parse(returnTo); err == nil && u.Host != "" {
		targets = append(targets, httpkit.Source(u))
	}
	return targets
}

// errorPage shows an error that the client is not told about.
func (p *Pool) errorPage(w http.ResponseWriter, r *http.Request) {
	content := page{Name: "error", Title: "Something is wrong with this request", Text: "The program that sent you here asked for something this page cannot do."}
	switch r.URL.Query().Get("error") {
	case "redirect_mismatch":
		content.Title = "Return address not registered"
		content.Text = "redirect_mismatch: the address to return to is not one of those registered for this app client. It has to be the same in every character, with its port and any slash at the end."
	case "invalid_client":
		content.Title = "Unknown app client"
		content.Text = "The program that sent you here has a client id that this pool does not know."
	}
	p.show(w, http.StatusBadRequest, content)
}

// fail shows that the pool has failed, and writes the error to the terminal.
func (p *Pool) fail(w http.ResponseWriter, err error) {
	if errors.Is(err, errBusy) {
		w.Header().Set("Retry-After", "2")
		p.show(w, http.StatusServiceUnavailable, page{Name: "error", Title: "Too many sign-ins at once", Text: "Go back and try again in a few seconds."})
		return
	}
	p.logError(err)
	p.show(w, http.StatusInternalServerError, page{Name: "error", Title: "Something went wrong here", Text: "It is not your fault. Try again. The terminal of the service shows details."})
}

// answerError answers a program with an error. One that is not a tokenError is a failure of the pool.
func (p *Pool) answerError(w http.ResponseWriter, err error) {
	var answer *tokenError
	if !errors.As(err, &answer) {
		p.logError(err)
		answer = &tokenError{http.StatusInternalServerError, "server_error"}
	}
	if answer.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf("Basic realm=%q", p.id))
	}
	writeJSON(w, answer.status, map[string]string{"error": answer.code})
}

// writeJSON writes an answer that may have tokens in it, so it must not be cached.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // an error means that the client has disconnected
}
