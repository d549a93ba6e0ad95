package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/transfer"
)

type copyOptions struct {
	photos    wantedOptions
	to        string
	jobs      int
	bwlimit   string
	dryRun    bool
	keepOrder bool
	wait      waitService
}

func newCopy(e *env) *cobra.Command {
	var o copyOptions
	c := &cobra.Command{
		Use:   "copy --to PROFILE PHOTO... | --all | --search FILTER",
		Short: "Copy photos to another service or account",
		Long: `Copy photos from the service of the selected profile to that of another profile:
the photos that you name, those that --search and the other filters find, or
--all. Names, dates, positions, folders, tags and descriptions go with them, and
so do earlier descriptions, without the times at which they were set.

The bytes are not stored on this machine. They are verified against the photo's
ID here and at the other service. What is there already is not sent again, so
you can repeat a copy, for example after an interruption or every night.

A photo that the other account has keeps its description there, unless that is
an earlier one of the photo. It gets the tags, the folder and the date that it
does not have yet. Nothing is removed or erased there. A photo in the trash of
the other account is not copied.`,
		Example: `  photos login https://photos.example.net --profile family
  photos copy --all --to family --dry-run
  photos copy --search tag:family --to family
  photos copy 3f9a11c2 --profile family --to default`,
		Args: o.photos.checkArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if e.set.Jobs > 0 && !cmd.Flags().Changed("jobs") {
				o.jobs = e.set.Jobs
			}
			if !cmd.Flags().Changed("bwlimit") {
				o.bwlimit = e.set.BWLimit
			}
			return copyPhotos(cmd.Context(), e, args, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.to, "to", "", "copy to the service and account of this `profile`")
	o.photos.flags(c)
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would happen, and change nothing")
	f.BoolVar(&o.keepOrder, "keep-order", false, "print the results in the order of the photos")
	f.IntVar(&o.jobs, "jobs", transfer.DefaultCopyJobs, "copy this `number` of photos at a time")
	f.StringVar(&o.bwlimit, "bwlimit", "", "send at most this many `bytes` per second: 500k, 5M or 5MiB")
	o.wait.addFlag(f)
	return c
}

func (o copyOptions) check(e *env) error {
	if o.to == "" {
		return badUsage("copy: no --to given", "--to PROFILE names the profile to copy to; photos profile list shows them")
	}
	if o.jobs < 1 || o.jobs > maxJobs {
		return badUsage(fmt.Sprintf("--jobs must be from 1 to %d", maxJobs), "")
	}
	if err := o.wait.check(); err != nil {
		return err
	}
	return o.photos.check(e)
}

func copyPhotos(ctx context.Context, e *env, args []string, o copyOptions) error {
	if err := o.check(e); err != nil {
		return err
	}
	rep, err := newTransferReport(e, o.dryRun)
	if err != nil {
		return err
	}
	rep.noun, rep.silent = "photo", e.set.Quiet && !e.set.JSON
	from, to, err := o.connect(ctx, e, len(args) != 1)
	if err != nil {
		return err
	}
	wanted, list, err := o.photos.open(ctx, e, from, args)
	if err != nil {
		return err
	}
	defer list.close()
	bars := newProgress(ctx, e)
	rep.order = newInOrder(o.keepOrder, func(r transfer.Record) int { return r.Index })
	sum, err := transfer.Copy(ctx, from, to, wanted, transfer.CopyOptions{Jobs: o.jobs, DryRun: o.dryRun, Progress: bars, To: o.to}, rep.record)
	if err != nil {
		rep.addPending(&sum, list.rest())
	}
	rep.flush()
	bars.Stop()
	if n := sum.Outcomes[photo.OutcomeSkipped]; n > 0 {
		e.Warn("%s in the trash of %s, and not copied", countWere(n, "photo"), o.to)
		e.Hint("photos list --trash --profile %s shows them, and photos restore brings them back", o.to)
	}
	return rep.end(sum, err)
}

// countWere returns "1 photo was" or "2 photos were".
func countWere(n int, thing string) string {
	if n == 1 {
		return "1 " + thing + " was"
	}
	return count(n, thing) + " were"
}

// connect returns the clients of both services. It refuses to copy from an account to itself.
func (o copyOptions) connect(ctx context.Context, e *env, many bool) (from, to *client.Client, err error) {
	rate, err := parseRate(o.bwlimit)
	if err != nil {
		return nil, nil, fmt.Errorf("--bwlimit: %w", err)
	}
	target, err := e.profiles().named(o.to, "")
	if err != nil {
		return nil, nil, fmt.Errorf("--to: %w", err)
	}
	r := run{outage: o.wait.of(many)}
	if from, err = e.connectFor(r); err != nil {
		return nil, nil, err
	}
	r.rate = rate
	if to, err = e.connectProfile(target, r); err != nil {
		return nil, nil, fmt.Errorf("--to %s: %w", o.to, err)
	}
	source, err := from.Me(ctx)
	if err != nil {
		return nil, nil, err
	}
	there, err := to.Me(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("--to %s: %w", o.to, err)
	}
	if source.Owner == there.Owner { // an owner is a random UUID, so it is the same service too
		return nil, nil, badUsage("the profile "+o.to+" is the account that the photos are copied from", "--profile selects the account to copy from, and --to the one to copy to")
	}
	return from, to, nil
}
