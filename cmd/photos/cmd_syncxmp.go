package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"github.com/spf13/cobra"

	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/term"
	"photos/internal/transfer"
	"photos/internal/xmpsync"
)

type syncXMPOptions struct {
	prefer string
	dryRun bool
}

func newSyncXMP(e *env) *cobra.Command {
	var o syncXMPOptions
	c := &cobra.Command{
		Use:   "sync-xmp PATH...",
		Short: "Keep descriptions, tags and dates equal in XMP sidecars",
		Long: `Keep descriptions, tags, dates and positions equal on the service and in XMP
sidecars, which Lightroom, darktable, digiKam and exiftool read and write.

A value that changed on one side since the last run is copied to the other
side. A value that changed on both sides is a conflict: it is printed, and both
sides keep theirs until --prefer decides. So is a value that differs the first
time a photo is seen. Tags are merged.

Only these values are changed in a sidecar: everything else keeps its bytes. A
sidecar that is missing, empty or unreadable erases nothing on the service.

The sidecar of IMG.JPG is IMG.JPG.xmp, or IMG.xmp if that belongs to no other
photo. A new one is named IMG.JPG.xmp. Nothing is uploaded: photos that the
service does not have are counted.`,
		Example: `  photos sync-xmp --dry-run ~/Pictures
  photos sync-xmp ~/Pictures
  photos sync-xmp --prefer local ~/Pictures/2024`,
		Args: atLeastOne("PATH"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.prefer != "" && o.prefer != string(xmpsync.Local) && o.prefer != string(xmpsync.Service) {
				return badUsage("--prefer: "+quote(o.prefer)+" is not a side", "it is local or service")
			}
			return syncXMP(cmd.Context(), e, args, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.prefer, "prefer", "", "settle conflicts: this `side` wins, local or service")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would happen, and change nothing")
	return c
}

func syncXMP(ctx context.Context, e *env, args []string, o syncXMPOptions) error {
	rep, err := newSyncReport(e, o.dryRun)
	if err != nil {
		return err
	}
	c, err := e.connect()
	if err != nil {
		return err
	}
	dir := filepath.Join(e.set.stateDir(), "sync-xmp")
	unlock, err := lockSync(dir)
	if err != nil {
		return err
	}
	defer unlock()
	account, err := accountOf(ctx, c)
	if err != nil {
		return err
	}
	files, err := rep.identify(ctx, e, args)
	if err != nil {
		return err
	}
	sum, err := xmpsync.Run(ctx, c, files, xmpsync.Options{Account: account, StateDir: dir, Prefer: xmpsync.Side(o.prefer), DryRun: o.dryRun}, rep.add)
	return rep.end(sum, err)
}

// accountOf returns a name of the signed-in account that no other account of any service has.
func accountOf(ctx context.Context, c *client.Client) (string, error) {
	me, err := c.Me(ctx)
	if err != nil {
		return "", err
	}
	return c.Server() + " " + me.Owner, nil
}

// lockSync lets one sync run at a time, because two would change the same sidecars.
func lockSync(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, about(dir, fileError(dir, err))
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	got, err := lock.TryLock()
	if err != nil {
		return nil, about(dir, fileError(dir, err))
	}
	if !got {
		return nil, &photo.Error{Kind: photo.KindConflict, Msg: "another photos sync-xmp is running", Hint: "wait until it is done"}
	}
	return func() { _ = lock.Close() }, nil
}

// syncReport prints the changes of a sync, and a summary.
type syncReport struct {
	e       *env
	out     *term.Printer[xmpsync.Change]
	dry     bool
	tally   tally
	printed error // the first failure to print
}

func newSyncReport(e *env, dry bool) (*syncReport, error) {
	out, err := newPrinter(e, syncColumns(), func(c xmpsync.Change) any { return newSyncRecord(c, dry) })
	if err != nil {
		return nil, err
	}
	return &syncReport{e: e, out: out, dry: dry, tally: tally{console: e.Console}}, nil
}

// syncRecord is a line of sync-xmp --json.
type syncRecord struct {
	Path    string          `json:"path"`
	Sidecar string          `json:"sidecar,omitempty"`
	ID      string          `json:"id,omitempty"`
	Field   xmpsync.Field   `json:"field,omitempty"`
	Outcome xmpsync.Outcome `json:"outcome"`
	Local   string          `json:"local,omitempty"`   // the value in the sidecar before
	Service string          `json:"service,omitempty"` // the value of the service before
	DryRun  bool            `json:"dry_run,omitempty"`
	Error   *errorRecord    `json:"error,omitempty"`
}

func newSyncRecord(c xmpsync.Change, dry bool) syncRecord {
	out := syncRecord{Path: c.Path, Sidecar: c.Sidecar, Field: c.Field, Outcome: c.Outcome, Local: c.Local, Service: c.Service, DryRun: dry}
	if !c.ID.IsZero() {
		out.ID = c.ID.String()
	}
	if c.Err != nil {
		out.Error = newErrorRecord(c.Err)
	}
	return out
}

func syncColumns() []term.Column[xmpsync.Change] {
	return []term.Column[xmpsync.Change]{
		{Name: "outcome", Text: func(c xmpsync.Change) string { return string(c.Outcome) }, Tint: func(c xmpsync.Change) term.Tint { return syncTint(c.Outcome) }, Least: len(xmpsync.Conflict)},
		{Name: "field", Text: func(c xmpsync.Change) string { return string(c.Field) }, Least: len(xmpsync.Description)},
		{Name: "path", Text: func(c xmpsync.Change) string { return c.Path }, Share: 1, Cut: term.KeepEnd},
		{Name: "local", Text: func(c xmpsync.Change) string { return c.Local }, Share: 1},
		{Name: "service", Text: func(c xmpsync.Change) string { return c.Service }, Share: 1},
		{Name: "sidecar", Extra: true, Text: func(c xmpsync.Change) string { return c.Sidecar }},
		{Name: "id", Extra: true, Text: func(c xmpsync.Change) string { return newSyncRecord(c, false).ID }},
		{Name: "error", Extra: true, Text: func(c xmpsync.Change) string {
			if c.Err == nil {
				return ""
			}
			return oneLine(c.Err.Error())
		}},
	}
}

func syncTint(o xmpsync.Outcome) term.Tint {
	switch o {
	case xmpsync.Conflict:
		return term.Notice
	case xmpsync.Failed:
		return term.Bad
	}
	return term.Good
}

// identify returns the photos below the paths. Files that cannot be read are reported as failed.
func (r *syncReport) identify(ctx context.Context, e *env, args []string) ([]xmpsync.File, error) {
	digests := openDigestCache(e)
	defer digests.flush()
	var files []xmpsync.File
	for i := range transfer.Scan(args, transfer.ScanOptions{Note: func(path, why string) { e.Detail("%s not entered: %s", path, why) }}) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		id, isPicture, err := transfer.Identify(ctx, digests, i)
		switch {
		case err != nil:
			r.add(xmpsync.Change{Path: i.Path, Outcome: xmpsync.Failed, Err: err})
		case isPicture:
			files = append(files, xmpsync.File{Path: i.Path, ID: id})
		case i.Named:
			r.add(xmpsync.Change{Path: i.Path, Outcome: xmpsync.Failed, Err: &photo.Error{Kind: photo.KindNotPicture, Msg: "not a picture or video"}})
		}
	}
	return files, nil
}

// add reports one change.
func (r *syncReport) add(c xmpsync.Change) {
	r.tally.done(c.Path, c.Err)
	if r.printed == nil && (c.Err == nil || r.out.Form() == term.JSONLines) {
		r.printed = r.out.Print(c)
	}
}

// end prints the summary and returns the error of the command. Conflicts that are kept count as failures.
func (r *syncReport) end(sum xmpsync.Summary, err error) error {
	if flushed := r.out.Close(); r.printed == nil {
		r.printed = flushed
	}
	if err != nil {
		r.tally.printFirst()
		return err
	}
	if !r.e.set.Quiet && (sum.Photos > 0 || r.tally.failed == 0) {
		r.summarize(sum)
	}
	if failed := r.tally.end(); failed != nil {
		return failed
	}
	if sum.Conflicts > 0 {
		r.e.Hint("--prefer local or --prefer service settles conflicts")
		return reported{exitSomeFailed}
	}
	return r.printed
}

func (r *syncReport) summarize(sum xmpsync.Summary) {
	verb := ""
	if r.dry {
		verb = "would be "
	}
	parts := []string{fmt.Sprintf("%s%d changed", verb, sum.Changed)}
	if sum.Conflicts > 0 {
		parts = append(parts, count(sum.Conflicts, "conflict"))
	}
	if sum.Absent > 0 {
		parts = append(parts, fmt.Sprintf("%d not on the service", sum.Absent))
	}
	r.e.Say("photos: %s: %s", count(sum.Photos, "photo"), strings.Join(parts, ", "))
}
