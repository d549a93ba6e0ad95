package main

import (
	"os"

	"github.com/pkg/browser"
	"github.com/spf13/cobra"
)

// openBrowserCommand is the name of the hidden command that opens the system's browser.
const openBrowserCommand = "open-browser"

// newOpenBrowser makes a hidden command. pkg/browser starts the browser as a child with
// our streams and in our session; both have to be others (see signin.Browser), so the
// login starts this program again, with neither, and that one starts the browser.
func newOpenBrowser() *cobra.Command {
	return &cobra.Command{
		Use: openBrowserCommand + " ADDRESS", Hidden: true, Args: cobra.ExactArgs(1),
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil }, // it needs no settings
		RunE:              func(_ *cobra.Command, args []string) error { return browser.OpenURL(args[0]) },
	}
}

// systemBrowser returns the command that opens an address in the system's browser.
func systemBrowser() []string {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return []string{self, openBrowserCommand}
}
