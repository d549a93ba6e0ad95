package main

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/term"
)

// historyOptions are the flags of describe that concern earlier descriptions or protect the
// current one.
type historyOptions struct {
	history, undo bool
	ifEmpty       bool
	ifVersion     int64 // 0: any
}

func (o *historyOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&o.history, "history", false, "show the current and the earlier descriptions")
	f.BoolVar(&o.undo, "undo", false, "go back to the previous description; again: one step further")
	f.BoolVar(&o.ifEmpty, "if-empty", false, "describe only photos that have no description")
	f.Int64Var(&o.ifVersion, "if-version", 0, "fail if the photo's version is no longer this `number`")
}

// checkHistory refuses flags that cannot be combined.
func (o describeOptions) checkHistory(cmd *cobra.Command, args []string) error {
	versioned := cmd.Flags().Changed("if-version")
	var changes []string // the flags that change descriptions
	for flag, given := range map[string]bool{"--desc": o.set, "--clear": o.clear, "--if-empty": o.ifEmpty, "--if-version": versioned, "--undo": o.undo} {
		if given {
			changes = append(changes, flag)
		}
	}
	slices.Sort(changes)
	switch {
	case o.history && len(changes) > 0:
		return exclude("--history", changes[0])
	case o.undo && o.set:
		return exclude("--undo", "--desc")
	case o.undo && o.clear:
		return exclude("--undo", "--clear")
	case (o.history || o.undo) && o.photos.from.describes():
		return &photo.Error{Kind: photo.KindUsage, Msg: "--from-format " + o.photos.from.format + " cannot be combined with --history or --undo, because its lines have descriptions"}
	}
	if err := o.checkIfEmpty(); err != nil || !versioned {
		return err
	}
	return o.checkIfVersion(args)
}

// checkIfEmpty refuses --if-empty without a description.
func (o describeOptions) checkIfEmpty() error {
	switch {
	case !o.ifEmpty:
		return nil
	case o.undo:
		return exclude("--if-empty", "--undo")
	case o.clear:
		return exclude("--if-empty", "--clear")
	case !o.set && !o.caption.wanted() && !o.photos.from.describes():
		return &photo.Error{Kind: photo.KindUsage, Msg: "--if-empty needs a description", Hint: "give one with --desc TEXT"}
	}
	return nil
}

// checkIfVersion refuses --if-version without a change, or for several photos.
func (o describeOptions) checkIfVersion(args []string) error {
	switch {
	case o.ifVersion < 1:
		return &photo.Error{Kind: photo.KindUsage, Msg: "--if-version is not a version", Hint: "photos describe PHOTO --fields version prints it"}
	case !o.set && !o.clear && !o.undo:
		return &photo.Error{Kind: photo.KindUsage, Msg: "--if-version needs --desc, --clear or --undo"}
	case o.photos.from.file != "" || len(args) != 1:
		return &photo.Error{Kind: photo.KindUsage, Msg: "--if-version needs exactly one photo", Hint: "name one PHOTO"}
	}
	return nil
}

func exclude(one, other string) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: one + " cannot be combined with " + other}
}

// version returns the precondition that --if-version sets, or nil.
func (o historyOptions) version() *int64 {
	if o.ifVersion == 0 {
		return nil
	}
	return &o.ifVersion
}

// sayKept says how many photos --if-empty did not change.
func (d *describer) sayKept() {
	switch kept := d.outcomes[outcomeKept]; {
	case kept == 0 || d.e.set.Quiet:
	case kept == 1:
		d.e.Say("photos: 1 photo had a description, which was kept")
	default:
		d.e.Say("photos: %d photos had a description, which was kept", kept)
	}
}

// revision is a description that a photo has or had, as describe --history prints it.
type revision struct {
	ID          photo.ID     `json:"id"`
	Number      int64        `json:"number"`
	SetAt       api.Time     `json:"set_at"`
	State       string       `json:"state"` // current, undo or earlier
	Source      photo.Source `json:"description_source,omitempty"`
	Description string       `json:"description"`
}

