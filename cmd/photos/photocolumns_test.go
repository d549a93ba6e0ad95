package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/photo"
	"photos/internal/term"
)

func testEnv(set settings, terminal bool) (*env, *bytes.Buffer) {
	var out bytes.Buffer
	c := term.New("photos", strings.NewReader(""), &out, io.Discard)
	c.Out.Terminal = terminal
	c.Width = func() int { return 100 }
	c.Color = terminal && !set.NoColor
	return &env{Console: c, set: set, now: time.Now, getenv: func(string) string { return "" }}, &out
}

func printAll(t *testing.T, e *env, photos ...photo.Photo) {
	t.Helper()
	p, err := newPrinter(e, photoColumns(), photoJSON)
	if err != nil {
		t.Fatal(err)
	}
	for _, ph := range photos {
		if err := p.Print(ph); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

var hostile = photo.Photo{
	ID: photo.ID{0xab}, Name: "a\tb\nc\x1b]0;owned\x07\xff.jpg", Description: `back\slash ` + "\u202egnp", Size: 1234567, MediaType: "image/jpeg",
	TakenAt: photo.AtWallClock(time.Date(2024, 5, 31, 18, 0, 0, 0, time.UTC)), UploadedAt: time.Date(2024, 6, 1, 2, 3, 4, 5000, time.UTC),
}

func TestListForms(t *testing.T) {
	id := photo.ID{0xab}.String()
	for name, c := range map[string]struct {
		set      settings
		terminal bool
		want     string
	}{
		"a pipe gets TSV without a header": {
			want: id + "\t2024-05-31T18:00:00\t2024-06-01T02:03:04.000005Z\t1234567\ta\\tb\\nc\\x1b]0;owned\\x07\xff.jpg\tback\\\\slash \u202egnp\n",
		},
		"an empty value is a dash, unless it is the last": {set: settings{Fields: []string{"camera", "id", "camera"}}, want: "-\t" + id + "\t\n"},
		"chosen fields": {set: settings{Fields: []string{"bytes", "id"}}, want: "1234567\t" + id + "\n"},
		"quiet":         {set: settings{Quiet: true}, terminal: true, want: id + "\n"},
		"json fields":   {set: settings{JSON: true, Fields: []string{"bytes", "camera"}}, want: `{"bytes":1234567,"camera":null}` + "\n"},
		"json": {
			set: settings{JSON: true}, terminal: true,
			want: `{"id":"` + id + `","name":"a\tb\nc\u001b]0;owned\u0007` + "\ufffd" + `.jpg","name_base64":"YQliCmMbXTA7b3duZWQH/y5qcGc=","bytes":1234567,"media_type":"image/jpeg","taken_at":"2024-05-31T18:00:00","rendition":"pending","description":"back\\slash \u202egnp","uploaded_at":"2024-06-01T02:03:04.000005Z","version":0}` + "\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, out := testEnv(c.set, c.terminal)
			printAll(t, e, hostile)
			if d := cmp.Diff(c.want, strings.ReplaceAll(out.String(), `\ufffd`, "\ufffd")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTableNeverDrivesTheTerminal(t *testing.T) {
	e, out := testEnv(settings{NoColor: true}, true)
	printAll(t, e, hostile, photo.Photo{Name: strings.Repeat("long ", 60)})
	for _, line := range strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n") {
		if strings.ContainsAny(line, "\t\x1b\x07\u202e") {
			t.Errorf("control characters in %q", line)
		}
		if n := len([]rune(line)); n > 100 {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	if !strings.HasPrefix(out.String(), "ID        TAKEN       NAME                            DESCRIPTION\n") {
		t.Errorf("no header: %q", out)
	}
}

func TestNothingPrintsNothing(t *testing.T) {
	for _, set := range []settings{{}, {JSON: true}, {Quiet: true}} {
		for _, terminal := range []bool{false, true} {
			e, out := testEnv(set, terminal)
			if printAll(t, e); out.Len() > 0 {
				t.Errorf("%+v printed %q", set, out)
			}
		}
	}
}

func TestUnknownFieldIsNamed(t *testing.T) {
	e, _ := testEnv(settings{Fields: []string{"id", "colour"}}, false)
	_, err := newPrinter(e, photoColumns(), photoJSON)
	if photo.KindOf(err) != photo.KindUsage || !strings.Contains(err.Error(), `"colour"`) {
		t.Errorf("error %v", err)
	}
}
