package layout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// habit is a turn of phrase that readers stumble over.
type habit struct {
	pattern *regexp.Regexp
	instead string
	allowed *regexp.Regexp // matches that are plain English; nil: none
}

func habits() []habit {
	h := func(pattern, instead, allowed string) habit {
		out := habit{pattern: phrase(pattern), instead: instead}
		if allowed != "" {
			out.allowed = phrase("^(?:" + allowed + ")$")
		}
		return out
	}
	return []habit{
		h(`\w+ is no \w+`, "is not a ...", `there is no \w+|\w+ is no (?:longer|such|more|other|different|better|worse|larger|older|newer|need|reason|way|good|use)`),
		h(`\bone \w*[a-rt-z] an? \w+[.,;:)]`, "one ... per ...", `one (?:of|in|for|with|without|at|to|from|on|by|and|or|than|but|not) .*`),
		h(`\bbeside\b`, "next to, besides, as well as", ``),
		h(`\banew\b`, "again", ``),
		h(`\bfor ever\b`, "forever, without end", ``),
		h(`\bto the letter\b`, "exactly", ``),
		h(`\bthe person\b`, "the user, the caller, whoever", ``),
		h(`\b(?:of|from|for|by) who\b`, "of whoever, of the one that", ``),
		h(`\bwho (?:reads|goes|comes)\b`, "whoever reads, a reader", ``),
	}
}

// phrase compiles a pattern whose spaces also match line breaks and the marks of comments.
func phrase(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)` + strings.ReplaceAll(pattern, " ", `(?:\s|//|#)+`))
}

// TestProse checks that comments, messages, help, scripts and documents have none of the habits.
func TestProse(t *testing.T) {
	t.Parallel()
	for file, texts := range prose(t) {
		for _, h := range habits() {
			for line, found := range h.find(texts) {
				t.Errorf("%s:%d: %q: write %s", file, line, found, h.instead)
			}
		}
	}
}

// find yields the line and the words of each use of the habit.
func (h habit) find(texts []passage) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		for _, p := range texts {
			for _, at := range h.pattern.FindAllStringIndex(p.text, -1) {
				found := p.text[at[0]:at[1]]
				if h.allowed != nil && h.allowed.MatchString(found) {
					continue
				}
				if !yield(p.line+strings.Count(p.text[:at[0]], "\n"), strings.Join(strings.Fields(found), " ")) {
					return
				}
			}
		}
	}
}

// passage is a piece of text and the line on which it begins.
type passage struct {
	line int
	text string
}

// prose yields what people read in each file of the tree, by the file's path: comments and strings of Go, and the
// whole of documents, pages, scripts and SQL.
func prose(t *testing.T) func(yield func(string, []passage) bool) {
	t.Helper()
	return func(yield func(string, []passage) bool) {
		for _, name := range files(t) {
			if name == "internal/layout/prose_test.go" {
				continue
			}
			var texts []passage
			switch path.Ext(name) {
			case ".go":
				texts = proseOfGo(t, name)
			case ".md", ".txtar", ".html", ".yaml", ".sql":
				texts = []passage{{line: 1, text: read(t, name)}}
			}
			if !yield(name, texts) {
				return
			}
		}
	}
}

// files returns the paths of the tree's files, without what is built.
func files(t *testing.T) []string {
	t.Helper()
	var out []string
	err := fs.WalkDir(os.DirFS(filepath.Join("..", "..")), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{".git", ".cache", "bin", "dist", "dist-extra", "artifacts", "node_modules"}, d.Name()):
			return fs.SkipDir
		case d.Type().IsRegular():
			out = append(out, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func proseOfGo(t *testing.T, file string) []passage {
	t.Helper()
	source := read(t, file)
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var out []passage
	add := func(n ast.Node) {
		begin, end := set.Position(n.Pos()), set.Position(n.End())
		out = append(out, passage{line: begin.Line, text: source[begin.Offset:end.Offset]})
	}
	for _, group := range parsed.Comments {
		add(group)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
			add(text)
		}
		return true
	})
	return out
}

func TestHabitsAreFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"5M is no number of bytes":               1,
		"the file is no\n\t// picture":           1,
		"there is no keyring":                    0,
		"it is no longer there":                  0,
		"prints one line a photo.":               1,
		"prints one line per photo.":             0,
		"one of a kind, one without a name.":     0,
		"beside the file, for ever, anew":        3,
		"besides the file":                       0,
		"the person who reads it":                2,
		"whoever reads it":                       0,
		"the row of who came first":              1,
		"compared to\n// the letter, of whoever": 1,
	} {
		found := 0
		for _, h := range habits() {
			for range h.find([]passage{{line: 1, text: text}}) {
				found++
			}
		}
		if found != want {
			t.Errorf("%q: %d habits found, want %d", text, found, want)
		}
	}
}