func revisionColumns() []term.Column[revision] {
	return []term.Column[revision]{
		{Name: "id", Text: func(v revision) string { return v.ID.String() }, Show: func(v revision) string { return shortID(v.ID) }, Tint: always[revision](term.Key), Least: photo.MinPrefix},
		{Name: "number", Text: func(v revision) string { return strconv.FormatInt(v.Number, 10) }, Right: true, Least: len("number")},
		{Name: "set_at", Text: func(v revision) string { return v.SetAt.String() }, Show: func(v revision) string { return showTime(v.SetAt.Time) }, Head: "SET", Least: len(minutes)},
		{Name: "state", Text: func(v revision) string { return v.State }, Least: len("earlier")},
		{Name: "description_source", Text: func(v revision) string { return string(v.Source) }, Head: "SOURCE", Least: len("embedded")},
		{Name: "description", Text: func(v revision) string { return v.Description }, Share: 1},
	}
}

func revisionJSON(v revision) any { return v }

// revisions returns the lines that show a history.
func revisions(h api.History) []revision {
	out := make([]revision, len(h.Revisions))
	for i, v := range h.Revisions {
		out[i] = revision{ID: h.ID, Number: v.Number, SetAt: v.SetAt, State: "earlier", Source: v.DescriptionSource, Description: v.Description}
		switch {
		case v.Current:
			out[i].State = "current"
		case v.Undo:
			out[i].State = "undo"
		}
	}
	return out
}

// showHistory prints the descriptions that the photos have and had.
func showHistory(ctx context.Context, e *env, args []string, o describeOptions) error {
	out, err := newPrinter(e, revisionColumns(), revisionJSON)
	if err != nil {
		return err
	}
	err = eachPhoto(ctx, e, args, o.photos, func(c *client.Client, p photo.Photo) error {
		h, err := c.History(ctx, p.ID)
		if err != nil {
			return err
		}
		for _, v := range revisions(h) {
			if err := out.Print(v); err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(err, out.Close())
}

// undoDescriptions takes the descriptions of photos one step back and prints
// the photos as they are then.
func undoDescriptions(ctx context.Context, e *env, args []string, o describeOptions) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	c, list, rep, err := o.begin(ctx, e, args, stop)
	if err != nil {
		return err
	}
	defer list.close()
	rep.each(list, outcomeUndone, func(it listItem) (photo.Photo, error) {
		p, err := it.find(ctx, c, livePhotos)
		if err != nil {
			return p, err
		}
		return o.undoOne(ctx, c, p)
	})
	return rep.finish()
}

// undoOne takes the description of a photo one step back. The request names the
// revision, so that a repeated request does not go back further.
func (o describeOptions) undoOne(ctx context.Context, c *client.Client, p photo.Photo) (photo.Photo, error) {
	h, err := c.History(ctx, p.ID)
	if err != nil {
		return photo.Photo{}, err
	}
	version := o.version()
	if version == nil {
		version = &h.Version
	}
	for _, v := range h.Revisions {
		switch {
		case v.Undo && o.dryRun:
			p.Description, p.DescriptionSource = v.Description, v.DescriptionSource
			return p, nil
		case v.Undo:
			return c.Undo(ctx, p.ID, v.Number, *version)
		}
	}
	return photo.Photo{}, &photo.Error{Kind: photo.KindConflict, Msg: "there is no earlier description to go back to",
		Hint: "photos describe " + p.ID.Short() + " --history shows what is kept"}
}

// eachPhoto calls f for each PHOTO that a call names.
func eachPhoto(ctx context.Context, e *env, args []string, which selection, f func(*client.Client, photo.Photo) error) error {
	c, err := e.connect()
	if err != nil {
		return err
	}
	list, err := which.open(ctx, e, c, args)
	if err != nil {
		return err
	}
	defer list.close()
	return eachItem(e, list.all(), func(it listItem) error {
		p, err := it.find(ctx, c, livePhotos)
		if err != nil {
			return err
		}
		return f(c, p)
	})
}
