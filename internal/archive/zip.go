package archive

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bits of a zip entry (APPNOTE 6.3.10, 4.4.4).
const (
	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3 // sizes and checksum come after the bytes
)

// errChecksum is the error of an entry whose bytes are not those that were packed.
var errChecksum = zip.ErrChecksum

// indexZip reads the directory of a zip file. If that is missing or damaged, it looks for the entries one
// after the other.
func (a *Archive) indexZip() error {
	count, err := a.directoryCount()
	if err != nil {
		return err
	}
	if count > maxEntries {
		return damaged(fmt.Sprintf("it has more than %d entries", maxEntries))
	}
	r, err := zip.NewReader(a.file, a.info.Size())
	switch {
	case errors.Is(err, zip.ErrFormat), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return a.recoverZip()
	case err != nil:
		return err
	}
	return a.addZip(r)
}

// addZip adds the entries of the directory.
func (a *Archive) addZip(r *zip.Reader) error {
	var packed uint64
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		packed += f.CompressedSize64
		e := &Entry{Name: f.Name, Size: int64(f.UncompressedSize64), Err: checkZip(f, packed > uint64(a.info.Size())), source: zipFile{f}}
		if f.Modified.Year() > 1980 { // the first year of DOS means none
			e.Modified = f.Modified
		}
		if err := a.add(e); err != nil {
			return err
		}
	}
	return nil
}

// checkZip returns why an entry is not read, or nil. overlap says that the entries before it have more
// bytes than the archive.
func checkZip(f *zip.File, overlap bool) error {
	switch {
	case !f.Mode().IsRegular():
		return errSpecial
	case f.Flags&flagEncrypted != 0:
		return refused("it is encrypted")
	case overlap:
		return refused("the entries of the archive overlap")
	}
	return checkSizes(f.Method, f.CompressedSize64, f.UncompressedSize64)
}

// errSpecial is the error of an entry that is a link, a device or a pipe.
var errSpecial = errors.New("not a regular file")

// IsSpecial reports whether err is that of an entry that is a link, a device or a pipe.
func IsSpecial(err error) bool { return errors.Is(err, errSpecial) }

// checkSizes refuses a compression that is not read, and sizes that no picture has.
func checkSizes(method uint16, packed, size uint64) error {
	switch {
	case method != zip.Store && method != zip.Deflate:
		return refused(fmt.Sprintf("it has a compression that is not supported (%d)", method))
	case size > 1<<50 || method == zip.Store && size != packed:
		return refused("it is damaged: its size is wrong")
	case size > freeSize && size/maxRatio > packed:
		return refused(fmt.Sprintf("it would expand more than %d times", maxRatio))
	}
	return nil
}

// zipFile is the source of an entry in the directory.
type zipFile struct{ *zip.File }

func (f zipFile) open() (io.ReadCloser, error) { return f.Open() }

func (f zipFile) stored() (int64, bool) {
	if f.Method != zip.Store {
		return 0, false
	}
	offset, err := f.DataOffset()
	return offset, err == nil
}

// directoryCount returns how many entries the end of a zip file announces, so that a huge directory is not
// read. It is 0 if there is no such end (APPNOTE 4.3.14 to 4.3.16).
func (a *Archive) directoryCount() (uint64, error) {
	const end, locator, end64 = 22, 20, 56
	size := a.info.Size()
	tail := make([]byte, min(size, end+locator+1<<16))
	if _, err := a.file.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	at := strings.LastIndex(string(tail), "PK\x05\x06")
	if at < 0 || len(tail)-at < end {
		return 0, nil
	}
	count := uint64(binary.LittleEndian.Uint16(tail[at+10:]))
	if at < locator || string(tail[at-locator:at-locator+4]) != "PK\x06\x07" {
		return count, nil
	}
	record := make([]byte, end64)
	offset := binary.LittleEndian.Uint64(tail[at-locator+8:])
	if offset > uint64(size) {
		return count, nil
	}
	if _, err := a.file.ReadAt(record, int64(offset)); err != nil {
		return count, nil //nolint:nilerr // the directory is found to be damaged later
	}
	return max(count, binary.LittleEndian.Uint64(record[32:])), nil
}
