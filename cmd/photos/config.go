package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"photos/internal/auth"
	"photos/internal/photo"
	"photos/internal/term"
)

// settings are the values that a command runs with. Each comes from the first of these
// places that has one: flag, environment, config.yaml, default. What the service publishes
// is asked for at login and kept in the profile.
type settings struct {
	Server   string        `mapstructure:"server"`
	Profile  string        `mapstructure:"profile"`
	Timeout  time.Duration `mapstructure:"timeout"`
	Browser  string        `mapstructure:"browser"`
	JSON     bool          `mapstructure:"json"`
	Format   string        `mapstructure:"format"`
	JQ       string        `mapstructure:"jq"`
	Fields   []string      `mapstructure:"fields"`
	Quiet    bool          `mapstructure:"quiet"`
	Verbose  bool          `mapstructure:"verbose"`
	NoColor  bool          `mapstructure:"no_color"`
	Pager    string        `mapstructure:"pager"`
	Editor   string        `mapstructure:"editor"`
	LogFile  string        `mapstructure:"log_file"`
	Jobs     int           `mapstructure:"jobs"`
	BWLimit  string        `mapstructure:"bwlimit"`
	NoPager  bool          `mapstructure:"no_pager"`
	Yes      bool          `mapstructure:"yes"`
	PoolID   string        `mapstructure:"cognito_pool_id"`
	Issuer   string        `mapstructure:"cognito_issuer"`
	Domain   string        `mapstructure:"cognito_domain"`
	ClientID string        `mapstructure:"cognito_client_id"`

	dir       string // holds config.yaml, the profiles and their state
	dirSource string
	wide      bool // tables show more columns
	nul       bool // results end with a NUL byte
	v         *viper.Viper
	sources   map[string]string // where each value came from, by key
}

// setting is one row of the table of settings: its key in config.yaml, its flag, its
// environment variables (the first that is set counts) and its default.
type setting struct {
	key  string
	flag string
	env  []string
	def  any
}

// allSettings lists every setting there is. Any other key in config.yaml is an error. No
// secret is a setting, since a file is not the place for one.
func allSettings() []setting {
	return []setting{
		{"server", "server", []string{"PHOTOS_SERVER"}, ""},
		{"profile", "profile", []string{"PHOTOS_PROFILE"}, ""},
		{"timeout", "timeout", []string{"PHOTOS_TIMEOUT"}, time.Minute},
		{"browser", "", []string{"PHOTOS_BROWSER", "BROWSER"}, ""},
		{"json", "json", nil, false},
		{"format", "format", nil, ""},
		{"jq", "jq", nil, ""},
		{"fields", "fields", nil, []string{}},
		{"quiet", "quiet", nil, false},
		{"verbose", "verbose", nil, false},
		{"no_color", "no-color", nil, false},
		{"pager", "", []string{"PHOTOS_PAGER", "PAGER"}, "less"},
		{"no_pager", "no-pager", nil, false},
		{"editor", "", []string{"VISUAL", "EDITOR"}, defaultEditor()},
		{"log_file", "log-file", nil, ""},
		{"jobs", "", nil, 0},
		{"bwlimit", "", nil, ""},
		{"yes", "yes", nil, false},
		{"cognito_pool_id", "", []string{"COGNITO_POOL_ID"}, ""},
		{"cognito_issuer", "", []string{"COGNITO_ISSUER"}, ""},
		{"cognito_domain", "", []string{"COGNITO_DOMAIN"}, ""},
		{"cognito_client_id", "", []string{"COGNITO_CLIENT_ID"}, ""},
	}
}

func defaultEditor() string {
	if runtime.GOOS == "windows" {
		return "notepad"
	}
	return "vi"
}

// onlyFlags are settings of one call, which make no sense in a file.
var onlyFlags = []string{"json", "format", "jq", "fields", "quiet", "verbose", "no_pager", "yes"}

func globalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.String("server", "", "use the profile that is signed in at this service `URL`")
	f.String("profile", "", "use the profile with this `name`")
	f.String("config", "", "`folder` of config.yaml and the profiles")
	f.Bool("json", false, "print JSON Lines: one object per result")
	f.String("format", "", "print results in this `form`: table, tsv, csv, jsonl or sha256sum")
	f.String("jq", "", "filter the JSON Lines with jq and this `expression`")
	f.StringSlice("fields", nil, "print only these `fields`, in this order; help lists them")
	f.BoolP("quiet", "q", false, "print only the first field (id, path) and fewer messages")
	f.BoolP("verbose", "v", false, "print more messages")
	f.Bool("no-color", false, "print no colors")
	f.String("log-file", "", "append messages and requests to this `file`")
	f.Bool("no-pager", false, "print long lists without a pager")
	f.Duration("timeout", time.Minute, "give up after this long without progress")
	f.BoolP("yes", "y", false, "answer questions with yes")
}

