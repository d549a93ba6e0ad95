package xmpsync_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/tag"
	"photos/internal/xmp"
	"photos/internal/xmpsync"
)

// service is a photo service in memory.
type service struct {
	photos map[photo.ID]photo.Photo
	edits  int
}

func (s *service) Get(_ context.Context, id photo.ID) (photo.Photo, error) {
	if p, there := s.photos[id]; there {
		return p, nil
	}
	return photo.Photo{}, &photo.Error{Kind: photo.KindNotFound}
}

func (s *service) List(context.Context, photo.Filter, int) iter.Seq2[photo.Photo, error] {
	return func(yield func(photo.Photo, error) bool) {
		for _, p := range s.photos {
			if !yield(p, nil) {
				return
			}
		}
	}
}

func (s *service) Edit(_ context.Context, id photo.ID, patch api.PhotoPatch, version *int64) (photo.Photo, error) {
	p := s.photos[id]
	if *version != p.Version {
		return p, &photo.Error{Kind: photo.KindChanged, Msg: "the photo was changed"}
	}
	s.edits++
	e := photo.Edit{Tags: patch.Tags, TakenAt: patch.TakenAt.Value}
	if patch.Position.Given {
		e.Position = &photo.PlaceEdit{Position: &photo.Position{Latitude: *patch.Position.Value.Latitude, Longitude: *patch.Position.Value.Longitude}}
	}
	if _, err := e.Apply(&p); err != nil {
		return p, err
	}
	if patch.Description != nil {
		p.Description, p.DescriptionSource = *patch.Description, patch.Source
	}
	p.Version++
	s.photos[id] = p
	return p, nil
}

// world is a folder with a photo, and the service.
type world struct {
	t     *testing.T
	svc   *service
	dir   string
	state string
	id    photo.ID
	side  string // the sidecar's path
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), state: t.TempDir(), id: sha256.Sum256([]byte("a"))}
	w.svc = &service{photos: map[photo.ID]photo.Photo{w.id: {ID: w.id, Name: "a.jpg"}}}
	w.side = filepath.Join(w.dir, "a.jpg.xmp")
	w.write("a.jpg", "a")
	return w
}

func (w *world) write(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) sync(o xmpsync.Options) (xmpsync.Summary, []xmpsync.Change) {
	w.t.Helper()
	o.Account, o.StateDir = "account", w.state
	var changes []xmpsync.Change
	sum, err := xmpsync.Run(w.t.Context(), w.svc, []xmpsync.File{{Path: filepath.Join(w.dir, "a.jpg"), ID: w.id}}, o, func(c xmpsync.Change) { changes = append(changes, c) })
	if err != nil {
		w.t.Fatal(err)
	}
	return sum, changes
}

func (w *world) describe(text string) {
	p := w.svc.photos[w.id]
	p.Description, p.DescriptionSource = text, photo.FromFlag
	p.Version++
	w.svc.photos[w.id] = p
}

// packet returns a sidecar with a description and tags, in one of several forms.
func packet(form int, text string, tags []string) string {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;").Replace
	const top = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` + "\n" +
		`<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" crs:Exposure="0.5"`
	attr, elem, subject := "", "", ""
	if text != "" && form == 0 {
		attr = ` dc:description="` + escape(text) + `"`
	} else if text != "" {
		elem = "\n <dc:description><rdf:Alt>\n  <rdf:li xml:lang=\"x-default\">" + escape(text) + "</rdf:li></rdf:Alt></dc:description>"
	}
	if len(tags) > 0 || form == 2 {
		subject = "\n <dc:subject><rdf:Bag>"
		for _, t := range tags {
			subject += "\n  <rdf:li>" + escape(t) + "</rdf:li>"
		}
		subject += "\n </rdf:Bag></dc:subject>"
	}
	return top + attr + ">" + elem + subject + "\n</rdf:Description></rdf:RDF></x:xmpmeta>\n"
}

// local returns what the sidecar says. known is false if it cannot be read or has no values.
func (w *world) local() (text string, tags []string, known bool) {
	data, err := os.ReadFile(w.side)
	if err != nil {
		return "", nil, false
	}
	d, err := xmp.ParseDocument(data)
	if err != nil {
		return "", nil, false
	}
	text = d.Text(xmp.DC, "description")
	for _, item := range d.Items(xmp.DC, "subject") {
		t, err := tag.Normalize(item)
		if err != nil {
			w.t.Fatal(err)
		}
		tags = append(tags, t)
	}
	slices.Sort(tags)
	return text, tags, text != "" || len(tags) > 0
}

