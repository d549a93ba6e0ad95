package main

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
)

type describeOptions struct {
	desc       string
	set, clear bool
}

func newDescribe(e *env) *cobra.Command {
	var o describeOptions
	c := &cobra.Command{
		Use:   "describe PHOTO...",
		Short: "Show everything known of photos, or set their description",
		Long: `Show everything known of photos, or set their description.

A PHOTO is a local file, whose bytes name the photo, or the hex digits of an ID:
all 64, or at least 8 of them from the start.`,
		Example: `  photos describe beach.jpg
  photos describe 3f9a11c2 --desc "Sunset over the bay"
  photos describe beach.jpg --clear`,
		Args: atLeastOne("PHOTO"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.set = cmd.Flags().Changed("desc")
			return describe(cmd.Context(), e, args, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.desc, "desc", "", "set the description to this `text`")
	f.BoolVar(&o.clear, "clear", false, "erase the description")
	return c
}

func describe(ctx context.Context, e *env, args []string, o describeOptions) error {
	switch {
	case o.set && o.clear:
		return &photo.Error{Kind: photo.KindUsage, Msg: "--desc and --clear exclude each other"}
	case o.set && o.desc == "":
		return &photo.Error{Kind: photo.KindUsage, Msg: "--desc is empty", Hint: "--clear erases a description"}
	}
	if err := checkDescription(o.desc); err != nil {
		return err
	}
	out, err := newPrinter(e, photoColumns(), photoJSON)
	if err != nil {
		return err
	}
	c, err := e.connect(ctx)
	if err != nil {
		return err
	}
	show := out.print
	if out.form == formTable {
		show = func(p photo.Photo) error { return card(e, p) }
	}
	err = eachPhoto(ctx, e, c, args, func(p photo.Photo) error {
		if o.set || o.clear {
			if p, err = setDescription(ctx, c, p.ID, o.desc); err != nil {
				return err
			}
		}
		return show(p)
	})
	if flushed := out.close(); err == nil {
		err = flushed
	}
	return err
}

// setDescription sets one photo's description, or erases it, and returns the photo.
func setDescription(ctx context.Context, c *client.Client, id photo.ID, text string) (photo.Photo, error) {
	results, err := c.Describe(ctx, []api.DescriptionItem{{ID: id, Description: text, Source: photo.FromFlag}})
	if err != nil {
		return photo.Photo{}, err
	}
	r := results[0]
	if r.Problem != nil {
		return photo.Photo{}, client.ProblemError(r.Problem)
	}
	if r.Photo == nil {
		return photo.Photo{}, &photo.Error{Kind: photo.KindProtocol, Msg: "the service answered without the photo"}
	}
	return r.Photo.Photo(), nil
}

// checkDescription refuses what no description may be, before anything is sent.
func checkDescription(text string) error {
	switch {
	case !utf8.ValidString(text):
		return &photo.Error{Kind: photo.KindUsage, Msg: "the description is not valid UTF-8"}
	case len(text) > photo.MaxDescription:
		return &photo.Error{
			Kind: photo.KindUsage, Msg: fmt.Sprintf("the description is too long: %d bytes", len(text)),
			Hint: fmt.Sprintf("a description has at most %d bytes", photo.MaxDescription),
		}
	}
	return nil
}

// card shows one photo to a person, leaving out what is not known.
func card(e *env, p photo.Photo) error {
	dim, bold, plain := "\x1b[2m", "\x1b[1m", "\x1b[0m"
	if e.set.NoColor {
		dim, bold, plain = "", "", ""
	}
	text := fmt.Sprintf("%s%s%s\n", bold, printable(p.Name), plain)
	size := ""
	if p.Width > 0 {
		size = fmt.Sprintf("%d × %d", p.Width, p.Height)
	}
	described := printable(p.Description)
	if described == "" {
		described = "none"
	} else if p.DescriptionSource != "" {
		described += dim + "  (" + string(p.DescriptionSource) + ")" + plain
	}
	for _, row := range [][2]string{
		{"description", described},
		{"taken", p.TakenAt.String()},
		{"camera", printable(p.Camera)},
		{"position", showPosition(p.Position)},
		{"size", size},
		{"file", showBytes(p.Size) + ", " + p.MediaType},
		{"uploaded", showTime(p.UploadedAt)},
		{"id", p.ID.String()},
	} {
		if row[1] != "" {
			text += fmt.Sprintf("  %s%-12s%s %s\n", dim, row[0], plain, row[1])
		}
	}
	_, err := fmt.Fprint(e.out, text)
	return err
}
