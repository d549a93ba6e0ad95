package storetest

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"photos/internal/photo"
	"photos/internal/store"
)

// model holds what a store should contain of one owner. The test makes the same random calls to
// the model and to the store, and compares them.
type model struct {
	s      store.Store
	owner  string
	keys   int
	photos map[photo.ID]*modelPhoto
}

type modelPhoto struct {
	photo.Photo
	key    string
	number int  // in the order in which photos were added
	due    bool // in the trash, where its time is over

	texts []modelText // every description that it ever had, by number
	text  int         // the index of the current one
}

// modelText is a description. An undo of it goes to texts[parent].
type modelText struct {
	number int64
	text   string
	parent int
}

// describe sets the photo's description.
func (p *modelPhoto) describe(text string) {
	p.Description = text
	p.Version++
	p.texts = append(p.texts, modelText{p.Version, text, p.text})
	p.text = len(p.texts) - 1
}

// againstModel makes the same random calls to a store and to its model.
func againstModel(t *testing.T, open Opener) {
	s, runs := open(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		owner, err := s.Owner(t.Context(), "model", fmt.Sprint(runs))
		if err != nil {
			rt.Fatal(err)
		}
		m := &model{s: s, owner: owner, photos: map[photo.ID]*modelPhoto{}}
		rt.Repeat(map[string]func(*rapid.T){
			"add":             m.add,
			"trash":           m.trash,
			"trash many":      m.trashMany,
			"restore":         m.restore,
			"restore trashed": m.restoreTrashed,
			"purge":           m.purge,
			"describe":        m.describe,
			"undo":            m.undo,
			"edit":            m.edit,
			"":                m.compare,
		})
	})
}

// any draws one of a few photos, so that calls often concern the same one.
func (m *model) any(t *rapid.T) photo.Photo { return numbered(rapid.IntRange(0, 4).Draw(t, "photo")) }

func (m *model) add(t *rapid.T) {
	p := m.any(t)
	p.Description = rapid.SampledFrom([]string{"", "one", "two"}).Draw(t, "description")
	p.Tags = rapid.SampledFrom([][]string{nil, {"x"}, {"x", "y"}}).Draw(t, "tags")
	m.keys++
	key := fmt.Sprintf("%s-%d", m.owner, m.keys)
	a, err := m.s.Add(t.Context(), m.owner, p, key)
	if err != nil {
		t.Fatal(err)
	}
	want := store.Added{Outcome: photo.OutcomeExists}
	there := m.photos[p.ID]
	if there == nil {
		want.Outcome = photo.OutcomeUploaded
		there = &modelPhoto{Photo: p, key: key, number: m.keys}
		there.Version, there.UploadedAt = 1, a.Photo.UploadedAt
		there.texts = []modelText{{1, p.Description, -1}}
		m.photos[p.ID] = there
	}
	want.DescriptionKept = p.Description != "" && p.Description != there.Description && there.Description != ""
	if p.Description != "" && there.Description == "" {
		want.Outcome = photo.OutcomeDescribed
		there.describe(p.Description)
	}
	if !there.TrashedAt.IsZero() {
		want.Outcome = photo.OutcomeRestored
		there.revive()
	}
	if there.Learn(p.Facts()) {
		there.Version++
	}
	want.Photo, want.Key = there.Photo, there.key
	same(t, "added", want, a)
}

func (p *modelPhoto) revive() { p.TrashedAt, p.PurgeAt, p.due = time.Time{}, time.Time{}, false }

func (m *model) trash(t *rapid.T) {
	id := m.any(t).ID
	after := rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "after")
	got, err := m.s.Trash(t.Context(), m.owner, id, after)
	there := m.photos[id]
	if there == nil {
		wantKind(t, "Trash", err, photo.KindNotFound)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if there.TrashedAt.IsZero() {
		there.TrashedAt, there.PurgeAt, there.due = got.TrashedAt, got.TrashedAt.Add(after), after == 0
	}
	same(t, "trashed", there.Photo, got)
}

func (m *model) trashMany(t *rapid.T) {
	after := rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "after")
	ids := map[photo.ID]bool{}
	for range rapid.IntRange(1, 4).Draw(t, "photos") {
		ids[m.any(t).ID] = true
	}
	n, at, err := m.s.TrashMany(t.Context(), m.owner, slices.Collect(maps.Keys(ids)), after)
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for id := range ids {
		if there := m.photos[id]; there != nil && there.TrashedAt.IsZero() {
			there.TrashedAt, there.PurgeAt, there.due = at, at.Add(after), after == 0
			want++
		}
	}
	if n != want {
		t.Errorf("%d photos were moved to the trash, want %d", n, want)
	}
}

