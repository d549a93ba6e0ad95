package main

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/text"
)

// outcomeRenamed is the outcome of a photo that has another name.
const outcomeRenamed photo.Outcome = "renamed"

func newRename(e *env) *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "rename PHOTO NAME",
		Short: "Give a photo another file name",
		Long: `Give a photo another file name. Its bytes, and so its ID, stay the same, and
local files are never touched. A download uses the new name.

'photos help describe' explains PHOTO.`,
		Example: `  photos rename 3f9a11c2 sunset.jpg
  photos rename IMG_0042.JPG "Sunset over the bay.jpg"`,
		Args: exactly("PHOTO", "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkName(args[1]); err != nil {
				return err
			}
			return rename(cmd.Context(), e, args[0], args[1], dryRun)
		},
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "say what would happen, and change nothing")
	return c
}

// checkName refuses what cannot be a file name before anything is sent.
func checkName(name string) error {
	switch {
	case !utf8.ValidString(name):
		return badUsage("the name is not valid UTF-8", "")
	case photo.IsBlank(name) || name == "." || name == "..":
		return badUsage(quote(name)+" is not a file name", "a name is like beach.jpg")
	case strings.ContainsAny(name, "/\x00"):
		return badUsage(quote(name)+" is not a file name", "a name has no slash")
	case len(name) > photo.MaxName:
		return badUsage(fmt.Sprintf("the name is too long: %d bytes", len(name)), fmt.Sprintf("a name has at most %d bytes", photo.MaxName))
	}
	return nil
}

func rename(ctx context.Context, e *env, arg, name string, dryRun bool) error {
	rep, err := newChangeReport(e, true, dryRun)
	if err != nil {
		return err
	}
	c, err := e.connect()
	if err != nil {
		return err
	}
	var old string
	rep.stop = func() {}
	rep.sentence = func(p photo.Photo) string {
		switch {
		case old == p.Name:
			return "the name is " + text.Line(p.Name) + " already"
		case dryRun:
			return text.Line(old) + " would be renamed to " + text.Line(name)
		}
		return text.Line(old) + " is now " + text.Line(p.Name)
	}
	item := listItem{Name: arg}
	p, err := item.find(ctx, c, livePhotos)
	if err != nil {
		rep.fail(item, err)
		return rep.finish()
	}
	old = p.Name
	switch {
	case old == name:
		rep.done(item, p, outcomeUnchanged)
		return rep.finish()
	case dryRun:
		p.Name = name
	default:
		p, err = c.Edit(ctx, p.ID, api.PhotoPatch{Name: &name}, nil)
	}
	if err != nil {
		rep.fail(item, err)
	} else {
		rep.done(item, p, outcomeRenamed)
	}
	return rep.finish()
}