// loadSettings finds the value of every setting. viper holds the layers and decides which
// comes first. It would read this process's own environment, so the layer of variables is
// made here from getenv and put over that of the file.
func loadSettings(flags *pflag.FlagSet, getenv func(string) string) (settings, error) {
	return loadLayers(flags, getenv, (*settings).readFile)
}

// loadWithoutFile is like loadSettings as if there were no config.yaml, so that photos config edit
// can correct one that is not valid.
func loadWithoutFile(flags *pflag.FlagSet, getenv func(string) string) (settings, error) {
	return loadLayers(flags, getenv, func(*settings) error { return nil })
}

func loadLayers(flags *pflag.FlagSet, getenv func(string) string, readFile func(*settings) error) (settings, error) {
	s := settings{v: viper.New(), sources: map[string]string{}}
	if err := s.findDir(flags, getenv); err != nil {
		return s, err
	}
	variables, err := readEnvironment(getenv)
	if err != nil {
		return s, err
	}
	if err := readFile(&s); err != nil {
		return s, err
	}
	for _, row := range allSettings() {
		if err := s.addLayers(row, variables[row.key], flags); err != nil {
			return s, err
		}
	}
	if err := s.v.Unmarshal(&s); err != nil {
		return s, &photo.Error{Kind: photo.KindUsage, Msg: "settings: " + oneLine(err.Error()), Hint: "photos config list shows where each value comes from"}
	}
	s.Profile = strings.ToLower(s.Profile)
	err = s.check()
	return s, err
}

// addLayers adds the default, the variable and the flag of a setting to viper, which has the file
// already, and records where the value comes from.
func (s *settings) addLayers(row setting, v variable, flags *pflag.FlagSet) error {
	s.v.SetDefault(row.key, row.def)
	source := "default"
	if s.v.InConfig(row.key) {
		source = "file " + s.file()
	}
	if v.name != "" {
		if err := s.v.MergeConfigMap(map[string]any{row.key: v.value}); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		source = "environment " + v.name
	}
	if f := flags.Lookup(row.flag); row.flag != "" && f != nil {
		if err := s.v.BindPFlag(row.key, f); err != nil {
			return fmt.Errorf("--%s: %w", row.flag, err)
		}
		if f.Changed {
			source = "flag --" + row.flag
		}
	}
	s.sources[row.key] = source
	return nil
}

// variable is an environment variable that is set.
type variable struct{ name, value string }

// readEnvironment returns the variables that are set, by the key of their setting.
func readEnvironment(getenv func(string) string) (map[string]variable, error) {
	out := map[string]variable{}
	for _, row := range allSettings() {
		for _, name := range row.env {
			value := strings.TrimSpace(getenv(name))
			if value == "" {
				continue
			}
			if err := row.checkText(value); err != nil {
				return nil, &photo.Error{Kind: photo.KindUsage, Msg: name + ": " + err.Error(), Hint: "correct it, or unset " + name}
			}
			out[row.key] = variable{name, value}
			break
		}
	}
	return out, nil
}

// isProfileName reports whether a profile may be called s, which is a file name too.
func isProfileName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	return s != "" && len(s) <= 64 && strings.Trim(s, letters+"._-") == "" && strings.Contains(letters, s[:1])
}

// check refuses values that make no sense, and writes the address of the service as profiles
// hold it.
func (s *settings) check() error {
	if s.Profile != "" && !isProfileName(s.Profile) {
		return s.badValue("profile", quote(s.Profile)+" is not a name for a profile", "letters, digits, dot, dash and underscore")
	}
	if s.Server != "" {
		server, err := serverURL(s.Server)
		if err != nil {
			return s.badValue("server", err.Error(), photo.HintOf(err))
		}
		s.Server = server
		s.v.Set("server", server)
	}
	form, ok := term.ParseForm(s.Format)
	switch {
	case !ok:
		return s.badValue("format", quote(s.Format)+" is not a valid form", "it is table, tsv, csv, jsonl or sha256sum")
	case s.JSON && form != term.Auto && form != term.JSONLines:
		return exclude("--json", "--format "+s.Format)
	case s.Quiet && form != term.Auto && form != term.TSV && form != term.JSONLines:
		return exclude("--quiet", "--format "+s.Format)
	}
	if s.JQ != "" {
		if form != term.Auto && form != term.JSONLines || s.Quiet {
			return badUsage("--jq cannot be combined with --quiet or another --format", "jq reads JSON Lines")
		}
		s.JSON, s.NoPager = true, true
	}
	s.JSON = s.JSON || form == term.JSONLines
	if s.Jobs < 0 || s.Jobs > maxJobs {
		return s.badValue("jobs", fmt.Sprintf("%d is not a number from 1 to %d", s.Jobs, maxJobs), "")
	}
	if _, err := parseRate(s.BWLimit); err != nil {
		return s.badValue("bwlimit", err.Error(), photo.HintOf(err))
	}
	if s.Timeout <= 0 {
		return s.badValue("timeout", quote(s.Timeout.String())+" must be more than 0", "for example 30s")
	}
	return nil
}

