package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func editTests() []test {
	return []test{
		{"everything that may be edited", editAll},
		{"tags are added and removed", editTags},
		{"edits fail alone", editsApart},
		{"an edit with a version", editVersion},
		{"a folder and tags that come with a photo", addWithTags},
		{"tags are another owner's own", tagsApart},
		{"tags by many", tagsByMany},
		{"counts by month, type and camera", stats},
		{"tags come in pages", pagesOfTags},
		{"cameras are few", camerasAreFew},
	}
}

// edit changes one photo.
func edit(t tester, s store.Store, owner string, e photo.Edit) store.Described {
	t.Helper()
	got, err := s.Edit(t.Context(), owner, []photo.Edit{e})
	must(t, err)
	if len(got) != 1 {
		t.Fatalf("%d results of one edit", len(got))
	}
	return got[0]
}

func wantTags(t tester, s store.Store, owner string, want ...photo.Tally) {
	t.Helper()
	got, err := s.Tags(t.Context(), owner, "", 1000)
	must(t, err)
	same(t, "tags", want, got)
}

func editAll(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	want := add(t, s, owner, numbered(1), key(1)).Photo
	name, folder, taken := "new \xff name", "2024/été ", at("2024-05-31T18:00:00+02:00")
	tags := []string{"ada", "été"}
	e := photo.Edit{
		ID: want.ID, Description: &photo.Text{Text: "text", Source: photo.FromWeb}, Name: &name, TakenAt: &taken,
		Position: &photo.PlaceEdit{Position: &photo.Position{Latitude: 48.1, Longitude: -11.5}}, Folder: &folder, Tags: &tags,
	}
	want.Description, want.DescriptionSource, want.Name, want.Folder, want.Tags = "text", photo.FromWeb, name, folder, tags
	want.TakenAt, want.TakenSource, want.Position, want.PositionSource = taken, photo.FactUser, e.Position.Position, photo.FactUser
	want.Version = 2
	same(t, "edited", store.Described{Photo: want, Changed: true}, edit(t, s, owner, e))
	same(t, "again", store.Described{Photo: want}, edit(t, s, owner, e))
	same(t, "stored", want, get(t, open(t), owner, want.ID))
	same(t, "found by its new name", []photo.Photo{want}, all(t, s, owner, photo.Filter{Search: "name ada text"}, 10))

	h, err := s.History(t.Context(), owner, want.ID)
	must(t, err)
	if len(h.Revisions) != 2 || h.Revisions[0].Text != "text" || !h.Revisions[1].Undo {
		t.Errorf("history: %+v", h.Revisions)
	}
	learned, err := s.Learn(t.Context(), owner, want.ID, photo.Facts{Taken: at("2020-01-01T00:00:00"), TakenSource: photo.FactEmbedded})
	must(t, err)
	same(t, "what the user set stays", want, learned)

	none := []string{}
	erase := photo.Edit{ID: want.ID, Description: &photo.Text{}, TakenAt: &photo.Moment{}, Position: &photo.PlaceEdit{}, Folder: new(string), Tags: &none}
	want.Description, want.DescriptionSource, want.TakenAt, want.TakenSource, want.Position, want.PositionSource = "", "", photo.Moment{}, "", nil, ""
	want.Folder, want.Tags, want.Version = "", nil, 3
	same(t, "erased", store.Described{Photo: want, Changed: true}, edit(t, s, owner, erase))
	same(t, "erased again", store.Described{Photo: want}, edit(t, s, owner, erase))
	wantTags(t, s, owner)
}

func editTags(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	photos := addNumbered(t, s, owner, 0, 3)
	for _, p := range photos {
		if d := edit(t, s, owner, photo.Edit{ID: p.ID, AddTags: []string{"b", "a"}}); !d.Changed || d.Photo.Version != 2 {
			t.Errorf("tagged: %+v", d)
		}
	}
	both := photos[0].Size + photos[1].Size + photos[2].Size
	wantTags(t, s, owner, photo.Tally{Value: "a", Photos: 3, Bytes: both}, photo.Tally{Value: "b", Photos: 3, Bytes: both})
	d := edit(t, s, owner, photo.Edit{ID: photos[0].ID, AddTags: []string{"c", "a"}, RemoveTags: []string{"b", "none"}})
	same(t, "tags", []string{"a", "c"}, d.Photo.Tags)
	_, err := s.Trash(t.Context(), owner, photos[1].ID, time.Hour)
	must(t, err)
	wantTags(t, s, owner,
		photo.Tally{Value: "a", Photos: 2, Bytes: both - photos[1].Size}, photo.Tally{Value: "b", Photos: 1, Bytes: photos[2].Size}, photo.Tally{Value: "c", Photos: 1, Bytes: photos[0].Size})
	restored, err := s.Restore(t.Context(), owner, photos[1].ID)
	must(t, err)
	same(t, "tags out of the trash", []string{"a", "b"}, restored.Tags)
	wantTags(t, s, owner,
		photo.Tally{Value: "a", Photos: 3, Bytes: both}, photo.Tally{Value: "b", Photos: 2, Bytes: both - photos[0].Size}, photo.Tally{Value: "c", Photos: 1, Bytes: photos[0].Size})

	var many []string
	for i := range photo.MaxTags - 1 {
		many = append(many, fmt.Sprint("tag ", i))
	}
	d = edit(t, s, owner, photo.Edit{ID: photos[0].ID, AddTags: many})
	wantKind(t, "too many tags", d.Err, photo.KindUsage)
	same(t, "tags", []string{"a", "c"}, get(t, s, owner, photos[0].ID).Tags)
}

