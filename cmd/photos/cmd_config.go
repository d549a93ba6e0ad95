package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

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
		Short: "Show the settings and where each came from",
		Long: `Show the settings. Each comes from the first of these places that has one:
flag, environment, config.yaml, what the service published at login, default.

Keys of config.yaml:
  ` + strings.Join(fileKeys(), "\n  "),
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(
		&cobra.Command{
			Use: "list", Short: "Every setting, its value and where it came from", Args: noArguments,
			RunE: func(*cobra.Command, []string) error { return configList(e) },
		},
		&cobra.Command{
			Use: "path", Short: "The path of config.yaml", Args: noArguments,
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
		if _, ok := fileSetting(row.key); ok {
			keys = append(keys, row.key)
		}
	}
	return keys
}

func configList(e *env) error {
	out, err := newPrinter(e, []term.Column[configValue]{
		{Name: "key", Text: func(v configValue) string { return v.Key }},
		{Name: "value", Text: func(v configValue) string { return v.Value }},
		{Name: "source", Text: func(v configValue) string { return v.Source }},
	}, func(v configValue) any { return v })
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
