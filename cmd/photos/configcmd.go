package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"photos/internal/text"
)

// configValue is one line of `photos config list`.
type configValue struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

func newConfig(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Show the settings and where each came from",
		Long: `Settings are found in this order: flag, environment, config.yaml, what the
service published at login, default.

Keys of config.yaml:
  ` + strings.Join(fileKeys(), "\n  "),
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(
		&cobra.Command{
			Use: "list", Short: "Every setting, its value and its source", Args: noArguments,
			RunE: func(*cobra.Command, []string) error { return configList(e) },
		},
		&cobra.Command{
			Use: "path", Short: "Where config.yaml is looked for", Args: noArguments,
			RunE: func(*cobra.Command, []string) error {
				path := filepath.Join(e.set.dir, "config.yaml")
				if e.terminal.out {
					path = text.Escape(path)
				}
				_, err := fmt.Fprintln(e.out, path)
				return err
			},
		},
	)
	return c
}

func fileKeys() []string {
	var keys []string
	for _, s := range allSettings() {
		if _, ok := lookup(s.key); ok {
			keys = append(keys, s.key)
		}
	}
	return keys
}

// shown is a setting's value as it is used.
func (e *env) shown(s setting) string {
	switch s.def.(type) {
	case time.Duration:
		return e.set.v.GetDuration(s.key).String()
	case []string:
		return strings.Join(e.set.v.GetStringSlice(s.key), ",")
	}
	return e.set.v.GetString(s.key)
}

func configList(e *env) error {
	out, err := newPrinter(e, []column[configValue]{
		{name: "key", text: func(v configValue) string { return v.Key }},
		{name: "value", text: func(v configValue) string { return v.Value }},
		{name: "source", text: func(v configValue) string { return v.Source }},
	}, func(v configValue) any { return v })
	if err != nil {
		return err
	}
	values := []configValue{{"config_dir", e.set.dir, e.set.dirSource}}
	for _, s := range allSettings() {
		values = append(values, configValue{s.key, e.shown(s), e.sourceOf(s)})
	}
	for _, v := range values {
		if err := out.print(v); err != nil {
			return err
		}
	}
	return out.close()
}
