package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"photos/internal/client"
	"photos/internal/photo"
)

// bulkOptions are the options of delete and restore.
type bulkOptions struct {
	photos selection
	dryRun bool
}

func (o *bulkOptions) flags(c *cobra.Command) {
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "say what would happen, and change nothing")
	o.photos.flags(c, "PHOTOs")
}

// bulkAction is what a command does with each photo.
type bulkAction struct {
	outcome         photo.Outcome
	call            func(*client.Client, context.Context, photo.ID) (photo.Photo, error)
	done, would     func(photo.Photo) string // the message about the only photo
	remark          func(photo.Photo) string // the message about several
	mustBeConfirmed bool
}

// changeAll does an action with every PHOTO that a call names. Into a pipe it prints the
// photos as they are then.
func changeAll(ctx context.Context, e *env, args []string, o bulkOptions, m bulkAction) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	rep, err := newChangeReport(e, true, o.dryRun)
	if err != nil {
		return err
	}
	rep.stop, rep.sentence, rep.remark, rep.refusalEnds = stop, m.done, m.remark, true
	if o.dryRun {
		rep.sentence = m.would
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
	if m.mustBeConfirmed && !o.dryRun {
		if err := o.confirmDeletion(ctx, e, list); err != nil {
			return err
		}
	}
	rep.each(list, m.outcome, func(it listItem) (photo.Photo, error) {
		if err := wholeID(e, it.Name, o.photos.set); err != nil {
			return photo.Photo{}, err
		}
		p, err := it.find(ctx, c, o.photos.set)
		if err != nil || o.dryRun {
			return p, err
		}
		return m.call(c, ctx, p.ID)
	})
	return rep.finish()
}

// wholeID refuses the first digits of an ID where a script would delete a photo by them.
func wholeID(e *env, name string, set photoSet) error {
	if set == livePhotos && !e.Interactive() && photo.IsHex(name) && len(name) < 2*len(photo.ID{}) {
		return &photo.Error{Kind: photo.KindUsage, Msg: "without a terminal an ID needs all 64 digits", Hint: "photos list --quiet prints whole IDs"}
	}
	return nil
}

// confirmAbove is how many photos are deleted without a question.
const confirmAbove = 10

// confirmDeletion asks before many photos are deleted. A script cannot answer, so there it
// asks only when a filter chose the photos.
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
