package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestSplitIsLikeAShell compares the words of lines with those that a shell makes.
func TestSplitIsLikeAShell(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"a b", " a\t b\n", `'a b' "c d"`, `a'b'"c"d`, `""`, `'' a`, `\a \  \\`, `"\a \" \\ \$x \` + "`" + `"`, `'\a'`,
		"a\\\nb", "a \\\n b", "\"a\\\nb\"", "'a\nb'", `{} --x={}`, `x"{}"y`, "é 'ü ö'",
	} {
		got, err := split(line, true)
		if want := wordsOfShell(t, line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %q (%v), a shell has %q", line, got, err, want)
		}
	}
}

// wordsOfShell returns the words that sh makes of a line, on which it must expand nothing.
func wordsOfShell(t *testing.T, line string) []string {
	t.Helper()
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("there is no sh on this machine")
	}
	out, err := exec.Command("sh", "-c", `printf '%s\0' `+line).Output()
	if err != nil {
		t.Fatalf("sh: %v", err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestSplitExpandsNothing(t *testing.T) {
	t.Parallel()
	got, err := split(`$HOME "$HOME" ~ *.jpg [a] {a,b} # a=b !x`, true)
	if want := []string{"$HOME", "$HOME", "~", "*.jpg", "[a]", "{a,b}", "#", "a=b", "!x"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	for _, line := range []string{"a | b", "a;b", "a&", "<a", "a >b", "$(a)", "'a", `"a`, `a\`, `"a\`} {
		if got, err := split(line, true); err == nil {
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
		if got, err := split(quoted, true); err != nil || !slices.Equal(got, []string{one, other}) {
			t.Errorf("%q: got %q (%v), want %q", quoted, got, err, []string{one, other})
		}
		words, err := split(line, true)
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

// TestSplitWithBackslashes splits lines as on Windows, where a backslash separates folders.
func TestSplitWithBackslashes(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		`C:\Tools\captioner.exe {}`:                  {`C:\Tools\captioner.exe`, "{}"},
		`"C:\Program Files\Captioner\c.exe" -f "{}"`: {`C:\Program Files\Captioner\c.exe`, "-f", "{}"},
		`'C:\Program Files (x86)\c.exe' {}`:          {`C:\Program Files (x86)\c.exe`, "{}"},
		`c.exe "C:\My Pictures\" {}`:                 {"c.exe", `C:\My Pictures\`, "{}"},
		`\\server\share\c.exe --name="a b" {}`:       {`\\server\share\c.exe`, "--name=a b", "{}"},
		`C:\`:                                        {`C:\`},
	} {
		if got, err := split(line, false); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q (%v), want %q", line, got, err, want)
		}
	}
	for _, line := range []string{`C:\Program Files (x86)\c.exe {}`, `"C:\Tools\c.exe {}`, `c.exe {} > C:\out`} {
		if got, err := split(line, false); err == nil {
			t.Errorf("%s: got %q, want an error", line, got)
		}
	}
}

// TestProgram has the path of a program with a blank in it, without and with quotes.
func TestProgram(t *testing.T) {
	t.Parallel()
	name := "my editor"
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string][]string{
		path:                    {path},
		`"` + path + `" --wait`: {path, "--wait"},
		"no-such-editor -w":     {"no-such-editor", "-w"},
	} {
		if got, err := Program(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q (%v), want %q", line, got, err, want)
		}
	}
	for _, line := range []string{"", " ", `"no-such-editor`} {
		if got, err := Program(line); err == nil {
			t.Errorf("%q: got %q, want an error", line, got)
		}
	}
}
