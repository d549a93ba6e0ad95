package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/term"
)

// followOptions are the options of list --follow.
type followOptions struct {
	follow bool
	after  string
}

func (o *followOptions) flags(c *cobra.Command) {
	c.Flags().BoolVarP(&o.follow, "follow", "f", false, "print photos as they are added, changed or deleted")
	c.Flags().StringVar(&o.after, "after", "", "with --follow: begin after this `cursor`, or at the start")
}

// check refuses options that say which photos to list.
func (o *followOptions) check(cmd *cobra.Command, args []string) error {
	if !o.follow {
		if cmd.Flags().Changed("after") {
			return badUsage("--after needs --follow", "")
		}
		return noArguments(cmd, args)
	}
	for _, flag := range []string{"search", "since", "until", "by", "limit", "undescribed", "trash", "sort", "reverse", "similar"} {
		if cmd.Flags().Changed(flag) {
			return badUsage("--follow cannot be combined with --"+flag, "select from its lines, for example with jq")
		}
	}
	if cmd.Flags().Changed("after") && photo.IsBlank(o.after) {
		return emptyFlag("after")
	}
	return noArguments(cmd, args)
}

// start is the value of --after that means all changes.
const start = "start"

// followed is a line of list --follow.
type followed struct {
	api.Change
	photo  photo.Photo // of a photo that was deleted, only the ID
	cursor string
}

// word returns what became of the photo.
func (f followed) word() string {
	if f.Photo == nil {
		return "deleted"
	}
	return "changed"
}

// followedPhoto and followedDeletion are lines of --json.
type followedPhoto struct {
	api.Photo
	Change string `json:"change"`
	Cursor string `json:"cursor"`
}

type followedDeletion struct {
	ID        photo.ID `json:"id"`
	DeletedAt api.Time `json:"deleted_at"`
	Change    string   `json:"change"`
	Cursor    string   `json:"cursor"`
}

func (f followed) json() any {
	if f.Photo == nil {
		return followedDeletion{f.ID, f.DeletedAt, f.word(), f.cursor}
	}
	return followedPhoto{*f.Photo, f.word(), f.cursor}
}

func followColumns() []term.Column[followed] {
	columns := term.Within(photoColumns(), func(f followed) photo.Photo { return f.photo })
	for i := range columns {
		columns[i].Text = onlyPhoto(columns[i].Name, columns[i].Text)
		columns[i].Show = onlyPhoto(columns[i].Name, columns[i].Show)
		if b := columns[i].Brief; b != nil {
			b.Show = onlyPhoto(columns[i].Name, b.Show)
		}
	}
	return append(columns,
		term.Column[followed]{Name: "change", Text: followed.word, Least: len("CHANGE"), Tint: func(f followed) term.Tint {
			if f.Photo == nil {
				return term.Bad
			}
			return term.Good
		}},
		term.Column[followed]{Name: "deleted_at", Extra: true, Text: func(f followed) string { return f.DeletedAt.String() }},
		term.Column[followed]{Name: "cursor", Extra: true, Text: func(f followed) string { return f.cursor }},
	)
}

// onlyPhoto leaves out every value but the ID of a photo that was deleted.
func onlyPhoto(name string, text func(followed) string) func(followed) string {
	if text == nil || name == "id" {
		return text
	}
	return func(f followed) string {
		if f.Photo == nil {
			return ""
		}
		return text(f)
	}
}

// follow prints changes until the user ends it. While the service is away it waits.
func follow(ctx context.Context, e *env, o followOptions) error {
	out, err := newPrinter(e, followColumns(), followed.json)
	if err != nil {
		return err
	}
	out.ShowAtOnce()
	c, err := e.connectFor(run{outage: endless})
	if err != nil {
		return err
	}
	after := o.after
	switch after {
	case "":
		after = api.AfterLatest
	case start:
		after = ""
	}
	read := e.Out.WithReader(ctx)
	for err == nil {
		var page api.Changes
		if page, err = c.Changes(read, after); err == nil {
			err = printChanges(out, page, after)
			after = page.Cursor
		}
	}
	if ctx.Err() != nil { // Ctrl-C is how this ends
		return reported{exitInterrupted}
	}
	return errors.Join(err, context.Cause(read), out.Close())
}

// printChanges prints a page. Whoever continues with the cursor of a line may get lines of the page
// again, but misses none: only the last line has the cursor after the page.
func printChanges(out *term.Printer[followed], page api.Changes, after string) error {
	for i, c := range page.Changes {
		f := followed{Change: c, photo: photo.Photo{ID: c.ID}, cursor: after}
		if after == "" {
			f.cursor = start
		}
		if c.Photo != nil {
			f.photo = c.Photo.Photo()
		}
		if i == len(page.Changes)-1 {
			f.cursor = page.Cursor
		}
		if err := out.Print(f); err != nil {
			return err
		}
	}
	return nil
}
