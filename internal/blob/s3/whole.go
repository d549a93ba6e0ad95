package s3

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	"photos/internal/blob"
	"photos/internal/photo"
)

const (
	headSize = 256 << 10 // bytes of the start that stay in memory
	tailSize = 64 << 10  // bytes of the end that stay in memory

	undoTime = 20 * time.Second // for removing what is not wanted after all
)

// Whole implements blob.Staging. With an announced digest the bytes go to S3 as they come:
// the digest is what the request is signed with, so S3 refuses other bytes. Without one they
// go to a temporary file first, as the digest has to be known before a request is signed.
// Photos that fit into memory are sent at the commit in either case.
func (s *Store) Whole(ctx context.Context, owner string, length int64, digest photo.ID) (blob.Staged, error) {
	if !isPlainName(owner) {
		return nil, fmt.Errorf("create upload: %.40q is not a name", owner)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // Close ends it
	w := &whole{store: s, ctx: ctx, cancel: cancel, owner: owner, key: rand.Text(), length: length, announced: digest, hash: sha256.New()}
	w.spool.dir = s.Spool
	return w, nil
}

// whole is the handle of an upload whose bytes all come through it.
type whole struct {
	store      *Store
	ctx        context.Context // of the request; the methods of blob.Staged have none
	cancel     context.CancelFunc
	owner, key string
	length     int64
	announced  photo.ID // zero: nothing was announced

	mu    sync.Mutex
	size  int64
	hash  hash.Hash
	head  []byte  // the first bytes, at most headSize
	tail  []byte  // the bytes from tailAt on
	spool spool   // all bytes, if no digest was announced
	put   *put    // nil: the bytes are not being sent
	read  *ranges // of the object that was put
	err   error   // why the handle can no longer be used
	done  bool    // the blob is the caller's
}

var (
	errCommitted = errors.New("the upload is committed")
	errClosed    = errors.New("the handle of the upload is closed")
)

// Write implements blob.Staged.
func (w *whole) Write(p []byte) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.err != nil:
		return 0, w.err
	case w.size+int64(len(p)) > w.length:
		return 0, fmt.Errorf("write upload: more than the %d bytes that were announced", w.length)
	case w.announced.IsZero():
		n, err = w.spool.Write(p)
	default:
		n, err = w.send(p)
	}
	w.hash.Write(p[:n])
	w.size += int64(n)
	if err != nil {
		w.err = fmt.Errorf("write upload: %w", err)
	}
	return n, err
}

// send keeps p in memory as long as there is room. Then it begins the PUT.
func (w *whole) send(p []byte) (int, error) {
	room := min(len(p), headSize-len(w.head))
	if w.head == nil {
		w.head = make([]byte, 0, min(w.length, headSize))
	}
	w.head = append(w.head, p[:room]...)
	if room == len(p) && w.put == nil {
		return room, nil
	}
	if w.put == nil {
		w.put = w.store.startPut(w.ctx, objectKey(w.owner, w.key), w.length, w.announced)
		if err := w.put.write(w.head); err != nil {
			return room, err
		}
	}
	rest := p[room:]
	w.keepTail(rest, w.size+int64(room))
	if err := w.put.write(rest); err != nil {
		return room, err
	}
	return len(p), nil
}

// tailAt returns where the end begins that stays in memory.
func (w *whole) tailAt() int64 { return max(headSize, w.length-tailSize) }

func (w *whole) keepTail(p []byte, at int64) {
	if skip := w.tailAt() - at; skip > 0 {
		p = p[min(skip, int64(len(p))):]
	}
	if len(p) > 0 && w.tail == nil {
		w.tail = make([]byte, 0, w.length-w.tailAt())
	}
	w.tail = append(w.tail, p...)
}

// ReadAt implements blob.Staged. What is not in memory it reads from S3, once all bytes are
// there.
func (w *whole) ReadAt(p []byte, off int64) (n int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil && !errors.Is(w.err, errCommitted) {
		return 0, w.err
	}
	if w.announced.IsZero() {
		return w.spool.ReadAt(p, off)
	}
	for n < len(p) {
		at := off + int64(n)
		switch {
		case at >= w.size:
			return n, io.EOF
		case at < int64(len(w.head)):
			n += copy(p[n:], w.head[at:])
		case at >= w.tailAt():
			n += copy(p[n:], w.tail[at-w.tailAt():])
		default:
			got, err := w.readBack(p[n:min(int64(len(p)), int64(n)+w.tailAt()-at)], at)
			n += got
			if err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

func (w *whole) readBack(p []byte, off int64) (int, error) {
	if w.size < w.length {
		return 0, fmt.Errorf("read upload: bytes at %d are on their way", off)
	}
	if err := w.put.wait(); err != nil {
		return 0, fmt.Errorf("read upload: %w", err)
	}
	if w.read == nil {
		w.read = w.store.ranges(w.ctx, objectKey(w.owner, w.key), w.length)
	}
	return w.read.ReadAt(p, off)
}

// Size implements blob.Staged.
func (w *whole) Size() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.size
}

// Sync implements blob.Staged. Only the commit makes the bytes durable.
func (w *whole) Sync() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Digest implements blob.Staged.
func (w *whole) Digest() (photo.ID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return photo.ID(w.hash.Sum(nil)), w.err
}

// DigestState implements blob.Staged. There is nothing to resume.
func (w *whole) DigestState() []byte { return nil }

// Commit implements blob.Staged.
func (w *whole) Commit(ctx context.Context, _ bool) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return "", w.err
	}
	if err := w.finishPut(ctx); err != nil {
		w.err = fmt.Errorf("commit upload: %w", err)
		return "", w.err
	}
	w.err, w.done = errCommitted, true
	return w.key, nil
}

