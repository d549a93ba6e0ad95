package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/term"
	"photos/internal/transfer"
)

// removalOptions are the flags of upload that remove local files.
type removalOptions struct {
	moveTo      string
	deleteAfter bool

	given func(flag string) bool
}

func (o *removalOptions) flags(f *pflag.FlagSet) {
	o.given = f.Changed
	f.StringVar(&o.moveTo, "move-to", "", "move files that are proven to be stored to this `folder`")
	f.BoolVar(&o.deleteAfter, "delete-after", false, "delete files that are proven to be stored")
}

func (o removalOptions) wanted() bool { return o.deleteAfter || o.given("move-to") }

func (o removalOptions) check(stdin bool) error {
	switch {
	case !o.wanted():
		return nil
	case o.deleteAfter && o.given("move-to"):
		return exclude("--delete-after", "--move-to")
	case o.given("move-to") && photo.IsBlank(o.moveTo):
		return badUsage("--move-to is empty", "")
	case stdin:
		return badUsage("--delete-after and --move-to need files, and - is not one", "")
	}
	return nil
}

// words returns what happens to a file, as an infinitive and as a participle.
func (o removalOptions) words() (infinitive, participle string) {
	if o.deleteAfter {
		return "delete", "deleted"
	}
	return "move", "moved"
}

// confirm asks once on a terminal. In a script the flag is enough.
func (o removalOptions) confirm(ctx context.Context, e *env) error {
	if e.set.Yes || !e.Interactive() {
		return nil
	}
	verb, _ := o.words()
	to := ""
	if !o.deleteAfter {
		to = " to " + o.moveTo
	}
	return e.Confirm(ctx, fmt.Sprintf("%s each local file%s once it is proven to be stored?", verb, to), "--yes answers the question, --dry-run shows what would go")
}

// tidier removes local files after their upload.
type tidier struct {
	removalOptions
	e       *env
	client  *client.Client
	remover *transfer.Remover
	journal *removalJournal
	dryRun  bool

	sidecars int   // that went
	failed   error // a sidecar could not be removed
}

// start opens the journal of removals. close must be called in the end.
func (o removalOptions) start(ctx context.Context, e *env, c *client.Client, dryRun bool) (*tidier, error) {
	t := &tidier{removalOptions: o, e: e, client: c, dryRun: dryRun}
	if !dryRun {
		if err := o.confirm(ctx, e); err != nil {
			return nil, err
		}
		var err error
		if t.journal, err = openRemovalJournal(e); err != nil {
			return nil, err
		}
	}
	t.remover = transfer.NewRemover(ctx, c, o.moveTo, t.journal.write)
	return t, nil
}

// remove removes the file of a photo that was uploaded.
func (t *tidier) remove(ctx context.Context, r transfer.Record) transfer.Record {
	if r.Content != nil { // an entry of an archive, which stays
		return r
	}
	_, done := t.words()
	if t.dryRun {
		if err := t.remover.Check(r.Item); err != nil {
			return notDone(r, "would not be "+done, err)
		}
		r.Removal, r.MovedTo = done, t.remover.Target(r.Item)
		return r
	}
	p, err := knownPhoto(ctx, t.client, r.ID)
	if err != nil {
		return notDone(r, "not "+done, err)
	}
	if r.MovedTo, err = t.remover.Remove(ctx, r.Item, p); err != nil {
		return notDone(r, "not "+done, err)
	}
	r.Removal = done
	return r
}

// knownPhoto returns a photo. An access key that may only upload cannot ask for it: then the ID is all
// that is known.
func knownPhoto(ctx context.Context, c *client.Client, id photo.ID) (photo.Photo, error) {
	p, err := c.Get(ctx, id)
	if photo.KindOf(err) == photo.KindForbidden {
		return photo.Photo{ID: id}, nil
	}
	return p, err
}

