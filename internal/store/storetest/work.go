package storetest

import (
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func workTests() []test {
	return []test{
		{"new photos are queued, the newest first", newWork},
		{"work is claimed once, and again when its lease is over", claimOnce},
		{"released work is due after a delay", releaseWork},
		{"a repaired photo is queued again", repairedWork},
		{"outdated photos are queued once", outdatedWork},
		{"an older version queues nothing", olderVersion},
		{"renditions are recorded", setRendition},
		{"renditions of others are not replaced", replaceRendition},
		{"digests of live photos", looks},
		{"renditions are swept with their photo", purgeRendition},
		{"metadata is read again", reread},
		{"what the user wrote is not read again", rereadKeeps},
	}
}

const workLease = time.Hour

func claimWork(t *testing.T, s store.Store, lease time.Duration) store.Work {
	t.Helper()
	w, ok, err := s.ClaimWork(t.Context(), lease)
	must(t, err)
	if ok != (w.Number != 0) {
		t.Errorf("ClaimWork: %v, and work %d", ok, w.Number)
	}
	return w
}

func wantIdle(t *testing.T, s store.Store) {
	t.Helper()
	if w := claimWork(t, s, workLease); w.Number != 0 {
		t.Errorf("there is work: %+v", w)
	}
}

// finishAll empties the queue.
func finishAll(t *testing.T, s store.Store) (done []photo.ID) {
	t.Helper()
	for {
		w := claimWork(t, s, workLease)
		if w.Number == 0 {
			return done
		}
		must(t, s.FinishWork(t.Context(), w))
		done = append(done, w.Photo.ID)
	}
}

func newWork(t *testing.T, open Opener) {
	s := open(t)
	wantIdle(t, s)
	owner := anOwner(t, s, "alice")
	ps := addNumbered(t, s, owner, 0, 3)
	add(t, s, owner, ps[0], "another key") // it exists
	for i := 2; i >= 0; i-- {
		w := claimWork(t, open(t), workLease)
		if w.Owner != owner || w.Photo.ID != ps[i].ID || w.Key != key(i) || w.Rendition != "" || w.Maker != 0 || w.Attempts != 1 {
			t.Errorf("claimed %+v, want photo %d", w, i)
		}
		must(t, s.FinishWork(t.Context(), w))
	}
	wantIdle(t, s)
	u, err := s.CreateUpload(t.Context(), store.Upload{ID: "u", Owner: owner, Length: 1, Name: "n", Writer: "w"}, time.Hour)
	must(t, err)
	_, err = s.FinishUpload(t.Context(), owner, "u", u.Generation, numbered(3), key(3), store.Finish{Keep: time.Hour})
	must(t, err)
	if w := claimWork(t, s, workLease); w.Photo.ID != numbered(3).ID {
		t.Errorf("claimed %+v, want the finished upload", w)
	}
}

func claimOnce(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	addNumbered(t, s, owner, 0, 1)
	first := claimWork(t, s, 0)
	second := claimWork(t, open(t), workLease)
	if second.Photo.ID != first.Photo.ID || second.Attempts != 2 {
		t.Errorf("claimed %+v after the lease", second)
	}
	must(t, s.FinishWork(t.Context(), first)) // too late
	must(t, s.ReleaseWork(t.Context(), first, 0))
	wantIdle(t, s)
	must(t, s.FinishWork(t.Context(), second))
	must(t, s.FinishWork(t.Context(), second))
	wantIdle(t, s)
}

func releaseWork(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	addNumbered(t, s, owner, 0, 1)
	w := claimWork(t, s, workLease)
	must(t, s.ReleaseWork(t.Context(), w, 0))
	w = claimWork(t, s, workLease)
	if w.Attempts != 1 {
		t.Errorf("attempts %d, a release is none", w.Attempts)
	}
	must(t, s.ReleaseWork(t.Context(), w, time.Hour))
	wantIdle(t, s)
}

func repairedWork(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	finishAll(t, s)
	must(t, s.SetDamaged(t.Context(), owner, p.ID, key(0), true))
	add(t, s, owner, numbered(0), "repaired")
	if w := claimWork(t, s, workLease); w.Photo.ID != p.ID || w.Key != "repaired" {
		t.Errorf("claimed %+v", w)
	}
}

// queueAll looks for outdated photos, two at a time, and returns those that it queued.
func queueAll(t *testing.T, s store.Store, v store.Versions) []photo.ID {
	t.Helper()
	for {
		more, err := s.QueueOutdated(t.Context(), v, 2)
		must(t, err)
		if !more {
			return finishAll(t, s)
		}
	}
}

func outdatedWork(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for i := range 5 {
		p := numbered(i)
		p.Reader = 1 + i%2
		add(t, s, owner, p, key(i))
	}
	finishAll(t, s)
	looked := func(i int, r store.Rendered) {
		_, err := s.SetRendition(t.Context(), owner, numbered(i).ID, r)
		must(t, err)
	}
	for i := range 4 {
		looked(i, store.Rendered{Maker: 1})
	}
	looked(3, store.Rendered{Maker: 1, NoDecoder: true})
	v := store.Versions{Reader: 2, Maker: 1, Decoders: "vips"}
	ids := func(numbers ...int) (ids []photo.ID) {
		for _, i := range numbers {
			ids = append(ids, numbered(i).ID)
		}
		return ids
	}
	same(t, "old readers, photos without renditions, and without decoder", ids(4, 3, 2, 0), queueAll(t, s, v))
	same(t, "once more", []photo.ID(nil), queueAll(t, open(t), v))
	v.Decoders = "vips, ffmpeg"
	same(t, "another decoder", ids(4, 3, 2, 0), queueAll(t, s, v))
	v.Maker = 2
	same(t, "another maker", ids(4, 3, 2, 1, 0), queueAll(t, s, v))
}

func olderVersion(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	addNumbered(t, s, owner, 0, 1)
	finishAll(t, s)
	if got := queueAll(t, s, store.Versions{Reader: 2, Maker: 2}); len(got) != 1 {
		t.Errorf("queued %v", got)
	}
	for _, v := range []store.Versions{{Reader: 1, Maker: 2}, {Reader: 2, Maker: 1}} {
		if got := queueAll(t, s, v); len(got) != 0 {
			t.Errorf("%+v queued %v", v, got)
		}
	}
}

func setRendition(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	if p.Look != (photo.Look{}) {
		t.Errorf("before: %+v", p.Look)
	}
	r := store.Rendered{Key: "small", Maker: 3, Color: photo.Color{255, 2, 3}, Digest: 1<<63 | 5}
	drop, err := s.SetRendition(t.Context(), owner, p.ID, r)
	must(t, err)
	if drop != "" {
		t.Errorf("drop %q", drop)
	}
	want := photo.Look{Rendition: photo.RenditionReady, Color: r.Color, Digest: r.Digest}
	l, err := open(t).Locate(t.Context(), owner, p.ID)
	must(t, err)
	if l.Owner != owner || l.Key != key(0) || l.Rendition != "small" || l.Maker != 3 || l.NoDecoder || l.Photo.Look != want || l.Photo.Version != 1 {
		t.Errorf("located %+v", l)
	}
	wantNamed(t, s, owner, "small", true)
	for _, refused := range []store.Rendered{{Maker: 4, NoDecoder: true, Replaces: "small"}, {Maker: 4}} {
		drop, err = s.SetRendition(t.Context(), owner, p.ID, refused)
		must(t, err)
		if drop != refused.Replaces {
			t.Errorf("drop %q, want %q", drop, refused.Replaces)
		}
		l, err := s.Locate(t.Context(), owner, p.ID)
		must(t, err)
		if l.Photo.Look != (photo.Look{Rendition: photo.RenditionNone}) || l.Rendition != "" || l.NoDecoder != refused.NoDecoder || l.Maker != 4 {
			t.Errorf("located %+v", l)
		}
	}
	other := anOwner(t, s, "bob")
	_, err = s.SetRendition(t.Context(), other, p.ID, r)
	wantKind(t, "of another owner", err, photo.KindNotFound)
	_, err = s.Locate(t.Context(), other, p.ID)
	wantKind(t, "of another owner", err, photo.KindNotFound)
	_, err = s.Trash(t.Context(), owner, p.ID, time.Hour)
	must(t, err)
	_, err = s.Locate(t.Context(), owner, p.ID)
	wantKind(t, "in the trash", err, photo.KindNotFound)
}

func replaceRendition(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0]
	for _, step := range []struct{ key, replaces, drop string }{
		{"first", "", ""}, {"late", "", "late"}, {"second", "first", "first"},
	} {
		drop, err := s.SetRendition(t.Context(), owner, p.ID, store.Rendered{Key: step.key, Maker: 1, Replaces: step.replaces})
		must(t, err)
		if drop != step.drop {
			t.Errorf("%+v: drop %q", step, drop)
		}
	}
	l, err := s.Locate(t.Context(), owner, p.ID)
	must(t, err)
	if l.Rendition != "second" {
		t.Errorf("located %+v", l)
	}
}

