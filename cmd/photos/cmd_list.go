package main

import (
	"cmp"
	"context"
	"iter"

	"github.com/spf13/cobra"

	"photos/internal/photo"
)

func newList(e *env) *cobra.Command {
	var o filterOptions
	var trash, wide, thumbs bool
	var order sortOptions
	var similar similarOptions
	var changes followOptions
	c := &cobra.Command{
		Use:   "list",
		Short: "List your photos, the last uploaded first",
		Long: `List your photos, the last uploaded first. --by taken sorts by the date taken.

A terminal gets a table, and a pager if the table is longer than the screen. A
pipe gets one line per photo, separated by tabs:
id, taken_at, uploaded_at, bytes, name, description.

--search takes a filter: words that must all occur in the description, a tag or
the name, "phrases", -words that must not occur, and keys:

  tag:iceland folder:2024/trip  taken:2024-07..2024-08   size:>5M
  camera:nikon lens:35mm        uploaded:7d              ext:raf
  type:photo|video|raw          is:described|undescribed|trashed
  has:description|position|date|camera|tag|folder        near:48.1,11.5,20km

Case and accents do not matter. A - before a key excludes. Example:
'"golden hour" -blurry taken:2024'. photos help filters has more.

--sort takes any field. Times and numbers are sorted with the largest first.
--sort finds all photos before it prints the first one. --limit then takes the
first ones in the new order.

--follow prints each photo that is uploaded, changed, restored or deleted from
now on, until Ctrl-C. The column change says what happened. While the service is
away, --follow waits. Each line of --json has a cursor, and --after CURSOR
continues from there. --after start begins with all photos.

--since and --until take a year, a month or a day (2026, 2026-05, 2026-05-31,
today, yesterday), a local time (2026-05-31T18:00), a time with its offset
(2026-05-31T18:00:00+02:00), or an age (7d, 12h). With --by taken, a photo whose
camera recorded no offset from UTC is compared by the date and time it shows.
Any other photo is compared by the instant, in your time zone.`,
		Example: `  photos list --search "bay sunset" --limit 10
  photos list --search 'camera:nikon taken:2024-07..2024-08 -blurry'
  photos list --since 2026-05 --by taken
  photos list --sort size --limit 10
  photos list --undescribed --quiet
  photos list --similar beach.jpg
  photos list --json | jq -r .name
  photos list --follow --json >>changes.jsonl`,
		Args: changes.check,
		RunE: func(cmd *cobra.Command, _ []string) error {
			e.set.wide = wide
			if changes.follow {
				return follow(cmd.Context(), e, changes)
			}
			if err := similar.check(); err != nil {
				return err
			}
			if thumbs {
				if err := checkThumbs(e, cmd.Flags().Changed); err != nil {
					return err
				}
			} else {
				defer e.page()()
			}
			if similar.to != "" {
				return listSimilar(cmd.Context(), e, similar, o.limit, thumbs)
			}
			return list(cmd.Context(), e, o, order, listForm{trash: trash, thumbs: thumbs})
		},
	}
	o.flags(c.Flags())
	changes.flags(c)
	c.Flags().BoolVar(&trash, "trash", false, "only photos in the trash, instead of the others")
	c.Flags().StringVar(&order.field, "sort", "", "sort by this `field`: taken, uploaded, size, name, ...")
	c.Flags().BoolVar(&order.reverse, "reverse", false, "reverse the order")
	similar.flags(c)
	c.Flags().BoolVar(&thumbs, "thumbs", false, "draw small pictures in the terminal instead of a table")
	c.Flags().BoolP("null", "0", false, "results end with a NUL byte, for xargs -0")
	c.Flags().BoolVar(&wide, "wide", false, "in a table, more columns and whole values")
	return c
}

// listForm says what a list shows of the photos.
type listForm struct {
	trash  bool // photos in the trash
	thumbs bool // small pictures
}

func list(ctx context.Context, e *env, o filterOptions, order sortOptions, form listForm) error {
	filter, err := o.filter(e.now())
	if err != nil {
		return err
	}
	if err := order.check(); err != nil {
		return err
	}
	filter.Trash = form.trash
	columns := photoColumns()
	if form.trash {
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
	photos := c.List(ctx, filter, o.limit)
	if order.given() {
		photos = sorted(c.List(ctx, filter, 0), order, o.limit)
	}
	if form.thumbs {
		return listThumbs(ctx, e, c, photos)
	}
	for p, err := range photos {
		if err == nil {
			err = out.Print(p)
		}
		if err != nil {
			return cmp.Or(err, out.Close())
		}
	}
	if out.Empty() {
		e.Say("photos: %s", nothingFound(form.trash, o.narrows()))
	}
	return out.Close()
}

// nothingFound says that a list is empty, and in which way.
func nothingFound(trash, filtered bool) string {
	switch {
	case filtered:
		return "no photo passes the filter"
	case trash:
		return "the trash is empty"
	}
	return "there are no photos yet; photos upload FILE adds one"
}

// sorted collects all photos and yields them in another order, at most limit of them.
func sorted(all iter.Seq2[photo.Photo, error], order sortOptions, limit int) iter.Seq2[photo.Photo, error] {
	return func(yield func(photo.Photo, error) bool) {
		var found []photo.Photo
		for p, err := range all {
			if err != nil {
				yield(photo.Photo{}, err)
				return
			}
			found = append(found, p)
		}
		if err := order.sort(found); err != nil {
			yield(photo.Photo{}, err)
			return
		}
		if limit > 0 && limit < len(found) {
			found = found[:limit]
		}
		for _, p := range found {
			if !yield(p, nil) {
				return
			}
		}
	}
}
