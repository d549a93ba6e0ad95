package filter_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of this test, on a machine that has none

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"photos/internal/filter"
	"photos/internal/photo"
	"photos/internal/picture"
)

func noon(t testing.TB, zone string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 3, 10, 12, 0, 0, 0, loc)
}

// A filter is printed in one form, in which times do not depend on the zone and the day.
func TestParseAndString(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"  beach\tSUN ":                     "beach SUN",
		`"golden hour"`:                     `"golden hour"`,
		`"beach"`:                           "beach",
		`"say \"hi\" \\ \n"`:                `"say \"hi\" \\ \\n"`,
		`5"`:                                `5"`,
		"-blurry":                           "-blurry",
		`-"not this"`:                       `-"not this"`,
		`"-" "a:b" 12:30 *`:                 `"-" "a:b" 12:30 *`,
		"--x":                               `-"-x"`,
		"été:x":                             "été:x",
		`tag:"Best of" folder:/2024//trip/`: `tag:"Best of" folder:2024/trip`,
		"camera:nikon":                      "camera:nikon",
		`CAMERA:"Nikon D850"`:               `camera:"Nikon D850"`,
		"type:Video -type:raw":              "type:video -type:raw",
		"ext:.RAF":                          "ext:raf",
		"taken:2024-07..2024-08":            "taken:2024-07-01T00:00:00+02:00..2024-08-31T23:59:59.999999+02:00",
		"taken:2024":                        "taken:2024-01-01T00:00:00+01:00..2024-12-31T23:59:59.999999+01:00",
		"taken:2024..":                      "taken:2024-01-01T00:00:00+01:00..",
		"taken:..2024-02":                   "taken:..2024-02-29T23:59:59.999999+01:00",
		"taken:2024-05-31T18:00":            "taken:2024-05-31T18:00:00+02:00..2024-05-31T18:00:59.999999+02:00",
		`taken:"2024-05-31 18:00:05"`:       "taken:2024-05-31T18:00:05+02:00..2024-05-31T18:00:05.999999+02:00",
		"taken:2024-05-31T18:00:05.25Z":     "taken:2024-05-31T18:00:05.25Z..2024-05-31T18:00:05.259999Z",
		"taken:1920-01-01":                  "taken:1920-01-01T00:00:00+01:00..1920-01-01T23:59:59.999999+01:00",
		"uploaded:7d":                       "uploaded:2026-03-03T12:00:00+01:00..",
		"uploaded:..12h":                    "uploaded:..2026-03-09T23:59:59.999999+01:00",
		"uploaded:7d..today":                "uploaded:2026-03-03T12:00:00+01:00..2026-03-10T23:59:59.999999+01:00",
		"uploaded:yesterday":                "uploaded:2026-03-09T00:00:00+01:00..2026-03-09T23:59:59.999999+01:00",
		"size:>5M":                          "size:5000001..",
		"size:>=5M size:<=500k":             "size:5M.. size:0..500K",
		"size:<5MiB":                        "size:0..5242879",
		"size:5M..10M":                      "size:5M..10M",
		"size:..1":                          "size:0..1",
		"has:Position -has:description":     "has:position -has:description",
		"near:48.1,11.5,20km":               "near:48.1,11.5,20000m",
		`near:"-33.9, 151.2, 500 m"`:        "near:-33.9,151.2,500m",
		"is:described -is:trashed":          "is:described -is:trashed",
		"is:undescribed is:TRASHED":         "is:undescribed is:trashed",
	} {
		q, err := filter.Parse(in, noon(t, "Europe/Berlin"))
		if err != nil || q.String() != want {
			t.Errorf("Parse(%q) = %s, %v, want %s", in, q, err, want)
			continue
		}
		again, err := filter.Parse(want, noon(t, "Asia/Tokyo").AddDate(1, 0, 0))
		if err != nil || again.String() != want {
			t.Errorf("Parse(%q) = %s, %v", want, again, err)
		}
	}
}

