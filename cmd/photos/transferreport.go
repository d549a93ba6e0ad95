package main

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"photos/internal/archive"
	"photos/internal/photo"
	"photos/internal/term"
	"photos/internal/text"
	"photos/internal/transfer"
)

// uploadRecord is a line of upload --json.
type uploadRecord struct {
	Path              string        `json:"path"`
	PathBase64        string        `json:"path_base64,omitempty"` // the exact bytes, when Path is not UTF-8
	Line              string        `json:"line,omitempty"`        // of the list, when it is malformed
	ID                string        `json:"id,omitempty"`
	Outcome           photo.Outcome `json:"outcome"`
	Bytes             int64         `json:"bytes"`
	Description       string        `json:"description,omitempty"` // that was to be set
	DescriptionSource photo.Source  `json:"description_source,omitempty"`
	Attempts          int           `json:"attempts"`
	Seconds           float64       `json:"seconds"`
	DescriptionKept   bool          `json:"description_kept,omitempty"`
	Warning           string        `json:"warning,omitempty"` // a sidecar that could not be used
	Reason            string        `json:"reason,omitempty"`
	Removal           string        `json:"removal,omitempty"`
	MovedTo           string        `json:"moved_to,omitempty"`
	DryRun            bool          `json:"dry_run,omitempty"` // nothing was changed; the outcome is what would happen
	Error             *errorRecord  `json:"error,omitempty"`
}

// errorRecord is a failure inside a JSON record.
type errorRecord struct {
	Kind    photo.Kind `json:"kind"`
	Message string     `json:"message"`
	Hint    string     `json:"hint,omitempty"`
}

func newErrorRecord(err error) *errorRecord {
	return &errorRecord{Kind: photo.KindOf(err), Message: oneLine(err.Error()), Hint: photo.HintOf(err)}
}

func newUploadRecord(r transfer.Record) uploadRecord {
	out := uploadRecord{
		Path: r.Path, Outcome: r.Outcome, Bytes: r.Bytes, Attempts: r.Attempts, Seconds: r.Seconds,
		DescriptionKept: r.DescriptionKept, Reason: r.Reason,
		Removal: r.Removal, MovedTo: r.MovedTo,
		Description: r.Description, DescriptionSource: r.Source,
	}
	switch {
	case isMalformed(r.Err) || isEndOfRead(r.Err):
		out.Path, out.Line = "", r.Path
	case !utf8.ValidString(r.Path):
		out.PathBase64 = base64.StdEncoding.EncodeToString([]byte(r.Path))
	}
	if !r.ID.IsZero() {
		out.ID = r.ID.String()
	}
	if r.SidecarErr != nil {
		out.Warning = oneLine(r.SidecarErr.Error())
	}
	if r.Err != nil {
		out.Error = newErrorRecord(r.Err)
	}
	return out
}

// path returns the exact path.
func (r uploadRecord) path() string {
	if raw, err := base64.StdEncoding.DecodeString(r.PathBase64); err == nil && len(raw) > 0 {
		return string(raw)
	}
	return r.Path
}

// transferOutcomes returns the outcomes of uploads, downloads and copies, in the order of summaries.
func transferOutcomes() []photo.Outcome {
	return []photo.Outcome{
		photo.OutcomeUploaded, transfer.OutcomeDownloaded, transfer.OutcomeCopied, transfer.OutcomeMoved, photo.OutcomeExists, photo.OutcomeDescribed, photo.OutcomeRestored, photo.OutcomeRepaired,
		transfer.OutcomeRemoved, photo.OutcomeSkipped, photo.OutcomeFailed, photo.OutcomePending,
	}
}

