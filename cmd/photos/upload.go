package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"photos/internal/photo"
	"photos/internal/transfer"
)

type uploadOptions struct {
	desc, name string
	jobs       int
}

func newUpload(e *env) *cobra.Command {
	var o uploadOptions
	c := &cobra.Command{
		Use:   "upload PATH...",
		Short: "Put pictures and videos on the service",
		Long: `Put pictures and videos on the service: files, folders with everything below
them, quoted globs, or - for one photo's bytes from a pipe.

Uploading the same file again is harmless: it is found by its digest and not
sent. In a pipe one line a photo comes out, tab-separated: id, outcome, path.`,
		Example: `  photos upload --desc "Sunset over the bay" beach.jpg
  photos upload ~/Pictures
  photos upload --json ~/Pictures | jq -r 'select(.outcome=="failed") | .path'
  convert in.png jpg:- | photos upload - --name out.jpg`,
		Args: atLeastOne("PATH"),
		RunE: func(cmd *cobra.Command, args []string) error { return upload(cmd.Context(), e, args, o) },
	}
	f := c.Flags()
	f.StringVar(&o.desc, "desc", "", "describe the photos with this `text`")
	f.StringVar(&o.name, "name", "", "with -: what to call the photo")
	f.IntVar(&o.jobs, "jobs", transfer.DefaultJobs, "this `number` of photos at a time")
	return c
}

func (o uploadOptions) check(args []string) error {
	stdin := false
	for _, a := range args {
		stdin = stdin || a == "-"
	}
	switch {
	case stdin && len(args) > 1:
		return &photo.Error{Kind: photo.KindUsage, Msg: "- stands alone: it is one photo's bytes", Hint: "upload the other paths in a call of their own"}
	case stdin && o.name == "":
		return &photo.Error{Kind: photo.KindUsage, Msg: "- needs --name", Hint: "for example: photos upload - --name beach.jpg <beach.jpg"}
	case !stdin && o.name != "":
		return &photo.Error{Kind: photo.KindUsage, Msg: "--name goes with - only", Hint: "a file keeps its own name"}
	case len(o.name) > photo.MaxName:
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("--name is longer than %d bytes", photo.MaxName)}
	case o.jobs < 1 || o.jobs > 256:
		return &photo.Error{Kind: photo.KindUsage, Msg: "--jobs must be from 1 to 256"}
	}
	return checkDescription(o.desc)
}

func upload(ctx context.Context, e *env, args []string, o uploadOptions) error {
	if err := o.check(args); err != nil {
		return err
	}
	if _, err := choose(uploadColumns(), e.set.Fields); err != nil {
		return err
	}
	c, err := e.connect(ctx)
	if err != nil {
		return err
	}
	items, done, err := o.items(e, args)
	if err != nil {
		return err
	}
	defer done()
	bars := newProgress(ctx, e)
	rep, err := newUploadReport(e)
	if err != nil {
		bars.stop()
		return err
	}
	digests := openDigests(e)
	sum, err := transfer.Upload(ctx, c, items, transfer.Options{Jobs: o.jobs, Progress: bars, Digests: digests}, rep.record)
	digests.flush()
	rep.flush()
	bars.stop()
	return rep.end(sum, err)
}

// items is what the arguments mean. done removes what had to be spooled.
func (o uploadOptions) items(e *env, args []string) (items iter.Seq[transfer.Item], done func(), err error) {
	describe := func(i transfer.Item) transfer.Item {
		if o.desc != "" {
			i.Description, i.Source = o.desc, photo.FromFlag
		}
		return i
	}
	if args[0] == "-" {
		file, err := spool(e.in)
		if err != nil {
			return nil, nil, err
		}
		item := describe(transfer.Item{Path: o.name, Spool: file, Name: o.name, Named: true})
		return func(yield func(transfer.Item) bool) { yield(item) }, func() { os.Remove(file) }, nil
	}
	scanned := transfer.Scan(args, func(path, why string) {
		e.say("photos: %s not entered: %s", printable(path), why)
	})
	return func(yield func(transfer.Item) bool) {
		for i := range scanned {
			if !yield(describe(i)) {
				return
			}
		}
	}, func() {}, nil
}

