package layout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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

// TestEveryPageIsLinked requires that the links of README.md lead to every page, if need be through other pages, and that
// the index of docs/ names each page in it.
func TestEveryPageIsLinked(t *testing.T) {
	t.Parallel()
	reached := map[string]bool{}
	for queue := []string{"README.md"}; len(queue) > 0; queue = queue[1:] {
		doc := queue[0]
		if reached[doc] || !strings.HasSuffix(doc, ".md") {
			continue
		}
		reached[doc] = true
		for _, link := range matches(read(t, doc), `\]\(([^)#\s:]+)[)#]`) {
			queue = append(queue, path.Join(path.Dir(doc), link))
		}
	}
	index := matches(read(t, "docs/README.md"), `\]\(([^)#\s]+)`)
	for _, doc := range documents(t) {
		if !reached[doc] {
			t.Errorf("no link leads from README.md to %s", doc)
		}
		if name, ok := strings.CutPrefix(doc, "docs/"); ok && name != "README.md" && !slices.Contains(index, name) {
			t.Errorf("docs/README.md does not link to %s", doc)
		}
	}
}

// TestErrorsInTroubleshootingExist holds the error texts of docs/troubleshooting.md against the code. A … in a text
// stands for something that the code fills in.
func TestErrorsInTroubleshootingExist(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	for _, name := range files(t) {
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.Contains(name, "/testkit/") {
			for _, text := range stringsOfGo(t, name) {
				code.WriteString(text + "\n")
			}
		}
	}
	texts := matches(read(t, "docs/troubleshooting.md"), "(?m)^### `([^`]+)`")
	if len(texts) < 40 {
		t.Fatalf("only %d error texts found", len(texts))
	}
	for _, text := range texts {
		for part := range strings.SplitSeq(text, "…") {
			if !strings.Contains(code.String(), strings.TrimSpace(part)) {
				t.Errorf("docs/troubleshooting.md has %q, but no program prints %q", text, part)
			}
		}
	}
}

// stringsOfGo returns the string literals of a Go file.
func stringsOfGo(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "../../"+file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				out = append(out, text)
			}
		}
		return true
	})
	return out
}

// TestBlocksOfDocuments requires that each fenced block says what it is, so that the tests of command lines find those of
// a shell, and that bash can parse these.
func TestBlocksOfDocuments(t *testing.T) {
	t.Parallel()
	known := []string{"sh", "console", "crontab", "text", "sql", "json", "yaml", "html", "nginx"}
	bash, err := exec.LookPath("bash")
	if err != nil && os.Getenv("PHOTOS_NO_SKIP") != "" {
		t.Error(err)
	}
	for _, doc := range documents(t) {
		text := read(t, doc)
		for i, language := range matches(text, "(?m)^ *```(.*)$") {
			if i%2 == 0 && !slices.Contains(known, language) {
				t.Errorf("%s has a block of %q, want one of %q", doc, language, known)
			}
		}
		for _, script := range shellBlocks(text) {
			if bash == "" {
				continue
			}
			if out, err := exec.Command(bash, "-n", "-c", script).CombinedOutput(); err != nil {
				t.Errorf("%s: bash cannot parse\n%s\n%s", doc, script, out)
			}
		}
	}
}

// TestCommandLinesCanBePasted requires that no command line in a document is followed by a comment, except on pages that are
// for servers: zsh, the shell of macOS, passes a typed comment to the command as arguments.
func TestCommandLinesCanBePasted(t *testing.T) {
	t.Parallel()
	forServers := []string{"docs/deploy.md", "docs/photosd.md", "docs/security.md"}
	checked := 0
	for _, doc := range documents(t) {
		if slices.Contains(forServers, doc) {
			continue
		}
		for _, m := range fenced.FindAllStringSubmatch(read(t, doc), -1) {
			if m[1] != "sh" {
				continue
			}
			checked++
			for _, line := range matches(m[2], `(?m)^(.*\S +#.*)$`) {
				t.Errorf("%s: zsh takes the comment for arguments in\n%s", doc, line)
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d blocks of sh found", checked)
	}
}

// TestPicturesAreSmall limits the sizes of the pictures in documents, which every visitor loads.
func TestPicturesAreSmall(t *testing.T) {
	t.Parallel()
	limits := map[string]int64{".svg": 60 << 10, ".png": 400 << 10, ".webp": 200 << 10, ".jpg": 200 << 10}
	entries, err := os.ReadDir("../../docs/pictures")
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d pictures, %v", len(entries), err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if limit := limits[path.Ext(e.Name())]; info.Size() > limit {
			t.Errorf("docs/pictures/%s has %d bytes, more than %d", e.Name(), info.Size(), limit)
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
