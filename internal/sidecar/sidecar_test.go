package sidecar_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"photos/internal/photo"
	"photos/internal/sidecar"
)

// folder makes a folder with these files. The path that it returns ends with a separator.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		write(t, filepath.Join(dir, name), content)
	}
	return dir + string(filepath.Separator)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func repeat(s string, n int) string { return strings.Repeat(s, n) }

func checkKind(t *testing.T, err error, want photo.Kind) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || photo.KindOf(err) != want) {
		t.Errorf("error %v, want one of kind %q", err, want)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for list, want := range map[string][]sidecar.Kind{
		"none":                     nil,
		"sidecar":                  {sidecar.XMP},
		"takeout, sidecar":         {sidecar.Takeout, sidecar.XMP},
		"sidecar,takeout,embedded": {sidecar.XMP, sidecar.Takeout, sidecar.Embedded},
		"embedded":                 {sidecar.Embedded},
		"embedded,takeout":         {sidecar.Embedded, sidecar.Takeout},
	} {
		got, err := sidecar.Parse(list)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("Parse(%q): %v (-want +got)\n%s", list, err, d)
		}
	}
	for _, list := range []string{"", "xmp", "sidecar,", "sidecar,sidecar", "none,sidecar"} {
		if kinds, err := sidecar.Parse(list); photo.KindOf(err) != photo.KindUsage {
			t.Errorf("Parse(%q) = %v, %v; want an error of kind usage", list, kinds, err)
		}
	}
}

func TestOrderOfSources(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"both.jpg.xmp": xmp(`<dc:description>from XMP</dc:description>`), "both.jpg.json": about(t, "both.jpg", "from Takeout"),
		"blank.jpg.xmp": xmp(``), "blank.jpg.json": about(t, "blank.jpg", "from Takeout"),
		"broken.jpg.xmp": "<x", "broken.jpg.json": about(t, "broken.jpg", "from Takeout"),
	})
	for _, c := range []struct {
		order, photo, want string
		caption            photo.Caption
		kind               photo.Kind
	}{
		{"sidecar,takeout,embedded", "both.jpg", "from XMP", photo.CaptionFallback, ""},
		{"takeout,sidecar", "both.jpg", "from Takeout", photo.CaptionNever, ""},
		{"sidecar,takeout", "blank.jpg", "from Takeout", photo.CaptionNever, ""},
		{"sidecar,takeout", "broken.jpg", "from Takeout", photo.CaptionNever, photo.KindUnreadable},
		{"sidecar", "broken.jpg", "", photo.CaptionNever, photo.KindUnreadable},
		{"takeout", "broken.jpg", "from Takeout", photo.CaptionNever, ""},
		{"embedded", "both.jpg", "", photo.CaptionFallback, ""},
		{"sidecar,embedded,takeout", "both.jpg", "from XMP", photo.CaptionFallback, ""},
		{"sidecar,embedded,takeout", "blank.jpg", "from Takeout", photo.CaptionFirst, ""},
		{"sidecar,embedded", "blank.jpg", "", photo.CaptionFallback, ""},
		{"none", "both.jpg", "", photo.CaptionNever, ""},
	} {
		order, err := sidecar.Parse(c.order)
		if err != nil {
			t.Fatal(err)
		}
		found, err := sidecar.New(order).Find(dir + c.photo)
		text, caption := found.Description, found.Caption
		if text != c.want || caption != c.caption {
			t.Errorf("%s with %s: %q, caption %q, want %q, %q", c.photo, c.order, text, caption, c.want, c.caption)
		}
		checkKind(t, joined(err), c.kind)
	}
}

// joined returns the first of joined errors.
func joined(err error) error {
	var e *photo.Error
	if errors.As(err, &e) {
		return e
	}
	return err
}

func TestErrorsNameTheSidecar(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"a.jpg.xmp": "<x", "b.xmp": xmp(`<dc:description>` + repeat("x", 4097) + `</dc:description>`)})
	f := sidecar.New([]sidecar.Kind{sidecar.XMP})
	for name, want := range map[string]string{"a.jpg": "read " + dir + "a.jpg.xmp: not XMP", "b.jpg": "the description in " + dir + "b.xmp has 4097 bytes"} {
		if _, err := f.Find(dir + name); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", name, err, want)
		}
	}
}

func TestOtherFilesAreIgnored(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"folder.jpg.xmp/x": "", "gone.jpg.xmp": xmp(`<dc:description>x</dc:description>`)})
	f := sidecar.New([]sidecar.Kind{sidecar.XMP})
	if text, err := describe(f, dir+"folder.jpg"); text != "" || err != nil {
		t.Errorf("a folder: %q, %v", text, err)
	}
	if err := os.Remove(dir + "gone.jpg.xmp"); err != nil {
		t.Fatal(err)
	}
	if text, err := describe(f, dir+"gone.jpg"); text != "" || err != nil {
		t.Errorf("vanished since the folder was listed: %q, %v", text, err)
	}
}

