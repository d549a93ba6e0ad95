package sidecar_test

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"photos/internal/sidecar"
)

// A layout is one of testdata/layouts.txt, which explains the format.
type layout struct {
	name    string
	photos  map[string]string // their sidecars; "" for none
	titles  map[string]string // of JSON files
	kinds   map[string]string // that XMP files are about
	orphans []string
}

func layouts(t *testing.T) []layout {
	t.Helper()
	text, err := os.ReadFile("testdata/layouts.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, text2, _ := strings.Cut(string(text), "\n== ")
	var out []layout
	for _, part := range strings.Split(text2, "\n== ") {
		name, lines, _ := strings.Cut(strings.TrimSpace(part), "\n")
		l := layout{name: name, photos: map[string]string{}, titles: map[string]string{}, kinds: map[string]string{}}
		for _, line := range strings.Split(unescape(lines), "\n") {
			l.line(t, line)
		}
		out = append(out, l)
	}
	return out
}

func unescape(s string) string {
	return regexp.MustCompile(`\\u[0-9a-f]{4}`).ReplaceAllStringFunc(s, func(code string) string {
		r, _ := strconv.ParseUint(code[2:], 16, 32) // the pattern accepts only hex digits
		return string(rune(r))
	})
}

func (l *layout) line(t *testing.T, line string) {
	t.Helper()
	if json, ok := strings.CutPrefix(line, "orphan "); ok {
		l.orphans = append(l.orphans, json)
		l.add(json)
		return
	}
	for separator, add := range map[string]func(left, right string){
		" <- ": func(photo, side string) {
			if side == "none" {
				side = ""
			}
			l.photos[photo] = side
			l.add(side)
		},
		" about ": func(json, title string) { l.titles[json] = title },
		" for ":   func(side, kind string) { l.kinds[side] = kind },
	} {
		if left, right, ok := strings.Cut(line, separator); ok {
			add(left, right)
			return
		}
	}
	t.Errorf("%s: %q says nothing", l.name, line)
}

// add adds a sidecar unless it is there.
func (l *layout) add(side string) {
	base, isJSON := strings.CutSuffix(side, ".json")
	if _, there := l.titles[side]; isJSON && !there {
		base = regexp.MustCompile(`\(\d+\)$`).ReplaceAllString(filepath.Base(base), "")
		for n := len(".supplemental-metadata"); n > 0; n-- {
			base = strings.TrimSuffix(base, ".supplemental-metadata"[:n])
		}
		l.titles[side] = base
	}
	if _, there := l.kinds[side]; !isJSON && side != "" && !there {
		l.kinds[side] = ""
	}
}

// make makes the files in dir and returns the paths of the upload. The description in each
// sidecar is its own path.
func (l *layout) make(t *testing.T, dir string) (paths []string) {
	t.Helper()
	for name := range l.photos {
		write(t, filepath.Join(dir, name), "x")
		paths = append(paths, filepath.Join(dir, strings.Split(name, "/")[0]))
	}
	for name, title := range l.titles {
		write(t, filepath.Join(dir, name), about(t, title, name))
		paths = append(paths, filepath.Join(dir, strings.Split(name, "/")[0]))
	}
	for name, kind := range l.kinds {
		var text strings.Builder
		if err := xml.EscapeText(&text, []byte(name)); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), xmp(`<dc:description>`+text.String()+`</dc:description><photoshop:SidecarForExtension>`+kind+`</photoshop:SidecarForExtension>`))
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// needsCase reports whether two names of the layout differ only in case.
func (l layout) needsCase() bool {
	names, folded := map[string]bool{}, map[string]bool{}
	for _, some := range []map[string]string{l.photos, l.titles, l.kinds} {
		for name := range some {
			names[name], folded[strings.ToLower(name)] = true, true
		}
	}
	return len(folded) < len(names)
}

// tellsCase reports whether names that differ only in case mean different files. They do not on Windows and macOS.
func tellsCase(t *testing.T) bool {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "name"), "")
	_, err := os.Stat(filepath.Join(dir, "NAME"))
	return err != nil
}

func TestLayouts(t *testing.T) {
	t.Parallel()
	all := layouts(t)
	if len(all) < 100 {
		t.Errorf("only %d layouts were read", len(all))
	}
	for _, l := range all {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if l.needsCase() && !tellsCase(t) {
				t.Skip("names that differ only in case mean the same file here")
			}
			paths := l.make(t, dir)
			f := sidecar.New([]sidecar.Kind{sidecar.XMP, sidecar.Takeout}, paths...)
			for json := range l.titles {
				f.MarkSkipped(filepath.Join(dir, json))
			}
			for photo, want := range l.photos {
				if got, err := describe(f, filepath.Join(dir, photo)); got != want || err != nil {
					t.Errorf("%s is described by %q, %v, want %q", photo, got, err, want)
				}
			}
			if n, first := f.Orphans(); n != len(l.orphans) || n > 0 && filepath.Join(dir, slices.Min(l.orphans)) != first {
				t.Errorf("%d orphans, the first %q, want %q", n, first, l.orphans)
			}
			for photo := range l.photos {
				if sidecar.IsSidecar(photo) {
					t.Errorf("%s is taken for a sidecar", photo)
				}
			}
		})
	}
}