func looks(t *testing.T, open Opener) {
	s := open(t)
	owner, other := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	ps := addNumbered(t, s, owner, 0, 5)
	addNumbered(t, s, other, 0, 1)
	finishAll(t, s)
	look := func(owner string, i int, r store.Rendered) {
		_, err := s.SetRendition(t.Context(), owner, ps[i].ID, r)
		must(t, err)
	}
	look(owner, 0, store.Rendered{Key: "a", Maker: 1, Digest: 1 << 63})
	look(owner, 1, store.Rendered{Key: "b", Maker: 1})
	look(owner, 2, store.Rendered{Maker: 1})
	look(owner, 3, store.Rendered{Key: "c", Maker: 1, Digest: 7})
	look(other, 0, store.Rendered{Key: "d", Maker: 1, Digest: 9})
	_, err := s.Trash(t.Context(), owner, ps[3].ID, time.Hour)
	must(t, err)
	add(t, s, owner, numbered(6), key(6)) // in the queue
	found, pending, err := open(t).Looks(t.Context(), owner)
	must(t, err)
	if pending != 1 {
		t.Errorf("%d pending, want 1", pending)
	}
	var numbers []int64
	digests := map[photo.Digest]bool{}
	for _, l := range found {
		numbers, digests[l.Digest] = append(numbers, l.Number), true
	}
	if len(found) != 2 || !digests[1<<63] || !digests[0] {
		t.Errorf("looks %+v", found)
	}
	rows, err := s.Numbered(t.Context(), owner, numbers)
	must(t, err)
	ids := map[photo.ID]bool{}
	for _, p := range rows {
		ids[p.ID] = true
	}
	if len(rows) != 2 || !ids[ps[0].ID] || !ids[ps[1].ID] {
		t.Errorf("rows %+v", rows)
	}
	if rows, err := s.Numbered(t.Context(), other, numbers); err != nil || len(rows) != 0 {
		t.Errorf("rows of another owner: %+v, %v", rows, err)
	}
	if rows, err := s.Numbered(t.Context(), owner, nil); err != nil || len(rows) != 0 {
		t.Errorf("no rows: %+v, %v", rows, err)
	}
}

