package metadata

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
)

// The library reads the digits that follow the second as a whole number, so that .05
// and .5 are the same. They are read here from the EXIF block that it loaded.

// blockRecorder keeps the first EXIF block that is read through it.
type blockRecorder struct {
	io.ReadSeeker
	block []byte
}

// maxBlock is more than an EXIF block in a JPEG can have, in bytes.
const maxBlock = 1 << 16

// Read implements io.Reader.
func (r *blockRecorder) Read(p []byte) (int, error) {
	n, err := r.ReadSeeker.Read(p)
	block := bytes.TrimPrefix(p[:n], []byte("Exif\x00\x00"))
	if r.block == nil && len(block) > 8 && tiffOrder(block) != nil {
		r.block = bytes.Clone(block[:min(len(block), maxBlock)])
	}
	return n, err
}

// tiff returns where the directories of the recorded EXIF are: in the block, or in the
// part itself when that is a TIFF.
func (r *blockRecorder) tiff(p part) io.ReaderAt {
	if r.block != nil {
		return bytes.NewReader(r.block)
	}
	at, _ := p.r.(io.ReaderAt)
	return at
}

func tiffOrder(head []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(head, []byte("II*\x00")):
		return binary.LittleEndian
	case bytes.HasPrefix(head, []byte("MM\x00*")):
		return binary.BigEndian
	}
	return nil
}

// subSeconds returns the digits of EXIF's fractions of a second by the names of their
// tags (EXIF 2.32, 4.6.6.5), from the first directory and the one for EXIF.
func subSeconds(r io.ReaderAt) map[string]string {
	head := make([]byte, 8)
	if r == nil {
		return nil
	}
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil
	}
	order := tiffOrder(head)
	if order == nil {
		return nil
	}
	d := digitsReader{r: r, order: order, found: map[string]string{}}
	if exif := d.directory(int64(order.Uint32(head[4:]))); exif != 0 {
		d.directory(exif)
	}
	return d.found
}

type digitsReader struct {
	r     io.ReaderAt
	order binary.ByteOrder
	found map[string]string
}

// directory reads the entries of one directory and returns where the directory for
// EXIF is, or 0.
func (d digitsReader) directory(at int64) (exif int64) {
	const maxEntries, entrySize = 512, 12
	var count [2]byte
	if _, err := d.r.ReadAt(count[:], at); err != nil {
		return 0
	}
	entries := make([]byte, entrySize*min(int(d.order.Uint16(count[:])), maxEntries))
	n, _ := d.r.ReadAt(entries, at+2)
	for e := entries[:n]; len(e) >= entrySize; e = e[entrySize:] {
		switch tag := d.order.Uint16(e); tag {
		case 0x8769:
			exif = int64(d.order.Uint32(e[8:]))
		case 0x9290:
			d.add("SubSecTime", e)
		case 0x9291:
			d.add("SubSecTimeOriginal", e)
		case 0x9292:
			d.add("SubSecTimeDigitized", e)
		}
	}
	return exif
}

// add reads an entry's text. Of two of one name the first one counts.
func (d digitsReader) add(name string, entry []byte) {
	const ascii, maxText = 2, 32
	size := d.order.Uint32(entry[4:])
	if d.order.Uint16(entry[2:]) != ascii || size > maxText || d.found[name] != "" {
		return
	}
	text := entry[8:12]
	if size > 4 {
		text = make([]byte, size)
		if _, err := d.r.ReadAt(text, int64(d.order.Uint32(entry[8:]))); err != nil {
			return
		}
	}
	digits, _, _ := strings.Cut(string(text[:min(int(size), len(text))]), "\x00")
	if digits = strings.TrimSpace(digits); digits != "" && strings.Trim(digits, "0123456789") == "" {
		d.found[name] = digits
	}
}
