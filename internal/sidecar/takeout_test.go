package sidecar_test

import (
	"encoding/json"
	"testing"

	"photos/internal/photo"
	"photos/internal/sidecar"
)

// about returns the JSON of a photo as Takeout writes it, with only a few fields.
func about(t *testing.T, title, description string) string {
	t.Helper()
	b, err := json.Marshal(map[string]any{
		"title": title, "description": description, "imageViews": "3",
		"photoTakenTime": map[string]string{"timestamp": "1532281602", "formatted": "Jul 22, 2018, 5:46:42 PM UTC"},
		"geoData":        map[string]float64{"latitude": 0, "longitude": 0},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestTakeoutJSONWithoutATitle: a JSON without a title is only about the photo of its own name.
// Other names are in testdata/layouts.txt.
func TestTakeoutJSONWithoutATitle(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"IMG_1.jpg.json": about(t, "", "At the lake")})
	f := sidecar.New([]sidecar.Kind{sidecar.Takeout})
	for name, want := range map[string]string{"IMG_1.jpg": "At the lake", "IMG_1-edited.jpg": "", "IMG_1.MP4": ""} {
		if text, err := describe(f, dir+name); text != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", name, text, err, want)
		}
	}
}

func TestTakeoutJSONWithAByteOrderMark(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"IMG_1.jpg.json": "\ufeff" + about(t, "IMG_1.jpg", "At the lake")})
	if text, err := describe(sidecar.New([]sidecar.Kind{sidecar.Takeout}), dir+"IMG_1.jpg"); text != "At the lake" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

// TestTakeoutFolder looks at a whole folder, where each photo has at most one JSON.
func TestTakeoutFolder(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"IMG_1.HEIC.supplemental-metadata.json":    about(t, "IMG_1.HEIC", "first"),
		"IMG_1.HEIC.supplemental-metadata(1).json": about(t, "IMG_1.HEIC", "second"),
		"IMG_1.JPG.supplemental-metadata.json":     about(t, "IMG_1.JPG", "third"),
		"IMG_2.MP4.json":                           about(t, "IMG_2.MP4", "a film"),
		"IMG_2.HEIC.json":                          about(t, "IMG_2.HEIC", "a picture"),
		"IMG_3.jpg.json":                           about(t, "IMG_3.jpg", ""),
		"IMG_3.jpg.supplemental-metadata.json":     about(t, "IMG_3.jpg", "from a later export"),
		"IMG_4.jpg.json":                           about(t, "IMG_4.jpg", ""),
		"metadata.json":                            `{"title":"An album","description":"of the album","date":{}}`,
	})
	f := sidecar.New([]sidecar.Kind{sidecar.Takeout})
	for name, want := range map[string]string{
		"IMG_1.HEIC": "first", "IMG_1.MP4": "first", "IMG_1-edited.jpg": "third", "IMG_1(1).HEIC": "second", "IMG_1(1).MP4": "second",
		"IMG_1(1)-edited.jpg": "second", "IMG_1.JPG": "third", "IMG_2.MP4": "a film", "IMG_2.HEIC": "a picture", "IMG_2.jpg": "",
		"IMG_3.jpg": "from a later export", "IMG_4.jpg": "", "metadata.json": "",
	} {
		if text, err := describe(f, dir+name); text != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", name, text, err, want)
		}
	}
}

func TestOtherJSON(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content string
		kind    photo.Kind // of the error; "": none
	}{
		"a list, as exiftool writes": {`[{"SourceFile":"IMG_1.jpg"}]`, ""},
		"another program's":          {`{"description":"x"}`, ""},
		"a description of many":      {`{"title":"IMG_1.jpg","description":{"en":"x"}}`, ""},
		"null":                       {`null`, ""},
		"torn":                       {`{"title":"IMG_1.jpg","descr`, photo.KindUnreadable},
		"empty":                      {``, photo.KindUnreadable},
		"nested without end":         {repeat("[", 20000), photo.KindUnreadable},
		"too large":                  {`{"title":"IMG_1.jpg","description":"x"}` + repeat(" ", 1<<20), photo.KindUnreadable},
		"too long a description":     {`{"title":"IMG_1.jpg","description":"` + repeat("é", photo.MaxDescription/2+1) + `"}`, photo.KindTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{"IMG_1.jpg.json": c.content})
			text, err := describe(sidecar.New([]sidecar.Kind{sidecar.Takeout}), dir+"IMG_1.jpg")
			if text != "" {
				t.Errorf("text %q", text)
			}
			checkKind(t, err, c.kind)
		})
	}
}
