package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"photos/internal/buildinfo"
)

func newVersion(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of this program", Args: noArguments,
		Long: `Print the version of this program, its platform and the version of Go. --json
adds the commit and the date of the source, as far as they are known.`,
		Example: `  photos version
  photos version --json | jq -r .commit`,
		RunE: func(*cobra.Command, []string) error {
			build := buildinfo.Read()
			if e.set.JSON {
				return printJSON(e, build)
			}
			_, err := fmt.Fprintf(e.Out, "photos version %s %s/%s %s\n", build.Version, build.OS, build.Arch, build.Go)
			return err
		},
	}
}