// TestNothingIsLost edits both sides at random. A value that somebody set since both sides were last equal is there
// after each sync, and a sidecar that says nothing erases nothing.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		w := newWorld(t)
		random := rand.New(rand.NewPCG(seed, 1))
		seen, seenTags, wasSeen := "", []string(nil), false
		for step := range 25 {
			w.randomEdits(random, step)
			text, tags, known := w.local()
			before := w.svc.photos[w.id]
			bytesBefore, _ := os.ReadFile(w.side)
			sum, changes := w.sync(xmpsync.Options{})
			after := w.svc.photos[w.id]
			now, nowTags, _ := w.local()
			name := fmt.Sprintf("seed %d, step %d: sidecar %q, service %q, seen %q; changes %v", seed, step, text, before.Description, seen, changes)
			for _, value := range []string{text, before.Description} {
				if value != "" && (value != seen || !wasSeen) && value != now && value != after.Description {
					t.Fatalf("%s: %q is lost", name, value)
				}
			}
			if !known && (after.Description != before.Description || !slices.Equal(after.Tags, before.Tags)) {
				t.Fatalf("%s: a sidecar that says nothing changed the service to %+v", name, after)
			}
			for _, added := range slices.Concat(tags, before.Tags) {
				if !slices.Contains(seenTags, added) && sum.Failed == 0 && (!slices.Contains(after.Tags, added) || !slices.Contains(nowTags, added)) {
					t.Fatalf("%s: the tag %q is lost", name, added)
				}
			}
			bytesAfter, _ := os.ReadFile(w.side)
			if len(changes) == 0 && !bytes.Equal(bytesBefore, bytesAfter) {
				t.Fatalf("%s: the sidecar was written without a change", name)
			}
			if strings.Contains(string(bytesBefore), "crs:Exposure") && !strings.Contains(string(bytesAfter), `crs:Exposure="0.5"`) {
				t.Fatalf("%s: other values of the sidecar are lost", name)
			}
			if sum.Failed == 0 && sum.Conflicts == 0 {
				if now != after.Description || !slices.Equal(nowTags, after.Tags) && len(nowTags)+len(after.Tags) > 0 {
					t.Fatalf("%s: the sides differ afterwards: %q, %q; %q, %q", name, now, nowTags, after.Description, after.Tags)
				}
				seen, wasSeen = now, true
			}
			if sum.Failed == 0 {
				seenTags = nowTags
			}
		}
	}
}

// randomEdits changes each side, or not.
func (w *world) randomEdits(random *rand.Rand, step int) {
	words := []string{"a", "b & c", "<d>", "é", ""}
	text := func(who string) string {
		if s := words[random.IntN(len(words))]; s != "" {
			return fmt.Sprintf("%s %s %d", who, s, step)
		}
		return ""
	}
	tags := func() []string {
		var out []string
		for _, t := range []string{"lake", "sea", "two words"} {
			if random.IntN(2) == 0 {
				out = append(out, t)
			}
		}
		return out
	}
	switch random.IntN(8) {
	case 0:
		_ = os.Remove(w.side)
	case 1:
		w.write("a.jpg.xmp", "")
	case 2:
		w.write("a.jpg.xmp", packet(1, "torn", nil)[:150])
	case 3, 4, 5:
		w.write("a.jpg.xmp", packet(random.IntN(3), text("local"), tags()))
	}
	if random.IntN(2) == 0 {
		w.describe(text("service"))
		p := w.svc.photos[w.id]
		p.Tags = tags()
		w.svc.photos[w.id] = p
	}
}

// TestManyPhotos syncs more photos than are asked for one by one, in several folders.
func TestManyPhotos(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var files []xmpsync.File
	for i := range 50 {
		dir := filepath.Join(w.dir, fmt.Sprint(i%3))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, fmt.Sprintf("%d.jpg", i))
		id := photo.ID(sha256.Sum256([]byte(path)))
		files = append(files, xmpsync.File{Path: path, ID: id})
		if i > 0 {
			w.svc.photos[id] = photo.Photo{ID: id, Name: filepath.Base(path), Description: fmt.Sprint("photo ", i), DescriptionSource: photo.FromFlag}
		}
	}
	for run, want := range []xmpsync.Summary{{Photos: 50, Changed: 49, Absent: 1}, {Photos: 50, Absent: 1}} {
		sum, err := xmpsync.Run(t.Context(), w.svc, files, xmpsync.Options{Account: "account", StateDir: w.state}, func(xmpsync.Change) {})
		if err != nil || sum != want {
			t.Errorf("run %d: %+v, %v, want %+v", run, sum, err, want)
		}
	}
}

func TestConflicts(t *testing.T) {
	t.Parallel()
	for prefer, want := range map[xmpsync.Side]string{xmpsync.None: "here|there", xmpsync.Local: "here|here", xmpsync.Service: "there|there"} {
		w := newWorld(t)
		w.describe("there")
		w.write("a.jpg.xmp", packet(1, "here", nil))
		sum, _ := w.sync(xmpsync.Options{Prefer: prefer})
		text, _, _ := w.local()
		if got := text + "|" + w.svc.photos[w.id].Description; got != want || (sum.Conflicts == 1) != (prefer == xmpsync.None) {
			t.Errorf("prefer %q: %s, %d conflicts, want %s", prefer, got, sum.Conflicts, want)
		}
	}
}

