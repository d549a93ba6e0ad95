package layout_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestNolint requires that each //nolint names linters that .golangci.yml enables. The directive of a linter that is
// off only looks as if something were checked.
func TestNolint(t *testing.T) {
	t.Parallel()
	enabled := linters(t)
	directive := regexp.MustCompile(`//nolint:([\w,]+)`)
	for _, name := range files(t) {
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		for i, line := range strings.Split(read(t, name), "\n") {
			found := directive.FindStringSubmatch(line)
			if found == nil {
				continue
			}
			for _, linter := range strings.Split(found[1], ",") {
				if !slices.Contains(enabled, linter) {
					t.Errorf("%s:%d: the linter %s is not enabled: write a plain comment", name, i+1, linter)
				}
			}
		}
	}
}

// linters returns the names of the linters that .golangci.yml enables.
func linters(t *testing.T) []string {
	t.Helper()
	_, list, _ := strings.Cut(read(t, ".golangci.yml"), "  enable:\n")
	list, _, found := strings.Cut(list, "\n  settings:")
	if !found {
		t.Fatal("no list of linters")
	}
	var names []string
	for _, line := range strings.Split(list, "\n") {
		if name, ok := strings.CutPrefix(line, "    - "); ok {
			names = append(names, name)
		}
	}
	return names
}
