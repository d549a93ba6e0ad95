package web

import (
	"net/http"

	"photos/internal/photo"
)

// homeContent is what the page at / shows.
type homeContent struct {
	Buttons []providerButton
	BaseURL string
}

// NoPage answers requests for pages that do not exist.
func (p *Pages) NoPage() http.Handler {
	return p.guard(func(w http.ResponseWriter, r *http.Request) error {
		v := view{Title: "There is nothing here", Content: message{Text: "The address may be mistyped.", Action: "Home", Link: "/"}}
		if by, err := p.session(r); err == nil {
			v.User = &by
		}
		return p.show(w, r, http.StatusNotFound, "message", v)
	})
}

// home is the page at /. It says the same as the header: how to sign in, or where the photos
// are.
func (p *Pages) home(w http.ResponseWriter, r *http.Request) error {
	v := view{Title: "Photos", Here: "home", Content: homeContent{Buttons: p.buttons, BaseURL: p.base.String()}}
	by, err := p.session(r)
	switch {
	case err == nil:
		v.User = &by
	case photo.KindOf(err) != photo.KindNotSignedIn:
		return err
	}
	return p.show(w, r, http.StatusOK, "home", v)
}
