package main

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/transfer"
)

// uploadShare is upload --share: it shares what a run uploads, or finds stored already.
type uploadShare struct {
	on      bool
	expires string
	given   func(flag string) bool

	ends   time.Time // what expires means
	stored []transfer.Record
}

func (s *uploadShare) flags(f *pflag.FlagSet) {
	s.given = f.Changed
	f.BoolVar(&s.on, "share", false, "make a link to the photos, and print only its address")
	f.StringVar(&s.expires, "expires", usualExpiry, "with --share: `time` at which the link ends")
}

// check reads the options, and refuses those that make no sense.
func (s *uploadShare) check(o uploadOptions, now time.Time) (err error) {
	switch {
	case !s.on && s.given("expires"):
		return badUsage("--expires needs --share", "")
	case s.on && o.dryRun:
		return badUsage("--share and --dry-run cannot be combined", "")
	case s.on && o.watching.watch:
		return badUsage("--share and --watch cannot be combined", "")
	case s.on && o.retry != "":
		return badUsage("--share and --retry-failed cannot be combined", "photos share makes a link to photos that are stored")
	}
	s.ends, err = parseExpiry(s.on, s.expires, now)
	return err
}

// prepare finds out whether the caller may share photos, before the first one is sent. Then it collects
// what is stored.
func (s *uploadShare) prepare(ctx context.Context, c *client.Client, rep *transferReport) error {
	if !s.on {
		return nil
	}
	if _, err := c.Shares(ctx); err != nil {
		return err
	}
	rep.silent = !rep.e.set.JSON
	rep.note = func(r transfer.Record) {
		if r.Err == nil && !r.ID.IsZero() && r.Outcome != photo.OutcomePending && r.Outcome != photo.OutcomeSkipped {
			s.stored = append(s.stored, r)
		}
	}
	return nil
}

// finish makes the link, unless the upload has failed in part: the link would lack photos.
func (s *uploadShare) finish(ctx context.Context, e *env, c *client.Client, uploaded error) error {
	if !s.on {
		return uploaded
	}
	if uploaded != nil {
		e.Say("photos: no link was made, because not everything was uploaded; the same command tries again")
		return uploaded
	}
	slices.SortStableFunc(s.stored, func(a, b transfer.Record) int { return cmp.Compare(a.Index, b.Index) })
	var ids []photo.ID
	seen := map[photo.ID]bool{}
	for _, r := range s.stored {
		if !seen[r.ID] {
			seen[r.ID] = true
			ids = append(ids, r.ID)
		}
	}
	if err := checkShared(len(ids)); err != nil {
		return err
	}
	return makeShare(ctx, e, c, api.NewShare{Photos: ids, ExpiresAt: s.ends})
}
