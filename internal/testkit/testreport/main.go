// Command testreport turns the events of go test -json into a report: a line for
// every package, the output of what failed, the reason of what was left out, and
// a closing line with the sums. It fails when a test did; with PHOTOS_NO_SKIP=1
// also when one was left out.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	r := newReport(os.Stdout)
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
	if !r.end(os.Getenv("PHOTOS_NO_SKIP") == "1") {
		os.Exit(1)
	}
}

// An event is one of test2json (go doc test2json), as far as it is used here.
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build events, instead of Package
	Test        string
	Elapsed     float64 // seconds
	Output      string
	FailedBuild string // of a package's failure: the build that is to blame
}

func (e event) key() string { return e.Package + e.ImportPath + " " + e.Test }

type report struct {
	out     io.Writer
	output  map[string][]string // of tests and builds that have not ended, by key
	broken  map[string]bool     // packages in which a test failed
	skips   []string
	passed  int
	failed  int
	skipped int
}

func newReport(out io.Writer) *report {
	return &report{out: out, output: make(map[string][]string), broken: make(map[string]bool)}
}

func (r *report) read(in io.Reader) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(r.out, lines.Text()) // not an event: the go command's own words
			continue
		}
		r.handle(e)
	}
	return lines.Err()
}

func (r *report) handle(e event) {
	switch e.Action {
	case "output", "build-output":
		r.output[e.key()] = append(r.output[e.key()], e.Output)
		return
	case "pass":
		r.pass(e)
	case "skip":
		r.skip(e)
	case "fail", "build-fail":
		r.fail(e)
	default: // start, run, pause, cont
		return
	}
	delete(r.output, e.key())
}

func (r *report) pass(e event) {
	if e.Test != "" {
		r.passed++
		return
	}
	fmt.Fprintf(r.out, "ok    %7.2f s  %s\n", e.Elapsed, e.Package)
}

func (r *report) skip(e event) {
	if e.Test == "" {
		return // a package without tests
	}
	r.skipped++
	r.skips = append(r.skips, fmt.Sprintf("%s %s: %s", e.Package, e.Test, r.reason(e)))
}

// reason is what the test said when it left itself out: its last line that the
// testing package did not write.
func (r *report) reason(e event) string {
	reason := "no reason given"
	for _, line := range r.output[e.key()] {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "===") {
			reason = line
		}
	}
	return reason
}

func (r *report) fail(e event) {
	// A package fails after its tests, or alone: by a panic, a time limit, TestMain.
	if e.Test != "" || e.Action == "build-fail" || !r.broken[e.Package] && e.FailedBuild == "" {
		r.failed++
	}
	r.broken[e.Package] = true
	for _, s := range r.output[e.key()] {
		fmt.Fprint(r.out, s)
	}
	fmt.Fprintf(r.out, "FAIL  %7.2f s  %s%s %s\n", e.Elapsed, e.Package, e.ImportPath, e.Test)
}

// end sums up and says whether all is well.
func (r *report) end(noSkip bool) bool {
	for _, s := range r.skips {
		fmt.Fprintln(r.out, "left out:", s)
	}
	if noSkip && r.skipped > 0 {
		fmt.Fprintln(r.out, "FAIL: PHOTOS_NO_SKIP=1 and tests were left out")
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
	return r.failed == 0 && (r.skipped == 0 || !noSkip)
}
