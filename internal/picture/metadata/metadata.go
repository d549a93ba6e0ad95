// Package metadata reads what a picture or video says about itself: its size in
// pixels, when, where and with what camera it was taken, and its caption.
//
// Pictures are foreign bytes, and some are hostile. Whatever they hold, reading
// costs a bounded number of reads, bounded memory and bounded time, and odd
// metadata is left out instead of failing the picture. No pixel is decoded.
//
// EXIF, IPTC and XMP are parsed by github.com/bep/imagemeta. It fills tables
// when a program starts (0.8 ms), so the client does not link this package.
package metadata

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"photos/internal/photo"
	"photos/internal/picture"
)

// timeLimit is long: the slowest honest picture takes a few milliseconds, from a
// slow disk some more.
const timeLimit = 3 * time.Second

// Read inspects the size bytes of r. It fails with photo.KindNotPicture when
// they are neither picture nor video, with r's error when they cannot be read,
// and with ctx's when that ends; never because of what a picture says. After it
// returns, r is not used any more.
func Read(ctx context.Context, r io.ReaderAt, size int64) (picture.Info, error) {
	g := newGuard(r)
	mediaType, err := sniff(g, size)
	if err != nil {
		return picture.Info{}, err
	}
	info, err := inspectInTime(ctx, mediaType, g, size)
	if err != nil {
		return picture.Info{}, fmt.Errorf("read metadata: %w", err)
	}
	return info, nil
}

func sniff(r io.ReaderAt, size int64) (string, error) {
	head := make([]byte, min(size, picture.HeadSize))
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the start of the picture: %w", err)
	}
	mediaType, ok := picture.Sniff(head[:n])
	if !ok {
		return "", &photo.Error{
			Kind: photo.KindNotPicture,
			Msg:  "neither a picture nor a video, by its content",
			Hint: "JPEG, PNG, HEIC, WebP, GIF, TIFF, camera RAW, MP4, MOV and their relatives are taken",
		}
	}
	return mediaType, nil
}

// inspectInTime gives up on a parser that goes on past timeLimit. A parser that
// waits for bytes is ended by the guard; one that spins without reading any is
// left behind, and has so few bytes to spin over that it ends within seconds.
func inspectInTime(ctx context.Context, mediaType string, g *guard, size int64) (picture.Info, error) {
	timed, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	done := make(chan picture.Info, 1)
	go func() { done <- inspect(mediaType, io.NewSectionReader(g, 0, size)) }()
	info := picture.Info{MediaType: mediaType}
	select {
	case info = <-done:
	case <-timed.Done():
	}
	if err := g.shut(); err != nil {
		return picture.Info{}, err
	}
	return info, ctx.Err()
}

// inspect reads what there is. A parser's panic costs the rest of the metadata
// and nothing else.
func inspect(mediaType string, file *io.SectionReader) (info picture.Info) {
	info.MediaType = mediaType
	defer func() { _ = recover() }()
	switch mediaType {
	case picture.MP4, picture.M4V, picture.QuickTime, picture.ThreeGP, picture.ThreeGP2:
		readMovie(file, &info)
	case picture.GIF, picture.BMP, picture.AVI:
		info.Width, info.Height = headDimensions(mediaType, file)
	default:
		var t tags
		for _, p := range parts(mediaType, file) {
			t.collect(p)
		}
		t.fill(&info)
	}
	return info
}
