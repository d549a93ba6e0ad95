package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"photos/internal/client"
	"photos/internal/filter"
	"photos/internal/photo"
)

type emptyTrashOptions struct {
	olderThan string
	dryRun    bool
}

func newEmptyTrash(e *env) *cobra.Command {
	var o emptyTrashOptions
	c := &cobra.Command{
		Use:   "empty-trash",
		Short: "Remove the photos in the trash for good",
		Long: `Remove the photos in the trash, and their bytes, for good. Nothing brings them
back. Without this command, the service does the same when their time in the
trash is over. Local files are never touched.

You have to confirm it. --yes confirms.`,
		Example: `  photos list --trash
  photos empty-trash --older-than 7d --dry-run
  photos empty-trash`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("older-than") && photo.IsBlank(o.olderThan) {
				return emptyFlag("older-than")
			}
			return emptyTrash(cmd.Context(), e, o)
		},
	}
	c.Flags().StringVar(&o.olderThan, "older-than", "", "only photos that were deleted longer than this `time` ago: 12h, 7d")
	c.Flags().BoolVar(&o.dryRun, "dry-run", false, "say what would happen, and change nothing")
	return c
}

// find returns the photos in the trash that are to be removed.
func (o emptyTrashOptions) find(ctx context.Context, c *client.Client, now time.Time) ([]listItem, error) {
	age := time.Duration(0)
	if o.olderThan != "" {
		var err error
		if age, err = filter.ParseAge(o.olderThan, now); err != nil {
			return nil, fmt.Errorf("--older-than: %w", err)
		}
	}
	var found []listItem
	for p, err := range c.List(ctx, photo.Filter{Trash: true}, 0) {
		if err != nil {
			return nil, err
		}
		if age == 0 || now.Sub(p.TrashedAt) > age {
			found = append(found, listItem{Name: p.ID.String(), Photo: &p})
		}
	}
	return found, nil
}

func emptyTrash(ctx context.Context, e *env, o emptyTrashOptions) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	rep, err := newChangeReport(e, true, o.dryRun)
	if err != nil {
		return err
	}
	rep.stop, rep.refusalEnds = stop, true
	rep.sentence = func(p photo.Photo) string { return p.Name + " is removed" }
	if o.dryRun {
		rep.sentence = func(p photo.Photo) string { return p.Name + " would be removed" }
	}
	c, err := e.connectFor(run{outage: defaultWaitService})
	if err != nil {
		return err
	}
	found, err := o.find(ctx, c, e.now())
	if err != nil {
		return err
	}
	if len(found) > 0 && !o.dryRun && !e.set.Yes {
		question := fmt.Sprintf("remove %s in the trash for good?", count(len(found), "photo"))
		if err := e.Confirm(ctx, question, "--yes answers the question, --dry-run shows what would be removed"); err != nil {
			return err
		}
	}
	list := &itemList{items: slices.Values(found), stop: func() {}, finished: make(chan struct{})}
	rep.each(list, outcomePurged, func(it listItem) (photo.Photo, error) {
		if o.dryRun {
			return *it.Photo, nil
		}
		p, err := c.Purge(ctx, it.Photo.ID)
		if photo.KindOf(err) == photo.KindNotFound { // an earlier answer was lost, or the service removed it itself
			return *it.Photo, nil
		}
		return p, err
	})
	return rep.finish()
}
