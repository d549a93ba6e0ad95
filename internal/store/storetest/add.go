package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

func addTests() []test {
	return []test{
		{"a photo comes back as it was given", wholePhoto},
		{"adding again changes nothing", addAgain},
		{"adding again fills an empty description", addFills},
		{"adding again restores", addRestores},
		{"adding again repairs", addRepairs},
		{"names hold any byte", oddNames},
		{"texts that are not UTF-8", oddTexts},
		{"check", check},
		{"check of very many", checkMany},
		{"blobs are found by their key", hasBlob},
	}
}

func wholePhoto(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for i, taken := range []photo.Moment{
		{},
		photo.At(time.Date(2024, 7, 1, 12, 30, 15, 123456000, time.FixedZone("", -(3*3600+30*60)))),
		photo.At(time.Date(2024, 7, 1, 12, 30, 15, 0, time.UTC)),
		photo.AtWallClock(time.Date(1899, 12, 31, 23, 59, 59, 0, time.UTC)),
	} {
		p := numbered(i)
		p.TakenAt = taken
		p.Width, p.Height = 4000, 3000
		p.Camera = "Nikon D850"
		p.Shot = photo.Shot{ExposureTime: 0.004, Aperture: 2.8, ISO: 102400, FocalLength: 35.5, Lens: "Objectif à 35 mm", Duration: 90*time.Second + time.Microsecond}
		p.Reader = 3
		p.Description, p.DescriptionSource = "Crème brûlée ☕ at 5 %\nsecond line", photo.FromEmbedded
		p.Position = &photo.Position{Latitude: -33.8688197, Longitude: 151.2092955}
		a := add(t, s, owner, p, key(i))
		recent(t, "UploadedAt", a.Photo.UploadedAt)
		want := p
		want.Version, want.UploadedAt = 1, a.Photo.UploadedAt
		same(t, "added", store.Added{Photo: want, Key: key(i), Outcome: photo.OutcomeUploaded}, a)
		got, k, err := open(t).Get(t.Context(), owner, p.ID, store.Live)
		must(t, err)
		same(t, "photo", want, got)
		if k != key(i) {
			t.Errorf("key %q, want %q", k, key(i))
		}
	}
}

func addAgain(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := numbered(1)
	p.Description, p.DescriptionSource = "first", photo.FromFlag
	first := add(t, s, owner, p, key(1)).Photo

	again := p
	again.Name, again.Camera = "other.jpg", "other"
	for _, tt := range []struct {
		text string
		kept bool
	}{{"", false}, {"first", false}, {"second", true}} {
		again.Description = tt.text
		a := add(t, s, owner, again, key(2))
		same(t, "added with "+tt.text, store.Added{Photo: first, Key: key(1), Outcome: photo.OutcomeExists, DescriptionKept: tt.kept}, a)
	}
	same(t, "photo", first, get(t, s, owner, p.ID))
	wantUsage(t, s, owner, store.Usage{Photos: 1, Bytes: p.Size})
}

func addFills(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	want := add(t, s, owner, numbered(1), key(1)).Photo
	p := numbered(1)
	p.Description, p.DescriptionSource = "now described", photo.FromSidecar
	a := add(t, s, owner, p, key(2))
	want.Description, want.DescriptionSource, want.Version = p.Description, p.DescriptionSource, 2
	same(t, "added", store.Added{Photo: want, Key: key(1), Outcome: photo.OutcomeDescribed}, a)
	same(t, "photo", want, get(t, s, owner, p.ID))
}

func addRestores(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	want := add(t, s, owner, numbered(1), key(1)).Photo
	_, err := s.Trash(t.Context(), owner, want.ID, time.Hour)
	must(t, err)
	p := numbered(1)
	p.Description, p.DescriptionSource = "filled as well", photo.FromFlag
	a := add(t, s, owner, p, key(2))
	want.Description, want.DescriptionSource, want.Version = p.Description, p.DescriptionSource, 2
	same(t, "added", store.Added{Photo: want, Key: key(1), Outcome: photo.OutcomeRestored}, a)
	wantUsage(t, s, owner, store.Usage{Photos: 1, Bytes: p.Size})
}

// addRepairs adds a damaged photo again, live and in the trash: the first new bytes replace the old ones.
func addRepairs(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	want := add(t, s, owner, numbered(1), key(1)).Photo
	state := func() photo.State {
		st, err := s.Check(t.Context(), owner, []photo.ID{want.ID})
		must(t, err)
		return st[0].State
	}
	must(t, s.SetDamaged(t.Context(), owner, want.ID, key(9), true)) // bytes that were replaced meanwhile
	must(t, s.SetDamaged(t.Context(), anOwner(t, s, "bob"), want.ID, key(1), true))
	same(t, "not noted", photo.Stored, state())
	must(t, s.SetDamaged(t.Context(), owner, want.ID, key(1), true))
	same(t, "noted", photo.Damaged, state())
	must(t, s.SetDamaged(t.Context(), owner, want.ID, key(1), false))
	same(t, "sound after all", photo.Stored, state())

	must(t, s.SetDamaged(t.Context(), owner, want.ID, key(1), true))
	same(t, "added", store.Added{Photo: want, Key: key(2), Outcome: photo.OutcomeRepaired}, add(t, s, owner, numbered(1), key(2)))
	same(t, "repaired", photo.Stored, state())
	same(t, "added again", store.Added{Photo: want, Key: key(2), Outcome: photo.OutcomeExists}, add(t, s, owner, numbered(1), key(3)))

	_, err := s.Trash(t.Context(), owner, want.ID, time.Hour)
	must(t, err)
	must(t, s.SetDamaged(t.Context(), owner, want.ID, key(2), true))
	same(t, "in the trash", photo.Damaged, state())
	same(t, "added from the trash", store.Added{Photo: want, Key: key(4), Outcome: photo.OutcomeRepaired}, add(t, s, owner, numbered(1), key(4)))
	same(t, "live again", photo.Stored, state())
	wantUsage(t, s, owner, store.Usage{Photos: 1, Bytes: want.Size})
}

