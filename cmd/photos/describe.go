package main

import (
	"context"
	"errors"
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
	from       fromOptions
	historyOptions
}

func newDescribe(e *env) *cobra.Command {
	var o describeOptions
	c := &cobra.Command{
		Use:   "describe PHOTO...",
		Short: "Show everything known of photos, or set their description",
		Long: `Show everything known of photos, or set their description.

A PHOTO is a local file, whose bytes name the photo, or the hex digits of an ID:
all 64, or at least 8 of them from the start.

Earlier descriptions are kept until the photo is purged from the trash: the last
20, and always the last one that you wrote yourself. --history shows them, --undo
goes back one step and a second --undo one step further. Nothing is lost by it:
the description that was undone is kept too.`,
		Example: `  photos describe beach.jpg
  photos describe 3f9a11c2 --desc "Sunset over the bay"
  photos describe beach.jpg --clear
  photos describe beach.jpg --undo
  printf 'beach.jpg\tSunset\n' | photos describe --from - --from-format tsv`,
		Args: func(cmd *cobra.Command, args []string) error { return o.from.atLeastOneOr("PHOTO")(cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			o.set = cmd.Flags().Changed("desc")
			if err := o.checkHistory(cmd, args); err != nil {
				return err
			}
			switch {
			case o.history:
				return showHistory(cmd.Context(), e, args, o)
			case o.undo:
				return undoDescriptions(cmd.Context(), e, args, o)
			}
			return describe(cmd.Context(), e, args, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.desc, "desc", "", "set the description to this `text`")
	f.BoolVar(&o.clear, "clear", false, "erase the description")
	o.historyOptions.flags(c)
	o.from.flags(c, "PHOTOs, with tsv or jsonl their descriptions too,")
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
	items, done, err := o.from.arguments(ctx, e, args)
	if err != nil {
		return err
	}
	defer done()
	show := out.print
	if out.form == formTable {
		show = func(p photo.Photo) error { return card(e, p) }
	}
	d := describer{c: c, show: show, tally: tally{e: e}, only: o.historyOptions}
	for it := range items {
		if o.set || o.clear {
			it.Description, it.Described, it.FromList = o.desc, true, false
		}
		if err := d.add(ctx, it); err != nil {
			return errors.Join(out.close(), err)
		}
	}
	if err = d.flush(ctx); err == nil {
		d.sayKept(e)
		err = d.tally.end()
	}
	if flushed := out.close(); err == nil {
		err = flushed
	}
	return err
}

// describer shows photos, or collects descriptions to set many with one request.
type describer struct {
	c       *client.Client
	show    func(photo.Photo) error
	tally   tally
	only    historyOptions
	kept    int // photos whose description --if-empty left alone
	names   []string
	waiting []api.DescriptionItem
}

// add takes one item; its error concerns the whole call.
func (d *describer) add(ctx context.Context, it listed) error {
	p, err := photo.Photo{}, it.Err
	if err == nil {
		p, err = d.find(ctx, it)
	}
	switch {
	case err != nil && endsRun(withKind(err)):
		return err
	case err != nil:
		d.tally.done(it.Name, err)
		return nil
	case !it.Described:
		d.tally.done(it.Name, nil)
		return d.show(p)
	}
	d.names = append(d.names, it.Name)
	d.waiting = append(d.waiting, api.DescriptionItem{ID: p.ID, Description: it.Description, Source: it.source(), OnlyIfEmpty: d.only.ifEmpty, Version: d.only.version()})
	if len(d.waiting) == photo.MaxDescribe {
		return d.flush(ctx)
	}
	return nil
}

// find is the photo; to describe it, its ID is enough and nobody is asked.
func (d *describer) find(ctx context.Context, it listed) (photo.Photo, error) {
	if it.Described {
		if id, err := photo.ParseID(it.Name); err == nil {
			return photo.Photo{ID: id}, nil
		}
		if !photo.IsHex(it.Name) {
			id, err := fileID(ctx, it.Name)
			return photo.Photo{ID: id}, err
		}
	}
	return findPhoto(ctx, d.c, it.Name)
}

// flush sets what was collected and shows the photos as they are then.
func (d *describer) flush(ctx context.Context) error {
	if len(d.waiting) == 0 {
		return nil
	}
	results, err := d.c.Describe(ctx, d.waiting)
	if err != nil {
		return err
	}
	for i, r := range results {
		err := client.ProblemError(r.Problem)
		if photo.KindOf(err) == photo.KindNotFound {
			err = noSuchPhoto()
		}
		d.tally.done(d.names[i], err)
		if err == nil && r.Photo != nil {
			if d.only.ifEmpty && r.Photo.Description != d.waiting[i].Description {
				d.kept++
			}
			if err := d.show(r.Photo.Photo()); err != nil {
				return err
			}
		}
	}
	d.names, d.waiting = nil, nil
	return nil
}

// source is where an item's description came from.
func (it listed) source() photo.Source {
	if it.FromList {
		return photo.FromStdin
	}
	return photo.FromFlag
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

// withSource adds where a fact came from, unless it was the picture.
func withSource(fact string, source photo.FactSource) string {
	if fact == "" || source == "" || source == photo.FactEmbedded {
		return fact
	}
	return fact + " (" + printable(string(source)) + ")"
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
		{"taken", withSource(p.TakenAt.String(), p.TakenSource)},
		{"camera", printable(p.Camera)},
		{"position", withSource(showPosition(p.Position), p.PositionSource)},
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
