package httpapi

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
)

// A handler answers a request, or returns an error, which problems.write answers.
type handler func(w http.ResponseWriter, r *http.Request) error

// methods are the handlers of one path.
type methods map[string]handler

// router sends each request to a handler.
type router struct {
	prefix   string // the path of the base address: "" or /photos
	problems problems
	about    *about
	auth     *auth
	accounts *accounts
	shares   *shares
	photos   *photos
	changes  *changes
	uploads  *uploads
	session  *sessionRoutes // nil: there are no web pages
}

func newRouter(c Config, base *url.URL, ready func(context.Context) error, stopping func() bool) *router {
	body := bodyReader{c.Stall}
	issuer := ""
	if len(c.Resource.AuthorizationServers) > 0 {
		issuer = c.Resource.AuthorizationServers[0]
	}
	origin := strings.TrimSuffix(c.BaseURL, base.Path)
	return &router{
		prefix:   base.Path,
		problems: problems{c.Log},
		session:  newSessionRoutes(c, base, body),
		about:    &about{ready: ready, resource: c.Resource, openAPI: c.OpenAPI},
		auth:     &auth{accounts: c.Service.Accounts, requests: c.Service.Requests, metadata: origin + api.PathProtectedResource + base.Path},
		accounts: &accounts{accounts: c.Service.Accounts, body: body, issuer: issuer},
		shares:   &shares{shares: c.Service.Shares, body: body, base: c.BaseURL},
		photos:   newPhotos(c, body),
		changes:  &changes{photos: c.Service.Photos, stopping: stopping},
		uploads:  &uploads{uploads: c.Service.Uploads, path: base.Path + api.PathUploads, stall: c.Stall},
	}
}

// routes returns every path below the path of the base address, with the permission that
// each handler needs.
func (t *router) routes() map[string]methods {
	const (
		onePhoto  = api.PathPhotos + "/{id}"
		oneUpload = api.PathUploads + "/{id}"
		oneKey    = api.PathKeys + "/{name}"
		oneShare  = api.PathShares + "/{share}"
	)
	with := t.auth.require
	return map[string]methods{
		pathHealth:                {http.MethodGet: t.about.health},
		pathReady:                 {http.MethodGet: t.about.readiness},
		api.PathProtectedResource: {http.MethodGet: t.about.protectedResource},
		api.PathOpenAPI:           {http.MethodGet: t.about.description},
		api.PathMe:                {http.MethodGet: with(service.AnyScope, t.accounts.me)},
		api.PathKeys:              {http.MethodGet: with(service.SignedIn, t.accounts.keys), http.MethodPost: with(service.SignedIn, t.accounts.createKey)},
		oneKey:                    {http.MethodDelete: with(service.SignedIn, t.accounts.revokeKey)},
		api.PathShares:            {http.MethodGet: with(service.SignedIn, t.shares.list), http.MethodPost: with(service.SignedIn, t.shares.create)},
		oneShare:                  {http.MethodDelete: with(service.SignedIn, t.shares.revoke)},
		api.PathCheck:             {http.MethodPost: with(service.MayUpload, t.photos.check)},
		api.PathPhotos:            {http.MethodGet: with(service.MayRead, t.photos.list), http.MethodPatch: with(service.MayUpload, t.photos.describeMany)},
		onePhoto: {
			http.MethodGet:    with(service.MayRead, t.photos.get),
			http.MethodPatch:  with(service.MayChange, t.photos.edit),
			http.MethodDelete: with(service.MayChange, t.photos.trash),
		},
		onePhoto + "/tags":      {http.MethodGet: with(service.MayRead, t.photos.photoTags), http.MethodPut: with(service.MayChange, t.photos.setTags)},
		api.PathTags:            {http.MethodGet: with(service.MayRead, t.photos.tags), http.MethodPatch: with(service.MayChange, t.photos.tagMany)},
		api.PathChanges:         {http.MethodGet: with(service.MayRead, t.changes.list)},
		api.PathStats:           {http.MethodGet: with(service.MayRead, t.photos.stats)},
		onePhoto + "/history":   {http.MethodGet: with(service.MayRead, t.photos.history)},
		onePhoto + "/undo":      {http.MethodPost: with(service.MayChange, t.photos.undo)},
		onePhoto + "/restore":   {http.MethodPost: with(service.MayChange, t.photos.restore)},
		onePhoto + "/purge":     {http.MethodPost: with(service.MayChange, t.photos.purge)},
		onePhoto + "/content":   {http.MethodGet: with(service.MayRead, t.photos.content)},
		api.PathDupes:           {http.MethodGet: with(service.MayRead, t.photos.dupes)},
		onePhoto + "/similar":   {http.MethodGet: with(service.MayRead, t.photos.similar)},
		onePhoto + "/thumbnail": {http.MethodGet: with(service.MayRead, t.photos.thumbnail)},
		api.PathUploads: {
			http.MethodOptions: tus(t.uploads.options),
			http.MethodPost:    tus(with(service.MayUpload, t.uploads.create)),
		},
		oneUpload: {
			http.MethodOptions: tus(t.uploads.options),
			http.MethodHead:    tus(with(service.MayUpload, t.uploads.status)),
			http.MethodPatch:   tus(with(service.MayUpload, t.uploads.append)),
			http.MethodDelete:  tus(with(service.MayUpload, t.uploads.end)),
		},
	}
}

