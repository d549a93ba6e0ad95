package api_test

import (
	"encoding/json"
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
			Position: &photo.Position{Latitude: -1.5, Longitude: 120}, Description: "Sunset", DescriptionSource: photo.FromFlag,
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
		if d := cmp.Diff(p, w.Photo(), cmp.Comparer(func(a, b photo.Moment) bool { return a.String() == b.String() })); d != "" {
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
	for status, want := range map[int]photo.Kind{429: photo.KindUnavailable, 502: photo.KindUnavailable, 504: photo.KindUnavailable, 418: photo.KindUsage} {
		if got := api.KindOfStatus(status); got != want {
			t.Errorf("status %d is %s, want %s", status, got, want)
		}
	}
}

func TestUploadMetadata(t *testing.T) {
	t.Parallel()
	m := api.UploadMetadata{Filename: "a,b \xff\n.jpg", ID: photo.ID{7}, Description: "Grüße, 日本", DescriptionSource: photo.FromStdin, Caption: photo.CaptionFirst}
	got, err := api.ParseUploadMetadata(m.String())
	if err != nil || got != m {
		t.Errorf("%q came back as %+v, %v", m, got, err)
	}
	for name, header := range map[string]string{
		"not base64": "filename !!!", "twice": "filename YQ==,filename Yg==", "no digest": "sha256 YQ==",
	} {
		if _, err := api.ParseUploadMetadata(header); photo.KindOf(err) != photo.KindUsage {
			t.Errorf("%s: error %v, want one of kind usage", name, err)
		}
	}
	if got, err := api.ParseUploadMetadata("filetype aW1hZ2U=, is_confidential"); err != nil || got != (api.UploadMetadata{}) {
		t.Errorf("unknown keys: %+v, %v", got, err)
	}
}

func FuzzUploadMetadata(f *testing.F) {
	f.Add("filename YQ==,sha256 Zg==")
	f.Add("is_confidential, description ")
	f.Fuzz(func(t *testing.T, header string) {
		m, err := api.ParseUploadMetadata(header)
		if err != nil {
			return
		}
		if again, err := api.ParseUploadMetadata(m.String()); err != nil || again != m {
			t.Fatalf("%q: %+v became %+v, %v", header, m, again, err)
		}
	})
}
