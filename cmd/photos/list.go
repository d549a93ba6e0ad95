package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"photos/internal/photo"
)

// filterOptions say which photos a command means.
type filterOptions struct {
	search, since, until, by string
	limit                    int
	undescribed              bool

	given func(flag string) bool // whether the call has the flag, be its value empty
}

func (o *filterOptions) flags(f *pflag.FlagSet) {
	o.given = f.Changed
	f.StringVar(&o.search, "search", "", "only photos whose name or description has all these `words`")
	f.StringVar(&o.since, "since", "", "only from this `time` on: 2026-05-31, 2026-05, today, 7d, ...")
	f.StringVar(&o.until, "until", "", "only before the end of this `time`, written as for --since")
	f.StringVar(&o.by, "by", "uploaded", "sort and bound by `uploaded` or taken")
	f.IntVar(&o.limit, "limit", 0, "at most this `number` of photos; 0: all")
	f.BoolVar(&o.undescribed, "undescribed", false, "only photos without a description")
}

func newList(e *env) *cobra.Command {
	var o filterOptions
	var trash bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List your photos, newest first",
		Long: `List your photos, newest first.

On a terminal a table; in a pipe one line a photo, tab-separated:
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
		RunE: func(cmd *cobra.Command, _ []string) error { return list(cmd.Context(), e, o, trash) },
	}
	o.flags(c.Flags())
	c.Flags().BoolVar(&trash, "trash", false, "only photos in the trash, instead of the others")
	return c
}

func list(ctx context.Context, e *env, o filterOptions, trash bool) error {
	filter, err := o.filter(e.now())
	if err != nil {
		return err
	}
	filter.Trash = trash
	out, err := newPrinter(e, photoColumns(), photoJSON)
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
			out.Close() //nolint:errcheck // the first error is the one to tell
			return err
		}
	}
	return out.Close()
}

// filter reads the options; now is what "7d" counts from.
func (o filterOptions) filter(now time.Time) (photo.Filter, error) {
	f := photo.Filter{Search: o.search, By: photo.Order(o.by), Undescribed: o.undescribed}
	if f.By != photo.ByUploaded && f.By != photo.ByTaken {
		return f, &photo.Error{Kind: photo.KindUsage, Msg: "--by " + quote(o.by), Hint: "it is uploaded or taken"}
	}
	if o.limit < 0 {
		return f, &photo.Error{Kind: photo.KindUsage, Msg: "--limit must not be negative", Hint: "0 lists all"}
	}
	if err := o.refuseBlank(); err != nil {
		return f, err
	}
	var err error
	if o.since != "" {
		if f.Since, _, err = parseWhen(o.since, now); err != nil {
			return f, fmt.Errorf("--since: %w", err)
		}
	}
	if o.until != "" {
		if _, f.Until, err = parseWhen(o.until, now); err != nil {
			return f, fmt.Errorf("--until: %w", err)
		}
	}
	return f, nil
}

// narrows reports whether the options leave photos out.
func (o filterOptions) narrows() bool {
	return o.given("search") || o.given("since") || o.given("until") || o.limit != 0 || o.undescribed
}

// refuseBlank returns an error for a filter that is given but blank, as an unset
// variable in a script makes it: it must not mean all photos.
func (o filterOptions) refuseBlank() error {
	for _, f := range []struct{ flag, value string }{{"search", o.search}, {"since", o.since}, {"until", o.until}} {
		if o.given(f.flag) && photo.IsBlank(f.value) {
			return emptyFlag(f.flag)
		}
	}
	return nil
}

func emptyFlag(name string) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: "--" + name + " is empty", Hint: "leave it out if it should not filter"}
}
