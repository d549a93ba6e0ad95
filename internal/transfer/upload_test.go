package transfer_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/sidecar"
	"photos/internal/testkit/sample"
	"photos/internal/transfer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a photo service in memory. Hooks make it fail.
type memory struct {
	mu           sync.Mutex
	photos       map[photo.ID]string // description
	trash        map[photo.ID]string
	learned      map[photo.ID]photo.Photo // facts from outside the pictures, which all have a date
	undated      bool                     // the pictures have none
	creations    int                      // uploads that needed no bytes
	checks       []int                    // sizes
	uploads      int
	beforeUpload func(n int, u client.Upload) error
}

func newMemory() *memory {
	return &memory{photos: map[photo.ID]string{}, trash: map[photo.ID]string{}, learned: map[photo.ID]photo.Photo{}}
}

func (m *memory) Check(ctx context.Context, ids []photo.ID) ([]photo.Status, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	m.checks = append(m.checks, len(ids))
	out := make([]photo.Status, len(ids))
	for i, id := range ids {
		out[i] = photo.Status{ID: id, State: photo.Absent}
		if d, ok := m.photos[id]; ok {
			out[i].State, out[i].Description = photo.Stored, d
		} else if d, ok := m.trash[id]; ok {
			out[i].State, out[i].Description = photo.Trashed, d
		}
		p := m.known(id)
		out[i].TakenSource, out[i].PositionSource = p.TakenSource, p.PositionSource
	}
	return out, nil
}

func (m *memory) known(id photo.ID) photo.Photo {
	p := m.learned[id]
	if !m.undated {
		p.TakenSource = photo.FactEmbedded
	}
	return p
}

func (m *memory) learn(id photo.ID, f photo.Facts) {
	p := m.known(id)
	p.Learn(f)
	m.learned[id] = p
}

func (m *memory) Upload(_ context.Context, u client.Upload) (client.Uploaded, error) {
	m.mu.Lock()
	if _, ok := m.photos[u.Meta.ID]; ok && u.Stored {
		defer m.mu.Unlock()
		m.creations++
		m.learn(u.Meta.ID, u.Meta.Facts)
		return client.Uploaded{ID: u.Meta.ID, Outcome: photo.OutcomeExists}, nil
	}
	m.uploads++
	n := m.uploads
	m.mu.Unlock()
	if m.beforeUpload != nil {
		if err := m.beforeUpload(n, u); err != nil {
			return client.Uploaded{Attempts: 1}, err
		}
	}
	data, err := io.ReadAll(io.NewSectionReader(u.Body, 0, u.Size))
	if err != nil {
		return client.Uploaded{Attempts: 1}, err
	}
	id := photo.ID(sha256.Sum256(data))
	if id != u.Meta.ID || int64(len(data)) != u.Size {
		return client.Uploaded{Attempts: 1}, &photo.Error{Kind: photo.KindDigestMismatch, Msg: "other bytes"}
	}
	if u.Sent != nil {
		u.Sent(u.Size)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.learn(id, u.Meta.Facts)
	m.photos[id] = u.Meta.Description
	return client.Uploaded{ID: id, Outcome: photo.OutcomeUploaded, Attempts: 1}, nil
}

func (m *memory) Describe(_ context.Context, items []api.DescriptionItem) ([]api.DescriptionResult, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]api.DescriptionResult, len(items))
	for i, it := range items {
		if m.photos[it.ID] == "" || !it.OnlyIfEmpty {
			m.photos[it.ID] = it.Description
			out[i].Changed = true
		}
		out[i].Photo = &api.Photo{ID: it.ID, Description: m.photos[it.ID]}
	}
	return out, nil
}

func (m *memory) Restore(_ context.Context, id photo.ID) (photo.Photo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.photos[id] = m.trash[id]
	delete(m.trash, id)
	p := m.known(id)
	p.ID, p.Description = id, m.photos[id]
	return p, nil
}

// write puts a picture into dir and returns its path and ID.
func write(t *testing.T, dir, name string, seed uint64) (string, photo.ID) {
	t.Helper()
	data, err := sample.Picture(seed, 2000)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
		t.Fatal(err)
	}
	return path, sha256.Sum256(data)
}

