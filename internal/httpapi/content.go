package httpapi

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"photos/internal/photo"
	"photos/internal/service"
)

// content sends the bytes of a photo as they were uploaded, or sends the client to where it can
// read them.
func (h *photos) content(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	if r.Method == http.MethodGet && r.Header.Get("If-None-Match") == "" { // else the answer has no bytes
		if done, err := h.redirect(w, r, by, id); done || err != nil {
			return err
		}
	}
	return h.original(w, r, by)
}

// original sends the bytes of a photo as they were uploaded. They are a user's file and may
// be harmful: the browser is told to save them, not to guess their type, and not to run
// anything in them.
func (h *photos) original(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p, bytes, err := h.photos.Open(r.Context(), by, id)
	if err != nil {
		return err
	}
	defer bytes.Close()
	header := w.Header()
	header.Set("ETag", `"`+id.String()+`"`)
	header.Set("Content-Type", p.MediaType)
	header.Set("Content-Disposition", contentDisposition(p))
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	header.Set("Cache-Control", "private, no-cache") // may be cached, but only shown while the photo is live
	out := &rangeResponse{ResponseWriter: w}
	http.ServeContent(out, r, "", time.Time{}, bytes)
	if out.refused {
		header.Del("Content-Disposition")
		return withStatus(http.StatusRequestedRangeNotSatisfiable, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("the photo does not have this range: it has %d bytes", p.Size)})
	}
	return nil
}

// redirect sends the client to where the photo is, if the service lets clients read there.
func (h *photos) redirect(w http.ResponseWriter, r *http.Request, by service.Caller, id photo.ID) (done bool, err error) {
	_, address, err := h.photos.Link(r.Context(), by, id, contentDisposition)
	if err != nil || address == "" {
		return false, err
	}
	header := w.Header()
	header.Set("Location", address)
	header.Set("Cache-Control", "no-store") // the address is good for a short while, and for anyone who has it
	header.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusTemporaryRedirect)
	return true, nil
}

// rangeResponse drops the plain text with which net/http refuses a range, so that a refusal
// is answered like every other error.
type rangeResponse struct {
	http.ResponseWriter
	refused bool
}

func (w *rangeResponse) WriteHeader(status int) {
	if w.refused = status == http.StatusRequestedRangeNotSatisfiable; !w.refused {
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *rangeResponse) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom lets net/http use the kernel's sendfile.
func (w *rangeResponse) ReadFrom(src io.Reader) (int64, error) { return io.Copy(w.ResponseWriter, src) }

// contentDisposition returns the header that makes a browser save a photo under its name
// (RFC 6266).
func contentDisposition(p photo.Photo) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": p.FileName()})
}