func oddNames(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for i, name := range []string{"", "\xff\xfe.jpg", "a\nb\t'\"\\.jpg", "\x1b[31m.jpg", "😀.jpg", "nul\x00.jpg", "e\u0301.jpg"} {
		p := numbered(i)
		p.Name = name
		add(t, s, owner, p, key(i))
		if got := get(t, s, owner, p.ID).Name; got != name {
			t.Errorf("name %q came back as %q", name, got)
		}
	}
}

// oddTexts passes NUL and bytes that are not UTF-8 in every text: they are not an error.
func oddTexts(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for i, text := range []string{"nul\x00", "\xff", "\ufffd", " ", "日本 😀"} {
		_, err := s.Upload(t.Context(), owner, text)
		wantKind(t, fmt.Sprintf("upload %q", text), err, photo.KindNotFound)
		must(t, s.DeleteUpload(t.Context(), owner, text))
		wantKind(t, fmt.Sprintf("key %q", text), s.RevokeKey(t.Context(), owner, text), photo.KindNotFound)
		p := numbered(i)
		p.Description, p.DescriptionSource = text, photo.FromFlag
		add(t, s, owner, p, key(i))
		replaced := strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
		if got := get(t, s, owner, p.ID).Description; got != text && got != replaced {
			t.Errorf("description %q came back as %q", text, got)
		}
		anOwner(t, s, text)
	}
	if one, other := anOwner(t, s, "ada"), anOwner(t, s, "ada "); one == other {
		t.Error("a space makes no difference between subjects")
	}
	undescribed, err := s.List(t.Context(), owner, photo.Filter{Undescribed: true}, "", 10)
	must(t, err)
	if len(undescribed.Photos) > 0 {
		t.Errorf("counted as undescribed: %q", undescribed.Photos[0].Description)
	}
}

func check(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	p := numbered(1)
	p.Description = "described"
	add(t, s, owner, p, key(1))
	add(t, s, owner, numbered(2), key(2))
	_, err := s.Trash(t.Context(), owner, numbered(2).ID, time.Hour)
	must(t, err)
	createUpload(t, s, owner, "unfinished", numbered(3).ID, time.Hour)
	createUpload(t, s, owner, "expired", numbered(4).ID, 0)
	createUpload(t, s, owner, "stored-meanwhile", numbered(1).ID, time.Hour)
	createUpload(t, s, anOwner(t, s, "bob"), "his", numbered(5).ID, time.Hour)

	ids := []photo.ID{numbered(5).ID, numbered(4).ID, numbered(3).ID, numbered(2).ID, numbered(1).ID, numbered(2).ID}
	got, err := s.Check(t.Context(), owner, ids)
	must(t, err)
	same(t, "check", []photo.Status{
		{ID: ids[0], State: photo.Absent},
		{ID: ids[1], State: photo.Absent},
		{ID: ids[2], State: photo.Unfinished, Upload: "unfinished"},
		{ID: ids[3], State: photo.Trashed},
		{ID: ids[4], State: photo.Stored, Description: "described"},
		{ID: ids[5], State: photo.Trashed},
	}, got)
	none, err := s.Check(t.Context(), owner, nil)
	must(t, err)
	if len(none) != 0 {
		t.Errorf("check of nothing: %v", none)
	}
}

func checkMany(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	addNumbered(t, s, owner, 0, 20)
	var ids []photo.ID
	for i := range photo.MaxCheck {
		ids = append(ids, numbered(i).ID)
	}
	got, err := s.Check(t.Context(), owner, ids)
	must(t, err)
	if len(got) != len(ids) {
		t.Fatalf("%d answers to %d questions", len(got), len(ids))
	}
	for i, g := range got {
		want := photo.Status{ID: ids[i], State: photo.Absent}
		if i < 20 {
			want.State = photo.Stored
		}
		same(t, fmt.Sprint("answer ", i), want, g)
	}
}

func hasBlob(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	add(t, s, owner, numbered(1), key(1))
	_, err := s.Trash(t.Context(), owner, numbered(1).ID, time.Hour)
	must(t, err)
	for k, want := range map[string]bool{key(1): true, key(2): false, "": false} {
		wantNamed(t, s, owner, k, want)
	}
}
