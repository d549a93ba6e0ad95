package main

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"

	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/sidecar"
	"photos/internal/transfer"
)

// uploadRun is what one call of upload works with.
type uploadRun struct {
	uploadOptions
	e       *env
	client  *client.Client
	rep     *transferReport
	digests digestCache
	after   followUp
	tidier  *tidier // nil: local files stay
	ends    []func()
}

// start prepares a call. close must be called in the end.
func (o uploadOptions) start(ctx context.Context, e *env, args []string) (*uploadRun, error) {
	u := &uploadRun{uploadOptions: o, e: e}
	if err := u.prepare(ctx, args); err != nil {
		u.close()
		return nil, err
	}
	return u, nil
}

func (u *uploadRun) prepare(ctx context.Context, args []string) (err error) {
	e, o := u.e, u.uploadOptions
	if u.rep, err = newTransferReport(e, o.dryRun); err != nil {
		return err
	}
	u.rep.order = newInOrder(o.keepOrder, func(r transfer.Record) int { return r.Index })
	outage := o.wait.of(o.many(args))
	if o.watching.watch && !o.wait.given() {
		outage = endless
	}
	if u.client, err = e.connectFor(run{rate: o.rate, outage: outage}); err != nil {
		return err
	}
	if err := u.planCaptions(); err != nil {
		return err
	}
	if err := u.planRemovals(ctx); err != nil {
		return err
	}
	if u.rep.journal, err = openJournal(o.journal); err != nil {
		return err
	}
	u.digests = openDigestCache(e)
	return nil
}

func (u *uploadRun) close() {
	for _, end := range u.ends {
		end()
	}
}

// planCaptions adds the command that describes photos.
func (u *uploadRun) planCaptions() error {
	if !u.caption.wanted() {
		return nil
	}
	command, end, err := u.caption.start()
	if err != nil {
		return err
	}
	u.ends = append(u.ends, end)
	if u.dryRun {
		return nil // the command is valid, and is not run
	}
	command.client, command.overwrite = u.client, u.ifExists == string(transfer.Replace)
	u.after.add(u.caption.jobs, func(ctx context.Context, r transfer.Record) transfer.Record {
		if r.Outcome == photo.OutcomeExists && u.ifExists == string(transfer.Skip) {
			return r
		}
		return command.describeUploaded(ctx, r)
	})
	return nil
}

// removals is how many local files are read again at a time, before they go.
const removals = 16

// planRemovals adds the removal of local files.
func (u *uploadRun) planRemovals(ctx context.Context) (err error) {
	if !u.removal.wanted() {
		return nil
	}
	if u.tidier, err = u.removal.start(ctx, u.e, u.client, u.dryRun); err != nil {
		return err
	}
	u.ends = append(u.ends, u.tidier.close)
	u.after.add(removals, u.tidier.remove)
	return nil
}

// transfer uploads items, and calls each with their records.
func (u *uploadRun) transfer(ctx context.Context, items iter.Seq[transfer.Item], sidecars *sidecar.Finder, each func(transfer.Record)) (transfer.Summary, error) {
	bars := newProgress(ctx, u.e)
	defer bars.Stop()
	defer u.digests.flush()
	items = numbered(items, func(i *transfer.Item, n int) { i.Index = n })
	sum, err := u.after.run(ctx, func(ctx context.Context, each func(transfer.Record)) (transfer.Summary, error) {
		return transfer.Upload(ctx, u.client, items, transfer.Options{
			Jobs: u.jobs, IfExists: transfer.IfExists(u.ifExists), DryRun: u.dryRun, MaxErrors: u.maxErrors,
			Progress: bars, Digests: u.digests, Sidecars: sidecars,
		}, each)
	}, each)
	if err == nil && ctx.Err() != nil { // the list of items ended early because of it
		err = ctx.Err()
	}
	return sum, err
}

// end says what the run did, and returns the error of the call.
func (u *uploadRun) end(ctx context.Context, sum transfer.Summary, err error) error {
	var tidied error
	if u.tidier != nil {
		tidied = u.tidier.finish(ctx, u.rep.removed)
		warnArchives(u.e, slices.Sorted(maps.Keys(u.rep.archives)))
	}
	return cmp.Or(u.rep.end(sum, err), tidied)
}
