package httpapi

import (
	"net/http"
	"net/url"

	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/thumb"
)

// sessionRoutes are handlers of the API as the web pages use them, with a session instead of
// an access token: pictures, the bytes of photos, and what uploads by a script need.
type sessionRoutes struct {
	caller   func(*http.Request) (service.Caller, error)
	requests *service.Limiter
	photos   *photos
	uploads  *uploads
}

// Paths that the web pages use.
const (
	pathPages   = "/myphotos"
	pathSession = "/session"
)

func newSessionRoutes(c Config, base *url.URL, body bodyReader) *sessionRoutes {
	if c.Session == nil {
		return nil
	}
	return &sessionRoutes{
		caller: c.Session, requests: c.Service.Requests, photos: newPhotos(c, body),
		uploads: &uploads{uploads: c.Service.Uploads, path: base.Path + pathSession + "/uploads", stall: c.Stall},
	}
}

func (t *sessionRoutes) routes() map[string]methods {
	if t == nil {
		return nil
	}
	const (
		onePhoto  = pathPages + "/{id}"
		uploads   = pathSession + "/uploads"
		oneUpload = uploads + "/{id}"
	)
	return map[string]methods{
		onePhoto + "/content":   {http.MethodGet: t.require(t.photos.content)}, // the pages' policy allows where it redirects to
		onePhoto + "/thumbnail": {http.MethodGet: t.require(t.thumbnail)},
		pathSession + "/check":  {http.MethodPost: t.require(t.photos.check)},
		uploads:                 {http.MethodPost: tus(t.require(t.uploads.create))},
		oneUpload: {
			http.MethodHead:   tus(t.require(t.uploads.status)),
			http.MethodPatch:  tus(t.require(t.uploads.append)),
			http.MethodDelete: tus(t.require(t.uploads.end)),
		},
	}
}

// require runs h for the user of the request's session. An access token identifies nobody
// here.
func (t *sessionRoutes) require(h callerHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		by, err := t.caller(r)
		if err != nil {
			return err
		}
		return counted(t.requests, h)(w, r, by)
	}
}

// thumbnail is photos.thumbnail, with an icon for a photo that nothing here can decode: a
// page shows something in its place. The browser's cache shows a picture to the session that
// got it, and to nobody who uses the browser later.
func (t *sessionRoutes) thumbnail(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	w.Header().Set("Vary", "Cookie")
	err := t.photos.thumbnail(w, r, by)
	if photo.KindOf(err) != photo.KindNoRendition {
		return err
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	w.Header().Set("Cache-Control", "private, max-age=300") // a program that decodes it may be installed
	_, _ = w.Write([]byte(thumb.Placeholder))               // a browser that has left needs no answer
	return nil
}