func uploadColumns() []term.Column[transfer.Record] {
	id := func(r transfer.Record) string {
		if r.ID.IsZero() {
			return ""
		}
		return r.ID.String()
	}
	return []term.Column[transfer.Record]{
		{Name: "id", Text: id, Show: func(r transfer.Record) string { return id(r)[:min(photo.MinPrefix, len(id(r)))] }, Tint: always[transfer.Record](term.Key), Least: photo.MinPrefix},
		{Name: "outcome", Text: func(r transfer.Record) string { return string(r.Outcome) }, Tint: func(r transfer.Record) term.Tint { return outcomeTint(r.Outcome) }, Least: len(transfer.OutcomeDownloaded)},
		{Name: "path", Text: func(r transfer.Record) string { return r.Path }, Share: 1, Cut: term.KeepEnd},
		{Name: "path_base64", Extra: true, Text: func(r transfer.Record) string { return newUploadRecord(r).PathBase64 }},
		{Name: "bytes", Extra: true, Right: true, Text: func(r transfer.Record) string { return fmt.Sprint(r.Bytes) }, Show: func(r transfer.Record) string { return text.Bytes(r.Bytes) }},
		{Name: "description", Extra: true, Text: func(r transfer.Record) string { return r.Description }},
		{Name: "attempts", Extra: true, Right: true, Text: func(r transfer.Record) string { return fmt.Sprint(r.Attempts) }},
		{Name: "seconds", Extra: true, Right: true, Text: func(r transfer.Record) string { return fmt.Sprintf("%.3f", r.Seconds) }},
		{Name: "description_kept", Extra: true, Text: func(r transfer.Record) string { return fmt.Sprint(r.DescriptionKept) }},
		{Name: "reason", Extra: true, Text: func(r transfer.Record) string { return r.Reason }},
		{Name: "removal", Extra: true, Text: func(r transfer.Record) string { return r.Removal }},
		{Name: "moved_to", Extra: true, Text: func(r transfer.Record) string { return r.MovedTo }},
		{Name: "error", Extra: true, Text: func(r transfer.Record) string {
			if r.Err == nil {
				return ""
			}
			return oneLine(r.Err.Error())
		}},
	}
}

// transferReport reports the result of each item of an upload, a download or a copy, and a summary.
type transferReport struct {
	e        *env
	noun     string // what the summary counts
	out      *term.Printer[transfer.Record]
	order    *inOrder[transfer.Record] // nil: in the order of completion
	journal  *journal
	dry      bool
	silent   bool                  // stdout gets nothing
	note     func(transfer.Record) // is told each record; may be nil
	printed  error                 // the first failure to write a record
	tally    tally
	kept     int
	keptPath string
	removed  int             // local files that are gone
	archives map[string]bool // that have photos which are stored now
	last     transfer.Record

	foreign        int   // sidecars that somebody else has changed
	foreignSidecar error // one of them
}

func newTransferReport(e *env, dry bool) (*transferReport, error) {
	out, err := newPrinter(e, uploadColumns(), func(r transfer.Record) any {
		rec := newUploadRecord(r)
		rec.DryRun = dry
		return rec
	})
	if err != nil {
		return nil, err
	}
	out.ShowAtOnce()
	return &transferReport{e: e, noun: "file", out: out, dry: dry, tally: tally{console: e.Console}, archives: map[string]bool{}}, nil
}

// addPending reports items of a list that were read, but not begun.
func (u *transferReport) addPending(sum *transfer.Summary, rest []listItem) {
	for _, it := range rest {
		r := transfer.Record{Item: transfer.Item{Path: it.Name, Description: it.Description, Index: math.MaxInt}, Outcome: photo.OutcomePending}
		sum.Add(r)
		u.record(r)
	}
}

// record reports one record.
func (u *transferReport) record(r transfer.Record) {
	u.last = r
	if r.Removal != "" {
		u.removed++
		if u.dry {
			u.e.Say("photos: %s would be %s", r.Path, strings.TrimSpace(r.Removal+" "+toTarget(r.MovedTo)))
		}
	}
	if outer, _, inside := archive.Split(r.Path); inside && r.Content != nil && isStored(r.Outcome) {
		u.archives[outer] = true
	}
	if r.DescriptionKept {
		u.kept++
		u.keptPath = r.Path
	}
	switch {
	case photo.KindOf(r.SidecarErr) == photo.KindConflict:
		u.foreign++
		u.foreignSidecar = r.SidecarErr
	case r.SidecarErr != nil:
		u.e.Warn("%s", r.SidecarErr)
	}
	u.tally.done(r.Path, r.Err)
	if u.note != nil {
		u.note(r)
	}
	if r.Reason != "" && u.explains(r) {
		u.e.Say("photos: %s: %s: %s", r.Path, r.Outcome, r.Reason)
	}
	u.order.add(r, u.print)
	if u.printed == nil && !u.dry {
		u.printed = u.journal.write(r)
	}
}

