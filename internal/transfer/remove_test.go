package transfer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"photos/internal/photo"
)

// deepService answers deep checks. Before it does, it calls meanwhile.
type deepService struct {
	state     photo.State
	err       error
	meanwhile func()
	asked     int
}

func (s *deepService) Verify(_ context.Context, ids []photo.ID, how photo.Scrutiny) ([]photo.Status, error) {
	if how != photo.LookAtBytes {
		return nil, errors.New("not a deep check")
	}
	s.asked += len(ids)
	if s.meanwhile != nil {
		s.meanwhile()
	}
	out := make([]photo.Status, len(ids))
	for i, id := range ids {
		out[i] = photo.Status{ID: id, State: s.state}
	}
	return out, s.err
}

// removing is a folder in/below/a.jpg, from which files go.
type removing struct {
	t       *testing.T
	dir     string
	file    string
	svc     *deepService
	journal []FileRemoval
	refuse  error // of the journal
}

func newRemoving(t *testing.T) *removing {
	t.Helper()
	dir := t.TempDir()
	r := &removing{t: t, dir: dir, file: filepath.Join(dir, "in", "below", "a.jpg"), svc: &deepService{state: photo.Stored}}
	mustDo(t, os.MkdirAll(filepath.Dir(r.file), 0o755))
	mustDo(t, os.WriteFile(r.file, []byte("bytes"), 0o600))
	return r
}

func (r *removing) item() Item { return Item{Path: r.file, Root: filepath.Join(r.dir, "in")} }

// run removes the file, as the photo that it was at first.
func (r *removing) run(to string) (string, error) {
	r.t.Helper()
	id, err := FileID(r.t.Context(), r.file)
	mustDo(r.t, err)
	return r.runAs(to, id)
}

func (r *removing) runAs(to string, id photo.ID) (string, error) {
	rem := NewRemover(r.t.Context(), r.svc, to, func(x FileRemoval) error {
		r.journal = append(r.journal, x)
		return r.refuse
	})
	defer rem.Close()
	target, err := rem.Remove(r.t.Context(), r.item(), photo.Photo{ID: id})
	rem.RemoveSidecars(r.t.Context(), func(path string, err error) { r.t.Errorf("%s: %v", path, err) })
	return target, err
}

