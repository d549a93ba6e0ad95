package layout_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"photos/internal/redirect"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func matches(text, pattern string) []string {
	var out []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// TestExitCodesAreDocumented holds the table of docs/exit-codes.md against the code.
func TestExitCodesAreDocumented(t *testing.T) {
	t.Parallel()
	documented := matches(read(t, "docs/exit-codes.md"), `(?m)^\| (\d+) \|`)
	used := matches(read(t, "cmd/photos/report.go"), `(?m)^\texit\w+ += (\d+)$`)
	if len(used) == 0 || !slices.Equal(documented, used) {
		t.Errorf("documented %v, in use %v", documented, used)
	}
}

// TestEveryFolderIsOnTheMap holds docs/layout.md against the tree.
func TestEveryFolderIsOnTheMap(t *testing.T) {
	t.Parallel()
	layout := read(t, "docs/layout.md")
	for _, parent := range []string{"cmd", "internal"} {
		entries, err := os.ReadDir("../../" + parent)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.IsDir() && !strings.Contains(layout, parent+"/"+e.Name()+"/") {
				t.Errorf("%s/%s is not in docs/layout.md", parent, e.Name())
			}
		}
	}
	for _, folder := range matches(layout, `(?m)^((?:cmd|internal|api|deploy|bench|tools)[a-z/]*/) `) {
		if _, err := os.Stat("../../" + folder); err != nil {
			t.Errorf("docs/layout.md names %s: %v", folder, err)
		}
	}
}

// TestLinksLead holds the links between documents against the tree.
func TestLinksLead(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{"README.md"} {
		for _, link := range matches(read(t, doc), `\]\(([^):]+)\)`) {
			if _, err := os.Stat("../../" + link); err != nil {
				t.Errorf("%s links to %s: %v", doc, link, err)
			}
		}
	}
}

// TestRedirectURIsAreDocumented holds the redirect URIs that docs/cognito.md lists against the code.
func TestRedirectURIsAreDocumented(t *testing.T) {
	t.Parallel()
	documented := matches(read(t, "docs/cognito.md"), `(http://[a-z0-9.]+:\d+/callback)(?: |\n)`)
	want := redirect.URIs()
	slices.Sort(documented)
	slices.Sort(want)
	if !slices.Equal(documented, want) {
		t.Errorf("documented %q, in use %q", documented, want)
	}
}
