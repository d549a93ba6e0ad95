package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/store"
)

// The handlers of uploads read a request, let internal/service do the work, and
// answer. What the headers say is in tus.go.

// createUpload begins an upload, or does all of it.
func (s *Server) createUpload(w http.ResponseWriter, r *http.Request, a account) error {
	c, body, err := parseCreation(r, s.Limits.MaxUpload)
	if err != nil {
		return err
	}
	if c.Request, err = s.uploadRequest(w, r, a, body); err != nil {
		return err
	}
	at, err := s.uploads.Begin(r.Context(), c)
	switch {
	case at.Upload.ID != "":
		w.Header().Set("Location", s.uploadPath(at.Upload.ID))
	case err == nil: // finished without a row: named by its photo
		w.Header().Set("Location", s.uploadPath(at.Done.Photo.ID.String()))
	}
	return answerUpload(w, http.StatusCreated, at, err)
}

// headUpload says how much of an upload is here, or what became of it.
func (s *Server) headUpload(w http.ResponseWriter, r *http.Request, a account) error {
	w.Header().Set("Cache-Control", "no-store")
	if id, err := photo.ParseID(r.PathValue("id")); err == nil {
		return s.headPhoto(w, r, a, id)
	}
	req, err := s.uploadRequest(w, r, a, false)
	if err != nil {
		return err
	}
	at, err := s.uploads.Status(r.Context(), req, r.PathValue("id"))
	if err != nil {
		return uploadError(w, err)
	}
	w.Header().Set(api.HeaderUploadLength, strconv.FormatInt(at.Upload.Length, 10))
	if m := metadataOf(at.Upload).String(); m != "" {
		w.Header().Set(api.HeaderUploadMetadata, m)
	}
	return answerUpload(w, http.StatusOK, at, nil)
}

// headPhoto answers for an upload that needed no row.
func (s *Server) headPhoto(w http.ResponseWriter, r *http.Request, a account, id photo.ID) error {
	at, err := s.photoUpload(r.Context(), a, id)
	if err != nil {
		return err
	}
	w.Header().Set(api.HeaderUploadLength, strconv.FormatInt(at.Offset, 10))
	return answerUpload(w, http.StatusOK, at, nil)
}

// photoUpload is where the upload of a stored photo is: at its end.
func (s *Server) photoUpload(ctx context.Context, a account, id photo.ID) (service.Progress, error) {
	p, _, err := s.Store.Get(ctx, a.owner, id, store.Live)
	if err != nil {
		return service.Progress{}, err
	}
	return service.Progress{Offset: p.Size, Done: &store.Added{Photo: p, Outcome: photo.OutcomeExists}}, nil
}

// patchUpload appends to an upload.
func (s *Server) patchUpload(w http.ResponseWriter, r *http.Request, a account) error {
	offset, err := parseAppend(r)
	if err != nil {
		return err
	}
	if id, err := photo.ParseID(r.PathValue("id")); err == nil {
		return s.patchPhoto(w, r, a, id, offset)
	}
	app := service.Append{ID: r.PathValue("id"), Offset: offset}
	if app.Request, err = s.uploadRequest(w, r, a, true); err != nil {
		return err
	}
	if header := r.Header.Get(api.HeaderUploadMetadata); header != "" { // tus itself knows metadata at creation only
		m, err := parseMetadata(header)
		if err != nil {
			return err
		}
		app.Meta = &m
	}
	at, err := s.uploads.Append(r.Context(), app)
	return answerUpload(w, http.StatusNoContent, at, err)
}

// patchPhoto has nothing to append to; a client that thinks otherwise learns
// by the conflict to ask where the upload is.
func (s *Server) patchPhoto(w http.ResponseWriter, r *http.Request, a account, id photo.ID, offset int64) error {
	at, err := s.photoUpload(r.Context(), a, id)
	if err == nil && (offset != at.Offset || r.ContentLength != 0) {
		err = &service.OffsetError{Asked: offset, Progress: at}
	}
	return answerUpload(w, http.StatusNoContent, at, err)
}

// deleteUpload ends an upload for good, whoever is sending it.
func (s *Server) deleteUpload(w http.ResponseWriter, r *http.Request, a account) error {
	if err := s.uploads.End(r.Context(), a.owner, r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// uploadRequest is what all requests for uploads have in common.
func (s *Server) uploadRequest(w http.ResponseWriter, r *http.Request, a account, body bool) (service.Request, error) {
	writer, err := writerOf(r)
	if err != nil {
		return service.Request{}, err
	}
	req := service.Request{
		Owner: a.owner, Writer: writer, Options: addOptions(r.Context()),
		Working: func() func() { return s.processing(w, r) },
	}
	if body {
		req.Size = r.ContentLength
		req.Open = func(limit int64) (service.Body, error) { return s.uploadBody(w, r, limit) }
	}
	return req, nil
}

// uploadBody begins to read a request's bytes.
func (s *Server) uploadBody(w http.ResponseWriter, r *http.Request, limit int64) (service.Body, error) {
	in := s.incoming(w, r)
	checked, err := s.verified(r, in, limit)
	if err != nil {
		in.leave()
		return nil, err
	}
	return uploadBody{checked, in}, nil
}

// uploadBody is a request's bytes, which another request may stop.
type uploadBody struct {
	io.ReadCloser
	in *incoming
}

func (b uploadBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // the one value io.Reader promises
		err = bodyError(err)
	}
	return n, err
}

func (b uploadBody) Stop() { b.in.stop() }

func (b uploadBody) Close() error {
	b.in.leave()
	return b.ReadCloser.Close()
}

// answerUpload says where an upload is, or what went wrong.
func answerUpload(w http.ResponseWriter, status int, at service.Progress, err error) error {
	if err != nil {
		return uploadError(w, err)
	}
	setProgress(w.Header(), at)
	w.WriteHeader(status)
	return nil
}

// uploadError adds to err what clients need to go on.
func uploadError(w http.ResponseWriter, err error) error {
	var elsewhere *service.OffsetError
	if errors.As(err, &elsewhere) {
		setProgress(w.Header(), elsewhere.Progress)
		return err
	}
	var leased *service.LeasedError
	if errors.As(err, &leased) {
		return withStatus(http.StatusLocked, &retryError{leased.RetryAfter, err})
	}
	return err
}
