package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"photos/internal/buildinfo"
)

func newVersion(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of this program", Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(e.Out, "photos version %s %s/%s %s\n", buildinfo.Version(), runtime.GOOS, runtime.GOARCH, runtime.Version())
			return err
		},
	}
}
