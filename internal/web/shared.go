package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/text"
	"photos/internal/thumb"
)

// sharedHandlers returns the handlers of the pages that people see who have the address of a
// share, and who are not signed in. No request below a share's address goes to another handler,
// whose log would have the address.
func (p *Pages) sharedHandlers() map[string]http.Handler {
	return map[string]http.Handler{
		"GET /s/{token}":                p.shared(p.sharedPage),
		"GET /s/{token}/{ref}":          p.shared(p.sharedPhoto),
		"GET /s/{token}/{ref}/picture":  p.shared(p.sharedPicture),
		"GET /s/{token}/{ref}/original": p.shared(p.sharedOriginal),
		"/s/{token}":                    p.noSharedPage(http.StatusMethodNotAllowed),
		"/s/{token}/{rest...}":          p.noSharedPage(http.StatusNotFound),
	}
}

// A sharedHandler is a handler for requests of people who have the address of a share.
type sharedHandler func(w http.ResponseWriter, r *http.Request, s *service.Shared) error

// shared runs h for the share of the request's address.
func (p *Pages) shared(h sharedHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Robots-Tag", "noindex, nofollow, noarchive")
		w.Header().Set("Referrer-Policy", "no-referrer")
		if p.goHome(w, r) {
			return
		}
		s, err := p.service.Shares.Open(r.Context(), strings.ToLower(r.PathValue("token")))
		if err == nil {
			err = enter(s.Enter, func() error { return h(w, r, s) })
		}
		if err != nil {
			p.failShared(w, r, err)
		}
	})
}

// enter runs do while a request is counted.
func enter(count func() (leave func(), err error), do func() error) error {
	leave, err := count()
	if err != nil {
		return err
	}
	defer leave()
	return do()
}

// noSharedPage answers requests for pages that no share has.
func (p *Pages) noSharedPage(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Robots-Tag", "noindex, nofollow, noarchive")
		if status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "GET, HEAD")
		}
		p.showShared(w, r, status, "message", view{Title: "There is nothing here", Content: message{Text: "The address may be incomplete."}})
	})
}

// failShared shows why a share or a photo of it cannot be seen. It says nothing about whose it is.
func (p *Pages) failShared(w http.ResponseWriter, r *http.Request, err error) {
	if httpkit.Abandoned(w, r, err) {
		return
	}
	status := api.Status(photo.KindOf(err))
	title, words := "This does not work at the moment", "Try again in a moment."
	switch busy, isBusy := errors.AsType[*service.BusyError](err); {
	case isBusy:
		w.Header().Set("Retry-After", strconv.Itoa(int(busy.RetryAfter.Seconds())))
		if busy.Share {
			status = http.StatusTooManyRequests
		}
		words = "Many people look at these photos now. Try again in a moment."
	case status == http.StatusGone:
		title, words = "This link has ended", "Ask whoever gave it to you for another one."
	case status == http.StatusNotFound:
		title, words = "There is nothing here", "The address may be incomplete, or the photo is no longer shared."
	default:
		status = max(status, http.StatusInternalServerError)
		p.log.ErrorContext(r.Context(), "shared page failed", "request_id", w.Header().Get(api.HeaderRequestID), "path", httpkit.LoggedPath(w, r), "err", err)
	}
	p.showShared(w, r, status, "message", view{Title: title, Content: message{Text: words}})
}

