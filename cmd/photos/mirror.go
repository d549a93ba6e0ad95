package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/transfer"
)

// mirrorOptions are the flags of download --mirror.
type mirrorOptions struct {
	on        bool
	maxDelete int // negative: the user did not say
}

func (o *mirrorOptions) flags(f *pflag.FlagSet) {
	f.BoolVar(&o.on, "mirror", false, "also remove from the folder what the service does not have any more")
	f.IntVar(&o.maxDelete, "max-delete", -1, "let --mirror remove this `number` of files; otherwise 100 and a tenth of all")
	f.Lookup("max-delete").DefValue = ""
}

// check refuses what cannot be combined with --mirror.
func (o mirrorOptions) check(cmd *cobra.Command, args []string, d downloadOptions) error {
	given := cmd.Flags().Changed
	switch {
	case !o.on && given("max-delete"):
		return badUsage("--max-delete needs --mirror", "")
	case !o.on:
		return nil
	case len(args) > 0 || d.photos.from.file != "":
		return badUsage("a PHOTO or --from cannot be combined with --mirror", "a mirror is of all photos, or of those that --search and the other filters find")
	case d.photos.filter.limit != 0:
		return badUsage("--limit cannot be combined with --mirror", "a mirror needs the whole list")
	case d.size != 0:
		return badUsage("--size cannot be combined with --mirror", "a mirror is of the photos themselves")
	case !given("output") || d.out == "-":
		return badUsage("--mirror needs -o with a folder", "-o DIR is the folder in which files may be removed")
	case given("max-delete") && o.maxDelete < 0:
		return badUsage("--max-delete must not be negative", "0 removes nothing")
	}
	return nil
}

// openMirror opens the folder as a mirror of the account, or returns nil without --mirror.
func (o downloadOptions) openMirror(ctx context.Context, c *client.Client, dir string) (*transfer.Mirror, error) {
	if !o.mirror.on {
		return nil, nil
	}
	me, err := c.Me(ctx)
	if err != nil {
		return nil, err
	}
	of := transfer.MirrorOf{Server: c.Server(), Owner: me.Owner, Filter: o.photos.filter.String()}
	return transfer.OpenMirror(dir, of, o.mirror.maxDelete >= 0, o.dryRun)
}

// removeRest removes the files of photos that the service does not have any more.
func (o downloadOptions) removeRest(ctx context.Context, e *env, c *client.Client, m *transfer.Mirror, each func(transfer.Record)) error {
	f, err := o.photos.filter.filter(e.now())
	if err != nil {
		return err
	}
	var kept int
	var first string
	err = m.Remove(ctx, transfer.Removal{
		Most: o.mirror.maxDelete, Now: e.now(),
		Gone: func(ctx context.Context, id photo.ID) (bool, error) { return isGone(ctx, c, f, id) },
	}, func(r transfer.Record) {
		if r.Outcome == photo.OutcomeSkipped {
			if kept++; kept == 1 {
				first = r.Path
			}
		}
		each(r)
	})
	if kept == 1 {
		e.Warn("%s was changed by somebody else and stays", first)
	} else if kept > 1 {
		e.Warn("%d files were changed by somebody else and stay, such as %s", kept, first)
	}
	return err
}

// isGone asks the service again whether a filter does not find a photo.
func isGone(ctx context.Context, c *client.Client, f photo.Filter, id photo.ID) (bool, error) {
	f.IDPrefix = id.String()
	for _, err := range c.List(ctx, f, 1) {
		if err != nil {
			return false, fmt.Errorf("ask again for photo %s: %w", id.Short(), err)
		}
		return false, nil
	}
	return true, nil
}