// run uploads items. It checks that there is one record per item and that the outcomes add up.
func run(t *testing.T, ctx context.Context, m *memory, items []transfer.Item, o transfer.Options) (map[string]transfer.Record, error) { //nolint:revive // t first, as helpers do
	t.Helper()
	got := map[string]transfer.Record{}
	sum, err := transfer.Upload(ctx, m, slices.Values(items), o, func(r transfer.Record) {
		if _, twice := got[r.Path]; twice {
			t.Errorf("two records of %s", r.Path)
		}
		got[r.Path] = r
	})
	total := 0
	for _, n := range sum.Outcomes {
		total += n
	}
	if total != sum.Total || sum.Total != len(got) {
		t.Errorf("%d records, total %d, outcomes %v", len(got), sum.Total, sum.Outcomes)
	}
	return got, err
}

func outcomes(records map[string]transfer.Record) map[string]photo.Outcome {
	out := map[string]photo.Outcome{}
	for path, r := range records {
		out[filepath.Base(path)] = r.Outcome
	}
	return out
}

// TestDatesReachPhotosThatAreThere: a photo without a date gets the best one that is known here,
// either when it is sent or later, without its bytes. A second run adds nothing.
func TestDatesReachPhotosThatAreThere(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), newMemory()
	m.undated = true
	fresh, freshID := write(t, dir, "fresh.jpg", 1)
	there, thereID := write(t, dir, "there.jpg", 2)
	back, backID := write(t, dir, "back.jpg", 3)
	twin, _ := write(t, dir, "album/there.jpg", 2)
	m.photos[thereID], m.trash[backID] = "mine", ""
	old := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, path := range []string{fresh, there, back, twin} {
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	items := []transfer.Item{{Path: fresh}, {Path: there}, {Path: back}, {Path: twin}}
	o := transfer.Options{IfExists: transfer.Skip, Sidecars: sidecar.New(nil)}
	upload := func(creations int, source photo.FactSource, want map[string]photo.Outcome) {
		t.Helper()
		m.creations = 0
		records, err := run(t, t.Context(), m, items, o)
		if d := cmp.Diff(want, outcomes(records)); d != "" || err != nil {
			t.Errorf("%v (-want +got)\n%s", err, d)
		}
		if m.creations != creations || m.known(thereID).TakenSource != source {
			t.Errorf("%d creations, source %q, want %d and %q", m.creations, m.known(thereID).TakenSource, creations, source)
		}
	}
	exists := map[string]photo.Outcome{"fresh.jpg": photo.OutcomeExists, "there.jpg": photo.OutcomeExists, "back.jpg": photo.OutcomeExists}
	upload(0, "", map[string]photo.Outcome{"fresh.jpg": photo.OutcomeUploaded, "there.jpg": photo.OutcomeExists, "back.jpg": photo.OutcomeRestored})
	o.IfExists, o.DryRun = transfer.Fill, true
	upload(0, "", exists)
	o.DryRun = false
	upload(2, photo.FactModified, exists)
	if p := m.known(freshID); !p.TakenAt.Time().Equal(old) || !p.ModifiedAt.Equal(old) {
		t.Errorf("sent: %+v", p)
	}
	upload(0, photo.FactModified, exists)
	json := `{"title":"there.jpg","photoTakenTime":{"timestamp":"1532281602"},"geoData":{"latitude":1.5,"longitude":2}}`
	if err := os.WriteFile(twin+".json", []byte(json), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Sidecars = sidecar.New(nil)
	upload(1, photo.FactTakeout, exists)
	upload(0, photo.FactTakeout, exists)
	if p := m.known(thereID); p.PositionSource != photo.FactTakeout || m.photos[thereID] != "mine" {
		t.Errorf("there: %+v, %q", p, m.photos[thereID])
	}
}

func TestEveryItemHasItsOutcome(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), newMemory()
	fresh, _ := write(t, dir, "new.jpg", 1)
	twin, _ := write(t, dir, "twin.jpg", 1)
	there, id := write(t, dir, "there.jpg", 2)
	m.photos[id] = ""
	described, id := write(t, dir, "described.jpg", 3)
	m.photos[id] = ""
	kept, id := write(t, dir, "kept.jpg", 4)
	m.photos[id] = "older"
	trashed, id := write(t, dir, "trashed.jpg", 5)
	m.trash[id] = "gone"
	text, empty := filepath.Join(dir, "notes.txt"), filepath.Join(dir, "empty.jpg")
	if err := errors.Join(os.WriteFile(text, []byte("hello"), 0o644), os.WriteFile(empty, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	got, err := run(t, context.Background(), m, []transfer.Item{
		{Path: fresh},
		{Path: twin},
		{Path: there},
		{Path: described, Description: "now", Source: photo.FromFlag},
		{Path: kept, Description: "newer", Source: photo.FromFlag},
		{Path: trashed},
		{Path: text},
		{Path: empty},
		{Path: filepath.Join(dir, "gone.jpg"), Named: true},
	}, transfer.Options{Jobs: 4})
	if err != nil {
		t.Fatal(err)
	}
	// Of two files with the same bytes, whichever is read first is sent.
	if a, b := got[fresh].Outcome, got[twin].Outcome; a == b || (a != photo.OutcomeUploaded && b != photo.OutcomeUploaded) {
		t.Errorf("the twins: %s and %s", a, b)
	}
	delete(got, fresh)
	delete(got, twin)
	if d := cmp.Diff(map[string]photo.Outcome{
		"there.jpg": photo.OutcomeExists, "described.jpg": photo.OutcomeDescribed, "kept.jpg": photo.OutcomeExists,
		"trashed.jpg": photo.OutcomeRestored, "notes.txt": photo.OutcomeSkipped, "empty.jpg": photo.OutcomeSkipped, "gone.jpg": photo.OutcomeFailed,
	}, outcomes(got)); d != "" {
		t.Error(d)
	}
	if !got[kept].DescriptionKept || m.photos[got[kept].ID] != "older" {
		t.Errorf("kept: %+v, now %q", got[kept], m.photos[got[kept].ID])
	}
	if k := photo.KindOf(got[filepath.Join(dir, "gone.jpg")].Err); k != photo.KindNotFound {
		t.Errorf("a missing file is of kind %s", k)
	}
	if m.uploads != 1 {
		t.Errorf("%d uploads", m.uploads)
	}
}

func TestNamedFilesMustBePictures(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(path, []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := run(t, context.Background(), newMemory(), []transfer.Item{{Path: path, Named: true}}, transfer.Options{})
	if r := got[path]; err != nil || r.Outcome != photo.OutcomeFailed || photo.KindOf(r.Err) != photo.KindNotPicture {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestChecksGrow(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), newMemory()
	var items []transfer.Item
	for i := range 700 {
		path, id := write(t, dir, fmt.Sprintf("%03d.jpg", i), uint64(i+1))
		m.photos[id] = ""
		items = append(items, transfer.Item{Path: path})
	}
	if _, err := run(t, context.Background(), m, items, transfer.Options{}); err != nil {
		t.Fatal(err)
	}
	if len(m.checks) > 8 || m.uploads != 0 {
		t.Errorf("checks of %v, %d uploads", m.checks, m.uploads)
	}
}

func TestUnavailableServiceEndsTheRun(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), newMemory()
	m.beforeUpload = func(n int, _ client.Upload) error {
		if n > 3 {
			return &photo.Error{Kind: photo.KindUnavailable, Msg: "gone"}
		}
		return nil
	}
	var items []transfer.Item
	for i := range 50 {
		path, _ := write(t, dir, fmt.Sprintf("%03d.jpg", i), uint64(i+1))
		items = append(items, transfer.Item{Path: path})
	}
	got, err := run(t, context.Background(), m, items, transfer.Options{Jobs: 1})
	if photo.KindOf(err) != photo.KindUnavailable {
		t.Errorf("error %v", err)
	}
	n := map[photo.Outcome]int{}
	for _, r := range got {
		n[r.Outcome]++
	}
	if n[photo.OutcomeUploaded] != 3 || n[photo.OutcomeFailed] != 0 || n[photo.OutcomePending] == 0 {
		t.Errorf("outcomes %v", n)
	}
}

func TestOneBadItemStopsNoOther(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), newMemory()
	bad, badID := write(t, dir, "bad.jpg", 1)
	good, _ := write(t, dir, "good.jpg", 2)
	m.beforeUpload = func(_ int, u client.Upload) error {
		if u.Meta.ID == badID {
			return &photo.Error{Kind: photo.KindQuota, Msg: "no room"}
		}
		return nil
	}
	got, err := run(t, context.Background(), m, []transfer.Item{{Path: bad}, {Path: good}}, transfer.Options{Jobs: 1})
	if err != nil || got[bad].Outcome != photo.OutcomeFailed || got[good].Outcome != photo.OutcomeUploaded {
		t.Errorf("%v, %v", outcomes(got), err)
	}
}

func TestFileThatChangedIsReadAgain(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), newMemory()
	path, _ := write(t, dir, "live.jpg", 1)
	m.beforeUpload = func(n int, _ client.Upload) error {
		if n == 1 { // the camera's software writes once more, between digest and upload
			write(t, dir, "live.jpg", 2)
		}
		return nil
	}
	got, err := run(t, context.Background(), m, []transfer.Item{{Path: path, Named: true}}, transfer.Options{})
	now, readErr := os.ReadFile(path)
	if r := got[path]; err != nil || readErr != nil || r.Outcome != photo.OutcomeUploaded || r.ID != sha256.Sum256(now) {
		t.Errorf("%+v, %v", got[path], err)
	}
}

// TestCopiesOfAFileThatChangedAreSent: when the first of several equal files changes or
// disappears before it is sent, the others are sent.
func TestCopiesOfAFileThatChangedAreSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(path string) error
		want   photo.Outcome
	}{
		"into another picture": {func(path string) error { write(t, filepath.Dir(path), filepath.Base(path), 2); return nil }, photo.OutcomeUploaded},
		"into no picture":      {func(path string) error { return os.WriteFile(path, []byte("text, of some length"), 0o600) }, photo.OutcomeFailed},
		"and vanished": {func(path string) error {
			return errors.Join(os.Remove(path), &photo.Error{Kind: photo.KindChanged})
		}, photo.OutcomeFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "and vanished" && runtime.GOOS == "windows" {
				t.Skip("Windows does not remove a file that is being read")
			}
			dir, m := t.TempDir(), newMemory()
			other, _ := write(t, dir, "other.jpg", 7)
			items := []transfer.Item{{Path: other}}
			var id photo.ID
			for _, name := range []string{"one.jpg", "two.jpg", "three.jpg"} {
				var path string
				path, id = write(t, dir, name, 1)
				items = append(items, transfer.Item{Path: path, Named: true})
			}
			var first string // whichever was digested first
			m.beforeUpload = func(_ int, u client.Upload) error {
				if first != "" || u.Meta.ID != id {
					return nil
				}
				first = filepath.Join(dir, u.Meta.Filename)
				return c.change(first)
			}
			got, err := run(t, context.Background(), m, items, transfer.Options{Jobs: 1})
			if _, stored := m.photos[id]; err != nil || !stored || got[first].Outcome != c.want {
				t.Errorf("%v, %v; the twins' bytes stored: %v", outcomes(got), err, stored)
			}
			for _, twin := range items[1:] {
				if r := got[twin.Path]; twin.Path != first && (r.ID != id || r.Outcome != photo.OutcomeUploaded && r.Outcome != photo.OutcomeExists) {
					t.Errorf("%s: %s as %s: %v", twin.Path, r.Outcome, r.ID, r.Err)
				}
			}
		})
	}
}