// removeSidecars removes the sidecars whose photos are gone.
func (t *tidier) removeSidecars(ctx context.Context) {
	_, done := t.words()
	t.sidecars += t.remover.RemoveSidecars(ctx, func(path string, err error) {
		t.e.Fail("%s: not %s: %s", path, done, err)
		t.failed = reported{exitSomeFailed}
	})
}

// finish removes sidecars, and says how many files went. It returns an error if a sidecar could not be
// removed.
func (t *tidier) finish(ctx context.Context, removed int) error {
	if t.dryRun {
		return nil
	}
	t.removeSidecars(ctx)
	if removed+t.sidecars > 0 && !t.e.set.Quiet {
		_, done := t.words()
		and := ""
		if t.sidecars > 0 {
			and = " and " + count(t.sidecars, "sidecar")
		}
		t.e.Say("photos: %s%s %s; %s lists them", count(removed, "file"), and, done, t.journal.path)
	}
	return t.failed
}

// warnArchives says that archives stay, although their photos are stored.
func warnArchives(e *env, archives []string) {
	switch len(archives) {
	case 0:
		return
	case 1:
		e.Warn("%s is an archive, and stays", archives[0])
	default:
		e.Warn("%d archives stay, such as %s", len(archives), archives[0])
	}
	e.Hint("photos verify proves that the photos in an archive are stored; then you can remove it yourself")
}

// close ends the questions to the service. The journal is on disk already.
func (t *tidier) close() {
	t.remover.Close()
	if t.journal != nil {
		_ = t.journal.f.Close()
	}
}

// storedError is the error of a photo that is stored, and with which something else was not done.
type storedError struct {
	not string
	err error
}

func (e *storedError) Error() string { return "stored, but " + e.not + ": " + e.err.Error() }
func (e *storedError) Unwrap() error { return e.err }

// notDone returns the record of a photo that is stored, and with which something else was not done.
func notDone(r transfer.Record, not string, err error) transfer.Record {
	r.Outcome, r.Err = photo.OutcomeFailed, &storedError{not, err}
	return r
}

// removalRecord is a line of the journal of removals.
type removalRecord struct {
	Time       time.Time `json:"time"`
	Removal    string    `json:"removal"`
	Path       string    `json:"path"` // absolute
	PathBase64 string    `json:"path_base64,omitempty"`
	MovedTo    string    `json:"moved_to,omitempty"`
	ID         photo.ID  `json:"id"`
	Sidecar    bool      `json:"sidecar,omitempty"`
}

// removalJournal lists the local files that photos removes. A file is on disk in the journal before
// it goes.
type removalJournal struct {
	path string
	f    *os.File
	now  func() time.Time
}

func openRemovalJournal(e *env) (*removalJournal, error) {
	path := filepath.Join(e.set.stateDir(), "removals.jsonl")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, about(path, fileError(path, err))
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, about(path, fileError(path, err))
	}
	return &removalJournal{path, f, e.now}, nil
}

// write appends a removal that is about to happen.
func (j *removalJournal) write(r transfer.FileRemoval) error {
	path, err := filepath.Abs(r.Path)
	if err != nil {
		return err
	}
	rec := removalRecord{Time: j.now().UTC(), Removal: "deleted", Path: path, ID: r.ID, Sidecar: r.Sidecar}
	if !utf8.ValidString(path) {
		rec.PathBase64 = base64.StdEncoding.EncodeToString([]byte(path))
	}
	if r.To != "" {
		rec.Removal = "moved"
		if rec.MovedTo, err = filepath.Abs(r.To); err != nil {
			return err
		}
	}
	line, err := term.JSONLine(rec, nil)
	if err == nil {
		_, err = j.f.Write(line)
	}
	if err == nil {
		err = j.f.Sync()
	}
	if err != nil {
		return &photo.Error{Kind: photo.KindUnreadable, Msg: "journal of removals", Err: err}
	}
	return nil
}
