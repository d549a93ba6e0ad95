package thumb_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	"photos/internal/picture"
	"photos/internal/thumb"
)

// frameOf returns a JPEG with the header of a frame of this kind, a scan of one component, and hardly any
// other bytes.
func frameOf(marker byte, width, height uint16, sampling ...byte) []byte {
	segment := func(marker byte, body ...byte) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(body))), body...)
	}
	frame := binary.BigEndian.AppendUint16([]byte{8}, height)
	frame = append(binary.BigEndian.AppendUint16(frame, width), byte(len(sampling)))
	for i, s := range sampling {
		frame = append(frame, byte(i+1), s, 0)
	}
	file := append([]byte{0xff, 0xd8}, segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...)...)...)
	file = append(file, segment(0xc4, append([]byte{0, 1}, make([]byte, 16)...)...)...) // a table with one code
	file = append(file, segment(marker, frame...)...)
	file = append(file, segment(0xda, 1, 1, 0, 0, 0, 0)...)
	return append(file, make([]byte, 100)...)
}

// TestMemoryOfDecoding: a small file cannot make this process take gigabytes.
func TestMemoryOfDecoding(t *testing.T) { // not parallel: it measures what is allocated
	deep := encode(t, func(b *bytes.Buffer) error { return png.Encode(b, image.NewNRGBA64(image.Rect(0, 0, 1, 1))) })
	binary.BigEndian.PutUint32(deep[16:], 13_000)
	binary.BigEndian.PutUint32(deep[20:], 13_000)
	fixChecksum(deep)
	for what, c := range map[string]struct {
		mediaType string
		file      []byte
	}{
		"a progressive JPEG":  {picture.JPEG, frameOf(0xc2, 13_000, 13_000, 0x11, 0x11, 0x11)},
		"the same in CMYK":    {picture.JPEG, frameOf(0xc2, 13_000, 13_000, 0x11, 0x11, 0x11, 0x11)},
		"fill bytes":          {picture.JPEG, bytes.Replace(frameOf(0xc2, 13_000, 13_000, 0x11, 0x11, 0x11), []byte{0xff, 0xc2}, []byte{0, 0xff, 0, 0xff, 0xff, 0xc2}, 1)},
		"a restart marker":    {picture.JPEG, bytes.Replace(frameOf(0xc2, 13_000, 13_000, 0x11, 0x11, 0x11), []byte{0xff, 0xc2}, []byte{0xff, 0xd0, 0xff, 0xc2}, 1)},
		"a PNG of 16 bits":    {picture.PNG, deep},
		"a baseline of 4:4:4": {picture.JPEG, frameOf(0xc0, 14_000, 14_000, 0x11, 0x11, 0x11)},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := thumb.New(thumb.Config{}).Make(t.Context(), c.mediaType, bytes.NewReader(c.file), int64(len(c.file)))
		runtime.ReadMemStats(&after)
		if taken := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, thumb.ErrRefused) || taken > 64<<20 {
			t.Errorf("%s: %d MiB, %v", what, taken>>20, err)
		}
	}
}

// fixChecksum corrects the checksum of the first chunk of a PNG.
func fixChecksum(file []byte) { binary.BigEndian.PutUint32(file[29:], crc32.ChecksumIEEE(file[12:29])) }

// TestUsualPicturesFit: usual pictures with as many pixels as are allowed need no more memory than there is.
func TestUsualPicturesFit(t *testing.T) {
	t.Parallel()
	m := thumb.New(thumb.Config{Decoded: 100 << 20})
	gray := image.NewGray(image.Rect(0, 0, 4000, 4000))
	colors := image.NewRGBA(image.Rect(0, 0, 4000, 4000))
	for what, c := range map[string]struct {
		mediaType string
		file      []byte
	}{
		"gray JPEG":  {picture.JPEG, encode(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, gray, nil) })},
		"color JPEG": {picture.JPEG, encode(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, colors, nil) })},
		"gray PNG":   {picture.PNG, encode(t, func(b *bytes.Buffer) error { return png.Encode(b, gray) })},
		"color PNG":  {picture.PNG, encode(t, func(b *bytes.Buffer) error { return png.Encode(b, colors) })},
		"PNG with few": {picture.PNG, encode(t, func(b *bytes.Buffer) error {
			return png.Encode(b, image.NewPaletted(gray.Rect, color.Palette{color.Black, color.White}))
		})},
	} {
		if _, err := m.Make(t.Context(), c.mediaType, bytes.NewReader(c.file), int64(len(c.file))); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// broken is a file whose bytes cannot be read from an offset on.
type broken struct {
	io.ReaderAt
	from int64
	fail func() error
}

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.from {
		return 0, b.fail()
	}
	return b.ReaderAt.ReadAt(p, off)
}

// TestPictureThatCannotBeRead: when a disk or a bucket fails, the picture is not refused, so that it is tried
// again later.
func TestPictureThatCannotBeRead(t *testing.T) {
	t.Parallel()
	file := encode(t, func(b *bytes.Buffer) error { return png.Encode(b, noise(1500, 1500)) })
	failure := errors.New("the disk has failed")
	r := broken{bytes.NewReader(file), 1 << 20, func() error { return failure }}
	_, err := thumb.New(thumb.Config{}).Make(t.Context(), picture.PNG, r, int64(len(file)))
	if !errors.Is(err, failure) || errors.Is(err, thumb.ErrRefused) {
		t.Errorf("%v", err)
	}
}

// TestPanicOfADecoder: a decoder that panics costs its picture, and not the service.
func TestPanicOfADecoder(t *testing.T) {
	t.Parallel()
	file := encode(t, func(b *bytes.Buffer) error { return png.Encode(b, noise(1500, 1500)) })
	r := broken{bytes.NewReader(file), 1 << 20, func() error { panic("a fault") }}
	m := thumb.New(thumb.Config{})
	for range 2 { // the first one holds nothing that the second one needs
		if _, err := m.Make(t.Context(), picture.PNG, r, int64(len(file))); !errors.Is(err, thumb.ErrRefused) {
			t.Errorf("%v", err)
		}
	}
}

// noise is a picture that does not compress.
func noise(width, height int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	_, _ = rand.NewChaCha8([32]byte{}).Read(img.Pix) // never fails
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255
	}
	return img
}
