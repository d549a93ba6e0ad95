package main

import (
	"context"

	"github.com/spf13/cobra"
)

func newList(e *env) *cobra.Command {
	var o filterOptions
	var trash, wide bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List your photos, newest first",
		Long: `List your photos, newest first.

A terminal gets a table, and a pager if the table is longer than the screen. A
pipe gets one line per photo, separated by tabs:
id, taken_at, uploaded_at, bytes, name, description.

--since and --until take a year, a month or a day (2026, 2026-05, 2026-05-31,
today, yesterday), a local time (2026-05-31T18:00), a time with its offset
(2026-05-31T18:00:00+02:00), or an age (7d, 12h). With --by taken, a photo whose
camera recorded no offset from UTC is compared by the date and time it shows,
and any other photo by the instant, in your time zone.`,
		Example: `  photos list --search "bay sunset" --limit 10
  photos list --since 2026-05 --by taken
  photos list --undescribed --quiet
  photos list --json | jq -r .name`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e.set.wide = wide
			defer e.page()()
			return list(cmd.Context(), e, o, trash)
		},
	}
	o.flags(c.Flags())
	c.Flags().BoolVar(&trash, "trash", false, "only photos in the trash, instead of the others")
	c.Flags().BoolVar(&wide, "wide", false, "in a table, more columns and whole values")
	return c
}

func list(ctx context.Context, e *env, o filterOptions, trash bool) error {
	filter, err := o.filter(e.now())
	if err != nil {
		return err
	}
	filter.Trash = trash
	columns := photoColumns()
	if trash {
		columns = trashColumns()
	}
	out, err := newPrinter(e, columns, photoJSON)
	if err != nil {
		return err
	}
	c, err := e.connect()
	if err != nil {
		return err
	}
	for p, err := range c.List(ctx, filter, o.limit) {
		if err == nil {
			err = out.Print(p)
		}
		if err != nil {
			out.Close() //nolint:errcheck // the first error is returned
			return err
		}
	}
	return out.Close()
}
