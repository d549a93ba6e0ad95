package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write docs/reference/photos.md")

// TestReference holds docs/reference/photos.md against the commands. make reference writes it.
func TestReference(t *testing.T) {
	const file = "../../docs/reference/photos.md"
	want := reference()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("docs/reference/photos.md does not have what the help says: run make reference (%v)", err)
	}
}

// reference returns the page with all commands and topics.
func reference() string {
	e, _ := testEnv(settings{}, false)
	root := newRoot(e, nil)
	var b strings.Builder
	b.WriteString("# Commands of photos\n\nThis page is generated from the commands: `make reference` writes it. `photos help COMMAND` shows the same in the terminal,\n" +
		"and the packages have a manual page for each command.\n")
	var commands, topics []*cobra.Command
	for _, c := range root.Commands() {
		switch {
		case c.Hidden || c.Name() == "help":
		case c.IsAdditionalHelpTopicCommand():
			topics = append(topics, c)
		default:
			commands = append(commands, c)
		}
	}
	b.WriteString("\n## Global flags\n\nEvery command has these flags.\n\n")
	writeFlags(&b, root.PersistentFlags())
	for _, c := range commands {
		writeCommand(&b, c)
	}
	for _, c := range topics {
		fmt.Fprintf(&b, "\n## photos help %s\n\n```text\n%s\n```\n", c.Name(), c.Long)
	}
	return b.String()
}

// writeCommand writes the section of a command, and those of the commands below it.
func writeCommand(b *strings.Builder, c *cobra.Command) {
	long := c.Long
	if long == "" {
		long = c.Short + "."
	}
	fmt.Fprintf(b, "\n## %s\n\n```text\n%s\n\nUsage:\n  %s\n```\n", c.CommandPath(), long, c.UseLine())
	if c.HasExample() {
		fmt.Fprintf(b, "\n```sh\n%s\n```\n", unindent(c.Example))
	}
	if c.HasAvailableLocalFlags() {
		b.WriteString("\n")
		writeFlags(b, c.LocalNonPersistentFlags())
	}
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			writeCommand(b, sub)
		}
	}
}

// unindent removes the two spaces with which the lines of examples begin.
func unindent(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(text, "  "), "\n  ", "\n")
}

func writeFlags(b *strings.Builder, flags *pflag.FlagSet) {
	b.WriteString("| flag | meaning | default |\n|---|---|---|\n")
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, text := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		def := f.DefValue
		if def == "false" || def == "0" || def == "[]" || def == "0s" {
			def = ""
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", strings.TrimSpace(name+" "+value), strings.ReplaceAll(text, "|", "\\|"), def)
	})
}
