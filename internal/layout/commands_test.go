package layout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A program is what its own help says of its commands and flags.
type program map[string]map[string]bool // the flags of each command; the program itself is ""

// arguments stands among the flags of a command that takes arguments.
const arguments = "arguments"

var (
	helpCommand   = regexp.MustCompile(`(?m)^  ([a-z][a-z-]*) {2,}[A-Z]`)
	helpTopic     = regexp.MustCompile(`(?m)^  photos ([a-z][a-z-]*) {2,}[A-Z]`)
	helpFlag      = regexp.MustCompile(`(?m)^ +(?:-(\w), )?--([a-z][a-z0-9-]*)`)
	helpArguments = regexp.MustCompile(`(?m)^Usage:\n  photos [a-z -]+ \[?[A-Z]`)
	helpExample   = regexp.MustCompile(`(?ms)^Examples:\n(.*?)\n\n`)
)

// TestCommandLinesInDocuments holds every command line in the documents, in the examples
// of the help and in the hints of errors against the help of the built programs.
func TestCommandLinesInDocuments(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the programs")
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin+string(filepath.Separator), "photos/cmd/photos", "photos/cmd/photosd").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	help := func(program string, args ...string) string {
		out, err := exec.Command(filepath.Join(bin, program), args...).Output()
		if err != nil {
			t.Fatalf("%s %q: %v", program, args, err)
		}
		return string(out)
	}
	photos, examples := helpOfPhotos(help)
	photosd := helpOfPhotosd(help("photosd", "--help"))
	programs := map[string]program{"photos": photos, "photosd": photosd}
	if len(photos) < 20 || len(photosd[""]) < 20 {
		t.Fatalf("only %d commands of photos and %d flags of photosd found", len(photos), len(photosd[""]))
	}
	checked := 0
	check := func(place, script string) {
		for _, words := range commandLines(script) {
			if p, ok := programs[filepath.Base(words[0])]; ok {
				checked++
				p.check(t, place, words)
			}
		}
	}
	for path, text := range examples {
		check("photos "+path+" --help", text)
	}
	for _, doc := range documents(t) {
		text := read(t, doc)
		for _, script := range shellBlocks(text) {
			check(doc, script)
		}
		for _, code := range inlineCode(text) {
			if strings.HasPrefix(code, "--") {
				anyFlag(t, doc, code, programs)
				continue
			}
			check(doc, code)
		}
	}
	if checked < 100 {
		t.Errorf("only %d command lines found", checked)
	}
	hints := hintsInCode(t)
	if len(hints) < 80 {
		t.Errorf("only %d hints found", len(hints))
	}
	for place, hint := range hints {
		for _, m := range hintCommand.FindAllStringSubmatch(hint, -1) {
			if _, ok := programs[m[1]][m[2]]; !ok {
				t.Errorf("%s: %q: %s has no command %q", place, hint, m[1], m[2])
			}
		}
		for _, flag := range matches(hint, `(?:^|[ (])(--[a-z][a-z-]*)`) {
			anyFlag(t, place, flag, programs)
		}
		for _, page := range matches(hint, `([\w/-]+\.md)`) {
			if _, err := os.Stat("../../" + page); err != nil {
				t.Errorf("%s: %q: %v", place, hint, err)
			}
		}
	}
	for path := range photos {
		name, _, _ := strings.Cut(path, " ")
		if name != "" && name != "help" && name != "input-lines" && !regexp.MustCompile("(?m)^\\|.*`(photos )?"+name+"\\b").MatchString(read(t, "README.md")) {
			t.Errorf("README.md does not list photos %s", name)
		}
	}
}

// hintCommand is a command that a hint names. A word that follows "photos" in a sentence
// about photos is not one.
var hintCommand = regexp.MustCompile(`(?:^|['(:] ?|, or |; )(photosd?) ([a-z][a-z-]*)`)

