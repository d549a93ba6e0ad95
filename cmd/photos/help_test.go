package main

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
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
	walk(newRoot(e, nil))
}

// TestFilterPagesNameTheCommands: the help about filters and docs/filters.md begin with the commands that have --search.
func TestFilterPagesNameTheCommands(t *testing.T) {
	e, _ := testEnv(settings{}, false)
	var want []string
	for _, row := range allCommandRows() {
		if row.make(e).Flags().Lookup("search") != nil {
			want = append(want, row.name)
		}
	}
	slices.Sort(want)
	page, err := os.ReadFile("../../docs/filters.md")
	if err != nil {
		t.Fatal(err)
	}
	_, sentence, _ := strings.Cut(string(page), "`--search` in")
	sentence, _, _ = strings.Cut(sentence, ", and the parameter")
	_, topic, _ := strings.Cut(filtersHelp, "takes a filter.")
	topic, _, _ = strings.Cut(topic, "find photos with it")
	for where, text := range map[string]string{"docs/filters.md": sentence, "photos help filters": topic} {
		var got []string
		for _, word := range regexp.MustCompile(`[a-z-]+`).FindAllString(text, -1) {
			if word != "and" && word != "photos" {
				got = append(got, word)
			}
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s names %q, and these commands have --search: %q", where, got, want)
		}
	}
}
