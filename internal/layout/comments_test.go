package layout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// TestCommentsBeginWithTheName holds the comments of functions and types against their names, so that a comment
// follows when something is renamed. Tests and the cases of conformance suites are not named by their comments.
func TestCommentsBeginWithTheName(t *testing.T) {
	t.Parallel()
	for _, file := range files(t) {
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") || strings.Contains(file, "/blobtest/") || strings.Contains(file, "/storetest/") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, read(t, file), parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		check := func(name *ast.Ident, doc *ast.CommentGroup) {
			words := strings.Fields(doc.Text())
			for len(words) > 1 && (words[0] == "A" || words[0] == "An" || words[0] == "The") {
				words = words[1:]
			}
			if len(words) > 0 && strings.TrimRight(words[0], ",:") != name.Name {
				t.Errorf("%s:%d: the comment of %s begins with %q", file, set.Position(name.Pos()).Line, name.Name, words[0])
			}
		}
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				check(d.Name, d.Doc)
			case *ast.GenDecl:
				if s, ok := d.Specs[0].(*ast.TypeSpec); ok && len(d.Specs) == 1 {
					check(s.Name, d.Doc)
				}
			}
		}
	}
}
