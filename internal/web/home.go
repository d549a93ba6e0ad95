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
