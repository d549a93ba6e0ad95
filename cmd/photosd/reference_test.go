package main

import (
	"flag"
	"os"
	"regexp"
	"testing"
)

var update = flag.Bool("update", false, "write docs/reference/photosd.md")

// anywhere matches the default of --data, which depends on the machine.
var anywhere = regexp.MustCompile(`\s+\(default:\s+\S+photosd\)`)

// TestReference holds docs/reference/photosd.md against the help. make reference writes it.
func TestReference(t *testing.T) {
	t.Parallel()
	const file = "../../docs/reference/photosd.md"
	want := "# Commands and settings of photosd\n\nThis page is generated: `make reference` writes it. `photosd --help` shows the same in the terminal. " +
		"[Running photosd](../photosd.md)\nexplains the settings.\n\n```text\n" + anywhere.ReplaceAllString(help(), "\n      (default: ~/.local/share/photosd)") + "```\n"
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("docs/reference/photosd.md does not have what the help says: run make reference (%v)", err)
	}
}
