package storetest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"photos/internal/filter"
	"photos/internal/filter/fold"
	"photos/internal/photo"
	"photos/internal/tag"
)

func filterTests() []test {
	return []test{
		{"every key", filterKeys},
		{"any filter selects what plain Go selects", filterModel},
		{"a malformed filter", malformedFilter},
	}
}

func filterKeys(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for i, p := range []photo.Photo{
		{
			Name: "DSCF0001.RAF", MediaType: "image/x-fuji-raf", Size: 50_000_000, Camera: "FUJIFILM X-T5", Folder: "2024/Trip to Zürich", Tags: []string{"best of", "été"}, Shot: photo.Shot{Lens: "XF35mmF1.4 R"},
			TakenAt: photo.AtWallClock(time.Date(2024, 7, 31, 23, 59, 59, 0, time.UTC)), Position: &photo.Position{Latitude: 48.137, Longitude: 11.575},
		},
		{Name: "IMG_1.jpg", MediaType: "image/jpeg", Size: 5_000_000, Description: "Été à la plage\nau soir", Camera: "Canon R5 35mm"},
		{
			Name: "clip.mp4", MediaType: "video/mp4", Size: 5_000_001, Description: "surfing at sunset",
			TakenAt: photo.At(time.Date(2024, 8, 1, 0, 0, 0, 0, time.UTC)), Position: &photo.Position{Latitude: 0, Longitude: -179.99},
		},
	} {
		p.ID = numbered(i).ID
		add(t, s, owner, p, key(i))
	}
	_, err := s.Trash(t.Context(), owner, add(t, s, owner, photo.Photo{ID: numbered(3).ID, Name: "gone.jpg", MediaType: "image/jpeg"}, key(3)).Photo.ID, time.Hour)
	must(t, err)
	for text, want := range map[string]string{
		"ete PLAGE":                     "IMG_1.jpg",
		`"plage au soir"`:               "IMG_1.jpg",
		`"soir img"`:                    "",
		"-sun -plage":                   "DSCF0001.RAF",
		"camera:fuji":                   "DSCF0001.RAF",
		"camera:35mm":                   "IMG_1.jpg",
		"lens:35MM":                     "DSCF0001.RAF",
		"tag:ETE":                       "DSCF0001.RAF",
		"tag:best":                      "",
		`tag:"Best of" best`:            "DSCF0001.RAF",
		"-tag:ete":                      "clip.mp4 IMG_1.jpg",
		`folder:"2024/trip to zurich/"`: "DSCF0001.RAF",
		"folder:2024":                   "DSCF0001.RAF",
		"folder:202":                    "",
		"has:tag has:folder":            "DSCF0001.RAF",
		"zurich":                        "",
		"fujifilm":                      "",
		"-camera:canon":                 "clip.mp4 DSCF0001.RAF",
		"type:photo":                    "IMG_1.jpg DSCF0001.RAF",
		"type:raw":                      "DSCF0001.RAF",
		"type:video":                    "clip.mp4",
		"type:photo -type:raw":          "IMG_1.jpg",
		"ext:raf":                       "DSCF0001.RAF",
		"ext:j":                         "",
		"taken:2024-07":                 "DSCF0001.RAF",
		"taken:2024-07..2024-08":        "clip.mp4 DSCF0001.RAF",
		"taken:..2024-07":               "DSCF0001.RAF",
		"-taken:2024-07":                "clip.mp4 IMG_1.jpg",
		"uploaded:7d":                   "clip.mp4 IMG_1.jpg DSCF0001.RAF",
		"-uploaded:7d":                  "",
		"size:>5M":                      "clip.mp4 DSCF0001.RAF",
		"size:<=5M":                     "IMG_1.jpg",
		"has:position -has:camera":      "clip.mp4",
		"-has:description":              "DSCF0001.RAF",
		"-has:date":                     "IMG_1.jpg",
		"near:48.1,11.5,20km":           "DSCF0001.RAF",
		"near:48.1,11.5,5km":            "",
		"near:0,180,2km":                "clip.mp4",
		"-near:48.1,11.5,20km":          "clip.mp4 IMG_1.jpg",
		"is:undescribed":                "DSCF0001.RAF",
		"is:described":                  "clip.mp4 IMG_1.jpg",
		"is:trashed":                    "gone.jpg",
		"is:trashed sun":                "",
		"-is:trashed sun":               "clip.mp4",
		"is:trashed -is:trashed":        "",
	} {
		if got := names(all(t, s, owner, photo.Filter{Search: text}, 2)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func malformedFilter(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	for _, text := range []string{"is:tiny", `"`, "foo:bar", " "} {
		_, err := s.List(t.Context(), owner, photo.Filter{Search: text}, "", 1)
		wantKind(t, text, err, photo.KindUsage)
	}
}

// words are in the texts of photos and of filters, so that they meet.
var words = []string{"Sea", "sea", "SÉA", "straße", "STRASSE", "İzmir", "izmir", "a%b", "a_b", "x!", `\`, "北京", "e\u0301", "ø", "  two ", "jpg", "ab", "b"}

// folders are those of photos and of filters. The first is none.
var folders = []string{"", "2024", "2024/Été", "2024/ete/sea", "2024b", "x/2024", "sea"}

// filterModel compares lists with what plain Go selects of random photos.
func filterModel(t *testing.T, open Opener) {
	s := open(t)
	owner := anOwner(t, s, "alice")
	var photos []photo.Photo // in the order in which they were added
	draw := rapid.Custom(randomPhoto)
	for i := range 60 {
		p := draw.Example(i)
		p.ID = numbered(i).ID
		p = add(t, s, owner, p, key(i)).Photo
		if i%7 == 0 {
			var err error
			p, err = s.Trash(t.Context(), owner, p.ID, time.Hour)
			must(t, err)
		}
		photos = append(photos, p)
	}
	rapid.Check(t, func(rt *rapid.T) {
		q := rapid.SliceOfN(rapid.Custom(randomTerm), 1, 3).Draw(rt, "query")
		f := photo.Filter{Search: filter.Query(q).String(), By: rapid.SampledFrom([]photo.Order{photo.ByTaken, photo.ByUploaded}).Draw(rt, "by")}
		page, err := s.List(t.Context(), owner, f, "", len(photos))
		if err != nil {
			rt.Fatal(err)
		}
		listed := map[photo.ID]bool{}
		for _, p := range page.Photos {
			listed[p.ID] = true
		}
		for _, p := range photos {
			if want := selects(q, p); want != listed[p.ID] {
				rt.Fatalf("%s: listed %v, want %v: %+v", f.Search, !want, want, p)
			}
		}
	})
}

func randomPhoto(t *rapid.T) photo.Photo {
	text := func(label string) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 3).Draw(t, label), rapid.SampledFrom([]string{"", " ", "\n"}).Draw(t, "between"))
	}
	p := photo.Photo{
		Name: text("name") + rapid.SampledFrom([]string{"", ".jpg", ".RAF", ".b"}).Draw(t, "ext"), Description: text("description"), Camera: text("camera"),
		Shot: photo.Shot{Lens: text("lens")}, Size: rapid.Int64Range(0, 20).Draw(t, "size"),
		Folder:    rapid.SampledFrom(folders).Draw(t, "folder"),
		MediaType: rapid.SampledFrom([]string{"image/jpeg", "image/x-fuji-raf", "video/mp4", "video/x-m4v"}).Draw(t, "type"),
	}
	var err error
	if p.Tags, err = tag.NormalizeAll(rapid.SliceOfN(rapid.SampledFrom(words), 0, 2).Draw(t, "tags")); err != nil {
		t.Fatal(err)
	}
	if p.Description != "" {
		p.DescriptionSource = photo.FromFlag
	}
	switch at := randomTime(t); rapid.IntRange(0, 2).Draw(t, "date") {
	case 1:
		p.TakenAt, p.TakenSource = photo.At(at), photo.FactEmbedded
	case 2:
		p.TakenAt, p.TakenSource = photo.AtWallClock(at), photo.FactEmbedded
	}
	if rapid.Bool().Draw(t, "positioned") {
		p.Position, p.PositionSource = &photo.Position{Latitude: degrees(t, 90), Longitude: degrees(t, 180)}, photo.FactEmbedded
	}
	return p
}

func degrees(t *rapid.T, most float64) float64 {
	return rapid.SampledFrom([]float64{0, 0.01, -0.01, most / 2, most, -most, most - 0.01}).Draw(t, "degrees")
}

// randomTime draws a time of a few hours, with any offset.
func randomTime(t *rapid.T) time.Time {
	zone := time.FixedZone("", 3600*rapid.IntRange(-12, 14).Draw(t, "offset"))
	return time.Date(2024, 5, 31, rapid.IntRange(0, 30).Draw(t, "hour"), 0, 0, rapid.SampledFrom([]int{0, 1000}).Draw(t, "fraction"), zone)
}

func randomTerm(t *rapid.T) filter.Term {
	term := filter.Term{Not: rapid.Bool().Draw(t, "not")}
	word := rapid.SampledFrom(words).Draw(t, "word")
	switch rapid.IntRange(0, 11).Draw(t, "test") {
	case 9:
		term.Test = filter.Tag(strings.TrimSpace(word))
	case 10:
		term.Test = filter.Folder(rapid.SampledFrom(folders[1:]).Draw(t, "folder"))
	case 0:
		term.Test = filter.Text{In: filter.Camera, Value: word}
	case 1:
		term.Test = filter.Text{In: filter.Lens, Value: word}
	case 2:
		term.Test = rapid.SampledFrom([]filter.Type{filter.Photo, filter.Video, filter.Raw}).Draw(t, "type")
	case 3:
		term.Test = filter.Ext(rapid.SampledFrom([]string{"jpg", "raf", "b"}).Draw(t, "ext"))
	case 4:
		at := filter.Time{By: rapid.SampledFrom([]photo.Order{photo.ByTaken, photo.ByUploaded}).Draw(t, "by"), From: randomTime(t), To: randomTime(t)}
		switch which := rapid.IntRange(0, 2).Draw(t, "ends"); {
		case which == 0:
			at.From = time.Time{}
		case which == 1 || !at.From.Before(at.To):
			at.To = time.Time{}
		}
		term.Test = at
	case 5:
		least := rapid.Int64Range(0, 20).Draw(t, "least")
		term.Test = filter.Size{Least: least, Most: rapid.SampledFrom([]int64{least, least + 5, filter.MaxSize}).Draw(t, "most")}
	case 6:
		term.Test = rapid.SampledFrom([]filter.Has{filter.HasCamera, filter.HasDate, filter.HasDescription, filter.HasPosition, filter.HasTag, filter.HasFolder}).Draw(t, "has")
	case 7:
		radius := rapid.SampledFrom([]float64{1, 1100, 1600, 5_000_000, 20_030_000}).Draw(t, "radius")
		term.Test = filter.Near{Latitude: degrees(t, 90), Longitude: degrees(t, 180), Radius: radius}
	case 8:
		term.Test = rapid.SampledFrom([]filter.Is{filter.Described, filter.Undescribed, filter.Trashed}).Draw(t, "is")
	default:
		term.Test = filter.Text{Value: word}
	}
	return term
}

// selects is what a filter means, in plain Go.
func selects(q filter.Query, p photo.Photo) bool {
	if p.TrashedAt.IsZero() == q.InTrash() {
		return false
	}
	for _, t := range q {
		if passes(t.Test, p) == t.Not {
			return false
		}
	}
	return true
}

func passes(test filter.Test, p photo.Photo) bool {
	contains := func(text, value string) bool { return strings.Contains(fold.String(text), fold.String(value)) }
	switch t := test.(type) {
	case filter.Text:
		switch t.In {
		case filter.Camera:
			return contains(p.Camera, t.Value)
		case filter.Lens:
			return contains(p.Shot.Lens, t.Value)
		}
		return contains(p.Name, t.Value) || contains(p.Description, t.Value) || slices.ContainsFunc(p.Tags, func(tag string) bool { return contains(tag, t.Value) })
	case filter.Type:
		return strings.HasPrefix(p.MediaType, "video/") == (t == filter.Video) && (t != filter.Raw || filter.IsRaw(p.MediaType))
	case filter.Tag:
		return slices.ContainsFunc(p.Tags, func(tag string) bool { return fold.String(tag) == fold.String(string(t)) })
	case filter.Folder:
		return p.Folder != "" && strings.HasPrefix(fold.String(p.Folder)+"/", fold.String(string(t))+"/")
	case filter.Ext:
		return strings.HasSuffix(fold.String(p.Name), "."+string(t))
	case filter.Time:
		return within(t, p)
	case filter.Size:
		return t.Least <= p.Size && p.Size <= t.Most
	case filter.Has:
		return map[filter.Has]bool{
			filter.HasCamera: p.Camera != "", filter.HasDate: !p.TakenAt.IsZero(),
			filter.HasDescription: p.Description != "", filter.HasPosition: p.Position != nil,
			filter.HasTag: len(p.Tags) > 0, filter.HasFolder: p.Folder != "",
		}[t]
	case filter.Near:
		return p.Position != nil && distance(*p.Position, photo.Position{Latitude: t.Latitude, Longitude: t.Longitude}) <= t.Radius
	case filter.Is:
		return map[filter.Is]bool{filter.Described: p.Description != "", filter.Undescribed: p.Description == "", filter.Trashed: !p.TrashedAt.IsZero()}[t]
	}
	panic(fmt.Sprintf("no test %T", test))
}

// within compares a moment without an offset with the clocks of the bounds.
func within(t filter.Time, p photo.Photo) bool {
	at, clock := p.UploadedAt, func(bound time.Time) time.Time { return bound }
	if t.By == photo.ByTaken {
		if p.TakenAt.IsZero() {
			return false
		}
		at = p.TakenAt.Time()
		if _, known := p.TakenAt.Offset(); !known {
			clock = photo.WallClock
		}
	}
	return (t.From.IsZero() || !at.Before(clock(t.From))) && (t.To.IsZero() || at.Before(clock(t.To)))
}

// distance is the angle between two directions in space, in metres on the Earth's surface.
func distance(a, b photo.Position) float64 {
	direction := func(p photo.Position) (x, y, z float64) {
		lat, long := p.Latitude*math.Pi/180, p.Longitude*math.Pi/180
		return math.Cos(lat) * math.Cos(long), math.Cos(lat) * math.Sin(long), math.Sin(lat)
	}
	ax, ay, az := direction(a)
	bx, by, bz := direction(b)
	cross := math.Sqrt(math.Pow(ay*bz-az*by, 2) + math.Pow(az*bx-ax*bz, 2) + math.Pow(ax*by-ay*bx, 2))
	return 6_371_000 * math.Atan2(cross, ax*bx+ay*by+az*bz)
}
