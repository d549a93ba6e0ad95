package main

import (
	"context"
	"iter"

	"github.com/spf13/cobra"

	"photos/internal/client"
	"photos/internal/filter"
	"photos/internal/photo"
	"photos/internal/transfer"
)

// wantedOptions say which photos a download or a copy transfers: those that are named, those that
// a filter finds, or all. They are found while the first ones are transferred.
type wantedOptions struct {
	from   fromOptions
	all    bool
	filter filterOptions
}

func (o *wantedOptions) flags(c *cobra.Command) {
	c.Flags().BoolVar(&o.all, "all", false, "all photos")
	o.filter.flags(c.Flags())
	o.from.flags(c, "PHOTOs")
}

// checkArgs accepts exactly one way to say which photos are meant.
func (o *wantedOptions) checkArgs(cmd *cobra.Command, args []string) error {
	named, filtered := len(args) > 0 || o.from.file != "", o.filter.narrows()
	switch {
	case named && (o.all || filtered):
		return &photo.Error{Kind: photo.KindUsage, Msg: "a PHOTO or --from cannot be combined with --all or a filter", Hint: "use two commands"}
	case o.all && filtered:
		return &photo.Error{Kind: photo.KindUsage, Msg: "--all cannot be combined with a filter", Hint: "leave --all out to " + cmd.Name() + " what the filter finds"}
	case o.all || filtered:
		return nil
	}
	return o.from.atLeastOneOr("PHOTO, --all or filter such as --search")(cmd, args)
}

// check refuses a filter that is not valid, or that asks for the trash.
func (o wantedOptions) check(e *env) error {
	f, err := o.filter.filter(e.now())
	if err != nil {
		return err
	}
	q, err := filter.Of(f)
	if err == nil && q.InTrash() {
		err = errInTrash()
	}
	return err
}

// open yields the photos, with their numbers. The list has those that were read but not begun when
// the run ended early.
func (o wantedOptions) open(ctx context.Context, e *env, c *client.Client, args []string) (iter.Seq[transfer.Wanted], *itemList, error) {
	f, err := o.filter.filter(e.now())
	if err != nil {
		return nil, nil, err
	}
	list, err := o.from.open(ctx, e, args)
	if err != nil {
		return nil, nil, err
	}
	wanted := findAll(ctx, c, list.all())
	if o.all || o.filter.narrows() {
		wanted = listAll(ctx, c, f, o.filter.limit)
	}
	return numbered(wanted, func(w *transfer.Wanted, n int) { w.Index = n }), list, nil
}

// findAll yields the photos that the items name.
func findAll(ctx context.Context, c *client.Client, items iter.Seq[listItem]) iter.Seq[transfer.Wanted] {
	return func(yield func(transfer.Wanted) bool) {
		for it := range items {
			w := transfer.Wanted{Name: it.Name, Err: it.Err}
			if w.Err == nil {
				w.Photo, w.Err = findPhoto(ctx, c, it.Name)
			}
			if !yield(w) {
				return
			}
		}
	}
}

// listAll yields the photos that pass the filter.
func listAll(ctx context.Context, c *client.Client, f photo.Filter, limit int) iter.Seq[transfer.Wanted] {
	return func(yield func(transfer.Wanted) bool) {
		for p, err := range c.List(ctx, f, limit) {
			if !yield(transfer.Wanted{Photo: p, Err: err}) {
				return
			}
		}
	}
}
