package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"sync"

	"photos/internal/client"
	"photos/internal/photo"
)

// remoteFile reads the bytes of a photo from a service as if it were a file. It keeps one
// connection, as long as it is read from the beginning to the end, and no bytes.
type remoteFile struct {
	ctx context.Context // that of the copy
	src Source
	p   photo.Photo

	mu     sync.Mutex // a request that failed may still read while the next one begins
	body   *client.Content
	begun  int64     // offset of the first byte of body
	at     int64     // offset of its next byte
	digest hash.Hash // of all bytes before at; nil if some of them were not read
	broken error     // why the bytes are not those of the photo
}

func newRemoteFile(ctx context.Context, src Source, p photo.Photo) *remoteFile {
	return &remoteFile{ctx: ctx, src: src, p: p}
}

// ReadAt implements io.ReaderAt. It does not return the last bytes if the digest of all is not
// that of the photo.
func (f *remoteFile) ReadAt(b []byte, offset int64) (n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if left := f.p.Size - offset; int64(len(b)) > left {
		b, err = b[:max(left, 0)], io.EOF
	}
	for n < len(b) {
		m, again, readErr := f.read(b[n:], offset+int64(n))
		if n += m; readErr != nil && !again {
			return n, readErr
		}
	}
	if n > 0 && f.at == f.p.Size && f.digest != nil && sum(f.digest) != f.p.ID {
		f.broken = &photo.Error{Kind: photo.KindDigestMismatch, Msg: "the bytes that arrived are not the photo's", Hint: "copy it again; if that fails too, the service's copy is damaged"}
		return 0, f.broken
	}
	return n, err
}

// read reads bytes at an offset from the connection, or from a new one if it is elsewhere. again
// says that the connection was cut after some bytes, so that another one may bring more. The caller
// holds the lock.
func (f *remoteFile) read(b []byte, offset int64) (n int, again bool, err error) {
	if f.body == nil || f.at != offset {
		if err := f.open(offset); err != nil {
			return 0, false, err
		}
	}
	n, err = f.body.Read(b)
	f.at += int64(n)
	if f.digest != nil {
		f.digest.Write(b[:n])
	}
	if errors.Is(err, io.EOF) {
		err = cutShort(nil, f.at, f.p.Size)
	}
	if err != nil {
		f.closeBody()
	}
	return n, f.at > f.begun && photo.KindOf(err) == photo.KindUnavailable, err
}

// open begins a request at an offset.
func (f *remoteFile) open(offset int64) error {
	f.closeBody()
	if offset != f.at {
		f.digest = nil
	}
	body, err := f.src.Content(f.ctx, f.p.ID, offset)
	if err != nil {
		return err
	}
	if offset == 0 {
		f.digest = sha256.New()
	}
	if body.Offset != offset { // the service ignores ranges and begins at the start
		if _, err := io.CopyN(io.Discard, body, offset-body.Offset); err != nil {
			return errors.Join(err, body.Close())
		}
	}
	f.body, f.begun, f.at = body, offset, offset
	return nil
}

func (f *remoteFile) closeBody() {
	if f.body != nil {
		_ = f.body.Close() // it was only read
		f.body = nil
	}
}

// close ends the connection.
func (f *remoteFile) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closeBody()
}

// fault returns why the bytes are not those of the photo, or nil.
func (f *remoteFile) fault() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.broken
}
