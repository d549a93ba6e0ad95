package main

import (
	"context"
	"flag"
	"io"
	"slices"
	"strings"

	"photos/internal/photo"
)

// A command runs instead of the service.
type command struct {
	run   func(ctx context.Context, s *settings, stdout io.Writer, talk *talk) error
	flags []string // its own, which neither the service nor other commands have
}

// commands returns the commands by their first word.
func commands() map[string]command {
	return map[string]command{
		"account":  {run: account},
		"check":    {run: check, flags: []string{"repair", "json"}},
		"migrate":  {run: migrate, flags: []string{"dry-run"}},
		"move":     {run: moveAll, flags: []string{"to-database-url", "to-data", "to-bucket"}},
		"restored": {run: restored},
		"sweep":    {run: sweep, flags: []string{"dry-run"}},
		"version":  {run: printVersion, flags: []string{"json"}},
	}
}

// options are the values of the flags of commands.
type options struct {
	repair, json, dryRun         bool
	toDatabase, toData, toBucket string
}

func (o *options) declare(f *flags) {
	f.BoolVar(&o.repair, "repair", false, "")
	f.BoolVar(&o.json, "json", false, "")
	f.BoolVar(&o.dryRun, "dry-run", false, "")
	f.StringVar(&o.toDatabase, "to-database-url", "", "")
	f.StringVar(&o.toData, "to-data", "", "")
	f.StringVar(&o.toBucket, "to-bucket", "", "")
}

// commandsOf returns the commands that have a flag, in the order of their names.
func commandsOf(flag string) []string {
	var words []string
	for word, c := range commands() {
		if slices.Contains(c.flags, flag) {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	return words
}

// checkCommand refuses an unknown command, and the flags of another one.
func (s *settings) checkCommand() error {
	word := ""
	if len(s.words) > 0 {
		word = s.words[0]
		if _, known := commands()[word]; !known {
			return badSetting("photosd has no command %q", word)
		}
	}
	var err error
	s.given.Visit(func(f *flag.Flag) {
		if of := commandsOf(f.Name); len(of) > 0 && !slices.Contains(of, word) && err == nil {
			err = badSetting("--%s is a flag of 'photosd %s'", f.Name, strings.Join(of, "' and 'photosd "))
		}
	})
	return err
}

// noArguments refuses words after that of a command.
func (s *settings) noArguments() error {
	if len(s.words) > 1 {
		return &photo.Error{Kind: photo.KindUsage, Msg: s.words[0] + " takes no arguments: " + strings.Join(s.words[1:], " "), Hint: "'photosd " + s.words[0] + " --help' explains it"}
	}
	return nil
}