// hintsInCode returns the text of each Hint of an error in the code, by its place. Parts that are not constant are left out.
func hintsInCode(t *testing.T) map[string]string {
	t.Helper()
	hints := map[string]string{}
	files := token.NewFileSet()
	for _, root := range []string{"../../cmd", "../../internal"} {
		err := filepath.WalkDir(root, func(name string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.Contains(filepath.ToSlash(name), "/testkit/") {
				return err
			}
			file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				pair, ok := n.(*ast.KeyValueExpr)
				if !ok {
					return true
				}
				if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "Hint" {
					hints[files.Position(pair.Pos()).String()] = constantParts(pair.Value)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return hints
}

// constantParts joins the string literals of an expression. X stands for what is between them.
func constantParts(e ast.Expr) string {
	var parts []string
	ast.Inspect(e, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				parts = append(parts, text)
			}
		}
		return true
	})
	return strings.Join(parts, "X")
}

// helpOfPhotos returns the commands of photos, and the examples of each.
func helpOfPhotos(help func(string, ...string) string) (program, map[string]string) {
	p, examples := program{}, map[string]string{}
	for queue := []string{""}; len(queue) > 0; queue = queue[1:] {
		path := queue[0]
		text := help("photos", append(strings.Fields(path), "--help")...)
		p[path] = flagsIn(text)
		if helpArguments.MatchString(text) {
			p[path][arguments] = true
		}
		for _, m := range helpExample.FindAllStringSubmatch(text, -1) {
			examples[path] += m[1] + "\n"
		}
		for _, m := range helpTopic.FindAllStringSubmatch(text, -1) {
			p[m[1]] = map[string]bool{}
		}
		for _, m := range helpCommand.FindAllStringSubmatch(text, -1) {
			if sub := strings.TrimSpace(path + " " + m[1]); sub != "help" {
				queue = append(queue, sub)
			}
		}
	}
	p["help"] = map[string]bool{}
	return p, examples
}

func helpOfPhotosd(text string) program {
	p := program{"": flagsIn(text)}
	for _, m := range regexp.MustCompile(`(?m)^  photosd (.*)$`).FindAllStringSubmatch(text, -1) {
		var path []string
		for _, word := range strings.Fields(m[1]) {
			if strings.ToLower(word) != word {
				break
			}
			path = append(path, word)
			p[strings.Join(path, " ")] = p[""]
		}
	}
	return p
}

func flagsIn(help string) map[string]bool {
	flags := map[string]bool{"-h": true, "--help": true}
	for _, m := range helpFlag.FindAllStringSubmatch(help, -1) {
		flags["--"+m[2]] = true
		if m[1] != "" {
			flags["-"+m[1]] = true
		}
	}
	return flags
}

// check reports a command or flag of a command line that the program does not have.
func (p program) check(t *testing.T, place string, words []string) {
	t.Helper()
	path := ""
	for _, word := range words[1:] {
		next := strings.TrimSpace(path + " " + word)
		if _, ok := p[next]; !ok {
			break
		}
		path = next
	}
	rest := words[1+len(strings.Fields(path)):]
	if len(rest) > 0 && regexp.MustCompile(`^[a-z]`).MatchString(rest[0]) && p.hasCommands(path) {
		t.Errorf("%s: %s: no command %q", place, strings.Join(words, " "), rest[0])
	}
	for i, word := range rest {
		flag, _, _ := strings.Cut(word, "=")
		switch {
		case i > 0 && rest[i-1] == "--search": // a filter may begin with a dash
		case word == "--":
			return
		case strings.HasPrefix(flag, "--"):
			if !p[path][flag] {
				t.Errorf("%s: %s: no flag %s", place, strings.Join(words, " "), flag)
			}
		case strings.HasPrefix(flag, "-"):
			for _, letter := range flag[1:] {
				if !p[path]["-"+string(letter)] {
					t.Errorf("%s: %s: no flag -%c", place, strings.Join(words, " "), letter)
				}
			}
		}
	}
}

// hasCommands reports whether the next word of a command line must be a command.
func (p program) hasCommands(path string) bool {
	if path == "" {
		return true
	}
	if p[path][arguments] {
		return false
	}
	for other := range maps.Keys(p) {
		if strings.HasPrefix(other, path+" ") {
			return true
		}
	}
	return false
}

// anyFlag reports a flag that stands alone in a document and that no command has.
func anyFlag(t *testing.T, doc, code string, programs map[string]program) {
	t.Helper()
	flag, _, _ := strings.Cut(strings.Fields(code)[0], "=")
	for _, p := range programs {
		for _, flags := range p {
			if flags[flag] {
				return
			}
		}
	}
	t.Errorf("%s: no command has %s", doc, flag)
}

// documents returns the Markdown files that people read.
func documents(t *testing.T) []string {
	t.Helper()
	var docs []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob("../../" + pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			docs = append(docs, filepath.ToSlash(strings.TrimPrefix(path, "../../")))
		}
	}
	if len(docs) < 14 {
		t.Fatalf("only %q found", docs)
	}
	return docs
}

var fenced = regexp.MustCompile("(?ms)^ *```(\\w*)\n(.*?)^ *```") //nolint:gocritic // a fence begins a line: (?m)

// shellBlocks returns the blocks of a document that a shell or cron reads.
func shellBlocks(markdown string) []string {
	var blocks []string
	for _, m := range fenced.FindAllStringSubmatch(markdown, -1) {
		switch m[1] {
		case "sh":
			blocks = append(blocks, m[2])
		case "console":
			blocks = append(blocks, strings.Join(matches(m[2], `(?m)^\$ (.*)$`), "\n"))
		case "crontab":
			blocks = append(blocks, regexp.MustCompile(`(?m)^([\d*/,-]+ ){5}`).ReplaceAllString(m[2], ""))
		}
	}
	return blocks
}