func purgeRendition(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := addNumbered(t, s, owner, 0, 1)[0] // its work goes with it
	_, err := s.SetRendition(t.Context(), owner, p.ID, store.Rendered{Key: "small", Maker: 1})
	must(t, err)
	_, err = s.Trash(t.Context(), owner, p.ID, 0)
	must(t, err)
	gone, err := s.Purge(t.Context(), 10)
	must(t, err)
	same(t, "purged", []store.Blob{{Owner: owner, Key: key(0)}, {Owner: owner, Key: "small"}}, gone)
	wantNamed(t, s, owner, "small", false)
	wantIdle(t, s)
}

func reread(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	old := numbered(0)
	old.Reader, old.TakenAt, old.TakenSource = 1, photo.AtWallClock(time.Unix(1e9, 0)), photo.FactEmbedded
	old.Description, old.DescriptionSource = "OLYMPUS DIGITAL CAMERA", photo.FromEmbedded
	add(t, s, owner, old, key(0))
	read := photo.Photo{
		ID: old.ID, Reader: 2, MediaType: "image/heic", Width: 40, Height: 30, Camera: "E-M1", TakenAt: photo.At(time.Unix(2e9, 0).UTC()),
		Position: &photo.Position{Latitude: 1, Longitude: 2}, Shot: photo.Shot{ISO: 200, Lens: "12-40"}, Description: "On the beach",
	}
	must(t, s.Reread(t.Context(), owner, read))
	got := get(t, s, owner, old.ID)
	want := read
	want.Name, want.Size, want.UploadedAt, want.Version = got.Name, got.Size, got.UploadedAt, got.Version
	want.TakenSource, want.PositionSource, want.DescriptionSource = photo.FactEmbedded, photo.FactEmbedded, photo.FromEmbedded
	same(t, "read again", want, got)
	if got.Version == 1 {
		t.Error("the version is the same, although date, position and description are others")
	}
	read.Reader, read.Width = 1, 1
	must(t, s.Reread(t.Context(), owner, read))
	same(t, "by an older reader", got, get(t, s, owner, old.ID))
	read.Reader, read.Width, read.Shot.ISO = 3, 50, 400
	must(t, s.Reread(t.Context(), owner, read))
	if now := get(t, s, owner, old.ID); now.Version != got.Version || now.Width != 50 || now.Shot.ISO != 400 || now.Reader != 3 {
		t.Errorf("after a change of nothing that users edit: %+v", now)
	}
	wantKind(t, "of another owner", s.Reread(t.Context(), anOwner(t, s, "bob"), read), photo.KindNotFound)
}

func rereadKeeps(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for i, source := range []photo.Source{photo.FromFlag, photo.FromEmbedded, ""} {
		p := numbered(i)
		if source != "" {
			p.Description, p.DescriptionSource = "as it was", source
		}
		add(t, s, owner, p, key(i))
		if source == photo.FromEmbedded { // the user edits it
			_, err := s.Describe(t.Context(), owner, []store.Description{{ID: p.ID, Text: "as it was written", Source: photo.FromWeb}})
			must(t, err)
		}
		before := get(t, s, owner, p.ID)
		must(t, s.Reread(t.Context(), owner, photo.Photo{ID: p.ID, Reader: 2, MediaType: p.MediaType, Description: "of the camera"}))
		before.Reader = 2
		same(t, "read again", before, get(t, s, owner, p.ID))
	}
}