func (t *router) mux(extra map[string]http.Handler, noPage http.Handler) *http.ServeMux {
	inner := http.NewServeMux()
	for pattern, m := range t.routes() {
		inner.Handle(pattern, httpkit.Route(pattern, t.serve(m)))
	}
	for pattern, m := range t.session.routes() {
		inner.Handle(pattern, httpkit.Route(pattern, t.serve(m)))
	}
	for pattern, h := range extra {
		inner.Handle(pattern, httpkit.Route(pattern, h))
	}
	inner.Handle("/", t.nothing(noPage))
	if t.prefix == "" {
		return inner
	}
	outer := http.NewServeMux()
	outer.Handle(pathHealth, inner)
	outer.Handle(pathReady, inner)
	// RFC 9728, section 3.1: the well-known part goes between host and path.
	outer.Handle(api.PathProtectedResource+t.prefix, httpkit.Route(api.PathProtectedResource, t.serve(methods{http.MethodGet: t.about.protectedResource})))
	outer.Handle(t.prefix+"/", http.StripPrefix(t.prefix, inner))
	outer.Handle("/", t.answer(notFound))
	return outer
}

// nothing answers requests for what is not there: those for a page with noPage, unless it is nil.
func (t *router) nothing(noPage http.Handler) http.Handler {
	problem := t.answer(notFound)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isPage := r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/v1/")
		if noPage != nil && isPage {
			noPage.ServeHTTP(w, r)
			return
		}
		problem.ServeHTTP(w, r)
	})
}

// serve chooses the handler for the method of a request. GET also answers HEAD. The tus
// protocol wants X-HTTP-Method-Override, for networks that allow only GET and POST.
func (t *router) serve(m methods) http.Handler {
	return t.answer(func(w http.ResponseWriter, r *http.Request) error {
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

// answer turns the error of a handler into a problem document.
func (t *router) answer(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			t.problems.write(w, r, err)
		}
	})
}

func notAllowed(w http.ResponseWriter, r *http.Request, m methods) error {
	allowed := strings.Join(slices.Sorted(maps.Keys(m)), ", ")
	w.Header().Set("Allow", allowed)
	return withStatus(http.StatusMethodNotAllowed, &photo.Error{
		Kind: photo.KindUsage, Msg: fmt.Sprintf("the method %.20s is not allowed here", r.Method), Hint: "allowed: " + allowed,
	})
}

func notFound(_ http.ResponseWriter, r *http.Request) error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: fmt.Sprintf("there is nothing at %.200q", r.URL.Path), Hint: "the API is described at " + api.PathOpenAPI}
}
