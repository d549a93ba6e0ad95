package layout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

// Limits of the production code. The percentiles are over all functions, of the programs and their packages together.
const (
	p95Lines      = 30 // lines of a function, with its first and last line and its comments
	p95Complexity = 9  // cyclomatic complexity: one, and one more for each if, for, case, && and ||
	maxGlobals    = 14 // variables of packages; errors, //go:embed and blank identifiers do not count
)

// TestNumbers keeps functions short and simple, global variables few and exported names documented. Tests, the packages
// of internal/testkit and the suites do not count. With -v it prints the numbers and the functions beyond the limits.
func TestNumbers(t *testing.T) {
	t.Parallel()
	var c census
	for _, name := range files(t) {
		if isProduction(name) {
			c.add(t, name)
		}
	}
	lines, complexity := percentile(c.lines(), 95), percentile(c.complexities(), 95)
	t.Logf("%d functions: lines p50 %d, p95 %d; complexity p50 %d, p95 %d; %d globals", len(c.functions),
		percentile(c.lines(), 50), lines, percentile(c.complexities(), 50), complexity, len(c.globals))
	for _, f := range c.functions {
		if f.lines > p95Lines || f.complexity > p95Complexity {
			t.Logf("%s: %d lines, complexity %d", f.name, f.lines, f.complexity)
		}
	}
	if lines > p95Lines {
		t.Errorf("the 95th percentile of the lines of a function is %d, more than %d: split the long ones", lines, p95Lines)
	}
	if complexity > p95Complexity {
		t.Errorf("the 95th percentile of the complexity of a function is %d, more than %d: split the complex ones", complexity, p95Complexity)
	}
	if len(c.globals) > maxGlobals {
		t.Errorf("there are %d global variables, more than %d: %s", len(c.globals), maxGlobals, strings.Join(c.globals, ", "))
	}
	for _, name := range c.undocumented {
		t.Errorf("%s is exported and has no comment", name)
	}
}

// isProduction reports whether a file belongs to the programs that users run.
func isProduction(name string) bool {
	if path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
		return false
	}
	for _, folder := range []string{"bench/", "demo/", "tools/", "internal/testkit/", "internal/store/storetest/", "internal/blob/blobtest/", "internal/userpool/poolserver/"} {
		if strings.HasPrefix(name, folder) {
			return false
		}
	}
	return true
}

// census has the numbers of the code.
type census struct {
	functions    []function
	globals      []string
	undocumented []string
}

// function has the numbers of one function.
type function struct {
	name              string
	lines, complexity int
}

func (c *census) lines() []int { return numbers(c.functions, func(f function) int { return f.lines }) }
func (c *census) complexities() []int {
	return numbers(c.functions, func(f function) int { return f.complexity })
}

func numbers(functions []function, of func(function) int) []int {
	var out []int
	for _, f := range functions {
		out = append(out, of(f))
	}
	slices.Sort(out)
	return out
}

// percentile returns the value that p percent of the sorted values do not exceed.
func percentile(sorted []int, p int) int { return sorted[(len(sorted)*p+99)/100-1] }

func (c *census) add(t *testing.T, file string) {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, read(t, file), parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range parsed.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := file + ": " + d.Name.Name
			c.functions = append(c.functions, function{name, set.Position(d.End()).Line - set.Position(d.Pos()).Line + 1, complexity(d)})
			if d.Name.IsExported() && isExportedReceiver(d) && d.Doc == nil {
				c.undocumented = append(c.undocumented, name)
			}
		case *ast.GenDecl:
			c.addDeclaration(file, d)
		}
	}
}

func (c *census) addDeclaration(file string, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil {
				c.undocumented = append(c.undocumented, file+": "+spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					c.undocumented = append(c.undocumented, file+": "+name.Name)
				}
				if d.Tok == token.VAR && isGlobal(d, name.Name) {
					c.globals = append(c.globals, file+": "+name.Name)
				}
			}
		}
	}
}

func isGlobal(d *ast.GenDecl, name string) bool {
	isError := strings.HasPrefix(name, "err") || strings.HasPrefix(name, "Err")
	return name != "_" && !isError && !strings.Contains(directives(d.Doc), "//go:embed")
}

// directives returns the comments of a declaration, including those that Text leaves out.
func directives(doc *ast.CommentGroup) string {
	if doc == nil {
		return ""
	}
	var b strings.Builder
	for _, line := range doc.List {
		b.WriteString(line.Text + "\n")
	}
	return b.String()
}

// isExportedReceiver reports whether d is a function, or a method of an exported type.
func isExportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	exported := true
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if name, ok := n.(*ast.Ident); ok && exported {
			exported = name.IsExported()
			return false
		}
		return true
	})
	return exported
}

// complexity returns the cyclomatic complexity of a function, with the functions that are written inside it.
func complexity(d *ast.FuncDecl) int {
	n := 1
	ast.Inspect(d, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.RangeStmt:
			n++
		case *ast.CaseClause:
			if node.List != nil {
				n++
			}
		case *ast.CommClause:
			if node.Comm != nil {
				n++
			}
		case *ast.BinaryExpr:
			if node.Op == token.LAND || node.Op == token.LOR {
				n++
			}
		}
		return true
	})
	return n
}
