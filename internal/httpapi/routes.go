package httpapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"photos/internal/api"
	"photos/internal/photo"
)

// A handler answers a request, or returns why it did not; the error is then
// answered in one place (problem.go).
type handler func(w http.ResponseWriter, r *http.Request) error

// methods are the handlers of one path.
type methods map[string]handler

// routes is every path this package serves, below the base address's own path.
func (s *Server) routes() map[string]methods {
	const (
		onePhoto  = api.PathPhotos + "/{id}"
		oneUpload = api.PathUploads + "/{id}"
		oneKey    = api.PathKeys + "/{name}"
	)
	return map[string]methods{
		"/{$}":                    {http.MethodGet: s.home},
		pathHealth:                {http.MethodGet: s.health},
		pathReady:                 {http.MethodGet: s.ready},
		api.PathProtectedResource: {http.MethodGet: s.protectedResource},
		api.PathOpenAPI:           {http.MethodGet: s.openAPI},
		api.PathMe:                {http.MethodGet: s.signedIn(anyKey, s.me)},
		api.PathKeys:              {http.MethodGet: s.signedIn(userOnly, s.keys), http.MethodPost: s.signedIn(userOnly, s.createKey)},
		oneKey:                    {http.MethodDelete: s.signedIn(userOnly, s.revokeKey)},
		api.PathCheck:             {http.MethodPost: s.signedIn(toUpload, s.check)},
		api.PathPhotos:            {http.MethodGet: s.signedIn(toRead, s.list), http.MethodPatch: s.signedIn(toUpload, s.describeMany)},
		onePhoto: {
			http.MethodGet:    s.signedIn(toRead, s.get),
			http.MethodPatch:  s.signedIn(toChange, s.describe),
			http.MethodDelete: s.signedIn(toChange, s.trash),
		},
		onePhoto + "/history": {http.MethodGet: s.signedIn(toRead, s.history)},
		onePhoto + "/undo":    {http.MethodPost: s.signedIn(toChange, s.undo)},
		onePhoto + "/restore": {http.MethodPost: s.signedIn(toChange, s.restore)},
		onePhoto + "/content": {http.MethodGet: s.signedIn(toRead, s.content)},
		api.PathUploads: {
			http.MethodOptions: tus(s.uploadOptions),
			http.MethodPost:    tus(s.signedIn(toUpload, s.createUpload)),
		},
		oneUpload: {
			http.MethodOptions: tus(s.uploadOptions),
			http.MethodHead:    tus(s.signedIn(toUpload, s.headUpload)),
			http.MethodPatch:   tus(s.signedIn(toUpload, s.patchUpload)),
			http.MethodDelete:  tus(s.signedIn(toUpload, s.deleteUpload)),
		},
	}
}

func (s *Server) mux() *http.ServeMux {
	inner := http.NewServeMux()
	for pattern, m := range s.routes() {
		inner.Handle(pattern, s.serve(m))
	}
	for pattern, h := range s.Extra {
		inner.Handle(pattern, h)
	}
	inner.Handle("/", s.answer(nothingHere))
	if s.prefix == "" {
		return inner
	}
	outer := http.NewServeMux()
	outer.Handle(pathHealth, inner)
	outer.Handle(pathReady, inner)
	// RFC 9728, section 3.1: the well-known part goes between host and path.
	outer.Handle(api.PathProtectedResource+s.prefix, s.serve(methods{http.MethodGet: s.protectedResource}))
	outer.Handle(s.prefix+"/", http.StripPrefix(s.prefix, inner))
	outer.Handle("/", s.answer(nothingHere))
	return outer
}

// serve picks the handler of a request's method. GET answers HEAD too, and tus
// wants X-HTTP-Method-Override heeded, for networks that know GET and POST only.
func (s *Server) serve(m methods) http.Handler {
	return s.answer(func(w http.ResponseWriter, r *http.Request) error {
		method := r.Method
		if override := r.Header.Get("X-HTTP-Method-Override"); method == http.MethodPost && override != "" {
			method = override
		}
		h := m[method]
		if h == nil && method == http.MethodHead {
			h = m[http.MethodGet]
		}
		if h == nil {
			return notAllowed(w, r, m)
		}
		return h(w, r)
	})
}

// answer turns a handler's error into a problem document.
func (s *Server) answer(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

func notAllowed(w http.ResponseWriter, r *http.Request, m methods) error {
	allowed := slices.Sorted(maps.Keys(m))
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return withStatus(http.StatusMethodNotAllowed, &photo.Error{
		Kind: photo.KindUsage, Msg: fmt.Sprintf("%.20s is not possible here", r.Method), Hint: "possible: " + strings.Join(allowed, ", "),
	})
}

func nothingHere(_ http.ResponseWriter, r *http.Request) error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: fmt.Sprintf("nothing at %.200q", r.URL.Path), Hint: "the API is described at " + api.PathOpenAPI}
}
