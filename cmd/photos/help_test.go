package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"photos/internal/photo"
	"photos/internal/transfer"
)

// TestHelpFitsTheTerminal: no line of help is longer than 80 columns.
func TestHelpFitsTheTerminal(t *testing.T) {
	e, _ := testEnv(settings{}, false)
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		var help bytes.Buffer
		c.SetOut(&help)
		if err := c.Help(); err != nil {
			t.Error(err)
		}
		for line := range strings.Lines(help.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("%s: %d columns: %s", c.CommandPath(), n, line)
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(e))
}

// TestEveryKeyIsDocumented: docs/json.md names every key of the records that are printed and
// read, and every outcome.
func TestEveryKeyIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	names := knownKeys()
	for _, o := range []photo.Outcome{outcomeErased, outcomeUnchanged, outcomeKept, outcomeUndone, outcomeDeleted, transfer.OutcomeDownloaded,
		photo.OutcomeUploaded, photo.OutcomeExists, photo.OutcomeDescribed, photo.OutcomeRestored, photo.OutcomeRepaired, photo.OutcomeSkipped,
		photo.OutcomeFailed, photo.OutcomePending} {
		names = append(names, string(o))
	}
	for _, name := range names {
		if !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("docs/json.md does not have `%s`", name)
		}
	}
}
