package transfer

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// glob returns the paths that a pattern matches, sorted. The pattern is written as a Pattern
// is: case does not matter, and with a slash at its end it matches folders only.
func glob(pattern string) []string {
	volume := filepath.VolumeName(pattern)
	body := filepath.ToSlash(pattern[len(volume):])
	choices, err := expandBraces(strings.TrimRight(body, "/"))
	if err != nil {
		return nil
	}
	g := globbing{folders: strings.HasSuffix(body, "/")}
	for _, c := range choices {
		if strings.Trim(c, "/") == "" {
			continue
		}
		root := volume
		if strings.HasPrefix(c, "/") {
			root += string(filepath.Separator)
		}
		g.expand(root, strings.Split(strings.Trim(c, "/"), "/"))
	}
	slices.Sort(g.found)
	return slices.Compact(g.found)
}

// globbing is one call of glob.
type globbing struct {
	folders bool
	found   []string
}

// expand adds what the rest of a pattern matches below dir.
func (g *globbing) expand(dir string, rest []string) {
	switch {
	case len(rest) == 0:
		if info, err := os.Stat(dir); err != nil || g.folders && !info.IsDir() {
			return
		}
		g.found = append(g.found, dir)
	case rest[0] == "." || rest[0] == "..":
		g.expand(filepath.Join(dir, rest[0]), rest[1:])
	case rest[0] == "**":
		g.expand(dir, rest[1:])
		g.each(dir, "*", func(e os.DirEntry) {
			if e.IsDir() { // not a link, which could lead back here
				g.expand(filepath.Join(dir, e.Name()), rest)
			}
		})
	default:
		g.each(dir, folded(rest[0]), func(e os.DirEntry) { g.expand(filepath.Join(dir, e.Name()), rest[1:]) })
	}
}

// each calls f with the entries of a folder that a pattern matches.
func (g *globbing) each(dir, pattern string, f func(os.DirEntry)) {
	if dir == "" {
		dir = "."
	}
	entries, _ := os.ReadDir(dir) // a folder that cannot be listed has no matches
	for _, e := range entries {
		if ok, _ := path.Match(pattern, folded(e.Name())); ok {
			f(e)
		}
	}
}
