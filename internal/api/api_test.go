package api_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/api"
	"photos/internal/photo"
)

func TestPhotoSurvivesTheWire(t *testing.T) {
	t.Parallel()
	for _, p := range []photo.Photo{
		{
			ID: photo.ID{1, 2, 3}, Name: "beach.jpg", Size: 7, MediaType: "image/jpeg", Width: 3, Height: 4,
			TakenAt: photo.At(time.Date(2024, 5, 31, 18, 0, 0, 0, time.FixedZone("", 7200))), Camera: "Canon PowerShot S90",
			Position: &photo.Position{Latitude: -1.5, Longitude: 120}, TakenSource: photo.FactEmbedded, PositionSource: photo.FactTakeout,
			ModifiedAt: time.Date(2024, 5, 31, 18, 0, 0, 123000, time.UTC), Description: "Sunset", DescriptionSource: photo.FromFlag,
			UploadedAt: time.Date(2024, 6, 1, 0, 0, 0, 1000, time.UTC), Version: 2,
		},
		{
			ID: photo.ID{9}, Name: "odd\xff\n\"name\".jpg", Size: 1, MediaType: "image/jpeg",
			UploadedAt: time.Unix(0, 0).UTC(), TrashedAt: time.Unix(10, 0).UTC(), PurgeAt: time.Unix(20, 0).UTC(),
		},
	} {
		b, err := json.Marshal(api.FromPhoto(p))
		if err != nil {
			t.Fatal(err)
		}
		var w api.Photo
		if err := json.Unmarshal(b, &w); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if d := cmp.Diff(p, w.Photo(), sameMoment); d != "" {
			t.Error(d)
		}
	}
}

// Times sort as text, whatever their fraction of a second and their zone.
func TestTimesOnTheWireSortAsText(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 6, 1, 0, 0, 0, 0, time.FixedZone("", 3600))
	var last string
	for _, d := range []time.Duration{0, time.Microsecond, 100 * time.Millisecond, 120 * time.Millisecond, time.Second} {
		b, err := json.Marshal(api.FromPhoto(photo.Photo{UploadedAt: at.Add(d)}))
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(b, &fields); err != nil {
			t.Fatal(err)
		}
		got, _ := fields["uploaded_at"].(string)
		if got <= last || len(got) != len("2024-05-31T23:00:00.000000Z") {
			t.Errorf("%q comes after %q", got, last)
		}
		last = got
	}
}

func TestKindsAndStatusesAreInverse(t *testing.T) {
	t.Parallel()
	for _, k := range []photo.Kind{
		photo.KindUsage, photo.KindNotSignedIn, photo.KindForbidden, photo.KindNotFound, photo.KindConflict,
		photo.KindChanged, photo.KindTooLarge, photo.KindNotPicture, photo.KindDigestMismatch, photo.KindQuota,
		photo.KindStorageFull, photo.KindUnavailable, photo.KindInternal,
	} {
		if got := api.KindOfStatus(api.Status(k)); got != k {
			t.Errorf("%s goes out as %d and comes back as %s", k, api.Status(k), got)
		}
	}
	if got := api.Status(photo.KindSearchTimeout); got != 422 { // whose bare status means something else
		t.Errorf("%s goes out as %d", photo.KindSearchTimeout, got)
	}
	for status, want := range map[int]photo.Kind{422: photo.KindDigestMismatch, 429: photo.KindUnavailable, 502: photo.KindUnavailable, 504: photo.KindUnavailable, 418: photo.KindUsage} {
		if got := api.KindOfStatus(status); got != want {
			t.Errorf("status %d is %s, want %s", status, got, want)
		}
	}
}

func TestUploadMetadata(t *testing.T) {
	t.Parallel()
	m := api.UploadMetadata{Filename: "a,b \xff\n.jpg", ID: photo.ID{7}, Description: "Grüße, 日本", DescriptionSource: photo.FromStdin, Caption: photo.CaptionFirst, Facts: photo.Facts{
		Modified: time.Date(2024, 5, 31, 18, 0, 0, 123000, time.UTC), Taken: photo.AtWallClock(time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)), TakenSource: photo.FactSidecar,
		Position: &photo.Position{Latitude: -1.25, Longitude: 120}, PositionSource: photo.FactTakeout,
	}}
	got, err := api.ParseUploadMetadata(m.String())
	if d := cmp.Diff(m, got, sameMoment); err != nil || d != "" {
		t.Errorf("%q came back with error %v (-want +got):\n%s", m, err, d)
	}
	for name, header := range map[string]string{
		"not base64": "filename !!!", "twice": "filename YQ==,filename Yg==", "no digest": "sha256 YQ==",
		"no time": meta("modified", "yesterday"), "no moment": meta("taken", "2024", "taken_source", "sidecar"),
		"a date from nowhere": meta("taken", "2024-05-31T18:00:00Z"), "a source that is the service's": meta("taken", "2024-05-31T18:00:00Z", "taken_source", "embedded"),
		"half a position": meta("position", "48.1", "position_source", "sidecar"), "off the earth": meta("position", "91,0", "position_source", "sidecar"),
		"no number": meta("position", "48.1,NaN", "position_source", "sidecar"), "a position from nowhere": meta("position", "48.1,11.5"),
	} {
		if _, err := api.ParseUploadMetadata(header); photo.KindOf(err) != photo.KindUsage {
			t.Errorf("%s: error %v, want one of kind usage", name, err)
		}
	}
	if got, err := api.ParseUploadMetadata("filetype aW1hZ2U=, is_confidential"); err != nil || !cmp.Equal(got, api.UploadMetadata{}, sameMoment) {
		t.Errorf("unknown keys: %+v, %v", got, err)
	}
}

var sameMoment = cmp.Comparer(func(a, b photo.Moment) bool { return a.String() == b.String() })

// meta is a header of these keys and values.
func meta(pairs ...string) string {
	var out []string
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, pairs[i]+" "+base64.StdEncoding.EncodeToString([]byte(pairs[i+1])))
	}
	return strings.Join(out, ",")
}

func FuzzUploadMetadata(f *testing.F) {
	f.Add("filename YQ==,sha256 Zg==")
	f.Add("is_confidential, description ")
	f.Add(meta("modified", "2024-05-31T18:00:00.5Z", "taken", "2024-05-31T18:00:00", "taken_source", "takeout", "position", "-1.5,120", "position_source", "sidecar"))
	f.Fuzz(func(t *testing.T, header string) {
		m, err := api.ParseUploadMetadata(header)
		if err != nil {
			return
		}
		if again, err := api.ParseUploadMetadata(m.String()); err != nil || again.String() != m.String() {
			t.Fatalf("%q: %+v became %+v, %v", header, m, again, err)
		}
	})
}

// TestTimesHaveSixDecimals compares the form on the wire with that of a layout of package time.
func TestTimesHaveSixDecimals(t *testing.T) {
	const layout = "2006-01-02T15:04:05.000000Z"
	zone := time.FixedZone("", -5*60*60)
	for _, at := range []time.Time{
		time.Date(2024, 5, 31, 18, 0, 0, 0, time.UTC), time.Date(2024, 5, 31, 18, 0, 0, 1000, time.UTC), time.Date(2024, 12, 31, 23, 59, 59, 999_999_999, zone),
		time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.UnixMicro(-1),
	} {
		want := at.UTC().Format(layout)
		got, err := json.Marshal(api.Time{at})
		if err != nil || string(got) != `"`+want+`"` || (api.Time{at}).String() != want {
			t.Errorf("%v: got %s and %q, error %v, want %s", at, got, api.Time{at}.String(), err, want)
		}
	}
}
