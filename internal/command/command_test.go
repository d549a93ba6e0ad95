package command_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"photos/internal/command"
	"photos/internal/photo"
)

func TestName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, want := range map[string]string{
		"captioner": "captioner", "cap tion.py": "cap-tion.py", "kö": "k-",
		strings.Repeat("x", 70): strings.Repeat("x", photo.MaxCommandName),
	} {
		path := filepath.Join(dir, name)
		if runtime.GOOS == "windows" {
			path += ".exe"
		}
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
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh on this machine")
	}
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
