package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"time"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/photo"
)

// How many bytes one item of a list may have on average, with room for escapes and blanks. What a client
// announces is reserved, so nothing may be announced that no honest client needs.
const (
	idItem          = 128
	tagItem         = 1 << 10
	descriptionItem = 8 << 10
	otherItem       = 8 << 10 // of a body without a list
)

// maxBodyTime is how long a whole JSON body may take, even if bytes keep coming.
const maxBodyTime = 2 * time.Minute

// bodyReader reads the JSON bodies of requests.
type bodyReader struct{ stall time.Duration }

// read reads the body of a request into v. Its longest list has up to items elements, which have up to
// itemBytes bytes each.
func (b bodyReader) read(w http.ResponseWriter, r *http.Request, items, itemBytes int, v any) error {
	body, err := b.bytes(w, r, items, itemBytes)
	if err != nil {
		return err
	}
	return decodeJSON(body, v)
}

// bytes returns the body of a request, which is for decodeJSON.
func (b bodyReader) bytes(w http.ResponseWriter, r *http.Request, items, itemBytes int) ([]byte, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, withStatus(http.StatusUnsupportedMediaType, &photo.Error{Kind: photo.KindUsage, Msg: "the body must be JSON", Hint: "Content-Type: application/json"})
	}
	in := httpkit.NewBody(w, r, b.stall)
	defer in.Release()
	body, err := api.ListBounds(items, itemBytes).Read(&timedReader{in, time.Now().Add(maxBodyTime)}, r.ContentLength)
	if err != nil {
		return nil, bodyError(err)
	}
	return body, nil
}

// timedReader fails once the time is over.
type timedReader struct {
	io.Reader
	until time.Time
}

func (r *timedReader) Read(p []byte) (int, error) {
	if time.Now().After(r.until) {
		return 0, os.ErrDeadlineExceeded
	}
	return r.Reader.Read(p)
}

// decodeJSON refuses unknown members: a typing error must not look like a success.
func decodeJSON(body []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if _, end := dec.Token(); err == nil && !errors.Is(end, io.EOF) {
		err = errors.New("more than one value")
	}
	var known *photo.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	}
	return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("the body is not valid: %v", err)}
}

// bodyError returns the error of a request whose body could not be read.
func bodyError(err error) error {
	if photo.KindOf(err) == photo.KindTooLarge {
		return err
	}
	return withStatus(http.StatusRequestTimeout, &photo.Error{Kind: photo.KindUnavailable, Msg: "the connection broke while the request was read", Hint: "try again", Err: err})
}
