package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/store"
)

// pathID is the {id} of the path. What is no ID names no photo.
func pathID(r *http.Request) (photo.ID, error) {
	id, err := photo.ParseID(r.PathValue("id"))
	if err != nil {
		return photo.ID{}, &photo.Error{Kind: photo.KindNotFound, Msg: err.Error(), Hint: photo.HintOf(err)}
	}
	return id, nil
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, a account) error {
	q, err := parseListQuery(r.URL.RawQuery)
	if err != nil {
		return err
	}
	page, err := s.listPage(r.Context(), a.owner, q)
	if err != nil {
		return err
	}
	answer := api.PhotoPage{Photos: make([]api.Photo, len(page.Photos)), Next: page.Next}
	for i, p := range page.Photos {
		answer.Photos[i] = api.FromPhoto(p)
	}
	return writeJSON(w, answer)
}

// listPage reads a page of a list. One that has to look through the owner's photos takes a seat, and
// has a limited time.
func (s *Server) listPage(ctx context.Context, owner string, q listQuery) (photo.Page, error) {
	if q.filter.Search == "" && !q.filter.Undescribed {
		return s.Store.List(ctx, owner, q.filter, q.cursor, q.limit)
	}
	leave, err := s.searches.take(owner)
	if err != nil {
		return photo.Page{}, err
	}
	defer leave()
	timed, cancel := context.WithTimeout(ctx, s.Limits.SearchTime)
	defer cancel()
	page, err := s.Store.List(timed, owner, q.filter, q.cursor, q.limit)
	if err != nil && ctx.Err() == nil && timed.Err() != nil {
		return photo.Page{}, &photo.Error{
			Kind: photo.KindSearchTimeout, Msg: fmt.Sprintf("the search was not finished within %s", s.Limits.SearchTime),
			Hint: "narrow it: fewer words, or a time with --since and --until", Err: err,
		}
	}
	return page, err
}

func (s *Server) get(w http.ResponseWriter, r *http.Request, a account) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p, _, err := s.Store.Get(r.Context(), a.owner, id, store.Live)
	if err != nil {
		return err
	}
	return writePhoto(w, p)
}

// writePhoto answers one photo. Its ETag is the version that If-Match takes.
func writePhoto(w http.ResponseWriter, p photo.Photo) error {
	w.Header().Set("ETag", versionTag(p.Version))
	return writeJSON(w, api.FromPhoto(p))
}

func versionTag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

func (s *Server) describe(w http.ResponseWriter, r *http.Request, a account) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var patch struct {
		api.DescriptionPatch
		Description *string `json:"description"` // told apart from an empty one, which erases
	}
	if err := s.readJSON(w, r, 1, &patch); err != nil {
		return err
	}
	if patch.Description == nil {
		return &photo.Error{Kind: photo.KindUsage, Msg: "no description given", Hint: "an empty one erases"}
	}
	d, err := description(api.DescriptionItem{ID: id, Description: *patch.Description, Source: patch.Source})
	if err != nil {
		return err
	}
	d.IfVersion = ifMatch(r)
	results, err := s.Store.Describe(r.Context(), a.owner, []store.Description{d})
	if err != nil {
		return err
	}
	if results[0].Err != nil {
		return results[0].Err
	}
	return writePhoto(w, results[0].Photo)
}

// history answers the descriptions that a photo has and had.
func (s *Server) history(w http.ResponseWriter, r *http.Request, a account) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	h, err := s.Store.History(r.Context(), a.owner, id)
	if err != nil {
		return err
	}
	w.Header().Set("ETag", versionTag(h.Photo.Version))
	return writeJSON(w, api.FromHistory(h))
}

// undo gives a photo a description back that it had. The client names which: a
// request that is repeated because its answer was lost must not go back twice.
func (s *Server) undo(w http.ResponseWriter, r *http.Request, a account) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	var req api.Undo
	if err := s.readJSON(w, r, 1, &req); err != nil {
		return err
	}
	p, err := s.Store.Undo(r.Context(), a.owner, id, req.To, ifMatch(r))
	if err != nil {
		return err
	}
	return writePhoto(w, p)
}

// ifMatch returns the version that the request's If-Match demands; nil for any.
func ifMatch(r *http.Request) *int64 {
	match := r.Header.Get("If-Match")
	if match == "" || match == "*" {
		return nil
	}
	return new(version(match))
}

// version reads an ETag of ours. Any other is a version that never was.
func version(tag string) int64 {
	v, err := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64)
	if err != nil || versionTag(v) != tag {
		return -1
	}
	return v
}

// description checks what a client wants a photo described as.
func description(item api.DescriptionItem) (store.Description, error) {
	if err := validDescription(item.Description); err != nil {
		return store.Description{}, err
	}
	source, err := validSource(item.Source)
	if err != nil {
		return store.Description{}, err
	}
	return store.Description{ID: item.ID, Text: item.Description, Source: source, OnlyIfEmpty: item.OnlyIfEmpty, IfVersion: item.Version}, nil
}

func validDescription(text string) error {
	switch {
	case !utf8.ValidString(text):
		return &photo.Error{Kind: photo.KindUsage, Msg: "the description is not UTF-8"}
	case len(text) > photo.MaxDescription:
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("the description has %d bytes", len(text)), Hint: fmt.Sprintf("at most %d are kept", photo.MaxDescription)}
	}
	return nil
}

// validSource fills in the source of a description that names none.
func validSource(source photo.Source) (photo.Source, error) {
	switch {
	case source == "":
		return photo.FromFlag, nil
	case !source.Valid():
		return "", &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.40q is no source of a description", source)}
	}
	return source, nil
}

func (s *Server) trash(w http.ResponseWriter, r *http.Request, a account) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p, err := s.Store.Trash(r.Context(), a.owner, id, s.Limits.TrashFor)
	if err != nil {
		return err
	}
	return writePhoto(w, p)
}

func (s *Server) restore(w http.ResponseWriter, r *http.Request, a account) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p, err := s.Store.Restore(r.Context(), a.owner, id)
	if err != nil {
		return err
	}
	return writePhoto(w, p)
}
