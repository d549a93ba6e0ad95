package thumb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// A Cache makes the renditions of a photo when the first of them is asked for, and keeps
// them in a folder. A folder that is lost costs time only. Its methods are safe for
// concurrent use.
type Cache struct {
	dir   string
	maker *Maker
	turns chan struct{} // one element per photo that is being decoded

	mu     sync.Mutex
	making map[string]chan struct{} // by file name; closed when it is made
}

// OpenCache makes the folder dir where there is none. At most parallel photos are
// decoded at once.
func OpenCache(dir string, m *Maker, parallel int) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("folder of renditions: %w", err)
	}
	return &Cache{dir: dir, maker: m, turns: make(chan struct{}, max(parallel, 1)), making: map[string]chan struct{}{}}, nil
}

// A Source is the bytes of a photo.
type Source interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Get returns the JPEG of one of Sizes. The photo is named by its owner and the key of
// its bytes; open is called when it has to be decoded. Errors are ErrUnsupported,
// ErrRefused, those of open, or the context's.
func (c *Cache) Get(ctx context.Context, owner, key, mediaType string, size int, open func(context.Context) (Source, error)) ([]byte, error) {
	if !slices.Contains(Sizes(), size) {
		return nil, fmt.Errorf("%w: no size of %d pixels", ErrUnsupported, size)
	}
	for {
		picture, err := c.read(owner, key, size)
		if !errors.Is(err, fs.ErrNotExist) {
			return picture, err
		}
		done, mine := c.begin(owner + key)
		if mine {
			err := c.fill(ctx, owner, key, mediaType, open)
			c.end(owner + key)
			if err != nil {
				return nil, err
			}
			continue
		}
		select {
		case <-done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// begin reports whether the caller is the one that makes the renditions. Everybody else
// waits for done and looks again.
func (c *Cache) begin(name string) (done <-chan struct{}, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if made, ok := c.making[name]; ok {
		return made, false
	}
	c.making[name] = make(chan struct{})
	return nil, true
}

func (c *Cache) end(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.making[name])
	delete(c.making, name)
}

// fill decodes a photo and stores its renditions. That a photo cannot be decoded is
// stored too, as empty files.
func (c *Cache) fill(ctx context.Context, owner, key, mediaType string, open func(context.Context) (Source, error)) error {
	select {
	case c.turns <- struct{}{}:
		defer func() { <-c.turns }()
	case <-ctx.Done():
		return ctx.Err()
	}
	source, err := open(ctx)
	if err != nil {
		return err
	}
	defer source.Close()
	result, err := c.maker.Make(ctx, mediaType, source, source.Size())
	if err != nil && (ctx.Err() != nil || !errors.Is(err, ErrRefused)) {
		return err
	}
	for i, size := range Sizes() {
		var picture []byte
		if err == nil {
			picture = result.Pictures[i]
		}
		if err := c.write(owner, key, size, picture); err != nil {
			return err
		}
	}
	return err
}

// path is where a rendition is kept: a folder per owner, and 256 below it.
func (c *Cache) path(owner, key string, size int) string {
	return filepath.Join(c.dir, owner, key[:min(2, len(key))], fmt.Sprintf("%s-%d.jpg", key, size))
}

func (c *Cache) read(owner, key string, size int) ([]byte, error) {
	picture, err := os.ReadFile(c.path(owner, key, size))
	if err == nil && len(picture) == 0 {
		return nil, ErrRefused
	}
	return picture, err
}

func (c *Cache) write(owner, key string, size int, picture []byte) error {
	path := c.path(owner, key, size)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "part-*")
	if err != nil {
		return err
	}
	_, err = f.Write(picture)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("keep a rendition: %w", err)
	}
	return nil
}

// Forget removes the renditions of a photo that is gone.
func (c *Cache) Forget(owner, key string) error {
	var problems []error
	for _, size := range Sizes() {
		if err := os.Remove(c.path(owner, key, size)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}