func there(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestRemoveDeletes(t *testing.T) {
	t.Parallel()
	r := newRemoving(t)
	if to, err := r.run(""); to != "" || err != nil || there(r.file) || r.svc.asked != 1 {
		t.Errorf("%q, %v, asked %d times, the file is there: %v", to, err, r.svc.asked, there(r.file))
	}
	if len(r.journal) != 1 || r.journal[0].Path != r.file {
		t.Errorf("journal %+v", r.journal)
	}
}

func TestRemoveMoves(t *testing.T) {
	t.Parallel()
	r := newRemoving(t)
	modified := time.Unix(1e9, 0)
	mustDo(t, os.Chtimes(r.file, modified, modified))
	to, err := r.run(filepath.Join(r.dir, "done"))
	if want := filepath.Join(r.dir, "done", "below", "a.jpg"); to != want || err != nil || there(r.file) {
		t.Fatalf("%q, %v, the file is there: %v", to, err, there(r.file))
	}
	b, err := os.ReadFile(to)
	info, statErr := os.Stat(to)
	if err != nil || statErr != nil || string(b) != "bytes" || !info.ModTime().Equal(modified) {
		t.Errorf("%q of %v, %v, %v", b, info, err, statErr)
	}
}

// TestRemoveKeeps checks that a file stays whenever anything is not as it should be.
func TestRemoveKeeps(t *testing.T) {
	t.Parallel()
	elsewhere := func(r *removing) string { return filepath.Join(r.dir, "other") }
	swapFolder := func(r *removing) {
		below := filepath.Dir(r.file)
		mustDo(t, os.Rename(below, elsewhere(r)))
		mustDo(t, os.Symlink(elsewhere(r), below))
	}
	for name, c := range map[string]struct {
		before    func(r *removing)
		meanwhile func(r *removing) // while the service reads its bytes
		state     photo.State
		err       error
		refuse    error
		stays     string // where the file is; empty: where it was
	}{
		"other bytes on the service":    {state: photo.Damaged},
		"in the trash":                  {state: photo.Trashed},
		"not on the service":            {state: photo.Absent},
		"the service is away":           {err: &photo.Error{Kind: photo.KindUnavailable}},
		"the journal cannot be written": {refuse: errors.New("full")},
		"changed before":                {before: func(r *removing) { mustDo(t, os.WriteFile(r.file, []byte("other"), 0o600)) }},
		"longer meanwhile":              {meanwhile: func(r *removing) { mustDo(t, os.WriteFile(r.file, []byte("bytes and more"), 0o600)) }},
		"touched meanwhile":             {meanwhile: func(r *removing) { mustDo(t, os.Chtimes(r.file, time.Unix(1, 0), time.Unix(1, 0))) }},
		"replaced meanwhile": {meanwhile: func(r *removing) {
			info, err := os.Stat(r.file)
			mustDo(t, err)
			mustDo(t, os.WriteFile(r.file+"2", []byte("bytes"), 0o600))
			mustDo(t, os.Chtimes(r.file+"2", info.ModTime(), info.ModTime()))
			mustDo(t, os.Rename(r.file+"2", r.file))
		}},
		"a link in its place": {before: func(r *removing) {
			mustDo(t, os.Rename(r.file, elsewhere(r)))
			mustDo(t, os.Symlink(elsewhere(r), r.file))
		}, stays: "other"},
		"a link in its place meanwhile": {meanwhile: func(r *removing) {
			mustDo(t, os.Rename(r.file, elsewhere(r)))
			mustDo(t, os.Symlink(elsewhere(r), r.file))
		}, stays: "other"},
		"a folder that is a link": {before: swapFolder, stays: "other/a.jpg"},
		"the path is a link": {before: func(r *removing) {
			mustDo(t, os.Rename(filepath.Join(r.dir, "in"), elsewhere(r)))
			mustDo(t, os.Symlink(elsewhere(r), filepath.Join(r.dir, "in")))
		}, stays: "other/below/a.jpg"},
		"a pipe in its place": {before: func(r *removing) {
			mustDo(t, os.Rename(r.file, elsewhere(r)))
			mustDo(t, os.Mkdir(r.file, 0o700))
		}, stays: "other"},
	} {
		for _, to := range []string{"", "done"} {
			t.Run(strings.TrimSpace(name+" "+to), func(t *testing.T) {
				t.Parallel()
				r := newRemoving(t)
				id, err := FileID(t.Context(), r.file)
				mustDo(t, err)
				if c.state != "" {
					r.svc.state = c.state
				}
				r.svc.err, r.refuse = c.err, c.refuse
				if c.meanwhile != nil {
					r.svc.meanwhile = func() { c.meanwhile(r) }
				}
				if c.before != nil {
					c.before(r)
				}
				target := to
				if to != "" {
					target = filepath.Join(r.dir, to)
				}
				if at, err := r.runAs(target, id); err == nil {
					t.Errorf("the file went to %q", at)
				}
				stays := r.file
				if c.stays != "" {
					stays = filepath.Join(r.dir, c.stays)
				}
				if !there(stays) || !there(r.file) {
					t.Error("the file is not there")
				}
				if left, _ := filepath.Glob(filepath.Join(r.dir, "done", "below", "*")); len(left) > 0 {
					t.Errorf("%q is left at the target", left)
				}
			})
		}
	}
}

// TestRemoveThroughSwappedFolder checks that a folder which becomes a link while the service reads its
// bytes does not change which file goes: the one that was read again.
func TestRemoveThroughSwappedFolder(t *testing.T) {
	t.Parallel()
	r := newRemoving(t)
	precious := filepath.Join(r.dir, "precious")
	mustDo(t, os.Mkdir(precious, 0o700))
	mustDo(t, os.WriteFile(filepath.Join(precious, "a.jpg"), []byte("only here"), 0o600))
	r.svc.meanwhile = func() {
		mustDo(t, os.Rename(filepath.Dir(r.file), filepath.Join(r.dir, "aside")))
		mustDo(t, os.Symlink(precious, filepath.Dir(r.file)))
	}
	if _, err := r.run(""); err != nil || !there(filepath.Join(precious, "a.jpg")) || there(filepath.Join(r.dir, "aside", "a.jpg")) {
		t.Errorf("%v; the other file is there: %v", err, there(filepath.Join(precious, "a.jpg")))
	}
}

func TestRemoveReplacesNothing(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		r := newRemoving(t)
		target := filepath.Join(r.dir, "done", "below", "a.jpg")
		put := func() {
			mustDo(t, os.MkdirAll(filepath.Dir(target), 0o755))
			mustDo(t, os.WriteFile(target, []byte("mine"), 0o600))
		}
		if r.svc.meanwhile = put; !late {
			r.svc.meanwhile = nil
			put()
		}
		_, err := r.run(filepath.Join(r.dir, "done"))
		if b, readErr := os.ReadFile(target); photo.KindOf(err) != photo.KindConflict || readErr != nil || string(b) != "mine" || !there(r.file) {
			t.Errorf("late %v: %v, %q, %v", late, err, b, readErr)
		}
	}
}