// explains reports whether stderr says why nothing was sent. A dry run says it of each entry of an archive.
func (u *transferReport) explains(r transfer.Record) bool {
	_, _, inside := archive.Split(r.Path)
	return u.e.set.Verbose || u.dry && inside && !u.e.set.JSON && !u.e.set.Quiet
}

// print writes one record to stdout.
func (u *transferReport) print(r transfer.Record) {
	if u.printed == nil && u.shows(r) {
		u.printed = u.out.Print(r)
	}
}

// shows reports whether stdout gets the record. JSON has every item. The other
// forms omit items that are skipped or pending, and --quiet also those that failed.
// A table has what was there already only in a verbose run; otherwise the summary counts it.
func (u *transferReport) shows(r transfer.Record) bool {
	if u.silent {
		return false
	}
	switch u.out.Form() {
	case term.JSONLines:
		return true
	case term.FirstColumn:
		return !r.ID.IsZero() && r.Outcome != photo.OutcomeFailed && r.Outcome != photo.OutcomePending
	}
	if r.Outcome == photo.OutcomeExists && u.out.Form() == term.Table {
		return u.e.set.Verbose
	}
	return r.Outcome != photo.OutcomeSkipped && r.Outcome != photo.OutcomePending
}

// flush prints what is held back.
func (u *transferReport) flush() {
	u.order.rest(u.print)
	if err := errors.Join(u.out.Close(), u.journal.close()); u.printed == nil {
		u.printed = err
	}
}

// end prints the summary and returns the error of the command.
func (u *transferReport) end(sum transfer.Summary, err error) error {
	if u.kept > 0 && !u.e.set.JSON {
		u.e.Warn("%s", u.keptWarning())
	}
	if u.foreign == 1 {
		u.e.Warn("%s", u.foreignSidecar)
	} else if u.foreign > 1 {
		u.e.Warn("%d sidecars were changed by somebody else and were kept, such as: %s", u.foreign, u.foreignSidecar)
	}
	hidden := u.out.Form() == term.Table && !u.shows(u.last)
	if sum.Total != 1 || sum.Outcomes[photo.OutcomeSkipped] == 1 || hidden {
		u.summarize(sum)
	}
	if err != nil {
		u.tally.printFirst()
	}
	switch {
	case errors.Is(err, transfer.ErrTooManyFailures):
		u.e.Say("photos: stopped after %d failures (--max-errors)", u.tally.failed)
		return reported{exitSomeFailed}
	case err != nil:
		return err
	}
	return cmp.Or(u.tally.end(), u.printed)
}

// toTarget returns where a file is moved to, for a message.
func toTarget(path string) string {
	if path == "" {
		return ""
	}
	return "to " + path
}

func (u *transferReport) keptWarning() string {
	if u.kept == 1 {
		return fmt.Sprintf("%s already has another description, which was kept; photos describe FILE --desc TEXT changes it", u.keptPath)
	}
	return fmt.Sprintf("%d photos already have other descriptions, which were kept; photos describe FILE --desc TEXT changes them", u.kept)
}

// summarize prints how many items had which outcome. The numbers add up to the total.
func (u *transferReport) summarize(sum transfer.Summary) {
	if u.e.set.Quiet {
		return
	}
	var parts []string
	for _, o := range transferOutcomes() {
		if n := sum.Outcomes[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	switch {
	case len(parts) == 0:
		u.e.Say("photos: nothing to do")
		return
	case sum.Total == 1 && sum.Outcomes[photo.OutcomeExists] == 1:
		u.e.Say("photos: %s is already there", u.last.Path)
		return
	}
	moved := ""
	if sum.Bytes > 0 {
		moved = " (" + text.Bytes(sum.Bytes) + ")"
	}
	verb := ""
	if u.dry {
		verb = "would be "
	}
	u.e.Say("photos: %s: %s%s%s", count(sum.Total, u.noun), verb, strings.Join(parts, ", "), moved)
}

// count returns a number of things: "1 file", "2 files".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
