package main

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"unicode/utf8"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/term"
)

// Outcomes of describe, delete and restore that package photo does not have.
const (
	outcomeShown     photo.Outcome = "shown"
	outcomeErased    photo.Outcome = "erased"
	outcomeUnchanged photo.Outcome = "unchanged"
	outcomeKept      photo.Outcome = "kept"   // --if-empty did not change its description
	outcomeUndone    photo.Outcome = "undone" // it has its previous description
	outcomeDeleted   photo.Outcome = "deleted"
	outcomePurged    photo.Outcome = "purged" // it was in the trash, and is gone
)

// changeOutcomes returns the outcomes of describe, delete and restore, in the order of summaries.
func changeOutcomes() []photo.Outcome {
	return []photo.Outcome{
		photo.OutcomeDescribed, outcomeErased, outcomeTagged, outcomeRenamed, outcomeDeleted, photo.OutcomeRestored, outcomePurged, outcomeUndone, outcomeUnchanged, outcomeKept,
		outcomeShown, photo.OutcomeFailed, photo.OutcomePending,
	}
}

// change is the result of one item of describe, delete or restore.
type change struct {
	item    listItem
	photo   photo.Photo // as it is afterwards; zero if the item failed or is pending
	outcome photo.Outcome
	err     error // set when outcome is failed
}

// changedPhoto is a line of --json about a photo that a call changes.
type changedPhoto struct {
	api.Photo
	Outcome photo.Outcome `json:"outcome"`
	DryRun  bool          `json:"dry_run,omitempty"`
}

// changeRecord is a line of --json about an item that failed or is pending. A pending
// item can be given to --from again.
type changeRecord struct {
	Path        string        `json:"path,omitempty"`
	PathBase64  string        `json:"path_base64,omitempty"`
	ID          string        `json:"id,omitempty"`
	Line        string        `json:"line,omitempty"` // of the list, when it is malformed
	Description *string       `json:"description,omitempty"`
	Version     *int64        `json:"version,omitempty"`
	Outcome     photo.Outcome `json:"outcome"`
	DryRun      bool          `json:"dry_run,omitempty"`
	Error       *errorRecord  `json:"error,omitempty"`
}

func newChangeRecord(c change) changeRecord {
	r := changeRecord{Outcome: c.outcome, Version: c.item.Version}
	switch name := c.item.Name; {
	case isMalformed(c.err) || isEndOfRead(c.err):
		r.Line = name
	case photo.IsHex(name):
		r.ID = name
	case !utf8.ValidString(name):
		r.Path, r.PathBase64 = name, base64.StdEncoding.EncodeToString([]byte(name))
	default:
		r.Path = name
	}
	if c.item.Described {
		r.Description = &c.item.Description
	}
	if c.err != nil {
		r.Error = newErrorRecord(c.err)
	}
	return r
}

// changeReport reports the result of each item of a call, and a summary.
type changeReport struct {
	e     *env
	dry   bool
	edits bool // the call changes photos; otherwise it shows them
	cards bool // a terminal shows the photo that was changed

	// sentence is the message about the only photo of a call. remark follows the summary of
	// several photos, of which p is the first. Either may be nil.
	sentence, remark func(p photo.Photo) string

	tells       bool             // a terminal shows a line per photo that was described
	order       *inOrder[change] // nil: in the order of completion
	stop        func()           // ends the reading of more items
	cause       error            // what ended the run early
	refusalEnds bool             // a refusal concerns the caller and not the photo, so it ends the run
	printed     error            // the first failure to print
	out         *term.Printer[change]
	tally       tally

	shown    int // cards
	total    int
	outcomes map[photo.Outcome]int
	first    photo.Photo // that was changed
}

func newChangeReport(e *env, edits, dry bool) (*changeReport, error) {
	c := &changeReport{e: e, edits: edits, dry: dry, tally: tally{console: e.Console}, outcomes: map[photo.Outcome]int{}}
	columns := term.Within(photoColumns(), func(c change) photo.Photo { return c.photo })
	columns = append(columns, term.Column[change]{Name: "outcome", Extra: true, Text: func(c change) string { return string(c.outcome) }})
	var err error
	c.out, err = newPrinter(e, columns, c.record)
	return c, err
}

// record returns what --json prints.
func (c *changeReport) record(x change) any {
	switch {
	case x.outcome == outcomeShown:
		return photoJSON(x.photo)
	case x.photo.ID.IsZero():
		r := newChangeRecord(x)
		r.DryRun = c.dry
		return r
	}
	return changedPhoto{api.FromPhoto(x.photo), x.outcome, c.dry}
}

