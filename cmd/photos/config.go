package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"photos/internal/auth"
	"photos/internal/photo"
)

// settings are the values a command runs with, each found in this order: flag,
// environment, config.yaml, default. What the service publishes is asked for
// at login and pinned in the profile.
type settings struct {
	Server    string        `mapstructure:"server"`
	Profile   string        `mapstructure:"profile"`
	Timeout   time.Duration `mapstructure:"timeout"`
	Browser   string        `mapstructure:"browser"`
	JSON      bool          `mapstructure:"json"`
	Fields    []string      `mapstructure:"fields"`
	Quiet     bool          `mapstructure:"quiet"`
	Verbose   bool          `mapstructure:"verbose"`
	NoColor   bool          `mapstructure:"no_color"`
	Yes       bool          `mapstructure:"yes"`
	PoolID    string        `mapstructure:"cognito_pool_id"`
	Issuer    string        `mapstructure:"cognito_issuer"`
	Domain    string        `mapstructure:"cognito_domain"`
	ClientID  string        `mapstructure:"cognito_client_id"`
	rate      int64         // bytes a second that uploads may take; 0: any
	dir       string        // holds config.yaml, the profiles and their state
	dirSource string
	v         *viper.Viper
	flags     *pflag.FlagSet
}

// setting is one row of the table of settings: its key in config.yaml, its
// flag, its environment variables (first found wins), its default.
type setting struct {
	key  string
	flag string
	env  []string
	def  any
}

// allSettings lists every setting there is. A key that is not here is an error in
// config.yaml; a secret is not here, since a file is no place for one.
func allSettings() []setting {
	return []setting{
		{"server", "server", []string{"PHOTOS_SERVER"}, ""},
		{"profile", "profile", []string{"PHOTOS_PROFILE"}, ""},
		{"timeout", "timeout", []string{"PHOTOS_TIMEOUT"}, time.Minute},
		{"browser", "", []string{"PHOTOS_BROWSER", "BROWSER"}, ""},
		{"json", "json", nil, false},
		{"fields", "fields", nil, []string{}},
		{"quiet", "quiet", nil, false},
		{"verbose", "verbose", nil, false},
		{"no_color", "no-color", nil, false},
		{"yes", "yes", nil, false},
		{"cognito_pool_id", "", []string{"COGNITO_POOL_ID"}, ""},
		{"cognito_issuer", "", []string{"COGNITO_ISSUER"}, ""},
		{"cognito_domain", "", []string{"COGNITO_DOMAIN"}, ""},
		{"cognito_client_id", "", []string{"COGNITO_CLIENT_ID"}, ""},
	}
}

// onlyFlags are settings of one call; they make no sense in a file.
var onlyFlags = []string{"json", "fields", "quiet", "verbose", "yes"}

func globalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.String("server", "", "use the profile signed in at this service `URL`")
	f.String("profile", "", "use the profile of this `name`")
	f.String("config", "", "`folder` of config.yaml and the profiles")
	f.Bool("json", false, "print JSON Lines: one object a result")
	f.StringSlice("fields", nil, "print only these `fields`, in this order")
	f.BoolP("quiet", "q", false, "print first values (ids, paths) only, and say less")
	f.BoolP("verbose", "v", false, "say more")
	f.Bool("no-color", false, "no colour, even on a terminal")
	f.Duration("timeout", time.Minute, "give up after this long without progress")
	f.BoolP("yes", "y", false, "answer questions with yes")
}

// configure finds out every setting; it runs before the command does.
func (e *env) configure(cmd *cobra.Command) error {
	dir, source, err := e.configDir(cmd.Flags())
	if err != nil {
		return err
	}
	v := viper.New() // given values by Set, since its own look-ups would pass by e.getenv
	for _, s := range allSettings() {
		v.SetDefault(s.key, s.def)
		if name, value := e.firstEnv(s.env); name != "" {
			if err := s.check(value); err != nil {
				return &photo.Error{Kind: photo.KindUsage, Msg: name + ": " + err.Error(), Hint: "correct it, or unset " + name}
			}
			v.Set(s.key, value)
		}
		if f := cmd.Flags().Lookup(s.flag); s.flag != "" && f != nil && f.Changed {
			v.Set(s.key, flagValue(f))
		}
	}
	file := filepath.Join(dir, "config.yaml")
	if err := readConfig(v, file); err != nil {
		return err
	}
	set := settings{}
	if err := v.Unmarshal(&set); err != nil {
		return &photo.Error{Kind: photo.KindUsage, Msg: "settings: " + oneLine(err.Error()), Hint: "photos config list shows where each value comes from"}
	}
	set.dir, set.dirSource, set.v, set.flags = dir, source, v, cmd.Flags()
	set.Profile = strings.ToLower(set.Profile)
	set.NoColor = set.NoColor || e.getenv("NO_COLOR") != ""
	e.set = set
	return e.checkSettings()
}

func flagValue(f *pflag.Flag) any {
	if s, ok := f.Value.(pflag.SliceValue); ok {
		return s.GetSlice()
	}
	return f.Value.String()
}

// isProfileName reports whether a profile may be called s: it is a file name too.
func isProfileName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	return s != "" && len(s) <= 64 && strings.Trim(s, letters+"._-") == "" && strings.Contains(letters, s[:1])
}

