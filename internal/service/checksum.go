package service

import (
	"bytes"
	"context"
	"crypto/rand"
	"hash"
	"io"

	"photos/internal/photo"
)

// ErrChecksum says that bytes do not have the checksum that the client sent with them.
var ErrChecksum error = &photo.Error{Kind: photo.KindDigestMismatch, Msg: "the bytes do not have the checksum that came with them", Hint: "send them again"}

// maxChecked is how many bodies with a checksum one owner sends at once. Until they are compared, their
// bytes are stored apart from those of the uploads, so no quota counts them.
const maxChecked = 8

// Checked receives body whole into staged bytes of its own, compares its checksum, and
// returns it for reading. Wrong bytes must leave no trace in the upload that they are for.
// It receives no more than limit bytes. Closing the reader removes the staged bytes.
// When the owner sends many such bodies, it waits for another one.
func (s *Uploads) Checked(ctx context.Context, owner string, body io.Reader, limit int64, sum hash.Hash, want []byte) (io.ReadCloser, error) {
	release, err := s.checksums.Wait(ctx, owner)
	if err != nil {
		return nil, err
	}
	name := rand.Text()
	staged, err := s.staging.Create(ctx, "checksum", name)
	if err != nil {
		release()
		return nil, err
	}
	remove := func() { _ = staged.Close(); s.discard(ctx, name); release() }
	n, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(staged, sum)}, io.LimitReader(body, limit+1), make([]byte, bufferSize))
	switch {
	case err != nil:
	case n > limit:
		err = tooMany(limit)
	case !bytes.Equal(sum.Sum(nil), want):
		err = ErrChecksum
	}
	if err != nil {
		remove()
		return nil, err
	}
	return checkedBody{io.NewSectionReader(staged, 0, n), remove}, nil
}

// checkedBody is a body that was received and has the right checksum.
type checkedBody struct {
	io.Reader
	remove func()
}

// Close removes the staged bytes.
func (b checkedBody) Close() error {
	b.remove()
	return nil
}
