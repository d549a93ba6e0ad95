package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"photos/internal/photo"
	"photos/internal/transfer"
)

func TestListsAreReadAsTheyAreWritten(t *testing.T) {
	for name, c := range map[string]struct {
		o    fromOptions
		text string
		want []listed
	}{
		"lines": {
			fromOptions{format: "lines"}, "a b.jpg\r\n\n*.jpg\n\\t",
			[]listed{{Name: "a b.jpg"}, {Name: "*.jpg"}, {Name: `\t`}},
		},
		"nul": {fromOptions{format: "lines", nul: true}, "new\nline.jpg\x00b\x00", []listed{{Name: "new\nline.jpg"}, {Name: "b"}}},
		"tsv": {
			fromOptions{format: "tsv"}, "new\\nline.jpg\tone\\ttwo\nb\t\n",
			[]listed{
				{Name: "new\nline.jpg", Description: "one\ttwo", Described: true, FromList: true},
				{Name: "b", Described: true, FromList: true},
			},
		},
		"jsonl": {
			fromOptions{format: "jsonl"}, `{"path":"a","description":"d"}` + "\n" + `{"id":"b"}` + "\n" + `{"path":"x","path_base64":"YWL/"}`,
			[]listed{{Name: "a", Description: "d", Described: true, FromList: true}, {Name: "b"}, {Name: "ab\xff"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, _ := testEnv(settings{}, false)
			e.in, c.o.file = strings.NewReader(c.text), "-"
			items, done, err := c.o.read(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			defer done()
			if d := cmp.Diff(c.want, slices.Collect(items)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestBadItemsAreNamedByTheirPlace(t *testing.T) {
	for format, text := range map[string]string{
		"tsv":   "good\tone\nno tab\n\tempty\nbad \\q\tx\n",
		"jsonl": `{"path":"good"}` + "\nnot json\n{}\n" + `{"path_base64":"!"}` + "\n",
	} {
		e, _ := testEnv(settings{}, false)
		e.in = strings.NewReader(text)
		items, _, err := fromOptions{file: "-", format: format}.read(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		var bad []string
		for it := range items {
			if it.Err != nil {
				if photo.KindOf(it.Err) != photo.KindUsage {
					t.Errorf("%s: %v is of kind %s", format, it.Err, photo.KindOf(it.Err))
				}
				bad = append(bad, it.Name)
			}
		}
		if d := cmp.Diff([]string{"stdin:2", "stdin:3", "stdin:4"}, bad); d != "" {
			t.Errorf("%s: %s", format, d)
		}
	}
}

func FuzzParseListed(f *testing.F) {
	f.Add("a\\tb\tc", "tsv")
	f.Add(`{"path":"a","path_base64":"YQ=="}`, "jsonl")
	f.Fuzz(func(_ *testing.T, text, format string) {
		_, _ = parseListed(text, format) // must not panic, whatever the text
	})
}

func FuzzUnescapeTSV(f *testing.F) {
	f.Add("a\tb\\\x1b\n")
	f.Fuzz(func(t *testing.T, s string) {
		back, err := unescapeTSV(escapeTSV(s))
		if err != nil || back != s {
			t.Fatalf("%q came back as %q, %v", s, back, err)
		}
	})
}

func TestJournalTellsWhatIsLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, err := openJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	failed := &photo.Error{Kind: photo.KindChanged, Msg: "changed"}
	for _, r := range []transfer.Record{
		{Item: transfer.Item{Path: "ok"}, Outcome: photo.OutcomeUploaded},
		{Item: transfer.Item{Path: "odd\xff", Description: "d", Source: photo.FromFlag}, Outcome: photo.OutcomeFailed, Err: failed},
		{Item: transfer.Item{Path: "later"}, Outcome: photo.OutcomePending},
		{Item: transfer.Item{Path: "mended"}, Outcome: photo.OutcomeFailed, Err: failed},
		{Item: transfer.Item{Path: "mended"}, Outcome: photo.OutcomeUploaded},
	} {
		if err := j.write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	items, err := unfinished(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []transfer.Item{
		{Path: "odd\xff", Named: true, Description: "d", Source: photo.FromFlag},
		{Path: "later", Named: true},
	}
	if d := cmp.Diff(want, slices.Collect(items), cmp.Comparer(func(a, b photo.Moment) bool { return a.String() == b.String() })); d != "" {
		t.Error(d)
	}
	if err := os.WriteFile(path, []byte("{}\nnot a record\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := unfinished(path); photo.KindOf(err) != photo.KindUsage || !strings.Contains(err.Error(), "journal:2") {
		t.Errorf("error %v", err)
	}
}

func TestParseBytes(t *testing.T) {
	for s, want := range map[string]int64{"1": 1, "500k": 500_000, "5M": 5_000_000, "1.5G": 1_500_000_000} {
		if n, err := parseBytes(s); err != nil || n != want {
			t.Errorf("parseBytes(%q) = %d, %v", s, n, err)
		}
	}
	for _, s := range []string{"", "M", "-1", "0", "1T", "NaN", "1e30"} {
		if n, err := parseBytes(s); photo.KindOf(err) != photo.KindUsage {
			t.Errorf("parseBytes(%q) = %d, %v", s, n, err)
		}
	}
}

// TestTallyLaw: one item fails with its own code, several with one for all.
func TestTallyLaw(t *testing.T) {
	missing := &photo.Error{Kind: photo.KindNotFound, Msg: "no such photo", Hint: "look"}
	e, _ := testEnv(settings{}, false)
	said, _ := e.err.(*bytes.Buffer)
	one := tally{e: e}
	one.done("a", missing)
	if code := e.report(one.end()); code != exitNotFound || said.String() != "photos: a: no such photo\nhint: look\n" {
		t.Errorf("one item: code %d, %q", code, said)
	}
	said.Reset()
	two := tally{e: e}
	two.done("a", missing)
	two.done("b", nil)
	if code := e.report(two.end()); code != exitSomeFailed || said.String() != "photos: a: no such photo\nhint: look\n" {
		t.Errorf("two items: code %d, %q", code, said)
	}
}
