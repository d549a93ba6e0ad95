package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

type documentsKey struct{}

// documents are the sections whose commands a script has run, by page.
type documents map[string][]string

// A section is a part of a document, with its commands.
type section struct {
	heading string
	blocks  []block
}

// A block is a fenced block of a document. Its language is sh for a script, or console for commands and what
// they print on a terminal.
type block struct{ language, text string }

// cmdDocument runs the commands of a section of a document as they are written. The addresses of the examples become
// that of the service. With a page alone, it requires that the script has run each section with commands.
//
// A block of sh runs in bash and ends at the first failure; its output is that of the command. Each command of a console
// block runs on a terminal of 80 columns without colors and progress bars, and has to print what the
// document shows. There, … stands for any text in a line, and a line with only … for any lines.
func cmdDocument(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: document PAGE [HEADING]")
	}
	ran, _ := ts.Value(documentsKey{}).(documents)
	page, sections := args[0], sectionsOf(readDocument(ts, args[0]))
	if len(args) == 1 {
		for _, s := range sections {
			if !slices.Contains(ran[page], s.heading) {
				ts.Fatalf("no part of the script runs %q of %s", s.heading, page)
			}
		}
		return
	}
	at := slices.IndexFunc(sections, func(s section) bool { return s.heading == args[1] })
	if at < 0 {
		ts.Fatalf("%s has no commands below a heading %q", page, args[1])
	}
	ran[page] = append(ran[page], args[1])
	here := strings.NewReplacer("https://photos.example.org", ts.Getenv("PHOTOSD_URL"), "http://127.0.0.1:8080", ts.Getenv("PHOTOSD_URL"))
	for _, b := range sections[at].blocks {
		if b.language == "console" {
			runConsole(ts, here.Replace(b.text))
			continue
		}
		if err := ts.Exec("bash", "-euo", "pipefail", "-c", here.Replace(b.text)); err != nil {
			ts.Fatalf("%s: %s: %v", page, args[1], err)
		}
	}
}

func readDocument(ts *testscript.TestScript, page string) string {
	text, err := os.ReadFile(filepath.Join(os.Getenv(envScripts), "..", "..", page))
	ts.Check(err)
	return string(text)
}

var fence = regexp.MustCompile("^```(\\w*)$")

// sectionsOf returns the sections of a page that have blocks of commands. The sections of one heading are one.
func sectionsOf(markdown string) []section {
	var all []section
	heading, language, inside := "", "", false
	var text strings.Builder
	for line := range strings.Lines(markdown) {
		m := fence.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		switch {
		case m != nil && !inside:
			language, inside = m[1], true
			text.Reset()
		case m != nil:
			inside = false
			if language == "sh" || language == "console" {
				all = appendBlock(all, heading, block{language, text.String()})
			}
		case inside:
			text.WriteString(line)
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	return all
}

// appendBlock adds a block to the section of a heading. Scripts that follow each other become one, so that they share
// their variables and their folder.
func appendBlock(all []section, heading string, b block) []section {
	if len(all) == 0 || all[len(all)-1].heading != heading {
		return append(all, section{heading, []block{b}})
	}
	s := &all[len(all)-1]
	if last := &s.blocks[len(s.blocks)-1]; b.language == "sh" && last.language == "sh" {
		last.text += b.text
		return all
	}
	s.blocks = append(s.blocks, b)
	return all
}

// runConsole runs the commands of a console block, and compares what they print with what the block shows.
func runConsole(ts *testscript.TestScript, text string) {
	for _, part := range regexp.MustCompile(`(?m)^\$ `).Split(text, -1)[1:] {
		command, want, _ := strings.Cut(part, "\n")
		if command == "photosd" { // it runs until it is stopped, so the script has started it
			compareService(ts, want)
			continue
		}
		ts.Setenv("DOCUMENT_COMMAND", command)
		err := ts.Exec("env", "TERM=dumb", "script", "-qe", "--echo", "never", "-c", `stty cols 80 rows 24; bash -c "$DOCUMENT_COMMAND"`, "/dev/null")
		got := strings.ReplaceAll(ts.ReadFile("stdout"), "\r\n", "\n")
		if err != nil {
			ts.Fatalf("%s: %v\n%s", command, err, got)
		}
		if want != "" && !shows(got, want) {
			ts.Fatalf("%s printed\n%s\nand the document shows\n%s", command, got, want)
		}
	}
}

// compareService requires that the service of the script printed each line that a document shows.
func compareService(ts *testscript.TestScript, want string) {
	s, _ := ts.Value(serviceKey{}).(*service)
	if s == nil {
		ts.Fatalf("the document starts photosd, and the script has not")
	}
	printed := ts.ReadFile(s.log()) + "photosd listening on " + ts.Getenv("PHOTOSD_URL") + "\n"
	for line := range strings.Lines(want) {
		if !slices.ContainsFunc(slices.Collect(strings.Lines(printed)), func(got string) bool { return shows(got, line) }) {
			ts.Fatalf("photosd printed\n%s\nand the document shows\n%s", printed, line)
		}
	}
}

// shows reports whether output is what a document shows.
func shows(output, document string) bool {
	var pattern strings.Builder
	pattern.WriteString(`\A`)
	for line := range strings.Lines(document) {
		line = strings.TrimRight(line, " \n")
		if line == "…" {
			pattern.WriteString(`(?s:.*)`)
			continue
		}
		for i, text := range strings.Split(line, "…") {
			if i > 0 {
				pattern.WriteString(`[^\n]*`)
			}
			pattern.WriteString(regexp.QuoteMeta(text))
		}
		pattern.WriteString(` *\n`)
	}
	return regexp.MustCompile(pattern.String() + `\z`).MatchString(output)
}