func (w *whole) finishPut(ctx context.Context) error {
	id := photo.ID(w.hash.Sum(nil))
	switch {
	case w.size != w.length || !w.announced.IsZero() && id != w.announced:
		return errors.New("the bytes are not those that were announced")
	case w.put != nil:
		return w.put.wait()
	case w.announced.IsZero():
		return w.store.putKnown(ctx, objectKey(w.owner, w.key), w.spool.reader(), w.size, id)
	}
	return w.store.putKnown(ctx, objectKey(w.owner, w.key), newBytes(w.head), w.size, id)
}

// Close implements blob.Staged. Without a commit it removes what was sent.
func (w *whole) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = errClosed
	}
	if w.put != nil && !w.done {
		w.endPut()
	}
	w.cancel()
	closed := w.spool.Close()
	if w.done || w.size < w.length { // of an incomplete body S3 makes no object
		return closed
	}
	w.done = true
	if w.put == nil && !w.attempted() {
		return closed
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.ctx), undoTime)
	defer cancel()
	return errors.Join(closed, w.store.remove(ctx, objectKey(w.owner, w.key)))
}

// endPut ends a PUT whose object nobody wants. If S3 has all bytes, it may make the object at
// any time, so its answer is awaited before the object is removed.
func (w *whole) endPut() {
	if w.size == w.length {
		defer time.AfterFunc(undoTime, w.cancel).Stop()
	} else {
		w.cancel()
		w.put.pipe.CloseWithError(errClosed)
	}
	_ = w.put.wait()
}

// attempted reports whether a commit has failed, so that there may be an object all the same.
func (w *whole) attempted() bool { return !errors.Is(w.err, errClosed) }

// put is a PUT under way.
type put struct {
	pipe *io.PipeWriter
	left int64 // bytes that are still to come
	done chan struct{}
	err  error
}

// startPut begins a PUT of length bytes with the digest id, which write gives.
func (s *Store) startPut(ctx context.Context, object string, length int64, id photo.ID) *put {
	r, w := io.Pipe()
	p := &put{pipe: w, left: length, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		body := struct{ io.Reader }{r} // the SDK would send a pipe itself without its length
		p.err = s.putObject(ctx, object, body, length, id, once)
		r.CloseWithError(errors.Join(p.err, io.ErrClosedPipe)) // ends a write that nobody will read
	}()
	return p
}

// write passes bytes on. After an error of S3 it returns that.
func (p *put) write(b []byte) error {
	n, err := p.pipe.Write(b)
	p.left -= int64(n)
	if err != nil {
		if refused := p.wait(); refused != nil {
			return refused
		}
		return err
	}
	if p.left == 0 {
		return p.pipe.Close()
	}
	return nil
}

func (p *put) wait() error {
	<-p.done
	return p.err
}

// once tells the SDK not to repeat a request: its body cannot be read again.
func once(o *awss3.Options) { o.RetryMaxAttempts = 1 }

// putKnown puts an object whose bytes can be read again.
func (s *Store) putKnown(ctx context.Context, object string, body io.ReadSeeker, size int64, id photo.ID) error {
	return s.putObject(ctx, object, body, size, id)
}

// putObject puts an object with the digest id. The store compares the bytes with it twice:
// the request is signed with the digest, and, if the store knows that, it is the checksum.
func (s *Store) putObject(ctx context.Context, object string, body io.Reader, size int64, id photo.ID, options ...func(*awss3.Options)) error {
	in := &awss3.PutObjectInput{Bucket: &s.Bucket, Key: &object, Body: body, ContentLength: &size}
	sum := base64.StdEncoding.EncodeToString(id[:])
	if s.Checksums {
		in.ChecksumSHA256 = &sum
	}
	out, err := s.client.PutObject(ctx, in, append(options, signedWith(id))...)
	switch {
	case err != nil:
		return fmt.Errorf("put object: %w", failure(err))
	case out.ChecksumSHA256 != nil && *out.ChecksumSHA256 != sum:
		return away(errors.New("put object: the store has other bytes than were sent"))
	}
	return nil
}

// signedWith signs a request with a digest of its body that is already known.
func signedWith(id photo.ID) func(*awss3.Options) {
	return func(o *awss3.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("photosPayloadHash", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				return next.HandleInitialize(v4.SetPayloadHash(ctx, id.String()), in)
			}), middleware.After)
		})
	}
}
