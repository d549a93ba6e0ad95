package thumb_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"photos/internal/picture"
	"photos/internal/thumb"
)

// quarters is a picture whose quarters are red, green, blue and white, in reading order.
func quarters(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{255, 0, 0, 255}
			switch {
			case x >= width/2 && y >= height/2:
				c = color.RGBA{255, 255, 255, 255}
			case x >= width/2:
				c = color.RGBA{0, 255, 0, 255}
			case y >= height/2:
				c = color.RGBA{0, 0, 255, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func encode(t testing.TB, f func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	return encode(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, img, &jpeg.Options{Quality: 95}) })
}

// turned is a JPEG with an EXIF orientation.
func turned(t testing.TB, img image.Image, orientation byte) []byte {
	t.Helper()
	file := jpegOf(t, img)
	exif := "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00" + string(orientation) + "\x00\x00\x00\x00\x00\x00\x00"
	segment := append([]byte{0xff, 0xe1, 0, byte(len(exif) + 2)}, exif...)
	return append(append(file[:2:2], segment...), file[2:]...)
}

// corners names the colors of the four quarters of a rendition, in reading order.
func corners(t testing.TB, file []byte) string {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	names := ""
	for _, at := range []image.Point{{b.Dx() / 4, b.Dy() / 4}, {b.Dx() * 3 / 4, b.Dy() / 4}, {b.Dx() / 4, b.Dy() * 3 / 4}, {b.Dx() * 3 / 4, b.Dy() * 3 / 4}} {
		r, g, bl, _ := img.At(at.X, at.Y).RGBA()
		const high = 0xb000
		switch {
		case r > high && g > high && bl > high:
			names += "w"
		case r > high:
			names += "r"
		case g > high:
			names += "g"
		case bl > high:
			names += "b"
		default:
			names += "?"
		}
	}
	return names
}

func sizeOf(t testing.TB, file []byte) image.Point {
	t.Helper()
	c, err := jpeg.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return image.Pt(c.Width, c.Height)
}

// makers are a Maker with what this machine has, and one with Go's decoders only.
func makers() map[string]*thumb.Maker {
	return map[string]*thumb.Maker{"with programs": thumb.New(thumb.Find()), "Go alone": thumb.New(thumb.Config{})}
}

func run(t testing.TB, m *thumb.Maker, mediaType string, file []byte) thumb.Result {
	t.Helper()
	result, err := m.Make(context.Background(), mediaType, bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for name, m := range makers() {
		result := run(t, m, picture.JPEG, jpegOf(t, quarters(3000, 2000)))
		for i, want := range []image.Point{{1024, 683}, {512, 342}, {256, 171}} {
			got := sizeOf(t, result.Pictures[i])
			if d := got.Sub(want); d.X != 0 || d.Y < -1 || d.Y > 1 {
				t.Errorf("%s: size %v, want %v", name, got, want)
			}
			if got := corners(t, result.Pictures[i]); got != "rgbw" {
				t.Errorf("%s: quarters %s", name, got)
			}
		}
		small := run(t, m, picture.JPEG, jpegOf(t, quarters(300, 200)))
		if got := sizeOf(t, small.Pictures[0]); got != (image.Point{300, 200}) {
			t.Errorf("%s: a small photo became %v", name, got)
		}
	}
}

func TestOrientation(t *testing.T) {
	t.Parallel()
	img := quarters(300, 200)
	for name, m := range makers() {
		for i, want := range []string{"rgbw", "grwb", "wbgr", "bwrg", "rbgw", "brwg", "wgbr", "gwrb"} {
			result := run(t, m, picture.JPEG, turned(t, img, byte(i+1)))
			if got := corners(t, result.Pictures[2]); got != want {
				t.Errorf("%s: orientation %d: quarters %s, want %s", name, i+1, got, want)
			}
			if size := sizeOf(t, result.Pictures[2]); (size.X > size.Y) != (i < 4) {
				t.Errorf("%s: orientation %d: size %v", name, i+1, size)
			}
		}
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	img := quarters(600, 400)
	files := map[string][]byte{
		picture.JPEG: jpegOf(t, img),
		picture.PNG:  encode(t, func(b *bytes.Buffer) error { return png.Encode(b, img) }),
		picture.GIF:  encode(t, func(b *bytes.Buffer) error { return gif.Encode(b, img, nil) }),
		picture.BMP:  encode(t, func(b *bytes.Buffer) error { return bmp.Encode(b, img) }),
		picture.TIFF: encode(t, func(b *bytes.Buffer) error { return tiff.Encode(b, img, nil) }),
	}
	for name, m := range makers() {
		for mediaType, file := range files {
			if got := corners(t, run(t, m, mediaType, file).Pictures[2]); got != "rgbw" {
				t.Errorf("%s: %s: quarters %s", name, mediaType, got)
			}
		}
	}
}

func TestTransparentIsWhite(t *testing.T) {
	t.Parallel()
	file := encode(t, func(b *bytes.Buffer) error { return png.Encode(b, image.NewNRGBA(image.Rect(0, 0, 300, 200))) })
	if got := corners(t, run(t, thumb.New(thumb.Config{}), picture.PNG, file).Pictures[2]); got != "wwww" {
		t.Errorf("quarters %s", got)
	}
}

// A profile of other colors is kept, and metadata is not.
func TestProfile(t *testing.T) {
	t.Parallel()
	profile := append(make([]byte, 16), "RGB "...)
	profile = append(profile, bytes.Repeat([]byte("p3"), 100)...)
	file := turned(t, quarters(300, 200), 1)
	segment := append([]byte("ICC_PROFILE\x00\x01\x01"), profile...)
	file = append(append(append(file[:2:2], 0xff, 0xe2, byte((len(segment)+2)>>8), byte(len(segment)+2)), segment...), file[2:]...)
	got := run(t, thumb.New(thumb.Config{}), picture.JPEG, file).Pictures[0]
	if !bytes.Contains(got, profile) {
		t.Error("the profile is gone")
	}
	if bytes.Contains(got, []byte("Exif")) {
		t.Error("there is EXIF in a rendition")
	}
}

func TestLooks(t *testing.T) {
	t.Parallel()
	m := thumb.New(thumb.Config{})
	large, small := run(t, m, picture.JPEG, jpegOf(t, quarters(1600, 1200))), run(t, m, picture.JPEG, jpegOf(t, quarters(400, 300)))
	if d := large.Digest.Distance(small.Digest); d > 4 {
		t.Errorf("the same picture in two sizes differs in %d bits", d)
	}
	red := image.NewRGBA(image.Rect(0, 0, 40, 30))
	for i := range red.Pix {
		red.Pix[i] = [4]uint8{200, 0, 0, 255}[i%4]
	}
	if c := run(t, m, picture.JPEG, jpegOf(t, red)).Color; c[0] < 190 || c[1] > 10 || c[2] > 10 {
		t.Errorf("average color %v", c)
	}
}

// What cannot be decoded is refused in time.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, m := range makers() {
		for what, file := range map[string][]byte{
			"rubbish":    append([]byte("\xff\xd8\xff\xe0"), bytes.Repeat([]byte("x"), 1000)...),
			"huge":       append([]byte("\xff\xd8\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00"), make([]byte, 100)...),
			"only start": []byte("\xff\xd8\xff"),
		} {
			_, err := m.Make(context.Background(), picture.JPEG, bytes.NewReader(file), int64(len(file)))
			if !errors.Is(err, thumb.ErrRefused) {
				t.Errorf("%s, %s: error %v, want %v", name, what, err, thumb.ErrRefused)
			}
		}
		file := []byte("RIFF\x00\x00\x00\x00AVI LIST")
		if _, err := thumb.New(thumb.Config{}).Make(context.Background(), picture.AVI, bytes.NewReader(file), int64(len(file))); !errors.Is(err, thumb.ErrUnsupported) {
			t.Errorf("a video without ffmpeg: error %v, want %v", err, thumb.ErrUnsupported)
		}
	}
}

// need returns the path of a program from the list of what the tests want.
func need(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not on this machine", name)
	}
	return path
}