// spool writes a pipe to a private temporary file, so that what was digested
// can be sent, and sent again.
func spool(r io.Reader) (path string, err error) {
	f, err := os.CreateTemp("", "photos-stdin-*") // 0600
	if err != nil {
		return "", fmt.Errorf("spool stdin: %w", err)
	}
	_, err = io.Copy(f, r)
	if err = errors.Join(err, f.Close()); err != nil {
		os.Remove(f.Name())
		return "", &photo.Error{Kind: photo.KindUnreadable, Msg: "read stdin", Err: err}
	}
	return f.Name(), nil
}

// uploadRecord is a line of upload --json.
type uploadRecord struct {
	Path            string        `json:"path"`
	PathBase64      string        `json:"path_base64,omitempty"` // the exact bytes, when Path is not UTF-8
	ID              string        `json:"id,omitempty"`
	Outcome         photo.Outcome `json:"outcome"`
	Bytes           int64         `json:"bytes"`
	Attempts        int           `json:"attempts"`
	Seconds         float64       `json:"seconds"`
	DescriptionKept bool          `json:"description_kept,omitempty"`
	Reason          string        `json:"reason,omitempty"`
	Error           *errorRecord  `json:"error,omitempty"`
}

// errorRecord is a failure inside a JSON record.
type errorRecord struct {
	Kind    photo.Kind `json:"kind"`
	Message string     `json:"message"`
	Hint    string     `json:"hint,omitempty"`
}

func newUploadRecord(r transfer.Record) uploadRecord {
	out := uploadRecord{
		Path: r.Path, Outcome: r.Outcome, Bytes: r.Bytes, Attempts: r.Attempts, Seconds: r.Seconds,
		DescriptionKept: r.DescriptionKept, Reason: r.Reason,
	}
	if !utf8.ValidString(r.Path) {
		out.PathBase64 = base64.StdEncoding.EncodeToString([]byte(r.Path))
	}
	if !r.ID.IsZero() {
		out.ID = r.ID.String()
	}
	if r.Err != nil {
		out.Error = &errorRecord{Kind: photo.KindOf(r.Err), Message: oneLine(r.Err.Error()), Hint: photo.HintOf(r.Err)}
	}
	return out
}

func uploadColumns() []column[transfer.Record] {
	id := func(r transfer.Record) string {
		if r.ID.IsZero() {
			return ""
		}
		return r.ID.String()
	}
	return []column[transfer.Record]{
		{name: "id", text: id, show: func(r transfer.Record) string { return id(r)[:min(12, len(id(r)))] }},
		{name: "outcome", text: func(r transfer.Record) string { return string(r.Outcome) }, least: len(photo.OutcomeDescribed)},
		{name: "path", text: func(r transfer.Record) string { return r.Path }},
		{name: "path_base64", extra: true, text: func(r transfer.Record) string { return newUploadRecord(r).PathBase64 }},
		{name: "bytes", extra: true, right: true, text: func(r transfer.Record) string { return fmt.Sprint(r.Bytes) }, show: func(r transfer.Record) string { return showBytes(r.Bytes) }},
		{name: "attempts", extra: true, right: true, text: func(r transfer.Record) string { return fmt.Sprint(r.Attempts) }},
		{name: "seconds", extra: true, right: true, text: func(r transfer.Record) string { return fmt.Sprintf("%.3f", r.Seconds) }},
		{name: "description_kept", extra: true, text: func(r transfer.Record) string { return fmt.Sprint(r.DescriptionKept) }},
		{name: "reason", extra: true, text: func(r transfer.Record) string { return r.Reason }},
		{name: "error", extra: true, text: func(r transfer.Record) string {
			if r.Err == nil {
				return ""
			}
			return oneLine(r.Err.Error())
		}},
	}
}

