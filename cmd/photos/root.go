package main

import (
	"errors"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"photos/internal/buildinfo"
	"photos/internal/photo"
)

// newRoot returns the command tree in an environment, as far as a line with args needs it.
func newRoot(e *env, args []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "photos",
		Short: "Your pictures on your photo service, from the shell",
		Long: `photos uploads your pictures and videos to your photo service, describes, finds
and downloads them.

Sign in once with the browser. After that, every command works in a terminal, a
script or a pipeline.`,
		Example: `  photos login http://127.0.0.1:8080
  photos upload --desc "Sunset over the bay" beach.jpg
  photos upload ~/Pictures
  photos list --search bay
  photos describe beach.jpg --desc "Sunrise, actually"`,
		Version:       buildinfo.Version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArguments,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Name() == cobra.ShellCompRequestCmd || cmd.Name() == cobra.ShellCompNoDescRequestCmd {
				return nil // the settings follow from the line that is completed
			}
			cmd.SetContext(withSignals(cmd.Context()))
			set, err := loadSettings(cmd.Flags(), e.getenv)
			if err != nil && cmd.CommandPath() == "photos config edit" {
				set, err = loadWithoutFile(cmd.Flags(), e.getenv)
			}
			set.nul = endsWithNUL(cmd.Flags())
			e.set, e.Verbose, e.Color = set, set.Verbose, e.Color && !set.NoColor
			if err != nil {
				return err
			}
			if err := e.logRequests(); err != nil {
				return err
			}
			return e.startJQ()
		},
	}
	root.SetIn(e.In)
	root.SetOut(e.Out)
	root.SetErr(e.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &photo.Error{Kind: photo.KindUsage, Msg: flagMessage(err), Hint: flagHint(cmd, err)}
	})
	root.SetUsageFunc(usage)
	globalFlags(root)
	root.AddGroup(
		&cobra.Group{ID: "account", Title: "Signing in:"},
		&cobra.Group{ID: "photos", Title: "Photos:"},
	)
	addCommands(root, e, args)
	root.SetHelpCommand(newHelp())
	root.CompletionOptions.DisableDefaultCmd = true // newCompletion is in its place
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	return root
}

// commandRow is a command, its group in the help, and the function that makes it.
type commandRow struct {
	name, group string
	make        func(*env) *cobra.Command
}

// allCommandRows returns the commands in groups, in the order of their help.
func allCommandRows() []commandRow {
	return []commandRow{
		{"login", "account", newLogin},
		{"logout", "account", newLogout},
		{"status", "account", newStatus},
		{"token", "account", newToken},
		{"key", "account", newKey},
		{"profile", "account", newProfile},
		{"doctor", "account", newDoctor},
		{"upload", "photos", newUpload},
		{"list", "photos", newList},
		{"describe", "photos", newDescribe},
		{"download", "photos", newDownload},
		{"copy", "photos", newCopy},
		{"view", "photos", newView},
		{"open", "photos", newOpen},
		{"dupes", "photos", newDupes},
		{"verify", "photos", newVerify},
		{"share", "photos", newShare},
		{"tag", "photos", newTag},
		{"rename", "photos", newRename},
		{"stats", "photos", newStats},
		{"sync-xmp", "photos", newSyncXMP},
		{"delete", "photos", newDelete},
		{"restore", "photos", newRestore},
		{"empty-trash", "photos", newEmptyTrash},
	}
}

// addCommands adds the command that args begin with, or all commands when they begin with anything
// else, such as help or a mistake. To make all of them takes a start as long as everything else in it.
func addCommands(root *cobra.Command, e *env, args []string) {
	if len(args) == 1 && args[0] == "--version" {
		return
	}
	rows := allCommandRows()
	named := func(row commandRow) bool { return len(args) > 0 && row.name == args[0] }
	if i := slices.IndexFunc(rows, named); i >= 0 {
		rows = rows[i : i+1]
	} else {
		root.AddCommand(newConfig(e), newCompletion(e), newVersion(e), newOpenBrowser(), newManPages())
		root.AddCommand(helpTopics()...)
	}
	for _, row := range rows {
		c := row.make(e)
		c.GroupID = row.group
		root.AddCommand(c)
	}
}

// endsWithNUL reports whether -0 is about the results. It is about the items of --from, if there are
// any.
func endsWithNUL(f *pflag.FlagSet) bool {
	from := f.Lookup("from")
	return f.Changed("null") && (from == nil || !from.Changed)
}

// flagMessage returns what is wrong with a flag: its name, its value, and what that should
// look like.
func flagMessage(err error) string {
	bad, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return err.Error()
	}
	f, value := bad.GetFlag(), quote(bad.GetValue())
	switch f.Value.Type() {
	case "duration":
		return "--" + f.Name + ": " + value + " is not a duration such as 90s"
	case "int", "int64":
		return "--" + f.Name + ": " + value + " is not a number"
	case "bool":
		return "--" + f.Name + ": " + value + " is neither true nor false"
	}
	if cause := bad.Unwrap(); cause != nil {
		return "--" + f.Name + ": " + cause.Error()
	}
	return err.Error()
}

// noArguments refuses arguments. It suggests the command that was probably meant.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	e := &photo.Error{Kind: photo.KindUsage, Msg: "unknown command " + quote(args[0]), Hint: cmd.CommandPath() + " --help shows the arguments"}
	if !cmd.HasAvailableSubCommands() {
		e.Msg = "unexpected argument " + quote(args[0])
		if cmd.Flags().Changed("json") && isFields(args[0]) {
			e.Hint = fieldsHint(args[0])
		}
	} else if near := suggestCommand(cmd, args[0]); near != "" {
		e.Hint = "did you mean " + cmd.CommandPath() + " " + near + "?"
	}
	return e
}

// atLeastOne refuses a call without arguments. what is the missing argument as the usage of
// the command calls it.
func atLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if fields, err := cmd.Flags().GetStringSlice("fields"); len(args) > 0 || err == nil && slices.Equal(fields, []string{"help"}) {
			return nil
		}
		return &photo.Error{Kind: photo.KindUsage, Msg: cmd.Name() + ": no " + what + " given", Hint: cmd.CommandPath() + " --help shows how"}
	}
}

// exactly refuses a call that has more or fewer arguments than these.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return &photo.Error{Kind: photo.KindUsage, Msg: cmd.Name() + ": no " + names[len(args)] + " given", Hint: cmd.CommandPath() + " --help shows how"}
		case len(args) > len(names):
			return &photo.Error{Kind: photo.KindUsage, Msg: "unexpected argument " + quote(args[len(names)]), Hint: cmd.CommandPath() + " --help shows how"}
		}
		return nil
	}
}
