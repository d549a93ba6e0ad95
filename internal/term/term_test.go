package term_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"photos/internal/photo"
	"photos/internal/term"
)

func TestMessagesCannotControlTheTerminal(t *testing.T) {
	var out, err bytes.Buffer
	c := term.New("photos", strings.NewReader(""), &out, &err)
	c.Say("photos: %s", "a\x1b[2Jb")
	c.Warn("%d of %s", 1, "two\nlines")
	c.Detail("not verbose")
	c.Verbose = true
	c.Detail("verbose")
	want := "photos: a\ufffd[2Jb\nphotos: warning: 1 of two lines\nphotos: verbose\n"
	if err.String() != want || out.Len() != 0 {
		t.Errorf("stderr %q, want %q; stdout %q", &err, want, &out)
	}
}

// TestNobodyReadsTheOutput writes to a pipe whose reader has gone, as that of photos list | head.
func TestNobodyReadsTheOutput(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	c := term.New("photos", strings.NewReader(""), w, &bytes.Buffer{})
	if _, err := c.Out.Write([]byte("a photo\n")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("the error is %v", err)
	}
}

func TestConfirm(t *testing.T) {
	for name, c := range map[string]struct {
		typed    string
		terminal bool
		want     photo.Kind // "": confirmed
	}{
		"yes":           {"YES\n", true, ""},
		"y":             {"y\n", true, ""},
		"no":            {"no\n", true, photo.KindForbidden},
		"end of input":  {"", true, photo.KindForbidden},
		"not asked":     {"yes\n", false, photo.KindUsage},
		"another word":  {"yes please\n", true, photo.KindForbidden},
		"spaces around": {"  yes \n", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out, stderr bytes.Buffer
			console := term.New("photos", strings.NewReader(c.typed), &out, &stderr)
			console.In.Terminal, console.Err.Terminal = c.terminal, c.terminal
			err := console.Confirm(context.Background(), "delete all?", "--yes")
			if c.want == "" && err != nil || c.want != "" && (photo.KindOf(err) != c.want || photo.HintOf(err) != "--yes") {
				t.Errorf("error %v, want one of kind %q", err, c.want)
			}
			if asked := strings.Contains(stderr.String(), "delete all?"); asked != c.terminal {
				t.Errorf("asked: %t, stderr %q", asked, &stderr)
			}
		})
	}
}

// TestOutputsPassThroughTheBars: while bars are shown, stdout and stderr of a terminal go through
// them, in whatever order they and the printer were made. Afterwards they do not.
func TestOutputsPassThroughTheBars(t *testing.T) {
	var screen lockedBuffer
	c := term.New("photos", strings.NewReader(""), &screen, &screen)
	c.Out.Terminal, c.Err.Terminal = true, true
	p, err := term.NewPrinter(c, term.Format{}, []term.Column[string]{{Name: "name", Text: func(s string) string { return s }}}, func(s string) any { return s })
	if err != nil {
		t.Fatal(err)
	}
	p.ShowAtOnce()
	bars := term.NewProgress(t.Context(), c, false, "photos", 10)
	bars.Found("a.jpg", 100)
	bars.Sending("a.jpg", 100)
	bars.Moved("a.jpg", 100)
	if err := p.Print("during"); err != nil {
		t.Error(err)
	}
	c.Say("a message")
	bars.Finish("a.jpg", true)
	bars.Stop()
	if err := p.Print("after"); err != nil {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	got := screen.String()
	for _, line := range []string{"NAME", "during\n", "a message\n", "after\n", "photos"} {
		if !strings.Contains(got, line) {
			t.Errorf("the screen lacks %q: %q", line, got)
		}
	}
	if !strings.HasSuffix(got, "after\n") {
		t.Errorf("something came after the bars: %q", got)
	}
}