// TestSidecarsGo checks which sidecars go with their photos.
func TestSidecarsGo(t *testing.T) {
	t.Parallel()
	const head = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"`
	text := func(items string) string {
		return head + `><dc:description><rdf:Alt>` + items + `</rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>`
	}
	const one = `<rdf:li xml:lang="x-default">Text</rdf:li>`
	taken := photo.AtWallClock(time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC))
	for name, c := range map[string]struct {
		sidecar, content string
		other            string // another file in the folder
		goes             bool
	}{
		"description":                  {"a.xmp", text(one), "", true},
		"appended name":                {"a.jpg.xmp", text(one), "", true},
		"another description":          {"a.xmp", text(`<rdf:li xml:lang="x-default">Other</rdf:li>`), "", false},
		"two languages":                {"a.xmp", text(one + `<rdf:li xml:lang="de">Text</rdf:li>`), "", false},
		"a rating":                     {"a.xmp", head + ` xmp:Rating="5"/></rdf:RDF></x:xmpmeta>`, "", false},
		"a date":                       {"a.xmp", head + ` exif:DateTimeOriginal="2024-05-06T07:08:09"/></rdf:RDF></x:xmpmeta>`, "", true},
		"another date":                 {"a.xmp", head + ` exif:DateTimeOriginal="2024-05-06T07:08:10"/></rdf:RDF></x:xmpmeta>`, "", false},
		"a second date":                {"a.xmp", head + ` exif:DateTimeOriginal="2024-05-06T07:08:09" xmp:CreateDate="2024-05-07"/></rdf:RDF></x:xmpmeta>`, "", false},
		"broken":                       {"a.xmp", head, "", false},
		"shared with a raw file":       {"a.xmp", text(one), "a.nef", false},
		"another photo's":              {"b.xmp", text(one), "", false},
		"takeout":                      {"a.jpg.json", `{"title":"a.jpg","description":"Text","imageViews":"3","geoData":{"latitude":0.0,"longitude":0.0}}`, "", true},
		"takeout with people":          {"a.jpg.json", `{"title":"a.jpg","description":"Text","people":[{"name":"Ada"}]}`, "", false},
		"takeout with a position":      {"a.jpg.json", `{"title":"a.jpg","description":"Text","geoData":{"latitude":1.0,"longitude":1.0}}`, "", false},
		"takeout with another caption": {"a.jpg.json", `{"title":"a.jpg","description":"Other"}`, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRemoving(t)
			dir := filepath.Dir(r.file)
			mustDo(t, os.WriteFile(filepath.Join(dir, c.sidecar), []byte(c.content), 0o600))
			if c.other != "" {
				mustDo(t, os.WriteFile(filepath.Join(dir, c.other), nil, 0o600))
			}
			id, err := FileID(t.Context(), r.file)
			mustDo(t, err)
			rem := NewRemover(t.Context(), r.svc, "", func(x FileRemoval) error { r.journal = append(r.journal, x); return nil })
			defer rem.Close()
			_, err = rem.Remove(t.Context(), r.item(), photo.Photo{ID: id, Name: "a.jpg", Description: "Text", TakenAt: taken})
			mustDo(t, err)
			removed := rem.RemoveSidecars(t.Context(), func(path string, err error) { t.Errorf("%s: %v", path, err) })
			gone := !there(filepath.Join(dir, c.sidecar))
			if gone != c.goes || removed == 1 != c.goes {
				t.Errorf("gone: %v, counted %d, want %v", gone, removed, c.goes)
			}
			if c.goes != slices.ContainsFunc(r.journal, func(x FileRemoval) bool { return x.Sidecar }) {
				t.Errorf("journal %+v", r.journal)
			}
		})
	}
}
