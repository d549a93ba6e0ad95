package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/service"
)

// errDifferent says that 'photosd check' found something. Its output has said what.
var errDifferent = errors.New("rows and bytes differ")

// check runs 'photosd check'. It compares rows and stored bytes both ways, and deletes nothing.
// The service may be running.
func check(ctx context.Context, s *settings, stdout io.Writer, talk *talk) error {
	if err := s.noArguments(); err != nil {
		return err
	}
	sum, err := compare(ctx, s, stdout, talk)
	if err != nil {
		return err
	}
	if s.json {
		if err := showSumJSON(stdout, sum); err != nil {
			return err
		}
	}
	return concludeCheck(sum, s.repair, talk)
}

// compare prints what it finds.
func compare(ctx context.Context, s *settings, stdout io.Writer, talk *talk) (sum service.AuditSum, err error) {
	db, err := openExisting(ctx, s, talk)
	if err != nil {
		return sum, s.named(err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := s.mustHaveFiles(); err != nil {
		return sum, err
	}
	d := &daemon{}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := errors.Join(d.openFolder(s), d.openBucket(ctx, s, db, talk)); err != nil {
		return sum, err
	}
	if s.repair {
		if err := notEmpty(ctx, d.blobs, s.photosAre()); err != nil {
			return sum, err
		}
	}
	audit := service.Audit{Rows: db, Blobs: d.blobs, Mark: s.repair}
	show := showFinding
	if s.json {
		show = showFindingJSON
	}
	return audit.Run(ctx, func(f service.Finding) error { return show(stdout, f) })
}

// mustHaveFiles refuses a folder that is not that of a service.
func (s *settings) mustHaveFiles() error {
	if _, err := os.Stat(filepath.Join(s.data, "blobs")); err != nil && s.bucket.bucket == "" {
		return &photo.Error{Kind: photo.KindUsage, Msg: "there are no photos in the data folder", Hint: "give the --data that the service runs with", Err: err}
	}
	return nil
}

// notEmpty refuses to mark every photo as damaged because the folder is the wrong one, or a
// disk is not mounted.
func notEmpty(ctx context.Context, blobs blob.Store, where string) error {
	found := errors.New("found one")
	err := blobs.EachBlob(ctx, func(string, string, time.Time) error { return found })
	if errors.Is(err, found) {
		return nil
	}
	if err != nil {
		return err
	}
	return &photo.Error{
		Kind: photo.KindConflict, Msg: "no photo at all has its bytes in " + where + ", so nothing is marked",
		Hint: "is a disk not mounted? if all photos are lost, 'photos verify' of each user marks them",
	}
}

// concludeCheck says what was found. It returns errDifferent if that was something.
func concludeCheck(sum service.AuditSum, marked bool, talk *talk) error {
	damaged, orphans := sum.Problems[service.ProblemMissing]+sum.Problems[service.ProblemLength], sum.Problems[service.ProblemOrphan]
	talk.say("photosd: %d photos, %d files: %d photos without their bytes, %d files without a photo", sum.Photos, sum.Blobs, damaged, orphans)
	if damaged > 0 && !marked {
		talk.say("hint: --repair marks these photos as damaged; 'photos upload' of the same files then repairs them")
	}
	if sum.Marked > 0 {
		talk.say("photosd: %d photos are marked as damaged now; 'photos upload' of the same files repairs them", sum.Marked)
	}
	if damaged+orphans > 0 {
		return errDifferent
	}
	return nil
}

// showFinding prints one tab-separated line.
func showFinding(w io.Writer, f service.Finding) (err error) {
	switch f.Problem {
	case service.ProblemOrphan:
		_, err = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.Problem, f.Owner, f.Key, f.Committed.UTC().Format(time.RFC3339))
	case service.ProblemMissing, service.ProblemLength:
		state := "unmarked"
		if f.Damaged {
			state = "damaged"
		}
		_, err = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%s\n", f.Problem, f.Owner, f.Key, f.Photo, f.Size, f.Found, state)
	}
	if err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

// findingJSON is a Finding as JSON.
type findingJSON struct {
	Problem   service.Problem `json:"problem"`
	Owner     string          `json:"owner"`
	Key       string          `json:"key"`
	ID        string          `json:"id,omitempty"`
	Size      int64           `json:"size,omitempty"`
	Found     *int64          `json:"found_size,omitempty"`
	Damaged   *bool           `json:"marked_damaged,omitempty"`
	Committed *time.Time      `json:"committed_at,omitempty"`
}

func showFindingJSON(w io.Writer, f service.Finding) error {
	out := findingJSON{Problem: f.Problem, Owner: f.Owner, Key: f.Key}
	if f.Problem == service.ProblemOrphan {
		committed := f.Committed.UTC()
		out.Committed = &committed
	} else {
		out.ID, out.Size, out.Damaged = f.Photo.String(), f.Size, &f.Damaged
	}
	if f.Problem == service.ProblemLength {
		out.Found = &f.Found
	}
	return writeJSON(w, out)
}

// showSumJSON prints the last line, which says that all was looked at.
func showSumJSON(w io.Writer, sum service.AuditSum) error {
	return writeJSON(w, map[string]any{"summary": map[string]int64{
		"photos": sum.Photos, "files": sum.Blobs, "missing": sum.Problems[service.ProblemMissing], "length": sum.Problems[service.ProblemLength],
		"orphan": sum.Problems[service.ProblemOrphan], "recent": sum.Recent, "marked": sum.Marked,
	}})
}

func writeJSON(w io.Writer, v any) error {
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}
