package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"photos/internal/client"
	"photos/internal/photo"
)

// bulkOptions are those of delete and restore.
type bulkOptions struct {
	photos selection
	dryRun bool
}

func (o *bulkOptions) flags(c *cobra.Command) {
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "say what would happen, and change nothing")
	o.photos.flags(c, "PHOTOs")
}

func newDelete(e *env) *cobra.Command {
	var o bulkOptions
	c := &cobra.Command{
		Use:   "delete PHOTO... | --search WORDS...",
		Short: "Put photos into the trash, from where they can be restored",
		Long: `Put photos into the trash of the service. Their bytes stay there for a while,
30 days unless the service says otherwise; until then photos restore brings them
back. A local file is never touched.

On a terminal, the deletion of more than 10 photos must be confirmed, and
elsewhere that of more than 10 photos which a filter finds; --yes does so.

A PHOTO is written as for photos describe, but without a terminal an ID must be
given whole.`,
		Example: `  photos delete 3f9a11c2
  photos delete --search blurry --dry-run
  photos list --search blurry --quiet | photos delete --from -`,
		Args: func(cmd *cobra.Command, args []string) error { return o.photos.check(e, cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error { return deletePhotos(cmd.Context(), e, args, o) },
	}
	o.flags(c)
	return c
}

func newRestore(e *env) *cobra.Command {
	var o bulkOptions
	c := &cobra.Command{
		Use:   "restore PHOTO... | --search WORDS...",
		Short: "Take photos out of the trash",
		Long: `Take photos out of the trash. Uploading the same file again does so too.

A PHOTO is written as for photos describe.`,
		Example: `  photos list --trash
  photos restore 3f9a11c2`,
		Args: func(cmd *cobra.Command, args []string) error { return o.photos.check(e, cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error { return restorePhotos(cmd.Context(), e, args, o) },
	}
	o.flags(c)
	return c
}

// place is where a photo is looked for.
type place int

const (
	inLibrary place = iota
	inTrash
)

// move takes photos from one place to the other.
type move struct {
	from            place
	outcome         photo.Outcome
	call            func(*client.Client, context.Context, photo.ID) (photo.Photo, error)
	done, would     func(photo.Photo) string // what is said of the only photo
	remark          func(photo.Photo) string // what is said of several
	mustBeConfirmed bool
}

func deletePhotos(ctx context.Context, e *env, args []string, o bulkOptions) error {
	return movePhotos(ctx, e, args, o, move{
		from: inLibrary, outcome: outcomeDeleted, call: (*client.Client).Delete, mustBeConfirmed: true,
		done: func(p photo.Photo) string {
			return p.Name + " is in the trash until " + showTime(p.PurgeAt) + "; photos restore " + p.ID.Short() + " brings it back"
		},
		would:  func(p photo.Photo) string { return p.Name + " would be put into the trash" },
		remark: func(p photo.Photo) string { return "until " + showTime(p.PurgeAt) + " photos restore brings them back" },
	})
}

func restorePhotos(ctx context.Context, e *env, args []string, o bulkOptions) error {
	return movePhotos(ctx, e, args, o, move{
		from: inTrash, outcome: photo.OutcomeRestored, call: (*client.Client).Restore,
		done:  func(p photo.Photo) string { return p.Name + " is back" },
		would: func(p photo.Photo) string { return p.Name + " would be taken out of the trash" },
	})
}

// movePhotos moves every PHOTO that a call names and prints, for a pipe, the photos as
// they are then.
func movePhotos(ctx context.Context, e *env, args []string, o bulkOptions, m move) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	rep, err := newChanges(e, true, o.dryRun)
	if err != nil {
		return err
	}
	rep.stop, rep.sentence, rep.remark = stop, m.done, m.remark
	if o.dryRun {
		rep.sentence = m.would
	}
	c, err := e.connect()
	if err != nil {
		return err
	}
	list, err := o.photos.open(ctx, e, c, args, m.from)
	if err != nil {
		return err
	}
	defer list.close()
	if m.mustBeConfirmed && !o.dryRun {
		if err := o.confirmDeletion(ctx, e, list); err != nil {
			return err
		}
	}
	rep.each(list, m.outcome, func(it listed) (photo.Photo, error) {
		if err := wholeID(e, it.Name, m.from); err != nil {
			return photo.Photo{}, err
		}
		p, err := it.find(ctx, c, m.from)
		if err != nil || o.dryRun {
			return p, err
		}
		return m.call(c, ctx, p.ID)
	})
	return rep.finish()
}

// wholeID refuses the beginning of an ID where a script could delete by it.
func wholeID(e *env, name string, among place) error {
	if among == inLibrary && !e.Interactive() && photo.IsHex(name) && len(name) < 2*len(photo.ID{}) {
		return &photo.Error{Kind: photo.KindUsage, Msg: "without a terminal an ID must be given whole", Hint: "photos list --quiet prints whole IDs"}
	}
	return nil
}

// confirmAbove is how many photos are deleted without a question.
const confirmAbove = 10

// confirmDeletion asks before many photos are deleted: a person at a terminal, and in a
// script, which cannot answer, only when a filter chose the photos.
func (o bulkOptions) confirmDeletion(ctx context.Context, e *env, list *itemList) error {
	filtered := o.photos.filter.narrows()
	if e.set.Yes || !filtered && (!e.Interactive() || o.photos.from.file == "-") {
		return nil
	}
	n := len(list.collect())
	if n <= confirmAbove {
		return nil
	}
	return e.Confirm(ctx, fmt.Sprintf("put %d photos into the trash?", n), "--yes answers the question, --dry-run shows what would be deleted")
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
