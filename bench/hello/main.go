// Command hello is the least that a program with a cobra command tree does: the
// floor for how long `photos --version` may take to start.
package main

import (
	"os"

	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{Use: "hello", Version: "1"}
	if err := root.Execute(); err != nil {
		os.Exit(1)
	}
}
