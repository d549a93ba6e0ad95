package transfer_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"photos/internal/photo"
	"photos/internal/transfer"
)

// tree makes empty files in a new folder, which becomes the current folder.
func tree(t *testing.T, files ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func patterns(t *testing.T, texts []string) (out []*transfer.Pattern) {
	t.Helper()
	for _, text := range texts {
		p, err := transfer.ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func TestPatterns(t *testing.T) {
	tree(t, "top/a.jpg", "top/B.JPG", "top/c.png", "top/private/d.jpg", "top/trip/private/e.jpg", "top/trip/e\u0301te\u0301/f.jpg", "top/private.txt", "top/x{y}.gif")
	all := []string{"B.JPG", "a.jpg", "c.png", "d.jpg", "e.jpg", "f.jpg", "private.txt", "x{y}.gif"}
	for _, c := range []struct {
		include, exclude string
		want, unmatched  string
	}{
		{"", "", strings.Join(all, " "), ""},
		{"*.jpg", "", "B.JPG a.jpg d.jpg e.jpg f.jpg", ""},
		{"*.JPG", "", "B.JPG a.jpg d.jpg e.jpg f.jpg", ""},
		{"*.{jpg,PNG}", "private/", "B.JPG a.jpg c.png f.jpg", ""},
		{"{a,{b,c}}.{jpg,png}", "", "B.JPG a.jpg c.png", ""},
		{"", "private/", "B.JPG a.jpg c.png f.jpg private.txt x{y}.gif", ""},
		{"", "PRIVATE", "B.JPG a.jpg c.png f.jpg private.txt x{y}.gif", ""},
		{"", "/private/", "B.JPG a.jpg c.png e.jpg f.jpg private.txt x{y}.gif", ""},
		{"", "./trip/private/", "B.JPG a.jpg c.png d.jpg f.jpg private.txt x{y}.gif", ""},
		{"private/", "", "d.jpg e.jpg", ""},
		{"trip/**", "", "e.jpg f.jpg", ""},
		{"**/private/*", "", "d.jpg e.jpg", ""},
		{"", "a.jpg/", strings.Join(all, " "), "a.jpg/"},
		{"", "été/", "B.JPG a.jpg c.png d.jpg e.jpg private.txt x{y}.gif", ""},
		{`x\{y\}.*`, "", "x{y}.gif", ""},
		{"*.heic *.png", "", "c.png", "*.heic"},
		{"*.heic", "nothing/", "", "*.heic nothing/"},
	} {
		var got, unmatched []string
		for i := range transfer.Scan([]string{"top"}, transfer.ScanOptions{
			Include: patterns(t, strings.Fields(c.include)), Exclude: patterns(t, strings.Fields(c.exclude)),
			Unmatched: func(p *transfer.Pattern) { unmatched = append(unmatched, p.String()) },
		}) {
			got = append(got, filepath.Base(i.Path))
		}
		slices.Sort(got)
		if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("--include %q --exclude %q: %s", c.include, c.exclude, diff)
		}
		if u := strings.Join(unmatched, " "); u != c.unmatched {
			t.Errorf("--include %q --exclude %q: unmatched %q, want %q", c.include, c.exclude, u, c.unmatched)
		}
	}
}

func TestGlobs(t *testing.T) {
	tree(t, "a.jpg", "B.JPG", "c.png", "trip/d.jpg", "Trip2/deep/e.jpg", "trip.jpg")
	for pattern, want := range map[string]string{
		"*.jpg":          "B.JPG a.jpg trip.jpg",
		"*.{JPG,png}":    "B.JPG a.jpg c.png trip.jpg",
		"{a,b,none}.jpg": "B.JPG a.jpg",
		"trip*/":         "Trip2/deep/e.jpg trip/d.jpg",
		"tri?":           "trip/d.jpg",
		"trip*/*.jpg":    "trip/d.jpg",
		"**/*.jpg":       "B.JPG Trip2/deep/e.jpg a.jpg trip.jpg trip/d.jpg",
		"./[ab].jpg":     "B.JPG a.jpg",
		"trip/../c.*":    "c.png",
		"*.heic":         "*.heic: no such file or folder",
		"[":              "[: no such file or folder",
		"{a,b":           "{a,b: no such file or folder",
		"none/*.jpg":     "none/*.jpg: no such file or folder",
	} {
		var got []string
		for i := range transfer.Scan([]string{pattern}, transfer.ScanOptions{}) {
			text := filepath.ToSlash(i.Path)
			if i.Err != nil {
				text += ": " + i.Err.Error()
			}
			got = append(got, text)
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", pattern, diff)
		}
	}
}

func TestInvalidPatterns(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "/", "[", "a{b", "{a,[}", strings.Repeat("{a,b}", 11)} {
		if _, err := transfer.ParsePattern(text); photo.KindOf(err) != photo.KindUsage {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}

func FuzzPattern(f *testing.F) {
	for _, seed := range []string{"*.{jpg,png}", "names/", "a/**/b", `\{`, "{{a,b},c}", "[a-z]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := transfer.ParsePattern(text); err == nil && p.String() != text {
			t.Errorf("%q became %q", text, p)
		}
	})
}
