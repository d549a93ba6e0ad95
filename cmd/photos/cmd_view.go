package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"photos/internal/photo"
	"photos/internal/termpic"
	"photos/internal/text"
)

type viewOptions struct {
	photos   selection
	protocol string
	rows     int
}

func newView(e *env) *cobra.Command {
	o := viewOptions{photos: selection{all: true}}
	c := &cobra.Command{
		Use:   "view PHOTO...",
		Short: "Draw photos in the terminal",
		Long: `Draw each photo in the terminal, with its name, date and description below. The
service makes the small pictures that are drawn.

photos recognizes terminals that show graphics (kitty, iTerm2, WezTerm, foot and
others) by their environment. In other terminals it draws with blocks of color.
--protocol chooses another way to draw.`,
		Example: `  photos view beach.jpg
  photos view 3f9a21c4
  photos view --search "bay -night" --limit 3`,
		Args: func(cmd *cobra.Command, args []string) error { return o.photos.check(e, cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error { return view(cmd.Context(), e, args, o) },
	}
	f := c.Flags()
	f.StringVar(&o.protocol, "protocol", "", "draw in this `way`: kitty, iterm2, sixel or blocks")
	f.IntVar(&o.rows, "rows", 20, "draw each photo at most this many `lines` high")
	o.photos.flags(c, "PHOTOs")
	return c
}

func (o viewOptions) check(e *env) error {
	known := termpic.Protocols()
	switch {
	case o.protocol != "" && !slices.Contains(known, termpic.Protocol(o.protocol)):
		return &photo.Error{Kind: photo.KindUsage, Msg: "--protocol " + quote(o.protocol) + " is not known", Hint: "it is kitty, iterm2, sixel or blocks"}
	case o.rows < 1:
		return &photo.Error{Kind: photo.KindUsage, Msg: "--rows is not a positive number", Hint: "--rows 20 draws pictures of 20 lines"}
	case !e.Out.Terminal:
		return &photo.Error{Kind: photo.KindUsage, Msg: "view draws on a terminal, and stdout is not one", Hint: "photos download -o - writes the bytes of a photo"}
	}
	return nil
}

func view(ctx context.Context, e *env, args []string, o viewOptions) error {
	if err := o.check(e); err != nil {
		return err
	}
	c, err := e.connect()
	if err != nil {
		return err
	}
	list, err := o.photos.open(ctx, e, c, args)
	if err != nil {
		return err
	}
	defer list.close()
	return eachItem(e, list.all(), func(it listItem) error {
		p, err := it.find(ctx, c, livePhotos)
		if err != nil {
			return err
		}
		file, err := c.Rendition(ctx, p.ID, 1024)
		if err != nil {
			return err
		}
		img, err := jpeg.Decode(bytes.NewReader(file))
		if err != nil {
			return &photo.Error{Kind: photo.KindProtocol, Msg: "the service's small picture is not a JPEG", Err: err}
		}
		return o.draw(e, img, p)
	})
}

// draw writes the picture and the lines below it.
func (o viewOptions) draw(e *env, img image.Image, p photo.Photo) error {
	options := drawing(e)
	options.Rows = o.rows
	if o.protocol != "" {
		options.Protocol = termpic.Protocol(o.protocol)
	}
	if err := termpic.Draw(e.Out, img, options); err != nil {
		return err
	}
	lines := []string{p.Name}
	if !p.TakenAt.IsZero() {
		lines[0] += "  " + strings.Replace(p.TakenAt.String(), "T", " ", 1)
	}
	if p.Description != "" {
		lines = append(lines, strings.Split(p.Description, "\n")...)
	}
	for _, line := range append(lines, "") {
		if _, err := fmt.Fprintln(e.Out, text.Line(line)); err != nil {
			return err
		}
	}
	return nil
}