// badValue returns the error of a value that makes no sense. It names the flag, the
// variable or the file that the value came from.
func (s *settings) badValue(key, what, hint string) error {
	kind, name, _ := strings.Cut(s.sources[key], " ")
	if kind == "file" {
		name += ": " + key
	}
	return &photo.Error{Kind: photo.KindUsage, Msg: name + ": " + what, Hint: hint}
}

// text returns a setting's value as it is used.
func (s *settings) text(row setting) string {
	switch row.def.(type) {
	case time.Duration:
		return s.v.GetDuration(row.key).String()
	case []string:
		return strings.Join(s.v.GetStringSlice(row.key), ",")
	}
	return s.v.GetString(row.key)
}

// format returns what the user wants on stdout.
func (s *settings) format() term.Format {
	form, _ := term.ParseForm(s.Format)
	if s.JSON {
		form = term.JSONLines
	}
	return term.Format{Form: form, Quiet: s.Quiet, NUL: s.nul, Fields: s.Fields, Wide: s.wide}
}

// serverURL returns the address of a service in the form that profiles hold.
func serverURL(address string) (string, error) {
	server, err := auth.ParseServer(address)
	if e, ok := errors.AsType[*auth.Error](err); ok {
		return "", &photo.Error{Kind: photo.KindUsage, Msg: e.Msg, Hint: e.Hint}
	}
	return server, err
}

// findDir sets the configuration folder: that of --config, of PHOTOS_CONFIG_DIR or the
// system's.
func (s *settings) findDir(flags *pflag.FlagSet, getenv func(string) string) (err error) {
	if f := flags.Lookup("config"); f != nil && f.Changed {
		s.dir, s.dirSource = f.Value.String(), "flag --config"
	} else if d := getenv("PHOTOS_CONFIG_DIR"); d != "" {
		s.dir, s.dirSource = d, "environment PHOTOS_CONFIG_DIR"
	} else {
		s.dir, s.dirSource = filepath.Join(xdg.ConfigHome, "photos"), "default"
		return nil
	}
	if s.dir, err = filepath.Abs(s.dir); err != nil {
		return fmt.Errorf("config folder: %w", err)
	}
	return nil
}

// file returns the path of config.yaml.
func (s *settings) file() string { return filepath.Join(s.dir, "config.yaml") }

// stateDir returns the folder of what the program remembers between runs. It is in the
// user's state folder, or is the configuration folder when that was given.
func (s *settings) stateDir() string {
	if s.dirSource == "default" {
		return filepath.Join(xdg.StateHome, "photos")
	}
	return s.dir
}

// sessionsDir returns the folder of the locks and the state of sessions.
func (s *settings) sessionsDir() string { return filepath.Join(s.stateDir(), "sessions") }

// readFile reads config.yaml if it exists. An error names the file, the line and the key.
func (s *settings) readFile() error {
	content, err := os.ReadFile(s.file())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &photo.Error{Kind: photo.KindUsage, Msg: "config file: " + err.Error(), Hint: "make it readable, or choose another with --config"}
	}
	return s.readContent(content)
}

// readContent reads the content of config.yaml.
func (s *settings) readContent(content []byte) error {
	if err := checkConfig(s.file(), content); err != nil {
		return err
	}
	s.v.SetConfigType("yaml")
	if err := s.v.ReadConfig(bytes.NewReader(content)); err != nil {
		return badConfig(s.file(), 0, err.Error())
	}
	return nil
}

// checkConfig refuses a config.yaml that is not a list of known keys with plain values.
func checkConfig(file string, content []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(content, &doc); err != nil {
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
		row, ok := fileSetting(strings.ToLower(key.Value))
		switch {
		case !ok:
			return badConfig(file, key.Line, "unknown key "+quote(key.Value))
		case value.Kind != yaml.ScalarNode:
			return badConfig(file, key.Line, "the value of "+quote(key.Value)+" must be a single value")
		}
		if err := row.checkText(value.Value); err != nil {
			return badConfig(file, value.Line, quote(key.Value)+": "+err.Error())
		}
	}
	return nil
}

// fileSetting returns the setting that a key of config.yaml sets.
func fileSetting(key string) (setting, bool) {
	for _, row := range allSettings() {
		if row.key == key && row.inFile() {
			return row, true
		}
	}
	return setting{}, false
}

// inFile reports whether config.yaml may have the setting.
func (row setting) inFile() bool { return !slices.Contains(onlyFlags, row.key) }

// checkText refuses a text that is not a value of the setting's type.
func (row setting) checkText(text string) error {
	switch row.def.(type) {
	case time.Duration:
		if _, err := time.ParseDuration(text); err != nil {
			return fmt.Errorf("%q is not a duration such as 90s", text)
		}
	case int:
		if _, err := strconv.Atoi(text); err != nil {
			return fmt.Errorf("%q is not a number", text)
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
