package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"iter"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"

	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/termpic"
	"photos/internal/text"
)

// A photo of list --thumbs takes so many columns and lines of the terminal.
const (
	thumbColumns = 24
	thumbRows    = 8
)

// checkThumbs refuses what cannot be combined with --thumbs.
func checkThumbs(e *env, given func(flag string) bool) error {
	switch {
	case e.set.JSON || e.set.Quiet || len(e.set.Fields) > 0 || given("format") || given("null") || given("wide"):
		return &photo.Error{Kind: photo.KindUsage, Msg: "--thumbs draws pictures, and cannot be combined with a form of output", Hint: "leave --json, --quiet, --fields, --format, --wide and -0 out"}
	case given("trash"):
		return &photo.Error{Kind: photo.KindUsage, Msg: "--thumbs cannot be combined with --trash", Hint: "there are no small pictures of photos in the trash"}
	case !e.Out.Terminal:
		return &photo.Error{Kind: photo.KindUsage, Msg: "--thumbs draws on a terminal, and stdout is not one", Hint: "leave --thumbs out in a pipe"}
	}
	return nil
}

// listThumbs draws small pictures of photos, as many side by side as the terminal has space
// for, with the ID and the name of each below.
func listThumbs(ctx context.Context, e *env, c *client.Client, photos iter.Seq2[photo.Photo, error]) error {
	var strip []photo.Photo
	across := max(1, e.Width()/thumbColumns)
	for p, err := range photos {
		if err != nil {
			return err
		}
		if strip = append(strip, p); len(strip) == across {
			if err := drawStrip(ctx, e, c, strip); err != nil {
				return err
			}
			strip = strip[:0]
		}
	}
	if len(strip) == 0 {
		return nil
	}
	return drawStrip(ctx, e, c, strip)
}

// drawStrip draws photos side by side.
func drawStrip(ctx context.Context, e *env, c *client.Client, photos []photo.Photo) error {
	pictures := make([]image.Image, len(photos))
	for i, p := range photos {
		img, err := smallPicture(ctx, c, p.ID)
		if err != nil && photo.KindOf(err) != photo.KindNoRendition {
			return err
		}
		pictures[i] = img
	}
	options := drawing(e)
	options.Columns, options.Rows = thumbColumns*len(photos), thumbRows
	if err := termpic.Draw(e.Out, termpic.Strip(pictures, thumbColumns, thumbRows), options); err != nil {
		return err
	}
	for _, label := range []func(photo.Photo) string{func(p photo.Photo) string { return shortID(p.ID) }, func(p photo.Photo) string { return p.Name }} {
		var line strings.Builder
		for _, p := range photos {
			line.WriteString(runewidth.FillRight(runewidth.Truncate(text.Line(label(p)), thumbColumns-2, "…"), thumbColumns))
		}
		if _, err := fmt.Fprintln(e.Out, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(e.Out)
	return err
}

// smallPicture gets the smallest picture of a photo from the service.
func smallPicture(ctx context.Context, c *client.Client, id photo.ID) (image.Image, error) {
	const smallest = 256
	file, err := c.Rendition(ctx, id, smallest)
	if err != nil {
		return nil, err
	}
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, &photo.Error{Kind: photo.KindProtocol, Msg: "the service's small picture is not a JPEG", Err: err}
	}
	return img, nil
}

// drawing returns how this terminal shows pictures.
func drawing(e *env) termpic.Options {
	return termpic.Options{
		Protocol: termpic.Detect(e.getenv), Columns: e.Width(),
		TrueColor: slices.Contains([]string{"truecolor", "24bit"}, e.getenv("COLORTERM")),
	}
}
