package layout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTheMapIsTrue holds what docs/layout.md names against the tree: files, folders, functions, types and make targets.
func TestTheMapIsTrue(t *testing.T) {
	t.Parallel()
	w := survey(t)
	text := read(t, "docs/layout.md")
	parts := strings.Split(text, "```")
	if len(parts) != 3 {
		t.Fatalf("docs/layout.md has %d blocks, want the tree alone", (len(parts)-1)/2)
	}
	names := w.checkTree(t, strings.TrimPrefix(parts[1], "text"))
	for _, name := range matches(parts[0]+parts[2], "`([^`\n]+)`") {
		if kind := w.missing(name); kind != "" {
			t.Errorf("docs/layout.md names the %s %s, which is not there", kind, name)
		}
		names++
	}
	if names < 100 {
		t.Errorf("only %d names found in docs/layout.md", names)
	}
}

// world is what a document may name.
type world struct {
	files    []string
	folders  map[string]bool
	declared map[string]map[string]bool // functions, methods and types by the base name of their folder
	makefile string
}

func survey(t *testing.T) world {
	t.Helper()
	w := world{files: files(t), folders: map[string]bool{}, declared: map[string]map[string]bool{}, makefile: read(t, "Makefile")}
	for _, file := range w.files {
		folder := path.Dir(file)
		for f := folder; f != "."; f = path.Dir(f) {
			w.folders[f] = true
		}
		if strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, "_test.go") {
			w.declare(t, path.Base(folder), file)
		}
	}
	return w
}

func (w world) declare(t *testing.T, folder, file string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, read(t, file), parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	names := w.declared[folder]
	if names == nil {
		names = map[string]bool{}
		w.declared[folder] = names
	}
	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names[d.Name.Name] = true
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if s, ok := s.(*ast.TypeSpec); ok {
					names[s.Name.Name] = true
				}
			}
		}
	}
}

// checkTree looks for each path of the tree, and returns how many there are. An indented line is below the last one
// that is not; two spaces end the paths of a line.
func (w world) checkTree(t *testing.T, tree string) (names int) {
	t.Helper()
	folder := ""
	for line := range strings.Lines(tree) {
		parent := folder
		if !strings.HasPrefix(line, " ") {
			parent = ""
		}
		for _, column := range regexp.MustCompile(` {2,}`).Split(strings.TrimSpace(line), -1) {
			for _, word := range strings.Fields(column) {
				if !isPath.MatchString(word) {
					break // a description
				}
				full := path.Join(parent, word)
				if !w.hasPath(full) {
					t.Errorf("the tree in docs/layout.md names %s, which is not there", full)
				}
				if parent == "" && strings.HasSuffix(word, "/") {
					folder = full
				}
				names++
			}
		}
	}
	return names
}

var (
	isPath       = regexp.MustCompile(`^[\w*-]+(/[\w*.-]*)+$|^[\w*-]+\.(go|txtar|md|yaml|html)$`)
	isIdentifier = regexp.MustCompile(`^[A-Za-z]\w*$`)
	isQualified  = regexp.MustCompile(`^([a-z]+)\.([A-Z]\w*)$`)
	isTarget     = regexp.MustCompile(`^make ([a-z-]+)$`)
)

// missing returns what sort of thing a name in code type is, if there is no such thing. Commands, headers and
// variables are not looked for.
func (w world) missing(name string) string {
	if m := isTarget.FindStringSubmatch(name); len(m) > 0 && !strings.Contains(w.makefile, "\n"+m[1]+":") {
		return "make target"
	}
	if m := isQualified.FindStringSubmatch(name); len(m) > 0 && !w.declared[m[1]][m[2]] {
		return "function or type"
	}
	if isPath.MatchString(name) && !w.hasPath(name) {
		return "path"
	}
	if isIdentifier.MatchString(name) && !w.hasPath(name) && !w.isDeclared(name) {
		return "function, type or folder"
	}
	return ""
}

func (w world) isDeclared(name string) bool {
	for _, names := range w.declared {
		if names[name] {
			return true
		}
	}
	return false
}

// hasPath reports whether a file or folder has this path, or ends with it. The last part may be a pattern.
func (w world) hasPath(name string) bool {
	name = strings.TrimSuffix(name, "/")
	ends := func(have string) bool {
		if have == name || strings.HasSuffix(have, "/"+name) {
			return true
		}
		matched, err := path.Match(name, have)
		return err == nil && matched
	}
	for folder := range w.folders {
		if ends(folder) {
			return true
		}
	}
	return slices.ContainsFunc(w.files, ends)
}

func TestMissingNamesAreFound(t *testing.T) {
	t.Parallel()
	w := survey(t)
	for name, want := range map[string]string{
		"internal/photo": "", "photo": "", "transfer/send.go": "", "cmd/photos/testdata/*.txtar": "", "picture.Sniff": "", "make demo": "",
		"POST /v1/uploads": "", "Photos-Id": "", "beach.jpg": "",
		"internal/fotos": "path", "transfer/sent.go": "path", "cmd/photos/testdata/*.golden": "path",
		"picture.Snif": "function or type", "make coffee": "make target", "neverDeclaredHere": "function, type or folder",
	} {
		if got := w.missing(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