func (m *model) restoreTrashed(t *rapid.T) {
	there := m.photos[m.any(t).ID]
	if there == nil || there.TrashedAt.IsZero() {
		t.Skip("it is not in the trash")
	}
	moment, want := there.TrashedAt, 0
	for _, p := range m.photos {
		if p.TrashedAt.Equal(moment) {
			p.revive()
			want++
		}
	}
	n, err := m.s.RestoreTrashed(t.Context(), m.owner, moment, 100)
	if err != nil {
		t.Fatal(err)
	}
	if n != want {
		t.Errorf("%d photos were restored, want %d", n, want)
	}
}

func (m *model) restore(t *rapid.T) {
	id := m.any(t).ID
	got, err := m.s.Restore(t.Context(), m.owner, id)
	there := m.photos[id]
	if there == nil {
		wantKind(t, "Restore", err, photo.KindNotFound)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	there.revive()
	same(t, "restored", there.Photo, got)
}

func (m *model) purge(t *rapid.T) {
	var got, want []string
	for {
		blobs, err := m.s.Purge(t.Context(), 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range blobs {
			if b.Owner == m.owner { // leave out blobs of an earlier run
				got = append(got, b.Key)
			}
		}
		if len(blobs) < 2 {
			break
		}
	}
	for id, p := range m.photos {
		if p.due {
			want = append(want, p.key)
			delete(m.photos, id)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	same(t, "purged", want, got)
}

func (m *model) describe(t *rapid.T) {
	d := store.Description{
		ID:          m.any(t).ID,
		Text:        rapid.SampledFrom([]string{"", "one", "two"}).Draw(t, "description"),
		OnlyIfEmpty: rapid.Bool().Draw(t, "only if empty"),
	}
	got, err := m.s.Describe(t.Context(), m.owner, []store.Description{d})
	if err != nil {
		t.Fatal(err)
	}
	there := m.photos[d.ID]
	if there == nil || !there.TrashedAt.IsZero() {
		wantKind(t, "Describe", got[0].Err, photo.KindNotFound)
		return
	}
	want := store.Described{}
	if d.Text != there.Description && !(d.OnlyIfEmpty && there.Description != "") {
		want.Changed = true
		there.describe(d.Text)
	}
	want.Photo = there.Photo
	same(t, "described", []store.Described{want}, got)
}

func (m *model) undo(t *rapid.T) {
	id := m.any(t).ID
	there := m.photos[id]
	if there == nil || !there.TrashedAt.IsZero() {
		_, err := m.s.Undo(t.Context(), m.owner, id, 1, nil)
		wantKind(t, "Undo", err, photo.KindNotFound)
		return
	}
	now := there.texts[there.text]
	if now.parent < 0 || len(there.texts) > photo.MaxRevisions { // beyond that, the store may have removed it
		return
	}
	back := there.texts[now.parent]
	got, err := m.s.Undo(t.Context(), m.owner, id, back.number, nil)
	if err != nil {
		t.Fatal(err)
	}
	there.text, there.Description = now.parent, back.text
	there.Version++
	same(t, "undone", there.Photo, got)
}

func (m *model) edit(t *rapid.T) {
	e := photo.Edit{
		ID:         m.any(t).ID,
		AddTags:    rapid.SampledFrom([][]string{nil, {"x"}, {"z"}}).Draw(t, "added"),
		RemoveTags: rapid.SampledFrom([][]string{nil, {"x"}, {"y", "z"}}).Draw(t, "removed"),
	}
	if taken := rapid.SampledFrom([]string{"none", "", "2024-05-31T23:30:00-02:00", "1969-01-01T00:00:00"}).Draw(t, "taken"); taken != "none" {
		e.TakenAt = new(at(taken))
	}
	got, err := m.s.Edit(t.Context(), m.owner, []photo.Edit{e})
	if err != nil {
		t.Fatal(err)
	}
	there := m.photos[e.ID]
	if there == nil || !there.TrashedAt.IsZero() {
		wantKind(t, "Edit", got[0].Err, photo.KindNotFound)
		return
	}
	want := store.Described{}
	if want.Changed, err = e.Apply(&there.Photo); err != nil {
		t.Fatal(err)
	}
	if want.Changed {
		there.Version++
	}
	want.Photo = there.Photo
	same(t, "edited", []store.Described{want}, got)
}

// compareCounts counts the live photos and compares what the store counted.
func (m *model) compareCounts(t *rapid.T, live []photo.Photo) {
	months, tags := map[string]photo.Tally{}, map[string]photo.Tally{}
	count := func(in map[string]photo.Tally, value string, p photo.Photo) {
		in[value] = photo.Tally{Value: value, Photos: in[value].Photos + 1, Bytes: in[value].Bytes + p.Size}
	}
	var want photo.Stats
	for _, p := range live {
		taken := p.TakenAt.String()
		count(months, taken[:min(7, len(taken))], p)
		for _, tag := range p.Tags {
			count(tags, tag, p)
		}
		want.Photos++
		want.Bytes += p.Size
	}
	inOrder := func(in map[string]photo.Tally) (all []photo.Tally) {
		for _, value := range slices.Sorted(maps.Keys(in)) {
			all = append(all, in[value])
		}
		return all
	}
	want.Months = inOrder(months)
	if want.Photos > 0 {
		want.Types = []photo.Tally{{Value: "image/jpeg", Photos: want.Photos, Bytes: want.Bytes}}
		want.Cameras = []photo.Tally{{Photos: want.Photos, Bytes: want.Bytes}}
	}
	wantStats(t, m.s, m.owner, want)
	wantTags(t, m.s, m.owner, inOrder(tags)...)
}

// compareHistory compares the descriptions of a live photo. The model keeps all of them, so it
// compares only those that a store must keep.
func (m *model) compareHistory(t *rapid.T, p *modelPhoto) {
	h, err := m.s.History(t.Context(), m.owner, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "photo of the history", p.Photo, h.Photo)
	if len(p.texts) > photo.MaxRevisions {
		return
	}
	now := p.texts[p.text]
	want := []photo.Revision{{Number: now.number, Text: now.text, Current: true}}
	for i, v := range slices.Backward(p.texts) {
		if i != p.text {
			want = append(want, photo.Revision{Number: v.number, Text: v.text, Undo: i == now.parent})
		}
	}
	for i := range h.Revisions {
		h.Revisions[i].SetAt = time.Time{}
	}
	same(t, "history", want, h.Revisions)
}

// inOrder returns all photos of the test; those in the store come in the order in which they were added.
func (m *model) inOrder() []photo.ID {
	var ids []photo.ID
	for i := range 5 {
		ids = append(ids, numbered(i).ID)
	}
	slices.SortFunc(ids, func(a, b photo.ID) int { return m.number(a) - m.number(b) })
	return ids
}

func (m *model) number(id photo.ID) int {
	if p := m.photos[id]; p != nil {
		return p.number
	}
	return 0
}

// compare compares the answers of every method that reads.
func (m *model) compare(t *rapid.T) {
	var usage store.Usage
	var live, trashed []photo.Photo
	for _, id := range m.inOrder() {
		there := m.photos[id]
		status := photo.Status{ID: id, State: photo.Absent}
		if there != nil {
			status.State, status.Description, status.TakenSource, status.Tags = photo.Stored, there.Description, there.TakenSource, there.Tags
			if there.TrashedAt.IsZero() {
				usage.Photos++
				usage.Bytes += there.Size
				live = append(live, there.Photo)
				m.compareHistory(t, there)
			} else {
				status.State = photo.Trashed
				usage.TrashedPhotos++
				usage.TrashedBytes += there.Size
				trashed = append(trashed, there.Photo)
			}
			p, key, err := m.s.Get(t.Context(), m.owner, id, store.AnyState)
			if err != nil || key != there.key {
				t.Fatalf("Get = key %q, %v, want key %q", key, err, there.key)
			}
			same(t, "photo", there.Photo, p)
		}
		got, err := m.s.Check(t.Context(), m.owner, []photo.ID{id})
		if err != nil {
			t.Fatal(err)
		}
		same(t, "check", []photo.Status{status}, got)
	}
	wantUsage(t, m.s, m.owner, usage)
	m.compareCounts(t, live)
	same(t, "live", newestFirst(live), all(t, m.s, m.owner, photo.Filter{}, 2))
	same(t, "trash", newestFirst(trashed), all(t, m.s, m.owner, photo.Filter{Trash: true}, 2))
}
