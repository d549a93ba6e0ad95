package archive

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"strings"
	"time"
)

// recoverZip reads a zip file that has no directory, because it was cut. Each entry has a header of its own (APPNOTE
// 4.3.7), and these are read from the beginning, as far as they go.
func (a *Archive) recoverZip() error {
	for at := int64(0); ; {
		h, err := a.header(at)
		if err != nil || h.signature != localSignature {
			return a.endRecovery(h)
		}
		whole := h.measure(a.file, a.info.Size())
		if !strings.HasSuffix(h.name, "/") {
			e := &Entry{Name: h.name, Size: h.size, Modified: h.modified, source: recovered{a.file, h}, Err: h.check(whole)}
			if err := a.add(e); err != nil {
				return err
			}
		}
		if !whole {
			a.Damage = a.cutAfter("it is cut or damaged")
			return nil
		}
		at = h.end
	}
}

// endRecovery says why no other entry can be read. h is what comes instead of one.
func (a *Archive) endRecovery(h header) error {
	switch {
	case len(a.entries) == 0:
		return damaged("it is not a zip archive, or its beginning is damaged")
	case h.signature == centralSignature:
		a.Damage = a.cutAfter("the list of its entries is damaged")
	default:
		a.Damage = a.cutAfter("it is cut or damaged")
	}
	return nil
}

const (
	localSignature   = 0x04034b50
	centralSignature = 0x02014b50
	markSignature    = 0x08074b50 // of the sizes behind the bytes
	localSize        = 30
)

// A header is the one before the bytes of an entry.
type header struct {
	signature     uint32
	flags, method uint16
	crc           uint32
	packed, size  int64
	name          string
	modified      time.Time
	data, end     int64 // where the bytes begin, and where the next header is
}

// header reads the header at an offset.
func (a *Archive) header(at int64) (header, error) {
	b := make([]byte, localSize)
	if n, err := a.file.ReadAt(b, at); n < 4 || n < localSize && binary.LittleEndian.Uint32(b) != centralSignature {
		return header{}, errors.Join(io.ErrUnexpectedEOF, err)
	}
	le := binary.LittleEndian
	h := header{
		signature: le.Uint32(b), flags: le.Uint16(b[6:]), method: le.Uint16(b[8:]), crc: le.Uint32(b[14:]),
		packed: int64(le.Uint32(b[18:])), size: int64(le.Uint32(b[22:])), modified: dosTime(le.Uint16(b[12:]), le.Uint16(b[10:])),
	}
	if h.signature != localSignature {
		return h, nil
	}
	n, extra := int(le.Uint16(b[26:])), int(le.Uint16(b[28:]))
	rest := make([]byte, n+extra)
	if _, err := a.file.ReadAt(rest, at+localSize); err != nil {
		return h, err
	}
	h.name, h.data = string(rest[:n]), at+localSize+int64(n+extra)
	h.readZip64(rest[n:])
	return h, nil
}

// readZip64 reads the sizes that do not fit into 32 bits (APPNOTE 4.5.3).
func (h *header) readZip64(extra []byte) {
	const id = 1
	for len(extra) >= 4 {
		n := int(binary.LittleEndian.Uint16(extra[2:]))
		if n > len(extra)-4 {
			return
		}
		field := extra[4 : 4+n]
		if binary.LittleEndian.Uint16(extra) == id && n >= 16 {
			h.size, h.packed = int64(binary.LittleEndian.Uint64(field)&(1<<62-1)), int64(binary.LittleEndian.Uint64(field[8:])&(1<<62-1))
		}
		extra = extra[4+n:]
	}
}

// dosTime returns a time of a zip entry without an extra field.
func dosTime(date, clock uint16) time.Time {
	year := int(date>>9) + 1980
	if year == 1980 {
		return time.Time{}
	}
	return time.Date(year, time.Month(date>>5&15), int(date&31), int(clock>>11), int(clock>>5&63), int(clock&31)*2, 0, time.Local)
}

// check returns why the entry is not read, or nil.
func (h *header) check(whole bool) error {
	switch {
	case h.flags&flagEncrypted != 0:
		return refused("it is encrypted")
	case !whole:
		return refused("the archive is cut or damaged in this entry")
	}
	return checkSizes(h.method, uint64(h.packed), uint64(h.size))
}

