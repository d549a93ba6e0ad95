package command_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"photos/internal/command"
	"photos/internal/photo"
)

// TestSplitIsLikeAShell compares the words of lines with those that a shell makes.
func TestSplitIsLikeAShell(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"a b", " a\t b\n", `'a b' "c d"`, `a'b'"c"d`, `""`, `'' a`, `\a \  \\`, `"\a \" \\ \$x \` + "`" + `"`, `'\a'`,
		"a\\\nb", "a \\\n b", "\"a\\\nb\"", "'a\nb'", `{} --x={}`, `x"{}"y`, "é 'ü ö'",
	} {
		got, err := command.Split(line)
		if want := wordsOfShell(t, line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %q (%v), a shell has %q", line, got, err, want)
		}
	}
}

// wordsOfShell returns the words that sh makes of a line, on which it must expand nothing.
func wordsOfShell(t *testing.T, line string) []string {
	t.Helper()
	out, err := exec.Command("sh", "-c", `printf '%s\0' `+line).Output()
	if err != nil {
		t.Fatalf("sh: %v", err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestSplitExpandsNothing(t *testing.T) {
	t.Parallel()
	got, err := command.Split(`$HOME "$HOME" ~ *.jpg [a] {a,b} # a=b !x`)
	if want := []string{"$HOME", "$HOME", "~", "*.jpg", "[a]", "{a,b}", "#", "a=b", "!x"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	for _, line := range []string{"a | b", "a;b", "a&", "<a", "a >b", "$(a)", "'a", `"a`, `a\`, `"a\`} {
		if got, err := command.Split(line); err == nil {
			t.Errorf("%q: got %q, want an error", line, got)
		}
	}
}

// FuzzSplit checks that quoted words come back as they were, and that no line is too much.
func FuzzSplit(f *testing.F) {
	f.Add("a b", `c"d`, `a 'b c' "d\"" \e`)
	f.Add("", "'", "'")
	f.Fuzz(func(t *testing.T, one, other, line string) {
		quoted := "'" + strings.ReplaceAll(one, "'", `'\''`) + "' \t" + quoteTwice(other)
		if got, err := command.Split(quoted); err != nil || !slices.Equal(got, []string{one, other}) {
			t.Errorf("%q: got %q (%v), want %q", quoted, got, err, []string{one, other})
		}
		words, err := command.Split(line)
		for _, word := range words {
			if len(word) > len(line) || err != nil {
				t.Errorf("%q: got %q (%v)", line, words, err)
			}
		}
	})
}

// quoteTwice returns a word between double quotes.
func quoteTwice(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(s) + `"`
}

func TestName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, want := range map[string]string{
		"captioner": "captioner", "cap tion.py": "cap-tion.py", "kö": "k-",
		strings.Repeat("x", 70): strings.Repeat("x", photo.MaxCommandName),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		c, err := command.Parse("'" + path + "' {}")
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Name(); got != want || !photo.FromCommand(got).Valid() {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// parse returns a command that sh runs with the file as $1.
func parse(t *testing.T, script string) command.Command {
	t.Helper()
	c, err := command.Parse("sh -c '" + strings.ReplaceAll(script, "'", `'\''`) + "' sh {}")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRunGivesNoSecrets(t *testing.T) {
	for _, name := range []string{"PHOTOS_TOKEN", "PHOTOS_TOKEN_FILE", "COGNITO_CLIENT_SECRET", "DATABASE_URL"} {
		t.Setenv(name, "s3cret")
	}
	t.Setenv("OPENAI_API_KEY", "kept")
	got, err := parse(t, `env; readlink /proc/self/fd/0; echo "$1"`).Run(t.Context(), "/a b.jpg", time.Minute)
	if err != nil || strings.Contains(got, "s3cret") || !strings.Contains(got, "OPENAI_API_KEY=kept") ||
		!strings.HasSuffix(got, "/dev/null\n/a b.jpg") {
		t.Errorf("got %q (%v)", got, err)
	}
}

// TestRunDoesNotWaitForOthers checks that a program which leaves another one running is done when
// it ends itself, and that the other one ends too.
func TestRunDoesNotWaitForOthers(t *testing.T) {
	t.Parallel()
	got, err := parse(t, `sleep 300 & echo $!`).Run(t.Context(), "x", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for range 600 {
		state, err := os.ReadFile("/proc/" + got + "/stat")
		if err != nil || strings.Contains(string(state), ") Z ") {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("process %s still runs", got)
}

func TestRunFails(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"echo a >&2; printf 'b\\033[0m\\n\\n' >&2; exit 4": `sh: exit status 4: b\x1b[0m`,
		"kill -9 $$":              "sh: signal: killed",
		"echo":                    "sh: printed nothing",
		"yes":                     "sh: printed more than 65536 bytes",
		"printf '\\303'":          "sh: did not print UTF-8",
		"yes >&2 | sleep 300":     "sh: stopped after 3s: y", // a busy machine needs a while until it has printed that
		"sleep 300 & wait":        "sh: stopped after 500ms",
		"trap '' TERM; sleep 300": "sh: stopped after 500ms",
	} {
		got, err := parse(t, script).Run(t.Context(), "x", timeFor(want))
		if err == nil || err.Error() != want || photo.KindOf(err) != photo.KindCommand {
			t.Errorf("%s: got %q and %v, want %s", script, got, err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := parse(t, "echo x").Run(ctx, "x", time.Minute); photo.KindOf(err) != photo.KindInterrupted {
		t.Errorf("a run whose context has ended: %v", err)
	}
}

// timeFor returns a time that only a run which is to be stopped takes.
func timeFor(want string) time.Duration {
	if _, after, found := strings.Cut(want, "stopped after "); found {
		text, _, _ := strings.Cut(after, ":")
		limit, err := time.ParseDuration(text)
		if err == nil {
			return limit
		}
	}
	return time.Minute
}
