package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"photos/internal/blob"
)

const (
	blockSize  = 128 << 10 // what ReadAt asks for at least: the metadata of a picture is read in small pieces
	maxBlocks  = 4
	maxRetries = 4 // of a body that breaks, as long as no more bytes come
)

// ranges reads an object whose size is known. ReadAt keeps the blocks that were read last.
type ranges struct {
	store  *Store
	ctx    context.Context // of the request that opened the object; io.ReaderAt has none
	object string
	size   int64

	mu     sync.Mutex
	blocks []block // the one used last at the end
}

type block struct {
	at    int64
	bytes []byte
}

func (s *Store) ranges(ctx context.Context, object string, size int64) *ranges {
	return &ranges{store: s, ctx: ctx, object: object, size: size}
}

// ReadAt implements io.ReaderAt.
func (r *ranges) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) {
		at := off + int64(n)
		if at >= r.size {
			return n, io.EOF
		}
		if len(p)-n >= blockSize { // no block is worth keeping
			want := min(int64(len(p)-n), r.size-at)
			if err := r.fetch(p[n:n+int(want)], at); err != nil {
				return n, err
			}
			n += int(want)
			continue
		}
		b, err := r.block(at - at%blockSize)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], b.bytes[at-b.at:])
	}
	return n, nil
}

func (r *ranges) block(at int64) (block, error) {
	for i, b := range r.blocks {
		if b.at == at {
			r.blocks = append(append(r.blocks[:i:i], r.blocks[i+1:]...), b)
			return b, nil
		}
	}
	b := block{at, make([]byte, min(blockSize, r.size-at))}
	if err := r.fetch(b.bytes, at); err != nil {
		return b, err
	}
	if len(r.blocks) == maxBlocks {
		r.blocks = r.blocks[1:]
	}
	r.blocks = append(r.blocks, b)
	return b, nil
}

// fetch reads the bytes from off on until p is full.
func (r *ranges) fetch(p []byte, off int64) error {
	body := &stream{ranges: r, at: off, end: off + int64(len(p))}
	defer func() { _ = body.Close() }()
	_, err := io.ReadFull(body, p)
	return err
}

// stream reads a range of an object. When the connection breaks, it asks for the rest.
type stream struct {
	*ranges
	at, end int64
	body    io.ReadCloser // nil: none is open
	failed  int           // attempts since bytes came
}

// Read implements io.Reader.
func (b *stream) Read(p []byte) (int, error) {
	for b.at < b.end {
		if b.body == nil {
			if err := b.open(); err != nil {
				return 0, err
			}
		}
		n, err := b.body.Read(p[:min(int64(len(p)), b.end-b.at)])
		b.at += int64(n)
		if err != nil {
			_ = b.Close()
		}
		if n > 0 {
			b.failed = 0
			return n, nil
		}
		if err == nil {
			continue
		}
		if b.failed++; b.failed > maxRetries || b.ctx.Err() != nil {
			return 0, errors.Join(away(fmt.Errorf("read blob: %w", err)), b.ctx.Err())
		}
	}
	return 0, io.EOF
}

func (b *stream) open() error {
	part := fmt.Sprintf("bytes=%d-%d", b.at, b.end-1)
	got, err := b.store.client.GetObject(b.ctx, &awss3.GetObjectInput{Bucket: &b.store.Bucket, Key: &b.object, Range: &part})
	if err != nil {
		return fmt.Errorf("read blob: %w", failure(err))
	}
	if aws.ToString(got.ContentRange) == "" && b.at > 0 { // the store does not know ranges
		_ = got.Body.Close()
		return away(fmt.Errorf("read blob: the answer to %s is the whole object", part))
	}
	b.body = got.Body
	return nil
}

// Close ends the request in progress.
func (b *stream) Close() error {
	if b.body == nil {
		return nil
	}
	body := b.body
	b.body = nil
	if b.at == b.end {
		drain(body)
		return nil
	}
	return body.Close()
}

// reader is a blob.Reader. It asks for bytes at the first Read after a Seek.
type reader struct {
	*ranges
	at   int64
	body *stream
}

var _ blob.Reader = (*reader)(nil)

// Size implements blob.Reader.
func (r *reader) Size() int64 { return r.size }

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if r.body == nil {
		r.body = &stream{ranges: r.ranges, at: r.at, end: r.size}
	}
	n, err := r.body.Read(p)
	r.at += int64(n)
	return n, err
}

// Seek implements io.Seeker.
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return 0, fs.ErrInvalid
	}
	if offset != r.at {
		_ = r.Close()
	}
	r.at = offset
	return offset, nil
}

// Close implements io.Closer.
func (r *reader) Close() error {
	if r.body == nil {
		return nil
	}
	body := r.body
	r.body = nil
	return body.Close()
}
