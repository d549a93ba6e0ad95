package signin

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestBrowserCommands(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the browser is a shell script")
	}
	dir := t.TempDir()
	script, opened := filepath.Join(dir, "browser"), filepath.Join(dir, "opened")
	withBlanks := filepath.Join(dir, "My Browser")
	for _, path := range []string{script, withBlanks} {
		if err := os.WriteFile(path, []byte("#!/bin/sh\necho \"$@\" >"+opened+"\necho noise; echo noise >&2\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for command, want := range map[string]string{
		script:                             "https://p.example/a?b=$(c)",
		withBlanks:                         "https://p.example/a?b=$(c)",
		script + " --new %s --tab":         "--new https://p.example/a?b=$(c) --tab",
		dir + "/none:" + script:            "https://p.example/a?b=$(c)",
		dir + "/none":                      "",
		" ":                                "",
		"/bin/false:" + script + " second": "second https://p.example/a?b=$(c)",
	} {
		_ = os.Remove(opened)
		err := Browser(command)("https://p.example/a?b=$(c)")
		got, _ := os.ReadFile(opened)
		if strings.TrimSpace(string(got)) != want || (err == nil) != (want != "") {
			t.Errorf("%q: opened %q, %v; want %q", command, got, err, want)
		}
	}
}
