package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"photos/internal/photo"
	"photos/internal/text"
)

// flags are the declared settings. Most can also be given as environment variables. A flag overrides
// its variable.
type flags struct {
	*flag.FlagSet
	described map[string]description // by flag
	texts     map[string]string      // the value that was given, by flag
	variables map[string]string      // the environment variable that gave it, by flag
	wrong     string                 // the flag whose value could not be read
}

// A description of a setting adds what package flag has no place for.
type description struct {
	variable string // environment variable, or empty
	form     string // describes a valid value
}

func newFlags() *flags {
	f := &flags{
		FlagSet: flag.NewFlagSet("photosd", flag.ContinueOnError), described: map[string]description{},
		texts: map[string]string{}, variables: map[string]string{},
	}
	f.SetOutput(io.Discard) // run reports errors
	return f
}

// describe sets the environment variable of a flag and describes its valid values.
func (f *flags) describe(name, variable, form string) {
	f.described[name] = description{variable, form}
	declared := f.Lookup(name)
	declared.Value = value{Value: declared.Value, set: f, name: name}
}

// value is the value of a flag. It keeps the text that was given.
type value struct {
	flag.Value
	set  *flags
	name string
}

// Set implements flag.Value.
func (v value) Set(text string) error {
	v.set.texts[v.name] = text
	err := v.Value.Set(text)
	if err != nil {
		v.set.wrong = v.name
	}
	return err
}

// IsBoolFlag tells package flag whether the flag may be given without a value.
func (v value) IsBoolFlag() bool {
	b, ok := v.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// parse reads the flags and the words between them, and then the variables of flags that are not given.
// With flag.ErrHelp it returns the words before --help.
func (f *flags) parse(args []string, getenv func(string) string) (words []string, err error) {
	for rest := args; len(rest) > 0; {
		if err := f.Parse(rest); err != nil {
			return words, f.explain(err)
		}
		if rest = f.Args(); len(rest) > 0 {
			words, rest = append(words, rest[0]), rest[1:]
		}
	}
	for _, name := range f.names() {
		variable := f.described[name].variable
		text := strings.TrimSpace(getenv(variable))
		if variable == "" || text == "" || f.given(name) {
			continue
		}
		f.variables[name] = variable
		if f.Set(name, text) != nil {
			return nil, f.bad(name)
		}
	}
	return words, nil
}

// names returns the described flags in order.
func (f *flags) names() []string {
	var names []string
	for name := range f.described {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// given reports whether a flag or its variable is given.
func (f *flags) given(name string) bool {
	_, ok := f.texts[name]
	return ok
}

// source returns the name of the variable or flag with which the user gave a setting.
func (f *flags) source(name string) string {
	if variable := f.variables[name]; variable != "" {
		return variable
	}
	return "--" + name
}

// bad returns an error that says that the value of a setting is not valid.
func (f *flags) bad(name string) error {
	return f.badAs(name, f.described[name].form)
}

// badAs is bad with another description of a valid value.
func (f *flags) badAs(name, form string) error {
	return badSetting("%s: %s is not %s", f.source(name), text.Quote(f.texts[name]), form)
}

// explain rewords an error of package flag. It returns flag.ErrHelp as it is.
func (f *flags) explain(err error) error {
	if err == flag.ErrHelp { //nolint:errorlint // package flag returns exactly this value
		return err
	}
	if f.wrong != "" {
		return f.bad(f.wrong)
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -"); ok {
		return badSetting("unknown flag --%s", name)
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag needs an argument: -"); ok {
		return badSetting("--%s needs a value: %s", name, f.described[name].form)
	}
	return badSetting("%v", err)
}

func badSetting(format string, args ...any) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf(format, args...), Hint: "'photosd --help' lists the settings"}
}
