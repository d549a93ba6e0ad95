package main

import (
	"github.com/spf13/cobra"

	"photos/internal/photo"
)

func newCompletion(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell",
		Short: "Print the script that completes commands in a shell",
		Long: `Print the script that completes commands, flags and their values in a shell:
profiles, fields, the IDs of recent photos with their names, and more. It never
signs in or refreshes a session.

bash (needs the package bash-completion):
  photos completion bash >~/.local/share/bash-completion/completions/photos

zsh (in a folder of $fpath):
  photos completion zsh >"${fpath[1]}/_photos"

fish:
  photos completion fish >~/.config/fish/completions/photos.fish

PowerShell (in your profile):
  photos completion powershell | Out-String | Invoke-Expression`,
		Example:   `  source <(photos completion bash)`,
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		Args:      exactly("SHELL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(e.Out, true)
			case "zsh":
				return root.GenZshCompletion(e.Out)
			case "fish":
				return root.GenFishCompletion(e.Out, true)
			case "powershell", "pwsh":
				return root.GenPowerShellCompletionWithDesc(e.Out)
			}
			return &photo.Error{Kind: photo.KindUsage, Msg: "no completion for " + quote(args[0]), Hint: "it is bash, zsh, fish or powershell"}
		},
	}
	return c
}
