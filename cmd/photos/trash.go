package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"photos/internal/client"
	"photos/internal/photo"
)

func newDelete(e *env) *cobra.Command {
	var from fromOptions
	c := &cobra.Command{
		Use:   "delete PHOTO...",
		Short: "Put photos into the trash, from where they can be restored",
		Long: `Put photos into the trash of the service. Their bytes stay there for a while,
30 days unless the service says otherwise; until then photos restore brings them
back. A local file is never touched.

A PHOTO is written as for photos describe, but without a terminal an ID must be
given whole.`,
		Example: `  photos delete 3f9a11c2
  photos list --search blurry --quiet | photos delete --from -`,
		Args: from.atLeastOneOr("PHOTO"),
		RunE: func(cmd *cobra.Command, args []string) error { return deletePhotos(cmd.Context(), e, args, from) },
	}
	from.flags(c, "PHOTOs")
	return c
}

func newRestore(e *env) *cobra.Command {
	var from fromOptions
	c := &cobra.Command{
		Use:   "restore PHOTO...",
		Short: "Take photos out of the trash",
		Long: `Take photos out of the trash. Uploading the same file again does so too.

A PHOTO is written as for photos describe.`,
		Example: `  photos list --trash
  photos restore 3f9a11c2`,
		Args: from.atLeastOneOr("PHOTO"),
		RunE: func(cmd *cobra.Command, args []string) error { return restorePhotos(cmd.Context(), e, args, from) },
	}
	from.flags(c, "PHOTOs")
	return c
}

func deletePhotos(ctx context.Context, e *env, args []string, from fromOptions) error {
	return changePhotos(ctx, e, args, from, inLibrary, func(c *client.Client, p photo.Photo) (photo.Photo, error) {
		p, err := c.Delete(ctx, p.ID)
		if err == nil {
			e.say("photos: %s is in the trash until %s; photos restore %s brings it back", printable(p.Name), showTime(p.PurgeAt), p.ID.Short())
		}
		return p, err
	})
}

func restorePhotos(ctx context.Context, e *env, args []string, from fromOptions) error {
	return changePhotos(ctx, e, args, from, inTrash, func(c *client.Client, p photo.Photo) (photo.Photo, error) {
		p, err := c.Restore(ctx, p.ID)
		if err == nil {
			e.say("photos: %s is back", printable(p.Name))
		}
		return p, err
	})
}

// place is where a photo is looked for.
type place int

const (
	inLibrary place = iota
	inTrash
)

// changePhotos applies change to every PHOTO among the live or the trashed ones
// and prints, for a pipe, the photos as they are then.
func changePhotos(ctx context.Context, e *env, args []string, from fromOptions, among place, change func(*client.Client, photo.Photo) (photo.Photo, error)) error {
	out, err := newPrinter(e, photoColumns(), photoJSON)
	if err != nil {
		return err
	}
	c, err := e.connect(ctx)
	if err != nil {
		return err
	}
	items, done, err := from.arguments(ctx, e, args)
	if err != nil {
		return err
	}
	defer done()
	err = eachItem(e, items, func(it listed) error {
		if among == inLibrary && !e.terminal.interactive() && photo.IsHex(it.Name) && len(it.Name) < 2*len(photo.ID{}) {
			return &photo.Error{Kind: photo.KindUsage, Msg: "without a terminal an ID must be given whole", Hint: "photos list --quiet prints whole IDs"}
		}
		p, err := findAmong(ctx, c, it.Name, among)
		if err != nil {
			return err
		}
		if p, err = change(c, p); err != nil {
			return err
		}
		if out.form == formTable {
			return nil // said in words already
		}
		return out.print(p)
	})
	if flushed := out.close(); err == nil {
		err = flushed
	}
	return err
}

// findAmong is findPhoto, or the same among the trashed photos.
func findAmong(ctx context.Context, c *client.Client, arg string, among place) (photo.Photo, error) {
	if among == inLibrary {
		return findPhoto(ctx, c, arg)
	}
	prefix := strings.ToLower(arg)
	if !photo.IsHex(arg) {
		id, err := fileID(ctx, arg)
		if err != nil {
			return photo.Photo{}, err
		}
		prefix = id.String()
	}
	p, err := findPrefix(ctx, c, prefix, photo.Filter{Trash: true})
	if photo.KindOf(err) == photo.KindNotFound {
		err = &photo.Error{Kind: photo.KindNotFound, Msg: "not in the trash", Hint: "photos list --trash shows what is"}
	}
	return p, err
}
