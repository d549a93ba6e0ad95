package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/photo"
	"photos/internal/term"
	"photos/internal/transfer"
	"photos/internal/xmpsync"
)

func open(t *testing.T, o fromOptions, text string) *itemList {
	t.Helper()
	e, _ := testEnv(settings{}, false)
	e.In.Reader, o.file = strings.NewReader(text), "-"
	l, err := o.open(t.Context(), e, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	return l
}

func TestListFormats(t *testing.T) {
	for name, c := range map[string]struct {
		o    fromOptions
		text string
		want []listItem
	}{
		"lines": {
			fromOptions{format: "lines"}, "a b.jpg\r\n\n*.jpg\n\\t",
			[]listItem{{Name: "a b.jpg"}, {Name: "*.jpg"}, {Name: `\t`}},
		},
		"a byte order mark": {fromOptions{format: "lines"}, "\ufeffa\n\ufeffb\n", []listItem{{Name: "a"}, {Name: "\ufeffb"}}},
		"UTF-16":            {fromOptions{format: "lines"}, "\xff\xfea\x00\r\x00\n\x00\xe4\x00\r\x00\n\x00", []listItem{{Name: "a"}, {Name: "ä"}}},
		"nul":               {fromOptions{format: "lines", nul: true}, "new\nline.jpg\x00b\x00", []listItem{{Name: "new\nline.jpg"}, {Name: "b"}}},
		"tsv": {
			fromOptions{format: "tsv"}, "new\\nline.jpg\tone\\ttwo\nb\t\n\\-\t\\-\n",
			[]listItem{
				{Name: "new\nline.jpg", Description: "one\ttwo", Described: true},
				{Name: "b", Described: true},
				{Name: "-", Description: "-", Described: true},
			},
		},
		"jsonl": {
			fromOptions{format: "jsonl"}, `{"path":"a.jpg","description":"d","version":3}` + "\n" + `{"id":"b"}` + "\n" + `{"path":"x","path_base64":"YWL/"}`,
			[]listItem{{Name: "a.jpg", Description: "d", Described: true, Version: new(int64(3))}, {Name: "b"}, {Name: "ab\xff"}},
		},
		"a photo's ID goes before its path": {fromOptions{format: "jsonl"}, `{"path":"a","id":"0b"}`, []listItem{{Name: "0b"}}},
		"an upload wants the path":          {fromOptions{format: "jsonl", paths: true}, `{"path":"a","id":"0b"}`, []listItem{{Name: "a"}}},
		"a path is not taken for an ID":     {fromOptions{format: "jsonl"}, `{"path":"cafe1234"}`, []listItem{{Name: "./cafe1234"}}},
		"null means no value":               {fromOptions{format: "jsonl"}, `{"id":"0b","path":null,"description":null,"version":null}`, []listItem{{Name: "0b"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, slices.Collect(open(t, c.o, c.text).all())); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestLinesThatDoNotFit: a malformed line is one failed item. Its name is its place in the list, and
// its error says why.
func TestLinesThatDoNotFit(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	for name, c := range map[string]struct {
		o          fromOptions
		line, want string
	}{
		"no tab":              {fromOptions{format: "tsv"}, "no tab", "no tab: want item, tab, description"},
		"several tabs":        {fromOptions{format: "tsv"}, "id\t2024\tname\t", "3 tabs: want item, tab, description"},
		"no item":             {fromOptions{format: "tsv"}, "\tempty", "names nothing"},
		"absent item":         {fromOptions{format: "tsv"}, "-\tempty", "names nothing"},
		"absent description":  {fromOptions{format: "tsv"}, "a\t-", "the description is -, which stands for no value"},
		"bad escape":          {fromOptions{format: "tsv"}, "bad \\q\tx", `a backslash is written \\`},
		"a long line":         {fromOptions{format: "lines"}, long, "longer than 65536 bytes"},
		"no JSON":             {fromOptions{format: "jsonl"}, "a.jpg", "not a JSON object"},
		"two objects":         {fromOptions{format: "jsonl"}, `{"id":"0b"} {"id":"0c"}`, "not a JSON object"},
		"a list":              {fromOptions{format: "jsonl"}, `["a"]`, "not a JSON object"},
		"null":                {fromOptions{format: "jsonl"}, `null`, `no "id" or "path"`},
		"no key":              {fromOptions{format: "jsonl"}, `{"description":"x"}`, `no "id" or "path"`},
		"no path":             {fromOptions{format: "jsonl", paths: true}, `{"id":"0b"}`, `no "path"`},
		"an unknown key":      {fromOptions{format: "jsonl"}, `{"id":"0b","desc":"x"}`, `unknown key "desc"`},
		"the case of a key":   {fromOptions{format: "jsonl"}, `{"id":"0b","Description":"x"}`, `unknown key "Description"`},
		"a number for a text": {fromOptions{format: "jsonl"}, `{"id":"0b","description":1}`, `the value of "description" must not be a number`},
		"no version":          {fromOptions{format: "jsonl"}, `{"id":"0b","version":"1"}`, `the value of "version" must not be a string`},
		"not an ID":           {fromOptions{format: "jsonl"}, `{"id":"a.jpg"}`, `the value of "id" is not an ID: "a.jpg"`},
		"not base64":          {fromOptions{format: "jsonl"}, `{"path_base64":"!"}`, "path_base64 is not base64"},
		"not UTF-8":           {fromOptions{format: "jsonl"}, "{\"path\":\"a\xff\"}", "not valid UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			good := map[string]string{"tsv": "a\tb", "jsonl": `{"path":"a"}`, "lines": "a"}[c.o.format]
			got := slices.Collect(open(t, c.o, good+"\n\n"+c.line+"\n"+good).all())
			if len(got) != 3 || got[0].Err != nil || got[2].Err != nil {
				t.Fatalf("items %v", got)
			}
			bad := got[1]
			if bad.Name != "stdin:3" || !isMalformed(bad.Err) || bad.Err.Error() != c.want || photo.KindOf(bad.Err) != photo.KindUsage || photo.HintOf(bad.Err) == "" {
				t.Errorf("%s: %v (hint %q), want %q", bad.Name, bad.Err, photo.HintOf(bad.Err), c.want)
			}
		})
	}
}

// TestOutputIsLegalInput: every record that the program prints is a valid line.
func TestOutputIsLegalInput(t *testing.T) {
	id := photo.ID{0xab}
	p := photo.Photo{ID: id, Name: "a\xff", Description: "d", Position: &photo.Position{}, TrashedAt: time.Now(), PurgeAt: time.Now(), Version: 2, Width: 1, Height: 1,
		DescriptionSource: photo.FromFlag, Camera: "c", MediaType: "image/jpeg", TakenAt: photo.At(time.Now())}
	failed := &photo.Error{Kind: photo.KindNotFound, Msg: "no such file", Hint: "look"}
	rep := changeReport{dry: true}
	for name, record := range map[string]any{
		"list":           photoJSON(p),
		"describe":       rep.record(change{photo: p, outcome: photo.OutcomeDescribed}),
		"pending change": rep.record(change{item: listItem{Name: "a\xff", Description: "d", Described: true, Version: new(int64(2))}, outcome: photo.OutcomePending}),
		"failed change":  rep.record(change{item: listItem{Name: id.String()}, outcome: photo.OutcomeFailed, err: failed}),
		"upload":         newUploadRecord(transfer.Record{Item: transfer.Item{Path: "a\xff", Description: "d", Source: photo.FromSidecar}, ID: id, Reason: "r", DescriptionKept: true, SidecarErr: failed, Err: failed}),
		"sync-xmp":       newSyncRecord(xmpsync.Change{Path: "a\xff", ID: id, Field: xmpsync.Tags, Outcome: xmpsync.Failed, Local: "a", Service: "b", Err: failed}, true),
		"verify":         newProofRecord(transfer.Proof{Path: "a\xff", ID: id, Reason: "r"}),
	} {
		t.Run(name, func(t *testing.T) {
			line, err := term.JSONLine(record, nil)
			if err != nil {
				t.Fatal(err)
			}
			it, err := parseJSON(string(line), knownKeys(), false)
			if err != nil || it.Name != id.String() && it.Name != "a\xff" {
				t.Errorf("%s is read as %+v, %v", line, it, err)
			}
		})
	}
}

// TestEveryFormIsLegalInput: what a command prints in a form is read as the same item, by --from with the
// format of that name.
func TestEveryFormIsLegalInput(t *testing.T) {
	id, path := photo.ID{0xab}, "a\tdir\\b\"c,\r d.jpg"
	p := photo.Photo{ID: id, Name: "a, \"b\"\n.jpg", Description: "one\ttwo\nthree \\ \"four\", -", Version: 2, TakenAt: photo.At(time.Now())}
	described := listItem{Name: id.String(), Description: p.Description, Described: true}
	record := transfer.Record{Item: transfer.Item{Path: path}, ID: id, Outcome: photo.OutcomeUploaded}
	proof := transfer.Proof{Path: path, ID: id, State: photo.Trashed}
	for _, c := range []struct {
		output string
		print  func(e *env) error
		paths  bool
		format string
		set    settings
		want   listItem
	}{
		{"list", printer(photoColumns(), photoJSON, p), false, "tsv", settings{}, described},
		{"list", printer(photoColumns(), photoJSON, p), false, "csv", settings{}, described},
		{"list", printer(photoColumns(), photoJSON, p), false, "jsonl", settings{}, listItem{Name: id.String(), Description: p.Description, Described: true, Version: &p.Version}},
		{"list", printer(photoColumns(), photoJSON, p), false, "sha256sum", settings{}, listItem{Name: id.String()}},
		{"list", printer(photoColumns(), photoJSON, p), false, "lines", settings{Quiet: true}, listItem{Name: id.String()}},
		{"list", printer(photoColumns(), photoJSON, p), false, "lines", settings{Quiet: true, nul: true}, listItem{Name: id.String()}},
		{"list", printer(photoColumns(), photoJSON, p), false, "tsv", settings{Fields: []string{"id", "description"}}, described},
		{"upload", printer(uploadColumns(), recordJSON, record), false, "tsv", settings{}, listItem{Name: id.String()}},
		{"upload", printer(uploadColumns(), recordJSON, record), true, "tsv", settings{}, listItem{Name: path}},
		{"upload", printer(uploadColumns(), recordJSON, record), true, "csv", settings{}, listItem{Name: path}},
		{"upload", printer(uploadColumns(), recordJSON, record), true, "jsonl", settings{}, listItem{Name: path}},
		{"upload", printer(uploadColumns(), recordJSON, record), true, "sha256sum", settings{}, listItem{Name: path}},
		{"upload", printer(uploadColumns(), recordJSON, record), true, "lines", settings{Fields: []string{"path"}, nul: true}, listItem{Name: path}},
		{"verify", printer(proofColumns(), proofJSON, proof), true, "tsv", settings{}, listItem{Name: path}},
		{"verify", printer(proofColumns(), proofJSON, proof), true, "csv", settings{}, listItem{Name: path}},
		{"verify", printer(proofColumns(), proofJSON, proof), false, "jsonl", settings{}, listItem{Name: id.String()}},
		{"verify", printer(proofColumns(), proofJSON, proof), true, "lines", settings{Quiet: true, nul: true}, listItem{Name: path}},
		{"history", printer(revisionColumns(), revisionJSON, revision{ID: id, Description: p.Description}), false, "tsv", settings{}, described},
		{"history", printer(revisionColumns(), revisionJSON, revision{ID: id, Description: p.Description}), false, "csv", settings{}, described},
		{"history", printer(revisionColumns(), revisionJSON, revision{ID: id, Description: p.Description}), false, "jsonl", settings{}, described},
	} {
		if c.format != "lines" {
			c.set.Format = c.format
			c.set.JSON = c.format == "jsonl"
		}
		e, out := testEnv(c.set, false)
		if err := c.print(e); err != nil {
			t.Errorf("%s %s: %v", c.output, c.format, err)
			continue
		}
		got := slices.Collect(open(t, fromOptions{format: c.format, paths: c.paths, nul: c.set.nul}, out.String()).all())
		if d := cmp.Diff([]listItem{c.want}, got); d != "" {
			t.Errorf("%s as %s: %q is read as (-want +got):\n%s", c.output, c.format, out, d)
		}
	}
}

// printer returns a function that prints one value.
func printer[T any](columns []term.Column[T], toJSON func(T) any, v T) func(e *env) error {
	return func(e *env) error {
		p, err := newPrinter(e, columns, toJSON)
		if err != nil {
			return err
		}
		return errors.Join(p.Print(v), p.Close())
	}
}

func recordJSON(r transfer.Record) any { return newUploadRecord(r) }
func proofJSON(p transfer.Proof) any   { return newProofRecord(p) }

// TestCSVLists: the records of a CSV list that do not fit are failed items.
func TestCSVLists(t *testing.T) {
	id := photo.ID{0xab}.String()
	for name, c := range map[string]struct {
		text string
		want []string // names of the items, or their errors
	}{
		"a header alone":             {"id,description\n", nil},
		"a byte order mark":          {"\ufeffid,description\n" + id + ",x\n", []string{id}},
		"UTF-16":                     {"\xff\xfe" + strings.Join(strings.Split("id,description\r\n"+id+",x\r\n", ""), "\x00") + "\x00", []string{id}},
		"an unknown field":           {"id,desc\n" + id + ",x\n", []string{`unknown field "desc" in the header`}},
		"a missing value":            {"id,description\n" + id + "\n" + id + ",x\n", []string{"wrong number of fields", id}},
		"a bare quote":               {"id,description\n" + id + ",x\"y\n" + id + ",x\n", []string{`bare " in non-quoted-field`, id}},
		"no item":                    {"id,description\n,x\n", []string{`no "id" or "path"`}},
		"a description of two lines": {"id,description\n" + id + ",\"a\nb\"\n", []string{id}},
		"an open quote":              {"id,description\n" + id + ",\"" + strings.Repeat("x\n", maxRecord), []string{"a record is longer than 1048576 bytes"}},
	} {
		var got []string
		for it := range open(t, fromOptions{format: "csv"}, c.text).all() {
			if it.Err != nil {
				got = append(got, it.Err.Error())
			} else {
				got = append(got, it.Name)
			}
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestRestOfAList: when a call stops early, rest returns the items that were read but not
// done, and no more is read.
func TestRestOfAList(t *testing.T) {
	e, _ := testEnv(settings{}, false)
	in, feed := io.Pipe()
	go feed.Write([]byte("a\nb\nc\nd"))
	e.In.Reader = in
	l, err := fromOptions{file: "-", format: "lines"}.open(t.Context(), e, nil)
	if err != nil {
		t.Fatal(err)
	}
	for it := range l.all() {
		if it.Name == "b" {
			break
		}
	}
	var left []string
	for _, it := range l.rest() {
		left = append(left, it.Name)
	}
	if d := cmp.Diff([]string{"b", "c"}, left); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func FuzzInputLine(f *testing.F) {
	f.Add("a\\tb\tc", "tsv")
	f.Add(`{"path":"a","path_base64":"YQ=="}`, "jsonl")
	f.Add("{\"id\":\"0b\",\"version\":1}", "jsonl")
	f.Add(`\`+strings.Repeat("0b", 32)+`  a\\b\n`, "sha256sum")
	f.Add(strings.Repeat("0b", 32)+"\tuploaded\ta", "tsv")
	f.Fuzz(func(t *testing.T, text, format string) {
		it, err := fromOptions{format: format}.parse(text, knownKeys())
		if err == nil && (format == "jsonl" || format == "tsv" || format == "sha256sum") && it.Name == "" {
			t.Fatalf("%q names nothing", text)
		}
	})
}

func TestUnfinishedItemsOfAJournal(t *testing.T) {
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
	items, _, err := unfinished(path)
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
	if _, _, err := unfinished(path); photo.KindOf(err) != photo.KindUsage || !strings.Contains(err.Error(), "journal:2") {
		t.Errorf("error %v", err)
	}
}

// TestTally: a single item fails with its own exit code, several fail with one for all.
func TestTally(t *testing.T) {
	missing := &photo.Error{Kind: photo.KindNotFound, Msg: "no such photo", Hint: "look"}
	e, _ := testEnv(settings{}, false)
	said := new(bytes.Buffer)
	e.Console = term.New("photos", strings.NewReader(""), io.Discard, said)
	one := tally{console: e.Console}
	one.done("a", missing)
	if code := e.report(one.end()); code != exitNotFound || said.String() != "photos: a: no such photo\nhint: look\n" {
		t.Errorf("one item: code %d, %q", code, said)
	}
	said.Reset()
	alone := tally{console: e.Console}
	alone.done("a", missing)
	if alone.printFirst(); said.String() != "photos: a: no such photo\nhint: look\n" {
		t.Errorf("one item of a run that ended: %q", said)
	}
	said.Reset()
	many := tally{console: e.Console}
	for _, name := range []string{"a", "b", "c"} {
		many.done(name, malformed(missing))
	}
	if code := e.report(many.end()); code != exitUsage || strings.Count(said.String(), "hint: look") != 1 || strings.Count(said.String(), "no such photo") != 3 {
		t.Errorf("no line fits: code %d, %q", code, said)
	}
	said.Reset()
	two := tally{console: e.Console}
	two.done("a", missing)
	two.done("b", nil)
	if code := e.report(two.end()); code != exitSomeFailed || said.String() != "photos: a: no such photo\nhint: look\n" {
		t.Errorf("two items: code %d, %q", code, said)
	}
}
