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
			want: `{"id":"` + id + `","name":"a\tb\nc\u001b]0;owned\u0007` + "\ufffd" + `.jpg","name_base64":"YQliCmMbXTA7b3duZWQH/y5qcGc=","bytes":1234567,"media_type":"image/jpeg","taken_at":"2024-05-31T18:00:00","description":"back\\slash \u202egnp","uploaded_at":"2024-06-01T02:03:04.000005Z","version":0}` + "\n",
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
	if !strings.HasPrefix(out.String(), "ID            TAKEN AT          UPLOADED AT") {
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

func TestParseWhen(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	for s, want := range map[string][2]time.Time{
		"2025":                   {day(2025, 1, 1), day(2026, 1, 1)},
		"2025-12":                {day(2025, 12, 1), day(2026, 1, 1)},
		"2025-12-31":             {day(2025, 12, 31), day(2026, 1, 1)},
		"2025-12-31T10:00:00Z":   {day(2025, 12, 31).Add(10 * time.Hour), day(2025, 12, 31).Add(10 * time.Hour)},
		"2025-12-31T10:00+01:00": {day(2025, 12, 31).Add(9 * time.Hour), day(2025, 12, 31).Add(9 * time.Hour)},
		"7d":                     {now.AddDate(0, 0, -7), now.AddDate(0, 0, -7)},
		"90m":                    {now.Add(-90 * time.Minute), now.Add(-90 * time.Minute)},
		"today":                  {day(2026, 3, 10), day(2026, 3, 11)},
		"yesterday":              {day(2026, 3, 9), day(2026, 3, 10)},
		"2026-03-09T18:30":       {day(2026, 3, 9).Add(18*time.Hour + 30*time.Minute), day(2026, 3, 9).Add(18*time.Hour + 30*time.Minute)},
		"2026-03-09 18:30:15":    {day(2026, 3, 9).Add(18*time.Hour + 30*time.Minute + 15*time.Second), day(2026, 3, 9).Add(18*time.Hour + 30*time.Minute + 15*time.Second)},
	} {
		from, to, err := parseWhen(s, now)
		if err != nil || !from.Equal(want[0]) || !to.Equal(want[1]) {
			t.Errorf("parseWhen(%q) = %s, %s, %v", s, from, to, err)
		}
	}
	for _, s := range []string{"", "tomorrow", "-3d", "2025-13", "d"} {
		if _, _, err := parseWhen(s, now); photo.KindOf(err) != photo.KindUsage {
			t.Errorf("parseWhen(%q): error %v", s, err)
		}
	}
}

// A time without a zone is the user's, and the bound shows it as it was written: photos
// that know no zone either are compared with that. Where clocks were put forward at
// midnight, that day begins when they were.
func TestParseWhenInTheUsersZone(t *testing.T) {
	zone := func(name string) *time.Location {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Skip(err)
		}
		return loc
	}
	for _, c := range []struct{ when, zone, from, to string }{
		{"2024-05-31", "Asia/Tokyo", "2024-05-31T00:00:00+09:00", "2024-06-01T00:00:00+09:00"},
		{"2024-05-31T18:00", "Asia/Tokyo", "2024-05-31T18:00:00+09:00", "2024-05-31T18:00:00+09:00"},
		{"2024-05-31T18:00:00+02:00", "Asia/Tokyo", "2024-05-31T18:00:00+02:00", "2024-05-31T18:00:00+02:00"},
		{"today", "America/New_York", "2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00"},
		{"yesterday", "America/New_York", "2026-03-07T00:00:00-05:00", "2026-03-08T00:00:00-05:00"},
		{"2018-11-04", "America/Sao_Paulo", "2018-11-04T00:00:00-03:00", "2018-11-05T00:00:00-02:00"},
		{"2018-11-03", "America/Sao_Paulo", "2018-11-03T00:00:00-03:00", "2018-11-04T00:00:00-03:00"},
		{"1d", "America/New_York", "2026-03-07T23:30:00-05:00", "2026-03-07T23:30:00-05:00"},
	} {
		now := time.Date(2026, 3, 8, 23, 30, 0, 0, zone("America/New_York")).In(zone(c.zone))
		if c.zone != "America/New_York" {
			now = time.Date(2026, 3, 8, 12, 0, 0, 0, zone(c.zone))
		}
		from, to, err := parseWhen(c.when, now)
		if err != nil || from.Format(time.RFC3339) != c.from || to.Format(time.RFC3339) != c.to {
			t.Errorf("parseWhen(%q) in %s = %s, %s, %v; want %s, %s", c.when, c.zone, from.Format(time.RFC3339), to.Format(time.RFC3339), err, c.from, c.to)
		}
	}
}
