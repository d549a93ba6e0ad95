package httpapi

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

// content sends a photo's bytes as they were uploaded. They are somebody's file
// and may be made to harm: the browser is told to save them, to guess nothing
// about them, and to run nothing in them.
func (s *Server) content(w http.ResponseWriter, r *http.Request, a account) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p, key, err := s.Store.Get(r.Context(), a.owner, id, store.Live)
	if err != nil {
		return err
	}
	bytes, err := s.Blobs.Open(r.Context(), a.owner, key)
	if errors.Is(err, blob.ErrNotFound) {
		err = errors.Join(err, s.uploads.NoteDamaged(r.Context(), a.owner, id, key))
	}
	if err != nil {
		return fmt.Errorf("bytes of photo %s: %w", id, err)
	}
	defer bytes.Close()
	h := w.Header()
	h.Set("ETag", `"`+id.String()+`"`)
	h.Set("Content-Type", p.MediaType)
	h.Set("Content-Disposition", contentDisposition(p))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "private, no-cache") // may be kept, but only shown while the photo is live
	out := &rangeResponse{ResponseWriter: w}
	http.ServeContent(out, r, "", time.Time{}, bytes)
	if out.refused {
		h.Del("Content-Disposition")
		return withStatus(http.StatusRequestedRangeNotSatisfiable, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("the photo has no such range: it has %d bytes", p.Size)})
	}
	return nil
}

// rangeResponse keeps back the plain text by which net/http refuses a range, so
// that it is answered like every other error.
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

// ReadFrom keeps the way to the kernel's sendfile open.
func (w *rangeResponse) ReadFrom(src io.Reader) (int64, error) { return io.Copy(w.ResponseWriter, src) }

// contentDisposition tells a browser to save a photo under its name (RFC 6266).
func contentDisposition(p photo.Photo) string {
	return mime.FormatMediaType("attachment", map[string]string{"filename": safeName(p)})
}

// safeName is a photo's name as a browser may save it.
func safeName(p photo.Photo) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(p.Name, "_"))
	if strings.Trim(name, ". ") == "" {
		return p.ID.Short()
	}
	return name
}