// What is wrong is said with its place.
func TestErrorsPointAtTheirPlace(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct {
		at  int
		msg string
	}{
		"":                          {1, "the filter is empty"},
		" \t":                       {1, "the filter is empty"},
		"sünset tagg:beach":         {8, `unknown key "tagg"`},
		"sunset -tagg:beach":        {9, `unknown key "tagg"`},
		"http://example.org":        {1, `unknown key "http"`},
		"beach camera:":             {14, "camera: has no value"},
		"camera: beach":             {8, "camera: has no value"},
		`beach ""`:                  {7, "the phrase is empty"},
		`beach "  " x`:              {7, "the phrase is empty"},
		`camera:"" x`:               {8, "camera: has no value"},
		"beach - sun":               {7, "a lone - excludes nothing"},
		"-":                         {1, "a lone - excludes nothing"},
		`beach "sun set`:            {7, "the quote has no end"},
		`"a"b`:                      {4, "a space is missing after the quote"},
		"type:picture":              {6, `type: unknown value "picture"`},
		"is:tiny":                   {4, `is: unknown value "tiny"`},
		"has:x":                     {5, `has: unknown value "x"`},
		"ext:a.b":                   {5, `ext: "a.b" is not a file extension`},
		"folder:/":                  {8, `folder: "/" is not a folder`},
		"folder:../x":               {8, `folder: the folder "../x" has .. in it`},
		"ext:.":                     {5, `ext: "." is not a file extension`},
		"taken:soon":                {7, `taken: "soon" is not a valid time`},
		"taken:2024-13":             {7, `taken: "2024-13" is not a valid time`},
		"taken:..":                  {7, "taken: a range needs a beginning or an end"},
		"x taken:2024..2023":        {9, "taken: the range ends before it begins"},
		"uploaded:1d..7d":           {10, "uploaded: the range ends before it begins"},
		"size:5M":                   {6, `size: "5M" is not a range of sizes`},
		"size:>":                    {6, `size: ">" is not a range of sizes`},
		"size:>5Q":                  {6, `size: "5Q" is not a valid size`},
		"size:<0":                   {6, "size: no photo has such a size"},
		"size:>9223372036854775807": {6, "size: no photo has such a size"},
		"size:2M..1M":               {6, "size: no photo has such a size"},
		"near:48.1,11.5":            {6, `near: "48.1,11.5" is not a place`},
		"near:48.1,11.5,20":         {6, "near: the distance has no unit"},
		"near:91,11.5,20km":         {6, `near: "91" is not a latitude from -90 to 90`},
		"near:48.1,NaN,20km":        {6, `near: "NaN" is not a longitude from -180 to 180`},
		"near:48.1,11.5,0km":        {6, `near: "0km" is not a distance up to 20037km`},
		"ok \xff":                   {4, "the filter is not valid UTF-8"},
		strings.Repeat("a ", 33):    {65, "too many words to search for"},
		strings.Repeat("a", 2049):   {2049, "the filter is too long"},
	} {
		_, err := filter.Parse(in, noon(t, "UTC"))
		var e *filter.SyntaxError
		if !errors.As(err, &e) || e.At != want.at || e.Err.Msg != want.msg || photo.KindOf(err) != photo.KindUsage {
			t.Errorf("Parse(%.40q) = %v, want character %d, %s", in, err, want.at, want.msg)
		}
	}
}

func TestOnlyExcludes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{"-beach": true, "-beach -is:trashed": true, "-beach sun": false, "is:trashed": false} {
		q, err := filter.Parse(in, noon(t, "UTC"))
		if err != nil || q.OnlyExcludes() != want {
			t.Errorf("%q: %v, %v", in, q.OnlyExcludes(), err)
		}
	}
	if (filter.Query{}).OnlyExcludes() {
		t.Error("an empty query excludes")
	}
}

// The fields of a filter and its text are one query.
func TestOf(t *testing.T) {
	t.Parallel()
	since, until := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		f    photo.Filter
		want string
	}{
		{photo.Filter{}, ""},
		{photo.Filter{Search: "beach -sun"}, "beach -sun"},
		{photo.Filter{Search: "x", Undescribed: true, Trash: true}, "x is:undescribed is:trashed"},
		{photo.Filter{Since: since}, "uploaded:2024-01-01T00:00:00Z.."},
		{photo.Filter{By: photo.ByTaken, Since: since, Until: until}, "taken:2024-01-01T00:00:00Z..2024-12-31T23:59:59.999999Z"},
	} {
		if q, err := filter.Of(tt.f); err != nil || q.String() != tt.want {
			t.Errorf("%+v: %s, %v, want %s", tt.f, q, err, tt.want)
		}
	}
	if _, err := filter.Of(photo.Filter{Search: "is:"}); photo.KindOf(err) != photo.KindUsage {
		t.Errorf("a malformed text: %v", err)
	}
}

func TestIsRaw(t *testing.T) {
	t.Parallel()
	for mediaType, want := range map[string]bool{
		picture.CR2: true, picture.DNG: true, picture.ThreeFR: true, picture.ARI: true,
		picture.JPEG: false, picture.PSD: false, picture.M4V: false, picture.WMV: false,
	} {
		if filter.IsRaw(mediaType) != want {
			t.Errorf("%s: %v", mediaType, !want)
		}
	}
}