// TestManyCopiesOfOnePhoto: more copies than a queue holds wait for the first one and are then
// found at the service. When the service goes away meanwhile, they are pending.
func TestManyCopiesOfOnePhoto(t *testing.T) {
	t.Parallel()
	const copies = 3000
	for name, c := range map[string]struct {
		o       transfer.Options
		failure error
		first   photo.Outcome
		others  photo.Outcome
	}{
		"uploaded":    {transfer.Options{}, nil, photo.OutcomeUploaded, photo.OutcomeExists},
		"dry run":     {transfer.Options{DryRun: true}, nil, photo.OutcomeUploaded, photo.OutcomeExists},
		"unavailable": {transfer.Options{}, &photo.Error{Kind: photo.KindUnavailable, Msg: "gone"}, photo.OutcomePending, photo.OutcomePending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, m := t.TempDir(), newMemory()
			original, _ := write(t, dir, "photo.jpg", 1)
			items := []transfer.Item{{Path: original}}
			for i := range copies {
				path := filepath.Join(dir, fmt.Sprintf("copy%04d.jpg", i))
				if err := os.Link(original, path); err != nil {
					t.Skip("this folder can have no hard links: ", err)
				}
				items = append(items, transfer.Item{Path: path})
			}
			m.beforeUpload = func(int, client.Upload) error { return c.failure }
			got, _ := run(t, context.Background(), m, items, c.o)
			n := map[photo.Outcome]int{}
			for _, r := range got {
				n[r.Outcome]++
			}
			if c.failure == nil && (n[c.others] != copies || n[c.first] != 1) || c.failure != nil && n[c.others] != len(got) {
				t.Errorf("outcomes %v", n)
			}
			if m.uploads > 1 {
				t.Errorf("the bytes were sent %d times", m.uploads)
			}
		})
	}
}

