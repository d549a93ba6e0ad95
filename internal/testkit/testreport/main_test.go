package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	t.Parallel()
	const events = `{"Action":"start","Package":"a"}
{"Action":"run","Package":"a","Test":"TestGood"}
{"Action":"output","Package":"a","Test":"TestGood","Output":"chatter\n"}
{"Action":"pass","Package":"a","Test":"TestGood","Elapsed":0.1}
{"Action":"output","Package":"a","Test":"TestBad","Output":"    bad_test.go:1: want 2\n"}
{"Action":"fail","Package":"a","Test":"TestBad","Elapsed":0.1}
{"Action":"output","Package":"a","Test":"TestAway","Output":"=== RUN   TestAway\n"}
{"Action":"output","Package":"a","Test":"TestAway","Output":"    away_test.go:1: no keyring\n"}
{"Action":"output","Package":"a","Test":"TestAway","Output":"--- SKIP: TestAway (0.00s)\n"}
{"Action":"skip","Package":"a","Test":"TestAway"}
{"Action":"fail","Package":"a","Elapsed":1.5}
{"ImportPath":"b","Action":"build-output","Output":"b.go:1: undefined: x\n"}
{"ImportPath":"b","Action":"build-fail"}
{"Action":"output","Package":"b","Output":"FAIL b [build failed]\n"}
{"Action":"fail","Package":"b","FailedBuild":"b"}
{"Action":"skip","Package":"c"}
{"Action":"output","Package":"d","Output":"panic: no\n"}
{"Action":"fail","Package":"d"}
go: warning
`
	var out bytes.Buffer
	r := newReport(&out)
	if err := r.read(strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	if r.end(false) {
		t.Error("a run with failures is well")
	}
	for _, want := range []string{
		"bad_test.go:1: want 2", "b.go:1: undefined: x", "go: warning", "panic: no",
		"left out: a TestAway: away_test.go:1: no keyring\n",
		"\n1 passed, 3 failed, 1 skipped\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("report lacks %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "chatter") {
		t.Errorf("report repeats what a passing test printed:\n%s", out.String())
	}
}

func TestSkipsForbidden(t *testing.T) {
	t.Parallel()
	for _, noSkip := range []bool{false, true} {
		var out bytes.Buffer
		r := newReport(&out)
		if err := r.read(strings.NewReader(`{"Action":"skip","Package":"a","Test":"TestAway"}`)); err != nil {
			t.Fatal(err)
		}
		if got := r.end(noSkip); got == noSkip {
			t.Errorf("skips forbidden %v: well %v", noSkip, got)
		}
	}
}
