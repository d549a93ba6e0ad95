package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is how many columns a line of help may take.
const helpWidth = 80

// usage writes how a command is called. It takes the place of cobra's template: with a
// template engine the linker keeps every method of every type, which makes the program a
// quarter larger and its start slower.
func usage(c *cobra.Command) error {
	w := c.OutOrStderr()
	local := c.LocalFlags() // this also merges the global flags, which the lines below show
	fmt.Fprint(w, "Usage:")
	if c.Runnable() {
		fmt.Fprintf(w, "\n  %s", c.UseLine())
	}
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\n  %s [command]", c.CommandPath())
	}
	if len(c.Aliases) > 0 {
		fmt.Fprintf(w, "\n\nAliases:\n  %s", c.NameAndAliases())
	}
	if c.HasExample() {
		fmt.Fprintf(w, "\n\nExamples:\n%s", c.Example)
	}
	usageOfCommands(w, c)
	usageOfFlags(w, "Flags:", local)
	usageOfFlags(w, "Global flags:", c.InheritedFlags())
	usageOfTopics(w, c)
	if c.HasAvailableSubCommands() {
		fmt.Fprintf(w, "\n\nUse %q for more information about a command.", c.CommandPath()+" [command] --help")
	}
	fmt.Fprintln(w)
	return nil
}

// usageOfCommands lists the commands below c: those of each group, then the others.
func usageOfCommands(w io.Writer, c *cobra.Command) {
	if !c.HasAvailableSubCommands() {
		return
	}
	list := func(title, group string) {
		head := "\n\n" + title
		for _, sub := range c.Commands() {
			if sub.GroupID == group && (sub.IsAvailableCommand() || sub.Name() == "help") {
				fmt.Fprintf(w, "%s\n  %-*s %s", head, sub.NamePadding(), sub.Name(), sub.Short)
				head = ""
			}
		}
	}
	for _, g := range c.Groups() {
		list(g.Title, g.ID)
	}
	if len(c.Groups()) > 0 {
		list("Other commands:", "")
	} else {
		list("Commands:", "")
	}
}

func usageOfFlags(w io.Writer, title string, flags *pflag.FlagSet) {
	if flags.HasAvailableFlags() {
		fmt.Fprintf(w, "\n\n%s\n%s", title, strings.TrimRight(flags.FlagUsagesWrapped(helpWidth), " \n"))
	}
}

// usageOfTopics lists the pages of help that are not about a command.
func usageOfTopics(w io.Writer, c *cobra.Command) {
	if !c.HasHelpSubCommands() {
		return
	}
	fmt.Fprint(w, "\n\nHelp topics:")
	for _, sub := range c.Commands() {
		if sub.IsAdditionalHelpTopicCommand() {
			fmt.Fprintf(w, "\n  %-*s %s", sub.CommandPathPadding()+len(" help"), helpOf(c, sub.Name()), sub.Short)
		}
	}
}
