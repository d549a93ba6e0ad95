package layout_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"photos/internal/redirect"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../" + name)
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

// TestErrorKindsAreDocumented holds the kinds that docs/json.md lists against the code.
func TestErrorKindsAreDocumented(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(read(t, "docs/json.md"), "\n## Errors\n")
	_, section, _ = strings.Cut(section, "\n| kind |")
	section, _, _ = strings.Cut(section, "\n## ")
	documented := matches(section, "`([a-z_]+)`")
	used := matches(read(t, "internal/photo/error.go"), `(?m)^\tKind\w+ +Kind = "([a-z_]+)"`)
	slices.Sort(documented)
	slices.Sort(used)
	if len(used) == 0 || !slices.Equal(documented, used) {
		t.Errorf("documented %q, in use %q", documented, used)
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
	for _, folder := range matches(layout, `(?m)^((?:cmd|internal|api|deploy|demo|bench|tools)[a-z/]*/) `) {
		if _, err := os.Stat("../../" + folder); err != nil {
			t.Errorf("docs/layout.md names %s: %v", folder, err)
		}
	}
}

// TestLinksLead holds the links between documents against the tree, and links to a part
// of a document against its headings.
func TestLinksLead(t *testing.T) {
	t.Parallel()
	for _, doc := range documents(t) {
		for _, link := range matches(fenced.ReplaceAllString(read(t, doc), ""), `\]\(([^)\s]+)\)`) {
			if strings.Contains(link, "://") {
				continue
			}
			name, part, _ := strings.Cut(link, "#")
			target := doc
			if name != "" {
				target = path.Join(path.Dir(doc), name)
			}
			if _, err := os.Stat("../../" + target); err != nil {
				t.Errorf("%s links to %s: %v", doc, link, err)
				continue
			}
			if part != "" && !slices.Contains(anchors(read(t, target)), part) {
				t.Errorf("%s links to %s, which has no such heading", doc, link)
			}
		}
	}
}

// anchors returns the names that GitHub gives to the headings of a document.
func anchors(markdown string) []string {
	var names []string
	for _, heading := range matches(markdown, `(?m)^#+ (.+)$`) {
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

// TestPathsLead holds the paths of this repository that documents have between backquotes
// against the tree.
func TestPathsLead(t *testing.T) {
	t.Parallel()
	for _, doc := range documents(t) {
		for _, code := range inlineCode(read(t, doc)) {
			for _, name := range matches(code, `(?:^| )(?:\./)?((?:api|bench|cmd|demo|deploy|docs|internal|scripts|tools)/[\w./*-]+)`) {
				name = strings.NewReplacer("NAME", "*", "...", "").Replace(name)
				if found, err := filepath.Glob("../../" + name); err != nil || len(found) == 0 {
					t.Errorf("%s names %s, which is not there (%v)", doc, name, err)
				}
			}
		}
	}
}

// TestEveryPageIsLinked requires that README.md leads to every page.
func TestEveryPageIsLinked(t *testing.T) {
	t.Parallel()
	links := matches(read(t, "README.md"), `\]\(([^)#\s]+)`)
	for _, doc := range documents(t) {
		if doc != "README.md" && !slices.Contains(links, doc) {
			t.Errorf("README.md does not link to %s", doc)
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