func TestDatesAndPositions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, sidecar  string
		photo          photo.Photo
		taken, outcome string // afterwards
	}{
		{"the sidecar knows it", ` exif:DateTimeOriginal="2024-05-31T18:00:00"`, photo.Photo{}, "2024-05-31T18:00:00", "sent"},
		{"the date of the file does not count", ` exif:DateTimeOriginal="2024-05-31T18:00:00"`, photo.Photo{TakenAt: moment("2020-01-01T00:00:00Z"), TakenSource: photo.FactModified}, "2024-05-31T18:00:00", "sent"},
		{"the same, more exactly", ` exif:DateTimeOriginal="2024-05-31T18:00:00.45"`, photo.Photo{TakenAt: moment("2024-05-31T18:00:00+02:00"), TakenSource: photo.FactEmbedded}, "2024-05-31T18:00:00+02:00", ""},
		{"the picture has another one", ` exif:DateTimeOriginal="2024-05-31T18:00:00"`, photo.Photo{TakenAt: moment("2023-01-01T00:00:00"), TakenSource: photo.FactEmbedded}, "2023-01-01T00:00:00", "conflict"},
		{"only the picture has it", "", photo.Photo{TakenAt: moment("2023-01-01T00:00:00"), TakenSource: photo.FactEmbedded}, "2023-01-01T00:00:00", ""},
		{"the user edited it", "", photo.Photo{TakenAt: moment("2023-01-01T00:00:00"), TakenSource: photo.FactUser}, "2023-01-01T00:00:00", "written"},
	} {
		w := newWorld(t)
		c.photo.ID = w.id
		w.svc.photos[w.id] = c.photo
		w.write("a.jpg.xmp", `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/"`+c.sidecar+`/></rdf:RDF>`)
		_, changes := w.sync(xmpsync.Options{})
		outcome := ""
		for _, x := range changes {
			outcome += string(x.Outcome)
		}
		if got := w.svc.photos[w.id].TakenAt.String(); got != c.taken || outcome != c.outcome {
			t.Errorf("%s: %s, %q, want %s, %q", c.name, got, outcome, c.taken, c.outcome)
		}
	}
	w := newWorld(t)
	w.svc.photos[w.id] = photo.Photo{ID: w.id, Position: &photo.Position{Latitude: -48.123456, Longitude: 11.5}, PositionSource: photo.FactUser}
	w.sync(xmpsync.Options{})
	if sum, changes := w.sync(xmpsync.Options{}); sum.Changed != 0 {
		t.Errorf("a position is not stable: %v", changes)
	}
}

func moment(s string) (m photo.Moment) {
	if err := m.UnmarshalText([]byte(s)); err != nil {
		panic(err)
	}
	return m
}

func TestModeIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("a.jpg.xmp", packet(1, "old", nil))
	w.sync(xmpsync.Options{})
	w.describe("new")
	if err := os.Chmod(w.side, 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(w.dir, "elsewhere.xmp")
	if err := os.Rename(w.side, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("elsewhere.xmp", w.side); err != nil {
		t.Fatal(err)
	}
	w.sync(xmpsync.Options{})
	info, err := os.Lstat(w.side)
	target, err2 := os.Stat(link)
	if err != nil || err2 != nil || info.Mode()&fs.ModeSymlink == 0 || target.Mode().Perm() != 0o640 {
		t.Errorf("the link is %v (%v), its target %v (%v)", info, err, target, err2)
	}
	if text, _, _ := w.local(); text != "new" {
		t.Errorf("the sidecar says %q", text)
	}
}

func TestChangedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.write("a.jpg.xmp", packet(1, "here", nil))
	p := w.svc.photos[w.id]
	w.svc.photos[w.id] = p
	racing := &racingService{service: w.svc, id: w.id}
	var changes []xmpsync.Change
	_, err := xmpsync.Run(t.Context(), racing, []xmpsync.File{{Path: filepath.Join(w.dir, "a.jpg"), ID: w.id}},
		xmpsync.Options{Account: "account", StateDir: w.state}, func(c xmpsync.Change) { changes = append(changes, c) })
	if err != nil || len(changes) != 1 || photo.KindOf(changes[0].Err) != photo.KindChanged || w.svc.photos[w.id].Description != "theirs" {
		t.Errorf("%v, %v", changes, err)
	}
}

// racingService is changed by somebody else after it was read.
type racingService struct {
	*service
	id photo.ID
}

func (r *racingService) Get(ctx context.Context, id photo.ID) (photo.Photo, error) {
	p, err := r.service.Get(ctx, id)
	theirs := p
	theirs.Description, theirs.Version = "theirs", p.Version+1
	r.photos[r.id] = theirs
	return p, err
}
