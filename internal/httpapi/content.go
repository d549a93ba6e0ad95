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

// content sends the bytes of a photo as they were uploaded. They are a user's file and may
// be harmful: the browser is told to save them, not to guess their type, and not to run
// anything in them.
func (h *photos) content(w http.ResponseWriter, r *http.Request, by service.Caller) error {
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
