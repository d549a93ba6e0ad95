// Package thumb makes small pictures (renditions) of photos and videos: JPEGs that are
// turned as displayed, have the right colors, and hold no metadata.
//
// Pictures are foreign bytes. The formats that Go's own decoders know are decoded in
// this process, within a limit of pixels. Everything else goes to a program that is a
// process of its own, with limits on time, memory and output, and without network
// where the system can do that. The type that package picture found decides which
// decoder runs, never the name of the file.
package thumb

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"

	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/picture/metadata"
)

// Sizes are the lengths in pixels of the longer side for which renditions are made,
// from the largest to the smallest.
func Sizes() []int { return []int{1024, 512, 256} }

// Errors that callers tell apart with errors.Is. After either of them a picture has an
// icon instead of renditions.
var (
	// ErrUnsupported means that no decoder on this machine reads the format.
	ErrUnsupported = errors.New("no decoder for this format")
	// ErrRefused means that the picture is damaged, or larger than the limits.
	ErrRefused = errors.New("the picture cannot be decoded")
)

// Config names the programs to use and the limits. Find fills it in for this machine.
type Config struct {
	VIPS       string        // vipsthumbnail; "": Go's own decoders only
	FFmpeg     string        // ffmpeg; "": no renditions of videos
	Bubblewrap string        // bwrap, which takes network and files away from the others where it works; "": not used
	MaxPixels  int           // of a picture; 0: 200 million
	Timeout    time.Duration // of one program; 0: 30 s
	Memory     int64         // bytes of address space of one program; 0: 2 GiB
	Decoded    int64         // bytes of all pictures that are decoded in this process at the same time; 0: 1 GiB
}

// Version grows when renditions, colors or digests are made in another way. What an older
// version has made is then made again.
const Version = 2

// Find looks the programs up on PATH.
func Find() Config {
	look := func(name string) string {
		path, err := exec.LookPath(name)
		if err != nil {
			return ""
		}
		return path
	}
	return Config{VIPS: look("vipsthumbnail"), FFmpeg: look("ffmpeg"), Bubblewrap: look("bwrap")}
}

// A Maker makes renditions. Its methods are safe for concurrent use.
type Maker struct {
	c      Config
	memory *semaphore.Weighted // of the pictures that are decoded in this process, in bytes
	box    []string            // the command line before that of a program; nil: programs run without a box
	noBox  error
}

// New makes a Maker. It tries bubblewrap out, and removes what killed processes left in the folder for
// temporary files.
func New(c Config) *Maker {
	removeLeftovers(os.TempDir())
	if c.MaxPixels <= 0 {
		c.MaxPixels = 200_000_000
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Memory <= 0 {
		c.Memory = 2 << 30
	}
	if c.Decoded <= 0 {
		c.Decoded = 1 << 30
	}
	m := &Maker{c: c, memory: semaphore.NewWeighted(c.Decoded)}
	if c.Bubblewrap != "" && (c.VIPS != "" || c.FFmpeg != "") {
		m.box, m.noBox = findBox(c.Bubblewrap)
	}
	return m
}

// NoBox returns why programs run without bubblewrap although it is there, or nil.
func (m *Maker) NoBox() error { return m.noBox }

// Decoders names the programs that m uses.
func (m *Maker) Decoders() string {
	var names []string
	for _, path := range []string{m.c.VIPS, m.c.FFmpeg} {
		if path != "" {
			names = append(names, filepath.Base(path))
		}
	}
	return strings.Join(names, ", ")
}

// Result is what Make found out.
type Result struct {
	Pictures [][]byte     // a JPEG for each of Sizes, in that order; a small photo is not enlarged
	Color    photo.Color  // the average color
	Digest   photo.Digest // of how the picture looks
}

// Make decodes the size bytes of r once and returns renditions of all Sizes. A decoder that panics has
// refused the picture.
func (m *Maker) Make(ctx context.Context, mediaType string, r io.ReaderAt, size int64) (_ Result, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%w: %s: the decoder failed: %v", ErrRefused, mediaType, cause)
		}
	}()
	decoded, err := m.decode(ctx, mediaType, io.NewSectionReader(r, 0, size))
	if err != nil {
		return Result{}, fmt.Errorf("make renditions of %s: %w", mediaType, err)
	}
	return encodeAll(decoded)
}

// A decoded picture is turned as displayed, and at least as large as the largest
// rendition unless the photo is smaller.
type decoded struct {
	image  *image.RGBA
	colors metadata.Colors
}

func (m *Maker) decode(ctx context.Context, mediaType string, r *io.SectionReader) (decoded, error) {
	look, err := metadata.Look(ctx, r, r.Size())
	if err != nil {
		return decoded{}, err
	}
	if look.Width*look.Height > m.c.MaxPixels {
		return decoded{}, fmt.Errorf("%w: %d × %d pixels", ErrRefused, look.Width, look.Height)
	}
	switch {
	case strings.HasPrefix(mediaType, "video/"):
		return m.frame(ctx, mediaType, r, look)
	case look.Preview != nil && isRaw(mediaType):
		return m.decodePreview(ctx, look)
	case m.c.FFmpeg != "" && stillDemuxer(mediaType) != "":
		d, err := m.still(ctx, mediaType, r, look)
		if err == nil || look.Preview == nil || ctx.Err() != nil {
			return d, err
		}
		return m.decodePreview(ctx, look)
	case look.Preview != nil:
		return m.decodePreview(ctx, look)
	case m.c.VIPS != "" && vipsReads(mediaType):
		d, err := m.vips(ctx, r, look)
		if err == nil || !goReads(mediaType) || ctx.Err() != nil {
			return d, err
		}
		fallthrough // a picture that libvips refuses may be readable all the same
	case goReads(mediaType):
		return m.decodeHere(ctx, r, look)
	}
	return decoded{}, ErrUnsupported
}

// isRaw reports whether a type is one of cameras' raw files.
func isRaw(mediaType string) bool { return strings.HasPrefix(mediaType, "image/x-") }

// decodePreview decodes the JPEG that a file embeds. It is turned as the file is, and has its
// colors, unless it says something else of itself.
func (m *Maker) decodePreview(ctx context.Context, look metadata.Inside) (decoded, error) {
	inner, err := metadata.Look(ctx, look.Preview, look.Preview.Size())
	if err != nil {
		return decoded{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if inner.Orientation == 0 {
		inner.Orientation = look.Orientation
	}
	if inner.Colors.Profile == nil {
		inner.Colors.AdobeRGB = inner.Colors.AdobeRGB || look.Colors.AdobeRGB
	}
	return m.decodeHere(ctx, look.Preview, inner)
}

// vipsReads reports whether libvips is asked for a format. It also knows others, in
// libraries that it marks as unsafe for foreign files.
func vipsReads(mediaType string) bool {
	switch mediaType {
	case picture.JPEG, picture.PNG, picture.WebP, picture.TIFF, picture.GIF, picture.HEIC, picture.HEIF, picture.AVIF:
		return true
	}
	return false
}