// over reports whether the run has ended. Items that still come are pending then.
func (c *changeReport) over() bool { return c.cause != nil }

// end ends the run.
func (c *changeReport) end(cause error) {
	if c.cause == nil {
		c.cause = cause
		c.stop()
	}
}

// add reports one item.
func (c *changeReport) add(x change) {
	c.total++
	c.outcomes[x.outcome]++
	c.tally.done(x.item.Name, x.err)
	if !x.photo.ID.IsZero() && c.first.ID.IsZero() {
		c.first = x.photo
	}
	c.order.add(x, c.printOne)
}

// printOne prints the result of one item, unless printing has failed.
func (c *changeReport) printOne(x change) {
	if c.printed != nil {
		return
	}
	if c.printed = c.print(x); c.printed != nil && !c.edits {
		c.end(c.printed) // changes go on, even if their results cannot be printed
	}
}

// done reports an item that succeeded.
func (c *changeReport) done(it listItem, p photo.Photo, o photo.Outcome) {
	c.add(change{item: it, photo: p, outcome: o})
}

// pending reports an item that was read, but not done.
func (c *changeReport) pending(it listItem) {
	if !isEndOfRead(it.Err) {
		c.add(change{item: it, outcome: photo.OutcomePending})
	}
}

// fail reports an item that failed. A failure that concerns all items ends the run.
func (c *changeReport) fail(it listItem, err error) {
	if photo.EndsRun(withKind(err)) || c.refusalEnds && photo.KindOf(err) == photo.KindForbidden {
		c.end(err)
		it.Err = err
		c.pending(it)
		return
	}
	c.add(change{item: it, outcome: photo.OutcomeFailed, err: err})
}

// each calls f with the items of a list, one by one. f returns the photo as it is afterwards.
func (c *changeReport) each(list *itemList, o photo.Outcome, f func(listItem) (photo.Photo, error)) {
	for it := range list.all() {
		if c.over() {
			c.pending(it)
			continue
		}
		p, err := photo.Photo{}, it.Err
		if err == nil {
			p, err = f(it)
		}
		if err != nil {
			c.fail(it, err)
			continue
		}
		c.done(it, p, o)
	}
}

func (c *changeReport) print(x change) error {
	hasPhoto := !x.photo.ID.IsZero()
	switch c.out.Form() {
	case term.JSONLines:
		if hasPhoto || c.edits && c.out.HasKey("outcome") {
			return c.out.Print(x)
		}
	case term.Table:
		if hasPhoto && (x.outcome == outcomeShown || c.cards) {
			if c.shown++; c.shown > 1 {
				fmt.Fprintln(c.e.Out)
			}
			return card(c.e, x.photo)
		}
		if c.tells && x.outcome == photo.OutcomeDescribed && !c.e.set.Quiet {
			c.e.Say("%s: %s", x.photo.Name, x.photo.Description)
		}
	case term.FirstColumn:
		if x.outcome == outcomeShown {
			return c.out.Print(x)
		}
	default:
		if hasPhoto {
			return c.out.Print(x)
		}
	}
	return nil
}

// finish prints the summary and returns the error of the call.
func (c *changeReport) finish() error {
	c.order.rest(c.printOne)
	if err := c.out.Close(); c.printed == nil {
		c.printed = err
	}
	if !c.e.set.Quiet && !errors.Is(c.cause, syscall.EPIPE) {
		c.summarize()
	}
	if c.cause != nil {
		c.tally.printFirst()
	}
	return cmp.Or(c.cause, c.tally.end(), c.printed)
}

// summarize prints how many items had which outcome. The numbers add up to the total.
func (c *changeReport) summarize() {
	var parts []string
	for _, o := range changeOutcomes() {
		if n := c.outcomes[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	switch {
	case c.total == 0 && c.cause == nil:
		c.e.Say("photos: nothing to do")
	case c.total == 0, !c.edits && c.outcomes[photo.OutcomePending] == 0:
	case c.total == 1:
		if c.sentence != nil && !c.first.ID.IsZero() {
			c.e.Say("photos: %s", c.sentence(c.first))
		}
	default:
		c.e.Say("photos: %s: %s%s%s", count(c.total, "photo"), c.would(), strings.Join(parts, ", "), c.remarked())
	}
}

func (c *changeReport) would() string {
	if c.dry {
		return "would be "
	}
	return ""
}

func (c *changeReport) remarked() string {
	if c.remark == nil || c.dry || c.first.ID.IsZero() {
		return ""
	}
	return "; " + c.remark(c.first)
}