func editsApart(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	photos := addNumbered(t, s, owner, 0, 3)
	_, err := s.Trash(t.Context(), owner, photos[1].ID, time.Hour)
	must(t, err)
	var edits []photo.Edit
	for _, p := range append(photos, numbered(9)) {
		edits = append(edits, photo.Edit{ID: p.ID, AddTags: []string{"x"}})
	}
	got, err := s.Edit(t.Context(), owner, edits)
	must(t, err)
	for i, want := range []photo.Kind{"", photo.KindNotFound, "", photo.KindNotFound} {
		if want == "" {
			if !got[i].Changed || got[i].Err != nil {
				t.Errorf("edit %d: %+v", i, got[i])
			}
			continue
		}
		wantKind(t, fmt.Sprint("edit ", i), got[i].Err, want)
	}
	d := edit(t, s, anOwner(t, s, "bob"), photo.Edit{ID: photos[0].ID, AddTags: []string{"x"}})
	wantKind(t, "another owner's", d.Err, photo.KindNotFound)
	none, err := s.Edit(t.Context(), owner, nil)
	if err != nil || len(none) != 0 {
		t.Errorf("no edits: %v, %v", none, err)
	}
}

func editVersion(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := add(t, s, owner, numbered(1), key(1)).Photo
	one := int64(1)
	name := "first"
	if d := edit(t, s, owner, photo.Edit{ID: p.ID, Name: &name, IfVersion: &one}); !d.Changed {
		t.Errorf("the version that it has: %+v", d)
	}
	if d := edit(t, s, owner, photo.Edit{ID: p.ID, Name: &name, IfVersion: &one}); d.Changed || d.Err != nil {
		t.Errorf("an edit that is repeated because its answer was lost: %+v", d)
	}
	other := "second"
	d := edit(t, s, owner, photo.Edit{ID: p.ID, Name: &other, IfVersion: &one})
	wantKind(t, "an older version", d.Err, photo.KindChanged)
}

func addWithTags(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := numbered(1)
	p.Folder, p.Tags = "2024/a b", []string{"ada ", "holiday"} // MariaDB takes words with spaces at their ends for the same
	want := add(t, s, owner, p, key(1)).Photo
	same(t, "photo", want, get(t, open(t), owner, p.ID))
	again := numbered(1)
	again.Folder, again.Tags = "elsewhere", []string{"ada", "holiday"}
	a := add(t, s, owner, again, key(2))
	want.Tags, want.Version = []string{"ada", "ada ", "holiday"}, 2
	same(t, "added again", store.Added{Photo: want, Key: key(1), Outcome: photo.OutcomeExists}, a)
	size := p.Size
	wantTags(t, s, owner, photo.Tally{Value: "ada", Photos: 1, Bytes: size}, photo.Tally{Value: "ada ", Photos: 1, Bytes: size}, photo.Tally{Value: "holiday", Photos: 1, Bytes: size})
	statuses, err := s.Check(t.Context(), owner, []photo.ID{p.ID})
	must(t, err)
	same(t, "check", []photo.Status{{ID: p.ID, State: photo.Stored, Folder: want.Folder, Tags: want.Tags}}, statuses)

	u := store.Upload{ID: "up", Owner: owner, Photo: numbered(2).ID, Length: 5, Facts: photo.Facts{Folder: "f", Tags: []string{"x", "y"}}}
	for i := range photo.MaxTags {
		u.Facts.Tags = append(u.Facts.Tags, fmt.Sprintf("%099d", i))
	}
	_, err = s.CreateUpload(t.Context(), u, time.Hour)
	must(t, err)
	got, err := s.Upload(t.Context(), owner, "up")
	must(t, err)
	same(t, "facts of an upload", u.Facts, got.Facts)
}

func tagsApart(t *testing.T, open Opener) {
	s := open(t)
	alice, bob := anOwner(t, s, "alice"), anOwner(t, s, "bob")
	p := numbered(1)
	p.Tags = []string{"x"}
	add(t, s, alice, p, key(1))
	add(t, s, bob, numbered(1), key(2))
	wantTags(t, s, alice, photo.Tally{Value: "x", Photos: 1, Bytes: p.Size})
	wantTags(t, s, bob)
}