func (e *env) checkSettings() error {
	if e.set.Profile != "" && !isProfileName(e.set.Profile) {
		return e.badSetting("profile", quote(e.set.Profile)+" is not a name for a profile", "letters, digits, dot, dash and underscore")
	}
	if e.set.Server != "" {
		server, err := serverURL(e.set.Server)
		if err != nil {
			return e.badSetting("server", err.Error(), photo.HintOf(err))
		}
		e.set.Server = server
		e.set.v.Set("server", server)
	}
	if e.set.Timeout <= 0 {
		return e.badSetting("timeout", quote(e.shown(setting{key: "timeout", def: time.Minute}))+" must be more than 0", "for example 30s")
	}
	return nil
}

// badSetting returns the error of a value that makes no sense. It names the flag, the
// variable or the file that the value came from.
func (e *env) badSetting(key, what, hint string) error {
	for _, s := range allSettings() {
		if s.key != key {
			continue
		}
		kind, name, _ := strings.Cut(e.sourceOf(s), " ")
		if kind == "file" {
			name += ": " + key
		}
		what = name + ": " + what
	}
	return &photo.Error{Kind: photo.KindUsage, Msg: what, Hint: hint}
}

// serverURL reads the address of a service in the form profiles hold it.
func serverURL(s string) (string, error) {
	server, err := auth.ParseServer(s)
	if e, ok := errors.AsType[*auth.Error](err); ok {
		return "", &photo.Error{Kind: photo.KindUsage, Msg: e.Msg, Hint: e.Hint}
	}
	return server, err
}

// configDir is --config, PHOTOS_CONFIG_DIR or the system's folder for configuration.
func (e *env) configDir(flags *pflag.FlagSet) (dir, source string, err error) {
	if f := flags.Lookup("config"); f != nil && f.Changed {
		dir, source = f.Value.String(), "flag --config"
	} else if d := e.getenv("PHOTOS_CONFIG_DIR"); d != "" {
		dir, source = d, "environment PHOTOS_CONFIG_DIR"
	} else {
		return filepath.Join(xdg.ConfigHome, "photos"), "default", nil
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", "", fmt.Errorf("config folder: %w", err)
	}
	return dir, source, nil
}

func (e *env) firstEnv(names []string) (name, value string) {
	for _, n := range names {
		if v := strings.TrimSpace(e.getenv(n)); v != "" {
			return n, v
		}
	}
	return "", ""
}

// readConfig reads config.yaml when it exists. A mistake in it names the file,
// the line and the key.
func readConfig(v *viper.Viper, file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &photo.Error{Kind: photo.KindUsage, Msg: "config file: " + err.Error(), Hint: "make it readable, or choose another with --config"}
	}
	if err := checkConfig(file, text); err != nil {
		return err
	}
	v.SetConfigType("yaml")
	if err := v.ReadConfig(strings.NewReader(string(text))); err != nil {
		return badConfig(file, 0, err.Error())
	}
	return nil
}

// checkConfig refuses a config.yaml that is no list of known keys with plain values.
func checkConfig(file string, text []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return badConfig(file, 0, strings.TrimPrefix(oneLine(err.Error()), "yaml: "))
	}
	if len(doc.Content) == 0 {
		return nil
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return badConfig(file, top.Line, "want lines of the form  key: value")
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		s, known := lookup(strings.ToLower(key.Value))
		switch {
		case !known:
			return badConfig(file, key.Line, "unknown key "+quote(key.Value))
		case value.Kind != yaml.ScalarNode:
			return badConfig(file, key.Line, "the value of "+quote(key.Value)+" must be a single value")
		}
		if err := s.check(value.Value); err != nil {
			return badConfig(file, value.Line, quote(key.Value)+": "+err.Error())
		}
	}
	return nil
}

// lookup finds a setting that may stand in a file.
func lookup(key string) (setting, bool) {
	for _, s := range allSettings() {
		if s.key == key && !slices.Contains(onlyFlags, key) {
			return s, true
		}
	}
	return setting{}, false
}

// check reports whether text is a value of the setting's type.
func (s setting) check(text string) error {
	switch s.def.(type) {
	case time.Duration:
		if _, err := time.ParseDuration(text); err != nil {
			return fmt.Errorf("%q is not a duration such as 90s", text)
		}
	case bool:
		if text != "true" && text != "false" {
			return fmt.Errorf("%q is neither true nor false", text)
		}
	}
	return nil
}

func badConfig(file string, line int, what string) error {
	where := file
	if line > 0 {
		where = fmt.Sprintf("%s:%d", file, line)
	}
	return &photo.Error{Kind: photo.KindUsage, Msg: "config file " + where + ": " + what, Hint: "photos config --help lists the keys"}
}

// sourceOf says where the value of a setting came from.
func (e *env) sourceOf(s setting) string {
	if f := e.set.flags.Lookup(s.flag); s.flag != "" && f != nil && f.Changed {
		return "flag --" + s.flag
	}
	if name, _ := e.firstEnv(s.env); name != "" {
		return "environment " + name
	}
	if e.set.v.InConfig(s.key) {
		return "file " + filepath.Join(e.set.dir, "config.yaml")
	}
	return "default"
}