func TestFolderThatCannotBeListedIsReportedOnce(t *testing.T) {
	t.Parallel()
	f := sidecar.New([]sidecar.Kind{sidecar.XMP})
	path := filepath.Join(t.TempDir(), "missing", "a.jpg")
	if _, err := f.Find(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("first: %v, want that the folder does not exist", err)
	}
	if _, err := f.Find(path); err != nil {
		t.Errorf("second: %v, want nothing more", err)
	}
}

func TestFolderIsListedOnce(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"a.jpg.xmp": xmp(`<dc:description>a</dc:description>`)})
	f := sidecar.New([]sidecar.Kind{sidecar.XMP})
	describe := func(path, want string) {
		t.Helper()
		if text, err := describe(f, path); text != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", path, text, err, want)
		}
	}
	describe(dir+"a.jpg", "a")
	write(t, dir+"late.jpg.xmp", xmp(`<dc:description>late</dc:description>`))
	for i := range 7 { // a walk returns to a folder from those below it
		write(t, fmt.Sprintf("%s%d/b.jpg.xmp", dir, i), xmp(`<dc:description>b</dc:description>`))
		describe(fmt.Sprintf("%s%d/b.jpg", dir, i), "b")
	}
	describe(dir+"late.jpg", "")
	for i := range 8 {
		describe(fmt.Sprintf("%s%d/none.jpg", dir, i%7), "")
	}
	write(t, dir+"8/b.jpg.xmp", xmp(`<dc:description>b</dc:description>`))
	describe(dir+"8/b.jpg", "b")
	describe(dir+"late.jpg", "late") // the eight other folders replaced it, so it is listed again
}

func TestFinderFromSeveralGoroutines(t *testing.T) {
	t.Parallel()
	f := sidecar.New([]sidecar.Kind{sidecar.XMP})
	dir := folder(t, nil)
	for i := range 12 {
		write(t, fmt.Sprintf("%s%d/a.xmp", dir, i), xmp(fmt.Sprintf(`<dc:description>%d</dc:description>`, i)))
	}
	var wg sync.WaitGroup
	for i := range 48 {
		wg.Go(func() {
			want := fmt.Sprint(i % 12)
			if text, err := describe(f, fmt.Sprintf("%s%d/a.jpg", dir, i%12)); text != want || err != nil {
				t.Errorf("%q, %v, want %q", text, err, want)
			}
		})
	}
	wg.Wait()
}

func TestRelativePath(t *testing.T) {
	t.Chdir(folder(t, map[string]string{"a.jpg.xmp": xmp(`<dc:description>here</dc:description>`)}))
	text, err := describe(sidecar.New([]sidecar.Kind{sidecar.XMP}), "a.jpg")
	if text != "here" || err != nil {
		t.Errorf("Describe = %q, %v", text, err)
	}
}

func TestIsSidecar(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"a.xmp": true, "a.jpg.XMP": true, "a.jpg.json": true, "a.HEIC(1).json": true, "a.supplemental-metadata.json": true,
		"a.jpg.supplemental-metadata(3).JSON": true, "a.s.json": true, "a..json": true,
		"PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGIN.json": true,
		"a.jpg": false, "package.json": false, "tsconfig.app.json": false, "metadata.json": false, "xmp": false, "a.json.jpg": false, "": false,
	} {
		if got := sidecar.IsSidecar(name); got != want {
			t.Errorf("IsSidecar(%q) = %v", name, got)
		}
	}
}

// describe returns the description that is found for a photo.
func describe(f *sidecar.Finder, path string) (string, error) {
	found, err := f.Find(path)
	return found.Description, err
}

// TestOrphansOfAPartialRun: a JSON whose photo is there is not an orphan, even if the photo is not
// part of the run. Files that are not about one photo are not orphans either.
func TestOrphansOfAPartialRun(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"excluded.jpg": "x", "excluded.jpg.json": about(t, "excluded.jpg", "x"), "excluded.jpg.xmp": xmp(``),
		"gone.jpg.json": about(t, "gone.jpg", "x"), "gone.xmp": xmp(``),
		"other.jpg.json": `{"title":"other.jpg"}`, "broken.jpg.json": `{`, "unseen.jpg.json": about(t, "unseen.jpg", "x"),
	})
	f := sidecar.New(nil, dir)
	for _, name := range []string{"excluded.jpg.json", "excluded.jpg.xmp", "gone.jpg.json", "gone.xmp", "other.jpg.json", "broken.jpg.json"} {
		f.MarkSkipped(dir + name)
	}
	if n, first := f.Orphans(); n != 1 || first != dir+"gone.jpg.json" {
		t.Errorf("%d orphans, the first %q", n, first)
	}
}