// Writers that count the same tag for the first time all count.
func tagsByMany(t *testing.T, open Opener) {
	handles := []store.Store{open(t), open(t)}
	owner := anOwner(t, handles[0], "alice")
	const callers = 24
	var wg sync.WaitGroup
	var size int64
	for i := range callers {
		p := numbered(i)
		p.Tags = []string{fmt.Sprint("tag ", i%2), "all"}
		size += p.Size
		wg.Go(func() {
			if _, err := handles[i%2].Add(t.Context(), owner, p, key(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := handles[0].Tags(t.Context(), owner, "", 1000)
	must(t, err)
	if len(got) != 3 || got[0] != (photo.Tally{Value: "all", Photos: callers, Bytes: size}) || got[1].Photos != callers/2 || got[2].Photos != callers/2 {
		t.Errorf("tags: %+v", got)
	}
}

// pagesOfTags checks that tags come in pages, however many there are.
func pagesOfTags(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := numbered(1)
	for i := range 10 {
		p.Tags = append(p.Tags, fmt.Sprint("tag ", i))
	}
	add(t, s, owner, p, key(1))
	var got []string
	for after := ""; ; {
		page, err := s.Tags(t.Context(), owner, after, 3)
		must(t, err)
		if len(page) > 3 {
			t.Fatalf("a page of %d tags", len(page))
		}
		for _, tag := range page {
			got = append(got, tag.Value)
		}
		if len(page) < 3 {
			break
		}
		after = page[2].Value
	}
	same(t, "tags", p.Tags, got)
}

// camerasAreFew checks that statistics have the cameras with the most photos, since any text in a photo may
// be the name of a camera.
func camerasAreFew(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	var adding sync.WaitGroup
	for i := range photo.MaxCameras + 3 {
		p := numbered(i)
		p.Camera = fmt.Sprintf("camera %04d", i)
		if i == photo.MaxCameras+2 {
			p.Camera = "camera 1001"
		}
		adding.Go(func() {
			if _, err := s.Add(t.Context(), owner, p, key(i)); err != nil {
				t.Error(err)
			}
		})
	}
	adding.Wait()
	got, err := s.Stats(t.Context(), owner)
	must(t, err)
	if n := len(got.Cameras); n != photo.MaxCameras || got.Photos != photo.MaxCameras+3 {
		t.Fatalf("%d cameras of %d photos", n, got.Photos)
	}
	first, last := got.Cameras[0], got.Cameras[photo.MaxCameras-1]
	if first.Value != "camera 0000" || last.Value != "camera 1001" || last.Photos != 2 {
		t.Errorf("cameras from %+v to %+v", first, last)
	}
}

func stats(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for i, taken := range []string{"2024-05-31T23:30:00-02:00", "2024-05-01T00:00:00", "", "1969-12-31T23:59:59.5"} {
		p := numbered(i)
		p.TakenAt, p.TakenSource, p.Camera = at(taken), photo.FactEmbedded, []string{"Canon", "Canon ", "", "Canon"}[i]
		if i == 3 {
			p.MediaType = "video/mp4"
		}
		add(t, s, owner, p, key(i))
	}
	want := photo.Stats{
		Photos: 4, Bytes: 4006,
		Months:  []photo.Tally{{Value: "", Photos: 1, Bytes: 1002}, {Value: "1969-12", Photos: 1, Bytes: 1003}, {Value: "2024-05", Photos: 2, Bytes: 2001}},
		Types:   []photo.Tally{{Value: "image/jpeg", Photos: 3, Bytes: 3003}, {Value: "video/mp4", Photos: 1, Bytes: 1003}},
		Cameras: []photo.Tally{{Value: "", Photos: 1, Bytes: 1002}, {Value: "Canon", Photos: 2, Bytes: 2003}, {Value: "Canon ", Photos: 1, Bytes: 1001}},
	}
	wantStats(t, s, owner, want)
	wantStats(t, s, anOwner(t, s, "bob"), photo.Stats{})

	june := at("2024-06-01T00:00:00")
	edit(t, s, owner, photo.Edit{ID: numbered(1).ID, TakenAt: &june})
	_, err := s.Trash(t.Context(), owner, numbered(3).ID, 0)
	must(t, err)
	_, err = s.Purge(t.Context(), 10)
	must(t, err)
	want = photo.Stats{
		Photos: 3, Bytes: 3003,
		Months:  []photo.Tally{{Value: "", Photos: 1, Bytes: 1002}, {Value: "2024-05", Photos: 1, Bytes: 1000}, {Value: "2024-06", Photos: 1, Bytes: 1001}},
		Types:   []photo.Tally{{Value: "image/jpeg", Photos: 3, Bytes: 3003}},
		Cameras: []photo.Tally{{Value: "", Photos: 1, Bytes: 1002}, {Value: "Canon", Photos: 1, Bytes: 1000}, {Value: "Canon ", Photos: 1, Bytes: 1001}},
	}
	wantStats(t, s, owner, want)
}

func wantStats(t tester, s store.Store, owner string, want photo.Stats) {
	t.Helper()
	got, err := s.Stats(t.Context(), owner)
	must(t, err)
	same(t, "stats", want, got)
}
