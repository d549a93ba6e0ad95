package httpapi

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/service"
)

// uploads receives photos.
type uploads struct {
	uploads *service.Uploads
	path    string // of uploads, with the path of the base address
	stall   time.Duration
}

// keepAlive returns how often a client that waits gets a sign of life. It gives up about
// as soon as this server gives up a silent client.
func keepAlive(stall time.Duration) time.Duration { return stall / 12 }

// options answers what the service supports.
func (h *uploads) options(w http.ResponseWriter, _ *http.Request) error {
	header := w.Header()
	header.Set(api.HeaderTusVersion, api.TusVersion)
	header.Set(api.HeaderTusExtension, api.TusExtensions)
	header.Set(api.HeaderTusMaxSize, strconv.FormatInt(h.uploads.MaxSize(), 10))
	header.Set(api.HeaderTusChecksums, "sha1,sha256")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// create begins an upload, or does all of it.
func (h *uploads) create(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	c, body, err := parseCreation(r)
	if err != nil {
		return err
	}
	if c.Request, err = h.request(w, r, by, body); err != nil {
		return err
	}
	at, err := h.uploads.Begin(r.Context(), c)
	switch {
	case at.Upload.ID != "":
		w.Header().Set("Location", h.path+"/"+at.Upload.ID)
	case err == nil: // finished without a row: its photo names it
		w.Header().Set("Location", h.path+"/"+at.Done.Photo.ID.String())
	}
	return answerUpload(w, http.StatusCreated, at, err)
}

// status answers how much of an upload the service has, or its outcome.
func (h *uploads) status(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	w.Header().Set("Cache-Control", "no-store")
	req, err := h.request(w, r, by, false)
	if err != nil {
		return err
	}
	at, err := h.uploads.Status(r.Context(), req, r.PathValue("id"))
	if err != nil {
		return answerUpload(w, 0, at, err)
	}
	w.Header().Set(api.HeaderUploadLength, strconv.FormatInt(at.Upload.Length, 10))
	if m := metadataOf(at).String(); m != "" {
		w.Header().Set(api.HeaderUploadMetadata, m)
	}
	return answerUpload(w, http.StatusOK, at, nil)
}

// append adds bytes to an upload. With Upload-Metadata it also replaces the metadata, for
// which tus itself has only the creation.
func (h *uploads) append(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	offset, err := parseAppend(r)
	if err != nil {
		return err
	}
	a := service.Append{ID: r.PathValue("id"), Offset: offset}
	if a.Request, err = h.request(w, r, by, true); err != nil {
		return err
	}
	if header := r.Header.Get(api.HeaderUploadMetadata); header != "" {
		m, err := parseMetadata(header)
		if err != nil {
			return err
		}
		a.Meta = &m
	}
	at, err := h.uploads.Append(r.Context(), a)
	return answerUpload(w, http.StatusNoContent, at, err)
}

// end ends an upload for good, even while another client sends it.
func (h *uploads) end(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	if err := h.uploads.End(r.Context(), by, r.PathValue("id")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// request returns what all requests for uploads have in common.
func (h *uploads) request(w http.ResponseWriter, r *http.Request, by service.Caller, body bool) (service.Request, error) {
	writer, err := writerOf(r)
	if err != nil {
		return service.Request{}, err
	}
	req := service.Request{
		Caller: by, Writer: writer,
		Working: func() func() { return httpkit.Processing(w, r, keepAlive(h.stall)) },
	}
	if body {
		req.Size = r.ContentLength
		req.Open = func(limit int64) (service.Body, error) { return h.open(w, r, by, limit) }
	}
	return req, nil
}

// open begins to read the bytes of a request. With an Upload-Checksum it reads all of them
// and compares it.
func (h *uploads) open(w http.ResponseWriter, r *http.Request, by service.Caller, limit int64) (service.Body, error) {
	in := uploadBody{httpkit.NewBody(w, r, h.stall)}
	header := r.Header.Get(api.HeaderUploadChecksum)
	if header == "" {
		return in, nil
	}
	defer in.Release()
	sum, want, err := parseChecksum(header)
	if err != nil {
		return nil, err
	}
	checked, err := h.uploads.Checked(r.Context(), by.Owner, in, limit, sum, want)
	if err != nil {
		return nil, err
	}
	return checkedBody{checked}, nil
}

// uploadBody is the bytes of a request, which another request may stop.
type uploadBody struct{ *httpkit.Body }

// Read implements io.Reader.
func (b uploadBody) Read(p []byte) (int, error) {
	n, err := b.Body.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // the one value io.Reader promises
		err = bodyError(err)
	}
	return n, err
}

// Close implements io.Closer.
func (b uploadBody) Close() error {
	b.Release()
	return nil
}

// checkedBody is the bytes of a request that are all here. Nothing can stop them.
type checkedBody struct{ io.ReadCloser }

// Stop implements service.Body.
func (checkedBody) Stop() {}

// answerUpload answers how far an upload is. An error at the wrong offset says so, too.
func answerUpload(w http.ResponseWriter, status int, at service.Progress, err error) error {
	var elsewhere *service.OffsetError
	if errors.As(err, &elsewhere) {
		setProgress(w.Header(), elsewhere.Progress)
	}
	if err != nil {
		return err
	}
	setProgress(w.Header(), at)
	w.WriteHeader(status)
	return nil
}
