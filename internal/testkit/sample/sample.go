// Package sample has pictures for tests, benchmarks and the demonstration: real
// photos out of Go modules, and made ones. Production code does not import it.
package sample

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/bep/imagemeta" // for its test data
)

// images is the module whose test data has real photos with real metadata. They
// are copied from there at test time and are no part of this project.
const images = "github.com/bep/imagemeta"

// photos are some of them. sunrise.*: Bjørn Erik Pedersen, CC BY-SA 4.0.
// iphone.heic and sony.heif: Toni Melisma, CC BY-SA 4.0. sample.nef:
// raw.pixls.us, CC0. Those below goexif come from github.com/rwcarlsen/goexif,
// BSD-2-Clause.
var photos = []struct{ path, name string }{
	{"bep/sunrise.jpg", "sunrise.jpg"},
	{"bep/sunrise.webp", "sunrise.webp"},
	{"iphone.heic", "iphone.heic"},
	{"sony.heif", "sony.heif"},
	{"sample.nef", "nikon.nef"},
	{"goexif/2012-12-19-21-38-40-sep-temple_square1.jpg", "temple.jpg"},
	{"goexif/2007-02-02-18-13-29-sep-2007-02-02-18-13-29a.jpg", "dated.jpg"},
	{"goexif/has-lens-info.jpg", "lens.jpg"},
}

// Collect makes dir and copies the real photos into it. It asks the go command where they are.
func Collect(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", images).Output()
	if err != nil {
		return fmt.Errorf("go list -m %s: %w", images, err)
	}
	from := filepath.Join(strings.TrimSpace(string(out)), "testdata", "images")
	for _, p := range photos {
		if err := CopyFile(filepath.Join(dir, p.name), filepath.Join(from, filepath.FromSlash(p.path)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Picture makes a JPEG whose bytes depend on seed alone, of about size bytes
// (at least some 700), taken seed minutes after the start of 2024.
func Picture(seed uint64, size int) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, 16, 16))
	noise := noise(seed)
	fill(noise, img.Pix)
	img.Set(0, 0, color.White)
	var body bytes.Buffer
	if err := jpeg.Encode(&body, img, nil); err != nil {
		return nil, err
	}
	when := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(seed%1_000_000) * time.Minute)
	out := append([]byte{0xff, 0xd8}, exifSegment(when)...)
	out = append(out, body.Bytes()[2:]...)
	filler := make([]byte, max(0, size-len(out))) // behind the headers, as most bytes of a real photo are
	fill(noise, filler)
	return append(out, filler...), nil
}

// WriteVideo writes an MP4 to path: a file type box and one of noise, size bytes
// in all, which depend on seed.
func WriteVideo(path string, seed uint64, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint32(nil, 24)
	head = append(head, "ftypisom\x00\x00\x02\x00isommp42"...)
	head = append(head, 0, 0, 0, 1) // the box's length follows its name, in 64 bits
	head = append(head, "mdat"...)
	head = binary.BigEndian.AppendUint64(head, uint64(size-24))
	_, err = f.Write(head)
	noise, buf := noise(seed), make([]byte, 1<<20)
	for left := size - int64(len(head)); left > 0 && err == nil; left -= int64(len(buf)) {
		fill(noise, buf)
		_, err = f.Write(buf[:min(left, int64(len(buf)))])
	}
	return errors.Join(err, f.Close())
}

// noise is a reproducible source of bytes that do not compress.
func noise(seed uint64) *rand.ChaCha8 {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	return rand.NewChaCha8(key)
}

// fill fills b; reading a ChaCha8 never fails.
func fill(noise *rand.ChaCha8, b []byte) { _, _ = noise.Read(b) }

// exifSegment is an APP1 segment with nothing but DateTimeOriginal.
func exifSegment(when time.Time) []byte {
	le := binary.LittleEndian
	tiff := []byte("II*\x00\x08\x00\x00\x00")
	tiff = le.AppendUint16(tiff, 1) // IFD0: one entry, the Exif IFD at 26
	tiff = le.AppendUint16(tiff, 0x8769)
	tiff = le.AppendUint16(tiff, 4)
	tiff = le.AppendUint32(tiff, 1)
	tiff = le.AppendUint32(tiff, 26)
	tiff = le.AppendUint32(tiff, 0)
	tiff = le.AppendUint16(tiff, 1) // Exif IFD: DateTimeOriginal, 20 characters at 44
	tiff = le.AppendUint16(tiff, 0x9003)
	tiff = le.AppendUint16(tiff, 2)
	tiff = le.AppendUint32(tiff, 20)
	tiff = le.AppendUint32(tiff, 44)
	tiff = le.AppendUint32(tiff, 0)
	tiff = append(tiff, when.Format("2006:01:02 15:04:05")+"\x00"...)
	app1 := append([]byte("Exif\x00\x00"), tiff...)
	out := []byte{0xff, 0xe1}
	out = binary.BigEndian.AppendUint16(out, uint16(len(app1)+2))
	return append(out, app1...)
}

// Write puts n pictures of size bytes into dir, spread over folders.
func Write(dir string, n, size int, seed uint64) error {
	for i := range n {
		data, err := Picture(seed+uint64(i), size)
		if err != nil {
			return err
		}
		sub := filepath.Join(dir, fmt.Sprintf("%02d", i/100))
		path := filepath.Join(sub, fmt.Sprintf("IMG_%05d.jpg", i))
		if err := errors.Join(os.MkdirAll(sub, 0o755), os.WriteFile(path, data, 0o644)); err != nil {
			return err
		}
	}
	return nil
}

// CopyFile copies a file of any size. An existing file at to is replaced.
func CopyFile(to, from string, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
