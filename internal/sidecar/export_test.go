package sidecar_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"photos/internal/sidecar"
)

func find(t *testing.T, f *sidecar.Finder, path string) sidecar.Found {
	t.Helper()
	found, err := f.Find(path)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestAlbums reads what a folder of a Takeout export is an album of.
func TestAlbums(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, json, want string }{
		"English":               {"metadata.json", `{"title": "Trip to Rome", "date": {"timestamp": "1"}}`, "trip to rome"},
		"French":                {"métadonnées.json", `{"title": "Été", "access": "protected"}`, "été"},
		"an old one":            {"metadata.json", `{"albumData": {"title": "Old"}}`, "old"},
		"a byte order mark":     {"metadata.json", "\ufeff" + `{"title": "BOM", "date": {}}`, "bom"},
		"no title":              {"metadata.json", `{"title": "", "date": {}}`, ""},
		"a year":                {"metadata.json", `{"title": "Photos from 2019", "date": {}}`, ""},
		"a year in German":      {"Metadaten.json", `{"title": "Fotos von 2019", "date": {}}`, ""},
		"a year in Japanese":    {"metadata.json", `{"title": "2019 年の写真", "date": {}}`, ""},
		"a title with a year":   {"metadata.json", `{"title": "Rome 2019", "date": {}}`, "rome 2019"},
		"a day":                 {"metadata.json", `{"title": "2019-05-31 #2", "date": {}}`, ""},
		"a photo":               {"strange.json", `{"title": "IMG_1", "photoTakenTime": {"timestamp": "1"}, "date": {}}`, ""},
		"another program's":     {"settings.json", `{"title": "settings"}`, ""},
		"not JSON":              {"metadata.json", `{`, ""},
		"not an object":         {"metadata.json", `[1]`, ""},
		"too long for a tag":    {"metadata.json", `{"title": "` + string(make([]byte, 0)) + longTitle + `", "date": {}}`, ""},
		"not the title's type":  {"metadata.json", `{"title": 7, "date": {}}`, ""},
		"with a line break":     {"metadata.json", `{"title": "a\nb", "date": {}}`, ""},
		"another case of names": {"METADATA.JSON", `{"title": "Loud", "date": {}}`, "loud"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "Takeout", "Photos", "x")
			write(t, filepath.Join(dir, "IMG_1.jpg"), "x")
			write(t, filepath.Join(dir, c.file), c.json)
			f := sidecar.New(nil, dir)
			if got := find(t, f, filepath.Join(dir, "IMG_1.jpg")).Facts.Tags; len(got) != min(1, len(c.want)) || c.want != "" && got[0] != c.want {
				t.Errorf("the tags are %q, want %q", got, c.want)
			}
		})
	}
}

const longTitle = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

func TestNoAlbumOutsideOfAnExport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.jpg"), "x")
	write(t, filepath.Join(dir, "metadata.json"), `{"title": "Not an album", "date": {}}`)
	if got := find(t, sidecar.New(nil, dir), filepath.Join(dir, "a.jpg")).Facts.Tags; len(got) > 0 {
		t.Errorf("the tags are %q", got)
	}
}

const detailsHead = "imgName,fileChecksum,favorite,hidden,deleted,originalCreationDate,viewCount,importDate\n"

// TestICloud reads an export in two parts.
func TestICloud(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	one, two := filepath.Join(top, "iCloud Photos Part 1 of 2"), filepath.Join(top, "iCloud Photos Part 2 of 2")
	for _, name := range []string{"IMG_1.HEIC", "IMG_1.MOV", "IMG_2.JPG", "IMG_3.JPG", "IMG_4.JPG", "e\u0301.jpg"} {
		write(t, filepath.Join(one, "Photos", name), "x")
	}
	write(t, filepath.Join(two, "Photos", "Photo Details.csv"), detailsHead+
		`IMG_1.HEIC,c,no,no,no,"Saturday June 4,2022 12:11 PM GMT",1,"x"`+"\n"+
		`IMG_2.JPG,c,no,no,no,"Friday October 06,2023 9:05 AM GMT",1,"x"`+"\n"+
		`IMG_3.JPG,c,no,no,yes,"Friday October 06,2023 14:05 PM GMT",1,"x"`+"\n"+
		`é.jpg,c,no,no,no,rubbish,1,"x"`+"\n")
	write(t, filepath.Join(one, "Photos", "Photo Details-1.csv"), detailsHead+
		`IMG_2.JPG,d,no,no,no,"Friday October 07,2022 9:05 AM GMT",1,"x"`+"\n")
	write(t, filepath.Join(two, "Albums", "Summer at the Lake.csv"), "imgName\nIMG_1.HEIC\né.jpg\n")
	write(t, filepath.Join(one, "Albums", "Empty.csv"), "")
	write(t, filepath.Join(one, "Albums", "table.csv"), "a,b\nIMG_4.JPG,1\n")
	f := sidecar.New(nil, one, two)
	for name, want := range map[string]struct{ taken, tag, skip string }{
		"IMG_1.HEIC":  {"2022-06-04T12:11:00Z", "summer at the lake", ""},
		"IMG_1.MOV":   {"2022-06-04T12:11:00Z", "summer at the lake", ""},
		"IMG_2.JPG":   {"", "", ""}, // two lines differ
		"IMG_3.JPG":   {"2023-10-06T14:05:00Z", "", "in the trash of the export"},
		"IMG_4.JPG":   {"", "", ""},
		"e\u0301.jpg": {"", "summer at the lake", ""},
	} {
		got := find(t, f, filepath.Join(one, "Photos", name))
		if got.Facts.Taken.String() != want.taken || got.Skip != want.skip || len(got.Facts.Tags) != min(1, len(want.tag)) || want.tag != "" && !slices.Contains(got.Facts.Tags, want.tag) {
			t.Errorf("%s: %v, %q, %q, want %v", name, got.Facts.Taken, got.Facts.Tags, got.Skip, want)
		}
	}
	for path, want := range map[string]bool{"Photos/Photo Details-1.csv": true, "Albums/Empty.csv": true, "Albums/table.csv": false, "Photos/none.csv": false} {
		if got := f.IsList(filepath.Join(one, filepath.FromSlash(path))); got != want {
			t.Errorf("%s is a list: %v", path, got)
		}
	}
}

// FuzzExport reads any files as the tables of an export and as the JSON of an album.
func FuzzExport(f *testing.F) {
	f.Add([]byte(detailsHead+`IMG_1.HEIC,c,no,no,no,"Saturday June 4,2022 12:11 PM GMT",1,"x"`), []byte("imgName\nIMG_1.HEIC\n"), []byte(`{"title": "x", "date": {}}`))
	f.Fuzz(func(t *testing.T, details, album, json []byte) {
		dir := filepath.Join(t.TempDir(), "Takeout")
		for name, data := range map[string][]byte{"Photos/Photo Details.csv": details, "Albums/a.csv": album, "Photos/metadata.json": json, "Photos/IMG_1.HEIC": nil} {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		found, err := sidecar.New(nil, dir).Find(filepath.Join(dir, "Photos", "IMG_1.HEIC"))
		if err != nil {
			t.Fatal(err)
		}
		if m := found.Facts.Taken; !m.IsZero() && !m.Plausible() {
			t.Errorf("the date is %v", m)
		}
	})
}