// measure finds the end of the entry, and its sizes if they come after the bytes. It reports whether all
// bytes are there.
func (h *header) measure(r io.ReaderAt, size int64) bool {
	if h.flags&flagDescriptor == 0 {
		h.end = h.data + h.packed
		return h.end <= size
	}
	if h.flags&flagEncrypted != 0 {
		return false
	}
	in := &counter{r: bufio.NewReaderSize(io.NewSectionReader(r, h.data, size-h.data), 64<<10)}
	switch h.method {
	case zip.Deflate:
		return h.measureDeflated(in)
	case zip.Store:
		return h.measureStored(in)
	}
	return false
}

// measureDeflated expands the entry to find its end.
func (h *header) measureDeflated(in *counter) bool {
	sum := crc32.NewIEEE()
	out := flate.NewReader(in)
	buf := make([]byte, 64<<10)
	h.size = 0
	for {
		n, err := out.Read(buf)
		h.size += int64(n)
		sum.Write(buf[:n])
		switch {
		case errors.Is(err, io.EOF):
			h.packed, h.crc = in.n, sum.Sum32()
			return h.descriptor(in)
		case err != nil, h.size > freeSize && h.size/maxRatio > in.n:
			return false
		}
	}
}

// measureStored looks for a descriptor that fits the bytes before it.
func (h *header) measureStored(in *counter) bool {
	sum := crc32.NewIEEE()
	pass := func(n int) error {
		b, err := in.r.Peek(n)
		if err != nil {
			return err
		}
		sum.Write(b)
		_, err = in.r.Discard(n)
		in.n += int64(n)
		return err
	}
	for {
		b, err := in.r.Peek(16)
		if err != nil {
			return false
		}
		if binary.LittleEndian.Uint32(b) == markSignature && binary.LittleEndian.Uint32(b[4:]) == sum.Sum32() && binary.LittleEndian.Uint32(b[8:]) == uint32(in.n&(1<<32-1)) {
			h.packed, h.size, h.crc = in.n, in.n, sum.Sum32()
			return h.descriptor(in)
		}
		if pass(1) != nil {
			return false
		}
	}
}

// descriptor checks what is written after the bytes, and finds the end of it (APPNOTE 4.3.9).
func (h *header) descriptor(in *counter) bool {
	b, _ := in.r.Peek(24) // fewer at the end of the file
	mark := 0
	if len(b) >= 4 && binary.LittleEndian.Uint32(b) == markSignature {
		mark = 4
	}
	le, b := binary.LittleEndian, b[mark:]
	switch {
	case len(b) < 12 || le.Uint32(b) != h.crc:
		return false
	case len(b) >= 20 && le.Uint64(b[4:]) == uint64(h.packed) && le.Uint64(b[12:]) == uint64(h.size):
		h.end = h.data + h.packed + int64(mark) + 20
	case le.Uint32(b[4:]) == uint32(h.packed&(1<<32-1)) && le.Uint32(b[8:]) == uint32(h.size&(1<<32-1)):
		h.end = h.data + h.packed + int64(mark) + 12
	default:
		return false
	}
	return true
}

// A counter counts the bytes that are read from it. It has ReadByte, so that package flate reads no byte
// too many.
type counter struct {
	r *bufio.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// ReadByte implements io.ByteReader.
func (c *counter) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// recovered is the source of an entry that was found by its header.
type recovered struct {
	file io.ReaderAt
	h    header
}

func (s recovered) open() (io.ReadCloser, error) {
	packed := io.NewSectionReader(s.file, s.h.data, s.h.packed)
	r := io.NopCloser(io.Reader(packed))
	if s.h.method == zip.Deflate {
		r = flate.NewReader(packed)
	}
	return &summed{r, crc32.NewIEEE(), s.h.crc}, nil
}

func (s recovered) stored() (int64, bool) { return s.h.data, s.h.method == zip.Store }

// summed compares the checksum of what is read.
type summed struct {
	io.ReadCloser
	sum  hash.Hash32
	want uint32
}

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.sum.Write(p[:n])
	if errors.Is(err, io.EOF) && s.sum.Sum32() != s.want {
		return n, errChecksum
	}
	return n, err
}
