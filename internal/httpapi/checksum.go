package httpapi

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // tus names it for checksums; it guards against accidents, not against people
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"

	"photos/internal/api"
	"photos/internal/blob"
	"photos/internal/photo"
)

// statusChecksumMismatch is tus's own (1.0.0, extension checksum).
const statusChecksumMismatch = 460

// spoolBuffer is how much of such a body is copied at once.
const spoolBuffer = 256 << 10

// verified is a request's body. With an Upload-Checksum it is received whole
// first, beside the upload, since bytes that turn out wrong must leave no trace there.
//
// No more than limit bytes are received.
func (s *Server) verified(r *http.Request, body io.Reader, limit int64) (io.ReadCloser, error) {
	header := r.Header.Get(api.HeaderUploadChecksum)
	if header == "" {
		return io.NopCloser(body), nil
	}
	sum, want, err := parseChecksum(header)
	if err != nil {
		return nil, err
	}
	name := rand.Text()
	staged, err := s.Staging.Create(r.Context(), "checksum", name)
	if err != nil {
		return nil, err
	}
	out := &spool{staged: staged, discard: func() { s.discard(r.Context(), name, staged) }}
	if err := out.fill(body, sum, limit); err != nil {
		out.discard()
		return nil, err
	}
	if !bytes.Equal(sum.Sum(nil), want) {
		out.discard()
		return nil, withStatus(statusChecksumMismatch, &photo.Error{Kind: photo.KindDigestMismatch, Msg: "the bytes do not have the checksum that came with them", Hint: "send them again"})
	}
	out.Reader = io.NewSectionReader(staged, 0, staged.Size())
	return out, nil
}

// discard removes staged bytes. Where it fails the sweep does it.
func (s *Server) discard(ctx context.Context, name string, staged io.Closer) {
	ctx = context.WithoutCancel(ctx)
	if err := errors.Join(staged.Close(), s.Staging.Discard(ctx, name)); err != nil {
		s.Log.WarnContext(ctx, "staged bytes left for the sweep", "upload", name, "err", err)
	}
}

// spool is a body that was received and checked.
type spool struct {
	io.Reader
	staged  blob.Staged
	discard func()
}

func (p *spool) fill(body io.Reader, sum hash.Hash, limit int64) error {
	from := &readError{r: io.LimitReader(body, limit+1)}
	n, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(p.staged, sum)}, from, make([]byte, spoolBuffer))
	if from.err != nil {
		return bodyError(from.err)
	}
	return errors.Join(err, tooMany(n, limit))
}

// Close lets go of the bytes.
func (p *spool) Close() error {
	p.discard()
	return nil
}

// readError remembers that it was the reading that failed.
type readError struct {
	r   io.Reader
	err error
}

func (r *readError) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// parseChecksum reads the header: an algorithm and a base64 value.
func parseChecksum(header string) (hash.Hash, []byte, error) {
	algorithm, encoded, _ := strings.Cut(header, " ")
	var sum hash.Hash
	switch algorithm {
	case "sha1":
		sum = sha1.New() //nolint:gosec // as above
	case "sha256":
		sum = sha256.New()
	default:
		return nil, nil, badChecksum("there is no algorithm %.20q here", algorithm)
	}
	want, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(want) != sum.Size() {
		return nil, nil, badChecksum("%.100q is no %s value in base64", encoded, algorithm)
	}
	return sum, want, nil
}

func badChecksum(format string, args ...any) error {
	return withStatus(http.StatusBadRequest, &photo.Error{Kind: photo.KindUsage, Msg: api.HeaderUploadChecksum + ": " + fmt.Sprintf(format, args...), Hint: "sha1 and sha256 are known"})
}