// uploadReport says of each item what became of it, and of the run how it went.
type uploadReport struct {
	e        *env
	out      *printer[transfer.Record]
	printed  error // the first failure to write to stdout
	failures []transfer.Record
	kept     int
	keptPath string
}

func newUploadReport(e *env) (*uploadReport, error) {
	out, err := newPrinter(e, uploadColumns(), func(r transfer.Record) any { return newUploadRecord(r) })
	if err != nil {
		return nil, err
	}
	if out.table != nil {
		out.table.sample = 1 // each photo shows when it is done
	}
	return &uploadReport{e: e, out: out}, nil
}

// record handles one record; a single failure waits for end, which knows
// whether it was the only item.
func (u *uploadReport) record(r transfer.Record) {
	if r.DescriptionKept {
		u.kept++
		u.keptPath = r.Path
	}
	if r.Outcome == photo.OutcomeFailed {
		u.failures = append(u.failures, r)
		if len(u.failures) > 1 {
			u.e.complain(r.Path, r.Err)
		}
	}
	if r.Outcome == photo.OutcomeSkipped && u.e.set.Verbose {
		u.e.say("photos: %s: skipped: %s", printable(r.Path), r.Reason)
	}
	if u.printed == nil && u.shows(r) {
		u.printed = u.out.print(r)
	}
}

// shows reports whether stdout gets the record: not a skipped file, which only
// the JSON names, and with --quiet only what is on the service.
func (u *uploadReport) shows(r transfer.Record) bool {
	switch u.out.form {
	case formJSON:
		return true
	case formQuiet:
		return r.Outcome != photo.OutcomeSkipped && r.Outcome != photo.OutcomeFailed && r.Outcome != photo.OutcomePending
	}
	return r.Outcome != photo.OutcomeSkipped
}

// flush prints what is held back, while the bars are still up.
func (u *uploadReport) flush() {
	if err := u.out.close(); u.printed == nil {
		u.printed = err
	}
}

// end says the rest, and with which error the command ends.
func (u *uploadReport) end(sum transfer.Summary, err error) error {
	if len(u.failures) > 0 && sum.Total > 1 {
		u.e.complain(u.failures[0].Path, u.failures[0].Err)
	}
	if u.kept > 0 && !u.e.set.JSON {
		u.e.warn("%s", u.keptWarning())
	}
	if sum.Total != 1 || sum.Outcomes[photo.OutcomeSkipped] == 1 {
		u.summarize(sum)
	}
	switch {
	case err != nil:
		return err
	case u.printed != nil:
		return u.printed
	case len(u.failures) == 0:
		return nil
	case sum.Total == 1:
		return about(u.failures[0].Path, u.failures[0].Err)
	}
	return reported{exitSomeFailed}
}

func (u *uploadReport) keptWarning() string {
	if u.kept == 1 {
		return fmt.Sprintf("%s has another description already, which stays: photos describe FILE --desc TEXT changes it", printable(u.keptPath))
	}
	return fmt.Sprintf("%d photos have another description already, which stays: photos describe FILE --desc TEXT changes it", u.kept)
}

// summarize says how many had which outcome; the numbers add up to the total.
func (u *uploadReport) summarize(sum transfer.Summary) {
	if u.e.set.Quiet {
		return
	}
	var parts []string
	for _, o := range []photo.Outcome{
		photo.OutcomeUploaded, photo.OutcomeExists, photo.OutcomeDescribed, photo.OutcomeRestored,
		photo.OutcomeSkipped, photo.OutcomeFailed, photo.OutcomePending,
	} {
		if n := sum.Outcomes[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	if len(parts) == 0 {
		u.e.say("photos: nothing to upload")
		return
	}
	moved := ""
	if sum.Bytes > 0 {
		moved = " (" + showBytes(sum.Bytes) + ")"
	}
	u.e.say("photos: %d files: %s%s", sum.Total, strings.Join(parts, ", "), moved)
}