func TestVideo(t *testing.T) {
	t.Parallel()
	ffmpeg := need(t, "ffmpeg")
	dir := t.TempDir()
	still := filepath.Join(dir, "still.png")
	if err := os.WriteFile(still, encode(t, func(b *bytes.Buffer) error { return png.Encode(b, quarters(320, 240)) }), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, mediaType := range map[string]string{"short.mp4": picture.MP4, "long.mkv": picture.Matroska, "old.avi": picture.AVI} {
		length := "0.5"
		if name == "long.mkv" {
			length = "3"
		}
		out := filepath.Join(dir, name)
		cmd := exec.Command(ffmpeg, "-loglevel", "error", "-loop", "1", "-i", still, "-t", length, "-pix_fmt", "yuv420p", out)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("ffmpeg: %v\n%s", err, text)
		}
		file, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if got := corners(t, run(t, thumb.New(thumb.Find()), mediaType, file).Pictures[2]); got != "rgbw" {
			t.Errorf("%s: quarters %s", name, got)
		}
	}
}

// A playlist that calls itself a video opens no other file.
func TestPlaylist(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg")
	secret := filepath.Join(t.TempDir(), "secret.png")
	if err := os.WriteFile(secret, encode(t, func(b *bytes.Buffer) error { return png.Encode(b, quarters(320, 240)) }), 0o600); err != nil {
		t.Fatal(err)
	}
	playlist := []byte("RIFF\x00\x00\x00\x00AVI LIST\n#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://" + secret + "\n#EXT-X-ENDLIST\n")
	_, err := thumb.New(thumb.Find()).Make(context.Background(), picture.AVI, bytes.NewReader(playlist), int64(len(playlist)))
	if !errors.Is(err, thumb.ErrRefused) {
		t.Errorf("error %v, want %v", err, thumb.ErrRefused)
	}
}

func TestHEIC(t *testing.T) {
	t.Parallel()
	need(t, "vipsthumbnail")
	encoder := need(t, "heif-enc")
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.png"), filepath.Join(dir, "out.heic")
	if err := os.WriteFile(in, encode(t, func(b *bytes.Buffer) error { return png.Encode(b, quarters(640, 480)) }), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command(encoder, in, "-o", out).CombinedOutput(); err != nil {
		t.Fatalf("heif-enc: %v\n%s", err, text)
	}
	file, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if got := corners(t, run(t, thumb.New(thumb.Find()), picture.HEIC, file).Pictures[2]); got != "rgbw" {
		t.Errorf("quarters %s", got)
	}
}

// The programs are stopped when the caller gives up.
func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	file := jpegOf(t, quarters(3000, 2000))
	if _, err := thumb.New(thumb.Find()).Make(ctx, picture.JPEG, bytes.NewReader(file), int64(len(file))); err == nil {
		t.Error("no error")
	}
}

func BenchmarkMake(b *testing.B) {
	file := jpegOf(b, quarters(4000, 3000))
	for name, m := range makers() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				run(b, m, picture.JPEG, file)
			}
		})
	}
}