// queries draws any query that a text can say.
func queries() *rapid.Generator[filter.Query] {
	text := rapid.StringN(1, 20, 60).Filter(func(s string) bool { return !photo.IsBlank(s) })
	at := rapid.Custom(func(t *rapid.T) time.Time {
		zone := time.FixedZone("", 60*rapid.IntRange(-12*60, 14*60).Draw(t, "offset"))
		return time.UnixMicro(rapid.Int64Range(-5e15, 5e15).Draw(t, "time")).In(zone)
	})
	test := rapid.Custom(func(t *rapid.T) filter.Test {
		switch rapid.IntRange(0, 10).Draw(t, "kind") {
		case 9:
			return filter.Tag(text.Draw(t, "tag"))
		case 10:
			folder, err := photo.CleanFolder(rapid.StringMatching(`[a-zé /]{0,9}x`).Draw(t, "folder"))
			if err != nil {
				t.Fatal(err)
			}
			return filter.Folder(folder)
		case 0:
			return filter.Type(rapid.SampledFrom([]string{"photo", "video", "raw"}).Draw(t, "type"))
		case 1:
			return filter.Ext(rapid.StringMatching(`[a-z0-9]{1,16}`).Draw(t, "ext"))
		case 2:
			from, to := at.Draw(t, "from"), at.Draw(t, "to")
			if to.Before(from) {
				from, to = to, from
			}
			if which := rapid.IntRange(0, 2).Draw(t, "ends"); which == 1 {
				from = time.Time{}
			} else if which == 2 || from.Equal(to) {
				to = time.Time{}
			}
			return filter.Time{By: rapid.SampledFrom([]photo.Order{photo.ByTaken, photo.ByUploaded}).Draw(t, "by"), From: from, To: to}
		case 3:
			least := rapid.Int64Range(0, math.MaxInt64).Draw(t, "least")
			return filter.Size{Least: least, Most: rapid.Int64Range(least, math.MaxInt64).Draw(t, "most")}
		case 4:
			return rapid.SampledFrom([]filter.Has{filter.HasCamera, filter.HasDate, filter.HasDescription, filter.HasPosition}).Draw(t, "has")
		case 5:
			return filter.Near{Latitude: rapid.Float64Range(-90, 90).Draw(t, "lat"), Longitude: rapid.Float64Range(-180, 180).Draw(t, "long"), Radius: rapid.Float64Range(0.001, 20_000_000).Draw(t, "radius")}
		case 6:
			return rapid.SampledFrom([]filter.Is{filter.Described, filter.Undescribed, filter.Trashed}).Draw(t, "is")
		case 7:
			return filter.Text{In: filter.Camera, Value: text.Draw(t, "camera")}
		}
		return filter.Text{Value: text.Draw(t, "text")}
	})
	term := rapid.Custom(func(t *rapid.T) filter.Term {
		return filter.Term{Not: rapid.Bool().Draw(t, "not"), Test: test.Draw(t, "test")}
	})
	return rapid.Map(rapid.SliceOfN(term, 1, 8), func(terms []filter.Term) filter.Query { return terms })
}

// A query that is printed and read again is the same.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	queries := queries().Filter(func(q filter.Query) bool { return len(q.String()) <= filter.MaxText })
	rapid.Check(t, func(rt *rapid.T) {
		q := queries.Draw(rt, "query")
		got, err := filter.Parse(q.String(), noon(t, "Asia/Kathmandu"))
		if err != nil {
			rt.Fatalf("%s: %v", q, err)
		}
		instant := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && photo.WallClock(a).Equal(photo.WallClock(b)) })
		if d := cmp.Diff(q, got, instant); d != "" {
			rt.Fatalf("%s, -want +got:\n%s", q, d)
		}
	})
}

// Whatever is typed is read or refused with a place within the text, and what is read prints as
// something that is read as the same.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`a "b c" -d camera:"x y"`, "taken:2024-07..7d", "near:1,2,3km size:>5M", `-"`, `\"`, "is:", "é\u0301:"} {
		f.Add(seed)
	}
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.FixedZone("", 3600))
	f.Fuzz(func(t *testing.T, text string) {
		q, err := filter.Parse(text, now)
		var e *filter.SyntaxError
		switch {
		case errors.As(err, &e):
			if e.At < 1 || e.At > len([]rune(text))+1 || e.Err.Msg == "" {
				t.Errorf("%q: %+v", text, e)
			}
		case err != nil:
			t.Errorf("%q: %v", text, err)
		default:
			again, err := filter.Parse(q.String(), now.AddDate(1, 0, 0).UTC())
			if err != nil && len(q.String()) > filter.MaxText {
				return // times are longer than they were written
			}
			if err != nil || again.String() != q.String() {
				t.Errorf("%q is %s, and that %s, %v", text, q, again, err)
			}
		}
	})
}
