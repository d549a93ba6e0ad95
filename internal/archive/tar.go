package archive

import (
	"archive/tar"
	"bufio"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// A tgz is one stream without a list of entries, and sidecars may come after their photos. So it is read
// twice: first for the list and the sidecars, then for the bytes of the photos.

// indexTar reads the whole archive. It keeps the sidecars in a temporary file.
func (a *Archive) indexTar(ctx context.Context) error {
	a.small = &kept{at: map[string]span{}}
	err := a.walkTar(ctx, func(h *tar.Header, r io.Reader) error {
		e := &Entry{Name: strings.TrimPrefix(h.Name, "./"), Size: h.Size, Modified: h.ModTime, Err: checkTar(h)}
		if err := errors.Join(a.add(e), a.keep(e, r)); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			e.Err = refused("the archive is cut or damaged in this entry")
			return err
		}
		return nil
	})
	if bad, ok := errors.AsType[*damage](err); ok {
		return a.endStream(bad)
	}
	return err
}

// endStream says why no other entry can be read.
func (a *Archive) endStream(bad *damage) error {
	if len(a.entries) == 0 {
		return damaged("it is not a tgz archive, or its beginning is damaged: " + bad.Error())
	}
	a.Damage = a.cutAfter(bad.Error())
	return nil
}

// keep keeps the bytes of an entry if it may be a sidecar.
func (a *Archive) keep(e *Entry, r io.Reader) error {
	if e.Err == nil && e.Size <= maxSmall(e.Name) && isSmall(e.Name) {
		return a.small.add(e.Name, r)
	}
	return nil
}

// isSmall reports whether a file of this name may be a sidecar.
func isSmall(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".json", ".xmp", ".csv":
		return true
	}
	return false
}

// checkTar returns why an entry is not read, or nil.
func checkTar(h *tar.Header) error {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return refused("it is a sparse file")
		}
	}
	switch h.Typeflag {
	case tar.TypeReg:
		return nil
	case tar.TypeGNUSparse:
		return refused("it is a sparse file")
	}
	return errSpecial
}

// damage is the error of a stream that cannot be read further.
type damage struct{ error }

func (d *damage) Unwrap() error { return d.error }

// walkTar calls f with every entry that is not a folder. The bytes of an entry that was refused are not
// read by f. An error of f ends it.
func (a *Archive) walkTar(ctx context.Context, f func(h *tar.Header, r io.Reader) error) error {
	file := &counted{r: io.NewSectionReader(a.file, 0, a.info.Size())}
	unpacked, err := gzip.NewReader(bufio.NewReaderSize(file, 256<<10))
	if err != nil {
		return streamError(err)
	}
	stream := &bounded{ctx: ctx, r: unpacked, packed: file}
	r := tar.NewReader(stream)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			_, err = io.Copy(io.Discard, stream) // so that the checksum at the end is compared
			return streamError(err)
		}
		if err != nil {
			return streamError(err)
		}
		if h.Typeflag == tar.TypeDir || strings.HasSuffix(h.Name, "/") {
			continue
		}
		if err := f(h, r); err != nil {
			return streamError(err)
		}
	}
}

// streamError makes a damage of what the readers of the stream return.
func streamError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &damage{errors.New("it is cut")}
	case errors.Is(err, errBomb):
		return &damage{err}
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, tar.ErrHeader), errors.Is(err, tar.ErrFieldTooLong):
		return &damage{errors.New("it is damaged")}
	}
	if _, isCorrupt := errors.AsType[flate.CorruptInputError](err); isCorrupt {
		return &damage{errors.New("it is damaged")}
	}
	return err
}

// errBomb is the error of a stream that expands too much.
var errBomb = fmt.Errorf("it expands more than %d times", maxRatio)

// counted counts what is read from a file.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// bounded ends a stream that expands too much, or when ctx ends.
type bounded struct {
	ctx    context.Context
	r      io.Reader
	packed *counted
	n      int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	if b.n += int64(n); b.n > freeSize && b.n/maxRatio > b.packed.n {
		return 0, errBomb
	}
	return n, err
}

// Stream calls each with the entries of a tgz and their bytes, in the order of the archive, until it
// returns false. The bytes are there during the call only.
func (a *Archive) Stream(ctx context.Context, each func(*Entry, io.Reader) bool) error {
	n, stop := 0, errors.New("stop")
	err := a.walkTar(ctx, func(h *tar.Header, r io.Reader) error {
		if n >= len(a.entries) || strings.TrimPrefix(h.Name, "./") != a.entries[n].Name || h.Size != a.entries[n].Size {
			return refused("the archive changed while it was read")
		}
		e := a.entries[n]
		n++
		if !each(e, r) {
			return stop
		}
		return nil
	})
	if _, known := errors.AsType[*damage](err); errors.Is(err, stop) || known && a.Damage != nil {
		err = nil // Damage says it
	}
	return err
}

// maxKept limits the sidecars of one archive, in bytes.
const maxKept = 4 << 30

// kept has small entries in a temporary file.
type kept struct {
	file *os.File
	size int64
	at   map[string]span
}

// A span is a part of a file.
type span struct{ offset, size int64 }

func (k *kept) add(name string, r io.Reader) (err error) {
	if k.file == nil {
		if k.file, err = tempFile(); err != nil {
			return err
		}
	}
	n, err := io.Copy(io.NewOffsetWriter(k.file, k.size), r)
	if err != nil {
		return err
	}
	k.at[name] = span{k.size, n}
	if k.size += n; k.size > maxKept {
		return damaged(fmt.Sprintf("its sidecars have more than %d GiB", maxKept>>30))
	}
	return nil
}

func (k *kept) read(name string) ([]byte, error) {
	s, there := k.at[name]
	if !there {
		return nil, refused("it is not a sidecar")
	}
	b := make([]byte, s.size)
	_, err := k.file.ReadAt(b, s.offset)
	return b, err
}

// close removes the file.
func (k *kept) close() error {
	if k == nil || k.file == nil {
		return nil
	}
	return removeTemp(k.file)
}