// inlineCode returns what a document has between backquotes.
func inlineCode(markdown string) []string {
	return matches(fenced.ReplaceAllString(markdown, ""), "`([^`\n]+)`")
}

// assignment is a variable that a command line sets for its command.
var assignment = regexp.MustCompile(`^[A-Z_]+=`)

// commandLines splits a script into its commands, as far as documents use a shell:
// quotes, comments, continued lines, pipes, lists, subshells and substitutions.
func commandLines(script string) [][]string {
	var lines [][]string
	var words []string
	var word strings.Builder
	started, quote := false, byte(0)
	endWord := func() {
		if w := word.String(); started && (len(words) > 0 || !assignment.MatchString(w)) {
			words = append(words, w)
		}
		word.Reset()
		started = false
	}
	endCommand := func() {
		if endWord(); len(words) > 0 {
			lines = append(lines, words)
		}
		words = nil
	}
	script = strings.ReplaceAll(script, "\\\n", " ") + "\n"
	for i := 0; i < len(script); i++ {
		c := script[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == '"' && strings.HasPrefix(script[i:], "$("):
			lines = append(lines, commandLines(substitution(script[i+2:]))...)
			word.WriteByte(c)
		case quote != 0:
			word.WriteByte(c)
		case c == '\'' || c == '"':
			quote, started = c, true
		case c == '#' && !started:
			i += strings.IndexByte(script[i:], '\n') - 1
		case strings.IndexByte("\n|&;<>()", c) >= 0:
			endCommand()
		case c == ' ' || c == '\t':
			endWord()
		case c == '$' && script[i+1] == '(':
			endCommand()
		default:
			word.WriteByte(c)
			started = true
		}
	}
	return lines
}

// substitution returns the script of a command substitution that follows its parenthesis, as far as the next one.
func substitution(rest string) string {
	script, _, _ := strings.Cut(rest, ")")
	return script
}

// TestCommandLines checks the splitting that the test above relies on.
func TestCommandLines(t *testing.T) {
	t.Parallel()
	got := commandLines("A=b photos list --search 'a b' -q | \\\n photos delete --from - # all\n(umask 077; photos key create nas > key)\nphotos download -o ~/back $(photos list -q) &\nphotos tag \"$(photos list -q)\" --add x")
	want := [][]string{
		{"photos", "list", "--search", "a b", "-q"},
		{"photos", "delete", "--from", "-"},
		{"umask", "077"},
		{"photos", "key", "create", "nas"},
		{"key"},
		{"photos", "download", "-o", "~/back"},
		{"photos", "list", "-q"},
		{"photos", "list", "-q"},
		{"photos", "tag", "$(photos list -q)", "--add", "x"},
	}
	if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("got %q", got)
	}
}

// TestMakeTargetsInDocuments holds every `make TARGET` in the documents against the Makefile.
func TestMakeTargetsInDocuments(t *testing.T) {
	t.Parallel()
	targets := matches(read(t, "Makefile"), `(?m)^([a-z-]+):`)
	for _, doc := range documents(t) {
		text := read(t, doc)
		for _, script := range append(shellBlocks(text), inlineCode(text)...) {
			for _, words := range commandLines(script) {
				if len(words) > 1 && words[0] == "make" && !slices.Contains(targets, words[1]) {
					t.Errorf("%s: no target in make %s", doc, words[1])
				}
			}
		}
	}
}

// variable is a string in the code that names an environment variable of the programs.
var variable = regexp.MustCompile(`"((?:PHOTOSD?|COGNITO|DATABASE)_[A-Z_]+|BASE_URL|BROWSER|NO_COLOR|PAGER|LESS|TERM|VISUAL|EDITOR|GOMEMLIMIT|SSH_CONNECTION)"`)

// TestVariablesAreDocumented holds the table of docs/environment.md against the code.
func TestVariablesAreDocumented(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, dir := range []string{"cmd/photos", "cmd/photosd", "internal/auth"} {
		files, err := filepath.Glob("../../" + dir + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", dir, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range variable.FindAllStringSubmatch(string(text), -1) {
				used[m[1]] = true
			}
		}
	}
	programs, _, _ := strings.Cut(read(t, "docs/environment.md"), "\n## Variables of the system")
	documented := matches(programs, "(?m)^\\| `([A-Z_]+)`")
	slices.Sort(documented)
	documented = slices.Compact(documented)
	if want := slices.Sorted(maps.Keys(used)); !slices.Equal(want, documented) {
		t.Errorf("the programs use\n%q\nand docs/environment.md has\n%q", want, documented)
	}
}