// showShared sends a page for people who are not signed in.
func (p *Pages) showShared(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	v.Shared = true
	if err := p.show(w, r, status, name, v); err != nil {
		p.log.ErrorContext(r.Context(), "the page of a share failed", "err", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
}

// preview is what other programs show of the page of a share, such as messengers.
type preview struct {
	Title, Text          string
	Picture, Alt         string // Picture is an address; empty: there is none
	PictureWidth, Height int
}

// sharedTile is a photo of a share as pages show it.
type sharedTile struct {
	tile // of what may be known of it
	Here string
	Ref  string
	Size int64
	n    int // its place on the page, from 1; 0: it is alone
}

func newSharedTile(share string, s service.SharedPhoto, n int) sharedTile {
	p := photo.Photo{Description: s.Description, MediaType: s.MediaType, Width: s.Width, Height: s.Height, Look: s.Look}
	return sharedTile{tile{Photo: p}, share, s.Ref, s.Size, n}
}

// Alt returns the text that stands for the photo.
func (t sharedTile) Alt() string {
	switch {
	case t.Description != "":
		return t.Description
	case t.n == 0:
		return t.Kind() + " without a description"
	}
	return t.Kind() + " " + strconv.Itoa(t.n)
}

// Address returns the path of the photo's page.
func (t sharedTile) Address() string { return t.Here + "/" + t.Ref }

// Picture returns the path of a rendition.
func (t sharedTile) Picture(size int) string {
	return t.Address() + "/picture?size=" + strconv.Itoa(size)
}

// Sources returns the renditions of the photo, for a browser to choose from.
func (t sharedTile) Sources(root string) string {
	return t.sources(func(size int) string { return root + t.Picture(size) })
}

// Caption returns the description as one line.
func (t sharedTile) Caption() string { return strings.Join(strings.Fields(t.Description), " ") }

// sharedContent is what the page of a share shows.
type sharedContent struct {
	Heading string
	Tiles   []sharedTile
	More    string // the path of the next page; empty: there is none
	Before  string // the path of the page before
	First   string // the path of the first page; empty: this is it
	Live    bool
	Ends    time.Time
}

// sharedPage shows the photos of a share, or its only photo.
func (p *Pages) sharedPage(w http.ResponseWriter, r *http.Request, s *service.Shared) error {
	here := api.SharePath(r.PathValue("token"))
	after, before := r.URL.Query().Get("after"), r.URL.Query().Get("before")
	list, cursor := s.List, after
	if before != "" {
		list, cursor = s.ListBefore, before
	}
	page, err := list(r.Context(), cursor, pageSize)
	switch {
	case err != nil:
		return err
	case before != "" && page.Prev == "": // it would be the first page, but not a full one
		w.Header().Set("Cache-Control", "no-store")
		http.Redirect(w, r, p.root+here, http.StatusSeeOther)
		return nil
	case len(page.Photos) == 1 && page.Next == "" && cursor == "":
		return p.showSharedPhoto(w, r, s, sharedPhotoContent{sharedTile: newSharedTile(here, page.Photos[0], 0)})
	}
	c := newSharedContent(here, s, page)
	if cursor != "" {
		c.First = here
	}
	v := view{Title: c.Heading, Content: c}
	if len(c.Tiles) > 0 {
		v.Preview = p.preview(c.Heading, c.Tiles[0])
	}
	p.showShared(w, r, http.StatusOK, "shared", v)
	return nil
}

// newSharedContent returns what a page of the share at the path here shows.
func newSharedContent(here string, s *service.Shared, page service.SharedPage) sharedContent {
	c := sharedContent{Heading: cmp.Or(s.Title, "Shared photos"), Live: s.Live, Ends: s.ExpiresAt}
	for i, one := range page.Photos {
		c.Tiles = append(c.Tiles, newSharedTile(here, one, i+1))
	}
	if page.Next != "" {
		c.More = here + "?" + url.Values{"after": {page.Next}}.Encode()
	}
	if page.Prev != "" {
		c.Before = here + "?" + url.Values{"before": {page.Prev}}.Encode()
	}
	return c
}

// sharedPhotoContent is what the page of a photo of a share shows.
type sharedPhotoContent struct {
	sharedTile
	All       string // the path of the page with all photos; empty: it is the only one
	Before    string // the path of the page of the photo before; empty: there is none
	After     string
	Originals bool
	Ends      time.Time
}

// sharedPhoto shows one photo of a share.
func (p *Pages) sharedPhoto(w http.ResponseWriter, r *http.Request, s *service.Shared) error {
	ref := r.PathValue("ref")
	one, err := s.Photo(r.Context(), ref)
	if err != nil {
		return err
	}
	before, after, err := s.Neighbors(r.Context(), ref)
	if err != nil {
		return err
	}
	here := api.SharePath(r.PathValue("token"))
	c := sharedPhotoContent{sharedTile: newSharedTile(here, one, 0), All: here}
	if before != "" {
		c.Before = here + "/" + before
	}
	if after != "" {
		c.After = here + "/" + after
	}
	return p.showSharedPhoto(w, r, s, c)
}

func (p *Pages) showSharedPhoto(w http.ResponseWriter, r *http.Request, s *service.Shared, c sharedPhotoContent) error {
	c.Originals, c.Ends = s.Originals, s.ExpiresAt
	title := s.Title
	if title == "" {
		title = text.Cut(c.Caption(), 60)
	}
	if title == "" {
		title = "A shared " + strings.ToLower(c.Kind())
	}
	p.showShared(w, r, http.StatusOK, "sharedphoto", view{Title: title, Content: c, Preview: p.preview(title, c.sharedTile)})
	return nil
}

// preview returns what other programs show of a page.
func (p *Pages) preview(title string, first sharedTile) *preview {
	v := &preview{Title: title, Text: text.Cut(first.Caption(), 200)}
	if first.Look.Rendition != photo.RenditionNone {
		v.Picture, v.Alt = p.base.Scheme+"://"+p.base.Host+p.root+first.Picture(largeSize), first.Alt()
		v.PictureWidth, v.Height = first.fit(largeSize)
	}
	return v
}

// sharedPictureAge is how long a browser shows a picture without asking whether it is still
// shared.
const sharedPictureAge = time.Minute

// sharedPicture sends a rendition of a photo of a share. It shows an icon for a photo that
// nothing here can decode. A browser that has the picture only asks whether it is still shared.
func (p *Pages) sharedPicture(w http.ResponseWriter, r *http.Request, s *service.Shared) error {
	size, err := strconv.Atoi(r.URL.Query().Get("size"))
	if err != nil || !slices.Contains(thumb.Sizes(), size) {
		size = largeSize
	}
	ref := r.PathValue("ref")
	tag := fmt.Sprintf(`"%s-%d"`, ref, size)
	has := r.Header.Get("If-None-Match") == tag
	var picture []byte
	if has {
		_, err = s.Photo(r.Context(), ref)
	} else {
		picture, err = s.Picture(r.Context(), ref, size)
	}
	undecoded := photo.KindOf(err) == photo.KindNoRendition
	if err != nil && !undecoded {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", fmt.Sprintf("private, max-age=%d", int(sharedPictureAge.Seconds())))
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Type", "image/jpeg")
	if undecoded { // without a tag: a program that decodes it may be installed
		h.Set("Content-Type", "image/svg+xml")
		h.Set("Content-Security-Policy", "default-src 'none'")
		picture = []byte(thumb.Placeholder)
	} else {
		h.Set("ETag", tag)
	}
	if has {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Length", strconv.Itoa(len(picture)))
	_, _ = w.Write(picture) //nolint:gosec // a JPEG that the service made itself, or the placeholder; a browser that has left needs no answer
	return nil
}

// sharedOriginal sends the file of a photo of a share, under a name that says nothing. Like every
// file of a user, it may be harmful: the browser is told to save it.
func (p *Pages) sharedOriginal(w http.ResponseWriter, r *http.Request, s *service.Shared) error {
	one, file, err := s.Original(r.Context(), r.PathValue("ref"))
	if err != nil {
		return err
	}
	defer file.Close()
	h := w.Header()
	h.Set("ETag", `"`+one.Ref+`"`)
	h.Set("Content-Type", one.MediaType)
	h.Set("Content-Disposition", `attachment; filename="`+plainName(one.MediaType)+`"`)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "private, no-cache")
	http.ServeContent(w, r, "", time.Time{}, file)
	return nil
}

// plainName returns a name for a file of a media type that says nothing else about it.
func plainName(mediaType string) string {
	kind, subtype, _ := strings.Cut(mediaType, "/")
	ext := subtype[strings.LastIndexAny(subtype, "-.")+1:]
	if usual, ok := map[string]string{
		"jpeg": "jpg", "tiff": "tif", "photoshop": "psd", "quicktime": "mov", "matroska": "mkv", "3gpp": "3gp", "3gpp2": "3g2", "mpeg": "mpg", "mp2t": "ts", "ogg": "ogv",
	}[ext]; ok {
		ext = usual
	}
	if kind == "image" {
		kind = "photo"
	}
	return kind + "." + ext
}
