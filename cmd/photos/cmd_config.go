package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"photos/internal/photo"
	"photos/internal/term"
	"photos/internal/text"
)

// configValue is one line of photos config list.
type configValue struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

func newConfig(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Show and change the settings",
		Long: `Show and change the settings. A setting comes from the first of these places
that has it: flag, environment, config.yaml, what the service published at
login, default.

Keys of config.yaml:
  ` + strings.Join(fileKeys(), "\n  "),
		Example: `  photos config list
  photos config set server https://photos.example.org`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List every setting, its value and where it came from", Args: noArguments,
			RunE: func(*cobra.Command, []string) error {
				defer e.page()()
				return configList(e)
			},
		},
		&cobra.Command{
			Use: "get KEY", Short: "Print the value of one setting", Args: exactly("KEY"),
			RunE: func(_ *cobra.Command, args []string) error { return configGet(e, args[0]) },
		},
		&cobra.Command{
			Use: "set KEY VALUE", Short: "Change one setting in config.yaml", Args: exactly("KEY", "VALUE"),
			Long:    "Change one setting in config.yaml, or add it. The comments of the file are kept.",
			Example: "  photos config set timeout 2m",
			RunE:    func(_ *cobra.Command, args []string) error { return configSet(e, args[0], args[1]) },
		},
		&cobra.Command{
			Use: "edit", Short: "Edit config.yaml in your editor", Args: noArguments,
			Long: `Edit config.yaml in the editor that VISUAL or EDITOR names. The new
text is checked before it replaces the file.`,
			RunE: func(cmd *cobra.Command, _ []string) error { return configEdit(cmd.Context(), e) },
		},
		&cobra.Command{
			Use: "path", Short: "Print the path of config.yaml", Args: noArguments,
			RunE: func(*cobra.Command, []string) error {
				path := e.set.file()
				if e.Out.Terminal {
					path = text.Escape(path)
				}
				_, err := fmt.Fprintln(e.Out, path)
				return err
			},
		},
	)
	return c
}

// fileKeys returns the keys that config.yaml may have.
func fileKeys() []string {
	var keys []string
	for _, row := range allSettings() {
		if row.inFile() {
			keys = append(keys, row.key)
		}
	}
	return keys
}

func configColumns() []term.Column[configValue] {
	return []term.Column[configValue]{
		{Name: "key", Text: func(v configValue) string { return v.Key }},
		{Name: "value", Text: func(v configValue) string { return v.Value }},
		{Name: "source", Text: func(v configValue) string { return v.Source }},
	}
}

func configList(e *env) error {
	out, err := newPrinter(e, configColumns(), func(v configValue) any { return v })
	if err != nil {
		return err
	}
	values := []configValue{{"config_dir", e.set.dir, e.set.dirSource}}
	for _, row := range allSettings() {
		values = append(values, configValue{row.key, e.set.text(row), e.set.sources[row.key]})
	}
	for _, v := range values {
		if err := out.Print(v); err != nil {
			return err
		}
	}
	return out.Close()
}

// configGet prints the value of one setting, which may be empty.
func configGet(e *env, key string) error {
	for _, row := range allSettings() {
		if strings.EqualFold(row.key, key) {
			v := configValue{row.key, e.set.text(row), e.set.sources[row.key]}
			if e.set.JSON {
				return printJSON(e, v)
			}
			_, err := fmt.Fprintln(e.Out, e.Word(v.Value))
			return err
		}
	}
	return unknownKey(key)
}

// configEdit lets the user edit a copy of config.yaml, and replaces the file with it if it is valid.
func configEdit(ctx context.Context, e *env) error {
	before, err := os.ReadFile(e.set.file())
	if errors.Is(err, fs.ErrNotExist) {
		before, err = []byte(newConfigFile()), nil
	}
	if err != nil {
		return fmt.Errorf("config file: %w", err)
	}
	d, err := newDraft("config.yaml", before)
	if err != nil {
		return err
	}
	after, err := d.edit(ctx, e)
	if err != nil || bytes.Equal(before, after) {
		d.remove()
		if err == nil && !e.set.Quiet {
			e.Say("photos: nothing was changed")
		}
		return err
	}
	if err := e.set.replaceFile(after); err != nil {
		return &photo.Error{Kind: photo.KindOf(withKind(err)), Msg: err.Error(), Hint: "nothing was changed; what you wrote is in " + d.path}
	}
	d.remove()
	return nil
}

// newConfigFile returns a config.yaml without values.
func newConfigFile() string {
	return "# The settings of photos: lines of the form  key: value\n# The keys are " + strings.Join(fileKeys(), ", ") + ".\n"
}

// configSet changes one setting in config.yaml.
func configSet(e *env, key, value string) error {
	if err := e.set.writeFile(strings.ToLower(key), value); err != nil {
		return err
	}
	if source := e.set.sources[strings.ToLower(key)]; strings.HasPrefix(source, "environment ") {
		e.Warn("%s is set, and is used in place of config.yaml", strings.TrimPrefix(source, "environment "))
	}
	return nil
}

func unknownKey(key string) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: "unknown key " + quote(key), Hint: "photos config --help lists the keys"}
}