func TestFileThatKeepsChangingFails(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), newMemory()
	path, _ := write(t, dir, "live.jpg", 1)
	m.beforeUpload = func(n int, _ client.Upload) error {
		write(t, dir, "live.jpg", uint64(n+1))
		return nil
	}
	got, err := run(t, context.Background(), m, []transfer.Item{{Path: path, Named: true}}, transfer.Options{})
	if r := got[path]; err != nil || r.Outcome != photo.OutcomeFailed || photo.KindOf(r.Err) != photo.KindChanged {
		t.Errorf("%+v, %v", got[path], err)
	}
	if len(m.photos) != 0 {
		t.Errorf("%d photos stored", len(m.photos))
	}
}

// TestAListThatIsInterruptedEndsTheRun: the reader of a list may see Ctrl-C before the run does.
func TestAListThatIsInterruptedEndsTheRun(t *testing.T) {
	t.Parallel()
	items := []transfer.Item{{Path: "stdin:1", Err: &photo.Error{Kind: photo.KindInterrupted, Msg: "interrupted"}}}
	got, err := run(t, context.Background(), newMemory(), items, transfer.Options{})
	if r := got["stdin:1"]; photo.KindOf(err) != photo.KindInterrupted || r.Outcome != photo.OutcomePending {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestStoppedRunFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), newMemory()
	ctx, cancel := context.WithCancel(context.Background())
	m.beforeUpload = func(n int, _ client.Upload) error {
		if n == 1 {
			cancel() // Ctrl-C while the first one is sent
		}
		return nil
	}
	var items []transfer.Item
	for i := range 20 {
		path, _ := write(t, dir, fmt.Sprintf("%03d.jpg", i), uint64(i+1))
		items = append(items, transfer.Item{Path: path})
	}
	got, err := run(t, ctx, m, items, transfer.Options{Jobs: 1})
	if photo.KindOf(err) != photo.KindInterrupted {
		t.Errorf("error %v", err)
	}
	n := map[photo.Outcome]int{}
	for _, r := range got {
		n[r.Outcome]++
	}
	if n[photo.OutcomeUploaded] != 1 || n[photo.OutcomeFailed] != 0 {
		t.Errorf("outcomes %v", n)
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a.jpg", "deep/er/b.jpg", ".hidden/c.jpg", "@eaDir/d.jpg", "x.photoslibrary/e.jpg", "y.lrdata/f.jpg", "[1].jpg", "1.jpg", "$RECYCLE.BIN/S-1-5-21/$RABCDEF.jpg", "System Volume Information/g.jpg"} {
		write(t, dir, name, 1)
	}
	if err := os.Symlink(filepath.Join(dir, "a.jpg"), filepath.Join(dir, "link.jpg")); err != nil {
		t.Fatal(err)
	}
	scan := func(args ...string) (found, noted []string) {
		for i := range args {
			args[i] = filepath.Join(dir, args[i])
		}
		for it := range transfer.Scan(args, transfer.ScanOptions{Note: func(path, _ string) { noted = append(noted, filepath.Base(path)) }}) {
			rel, err := filepath.Rel(dir, it.Path)
			if err != nil {
				t.Fatal(err)
			}
			if it.Err != nil {
				rel += ": " + it.Err.Error()
			}
			found = append(found, filepath.ToSlash(rel))
		}
		return found, noted
	}
	found, noted := scan(".")
	if d := cmp.Diff([]string{"1.jpg", "[1].jpg", "a.jpg", "deep/er/b.jpg", "link.jpg: a symbolic link"}, found); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"$RECYCLE.BIN", ".hidden", "@eaDir", "System Volume Information", "x.photoslibrary", "y.lrdata"}, noted); d != "" {
		t.Error(d)
	}
	if found, _ := scan("[1].jpg", "*/er/*.jpg", ".hidden", "none*.jpg", "link.jpg"); !slices.Equal(found, []string{
		"[1].jpg", "deep/er/b.jpg", ".hidden/c.jpg", "none*.jpg: no such file or folder", "link.jpg",
	}) {
		t.Errorf("found %q", found)
	}
}

func TestProgressAddsUp(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), newMemory()
	var items []transfer.Item
	for i := range 10 {
		path, _ := write(t, dir, fmt.Sprintf("%03d.jpg", i), uint64(i+1))
		items = append(items, transfer.Item{Path: path})
	}
	var p counter
	if _, err := run(t, context.Background(), m, items, transfer.Options{Progress: &p}); err != nil {
		t.Fatal(err)
	}
	if p.found != p.moved || p.done != 10 || p.found == 0 {
		t.Errorf("%+v", &p)
	}
}

type counter struct {
	mu           sync.Mutex
	found, moved int64
	done         int
}

func (c *counter) Found(_ string, n int64) { c.mu.Lock(); defer c.mu.Unlock(); c.found += n }
func (c *counter) Sending(string, int64)   {}
func (c *counter) Moved(_ string, n int64) { c.mu.Lock(); defer c.mu.Unlock(); c.moved += n }
func (c *counter) Done(transfer.Record)    { c.mu.Lock(); defer c.mu.Unlock(); c.done++ }
