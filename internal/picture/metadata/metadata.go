// Package metadata reads what a picture or video says about itself: its size in
// pixels, when, where and with what camera it was taken, and its caption.
//
// Pictures are foreign bytes, and some are hostile. Whatever they hold, reading
// costs a bounded number of reads, bounded memory and bounded time, and odd
// metadata is left out instead of failing the picture. No pixel is decoded.
//
// The readers are our own. The libraries at hand end at the first odd entry of a
// directory, and read neither PNG's profiles nor videos; a photo service has to
// read on, as exiftool does. There is one file per family of formats; tags.go
// gathers what they find, and info.go decides which value counts.
package metadata

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"photos/internal/photo"
	"photos/internal/picture"
)

// Version grows when the readers find more or other values. What an older version has
// recorded can then be read again.
const Version = 4

// timeLimit is long: the slowest honest picture takes a few milliseconds, from a
// slow disk some more.
const timeLimit = 3 * time.Second

// Read inspects the size bytes of r. It fails with photo.KindNotPicture when
// they are neither picture nor video, with r's error when they cannot be read,
// and with ctx's when that ends; never because of what a picture says. After it
// returns, r is not used any more.
func Read(ctx context.Context, r io.ReaderAt, size int64) (picture.Info, error) {
	info, _, err := readTags(ctx, r, size)
	return info, err
}

func readTags(ctx context.Context, r io.ReaderAt, size int64) (picture.Info, *tags, error) {
	g := newGuard(r)
	mediaType, err := sniff(g, size)
	if err != nil {
		return picture.Info{}, nil, err
	}
	found, err := inspectInTime(ctx, mediaType, g, size)
	if photo.KindOf(err) == photo.KindNotPicture {
		return picture.Info{}, nil, err
	}
	if err != nil {
		return picture.Info{}, nil, fmt.Errorf("read metadata: %w", err)
	}
	return found.info, &found.tags, nil
}

func sniff(r io.ReaderAt, size int64) (string, error) {
	head := make([]byte, min(size, picture.HeadSize))
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the start of the picture: %w", err)
	}
	mediaType, ok := picture.Sniff(head[:n])
	if !ok {
		return "", notPicture("the content is neither a picture nor a video")
	}
	return mediaType, nil
}

func notPicture(msg string) error {
	return &photo.Error{
		Kind: photo.KindNotPicture,
		Msg:  msg,
		Hint: "JPEG, PNG, HEIC, WebP, GIF, TIFF, camera RAW, MP4, MOV and their relatives are taken",
	}
}

// inspection is what inspect found.
type inspection struct {
	info      picture.Info
	tags      tags
	soundOnly bool // the file holds no pictures
}

// inspectInTime gives up on a reader that goes on past timeLimit. A reader that
// waits for bytes is ended by the guard; one that spins without reading any is
// left behind, and has so few bytes to spin over that it ends within seconds.
func inspectInTime(ctx context.Context, mediaType string, g *guard, size int64) (inspection, error) {
	timed, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	done := make(chan inspection, 1)
	go func() { done <- inspect(mediaType, io.NewSectionReader(g, 0, size)) }()
	found := inspection{info: picture.Info{MediaType: mediaType}}
	select {
	case found = <-done:
	case <-timed.Done():
	}
	if err := g.shut(); err != nil {
		return inspection{}, err
	}
	if found.soundOnly {
		return inspection{}, notPicture("a recording of sound without pictures")
	}
	return found, ctx.Err()
}

// inspect reads what there is. A reader's panic costs the rest of the metadata and
// nothing else.
func inspect(mediaType string, file *io.SectionReader) (found inspection) {
	found.info.MediaType = mediaType
	defer func() { _ = recover() }()
	t := &found.tags
	if read := reader(mediaType); read != nil {
		read(file, t)
	}
	found.soundOnly = t.soundOnly()
	t.fill(&found.info)
	return found
}

// reader returns the function that reads a format; nil when nothing can be read.
func reader(mediaType string) func(*io.SectionReader, *tags) {
	switch mediaType {
	case picture.JPEG:
		return readJPEG
	case picture.PNG:
		return readPNG
	case picture.WebP:
		return readWebP
	case picture.HEIC, picture.HEIF, picture.AVIF:
		return readHEIF
	case picture.JXL:
		return readJXL
	case picture.GIF:
		return readGIF
	case picture.BMP:
		return readBMP
	case picture.PSD:
		return readPSD
	case picture.JP2:
		return readJP2
	case picture.MP4, picture.M4V, picture.QuickTime, picture.ThreeGP, picture.ThreeGP2:
		return readMovie
	case picture.Matroska, picture.WebM:
		return readMatroska
	case picture.WMV:
		return readASF
	case picture.AVI:
		return readAVI
	case picture.FLV:
		return readFLV
	case picture.Ogg:
		return readOgg
	case picture.MPEG:
		return readMPEG
	case picture.MPEGTS:
		return readTransportStream
	}
	return tiffReader(mediaType)
}

// tiffReader returns the function that reads TIFF or a raw file; nil for anything else. Most raw files are TIFF.
func tiffReader(mediaType string) func(*io.SectionReader, *tags) {
	switch mediaType {
	case picture.RAF:
		return readRAF
	case picture.RW2:
		return readRW2
	case picture.ORF:
		return readORF
	case picture.CR3:
		return readCR3
	case picture.CRW:
		return readCRW
	case picture.MRW:
		return readMRW
	case picture.X3F:
		return readX3F
	}
	if strings.HasPrefix(mediaType, "image/") {
		return readTIFF
	}
	return nil
}
