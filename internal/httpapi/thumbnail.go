package httpapi

import (
	"fmt"
	"net/http"
	"strconv"

	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/thumb"
)

// thumbnail sends a JPEG of a photo whose longer side has at most this many pixels. A
// browser may keep it for good: the same photo always looks the same.
func (h *photos) thumbnail(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	size, err := renditionSize(r)
	if err != nil {
		return err
	}
	tag := fmt.Sprintf(`"%s-%d"`, id, size)
	if r.Header.Get("If-None-Match") == tag {
		if _, err := h.photos.Get(r.Context(), by, id); err != nil {
			return err
		}
		w.Header().Set("ETag", tag)
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	picture, err := h.photos.Thumbnail(r.Context(), by, id, size)
	if err != nil {
		return err
	}
	header := w.Header()
	header.Set("ETag", tag)
	header.Set("Cache-Control", "private, max-age=31536000, immutable")
	header.Set("Content-Type", "image/jpeg")
	header.Set("Content-Length", strconv.Itoa(len(picture)))
	_, _ = w.Write(picture) //nolint:gosec // a JPEG that the service made itself; a client that has left needs no answer
	return nil
}

// renditionSize reads the size that a request asks for; without one it is the smallest.
func renditionSize(r *http.Request) (int, error) {
	sizes := thumb.Sizes()
	text := r.URL.Query().Get("size")
	if text == "" {
		return sizes[len(sizes)-1], nil
	}
	for _, size := range sizes {
		if text == strconv.Itoa(size) {
			return size, nil
		}
	}
	return 0, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("size %.20q is not one of %v", text, sizes)}
}
