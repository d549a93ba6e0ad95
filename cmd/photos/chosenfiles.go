package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"photos/internal/filter"
	"photos/internal/photo"
	"photos/internal/transfer"
)

// chosenFiles are the flags that choose among the files of folders.
type chosenFiles struct {
	include, exclude, excludeFrom []string
	since, maxSize, minAge        string
	hidden                        bool

	options transfer.ScanOptions // what they mean
	given   func(flag string) bool
}

func (c *chosenFiles) flags(f *pflag.FlagSet) {
	c.given = f.Changed
	f.Var((*textList)(&c.include), "include", "in folders, upload only files that match this `pattern`, such as *.jpg or 2024/**")
	f.Var((*textList)(&c.exclude), "exclude", "in folders, leave out files and folders that match this `pattern`")
	f.Var((*textList)(&c.excludeFrom), "exclude-from", "in folders, leave out what the rules in this `file` match, as in .gitignore")
	f.StringVar(&c.since, "since", "", "in folders, upload only files changed since this `time`: 2026-05-31, 7d")
	f.StringVar(&c.maxSize, "max-size", "", "in folders, leave out files larger than this `size`: 500M, 4G")
	f.StringVar(&c.minAge, "min-age", "", "in folders, leave out files changed within this `time`: 30s, 10m, 7d")
	f.BoolVar(&c.hidden, "hidden", false, "also enter hidden folders")
}

// flag returns the first flag that is given, or "".
func (c *chosenFiles) flag() string {
	for _, name := range []string{"include", "exclude", "exclude-from", "since", "max-size", "min-age", "hidden"} {
		if c.given(name) {
			return "--" + name
		}
	}
	return ""
}

// read parses the values of the flags.
func (c *chosenFiles) read(now time.Time) (err error) {
	for flag, value := range map[string]string{"since": c.since, "max-size": c.maxSize, "min-age": c.minAge} {
		if c.given(flag) && photo.IsBlank(value) {
			return emptyFlag(flag)
		}
	}
	o := transfer.ScanOptions{IgnoreFiles: true, Hidden: c.hidden}
	if o.Include, err = parsePatterns(c.include); err != nil {
		return fmt.Errorf("--include: %w", err)
	}
	if o.Exclude, err = parsePatterns(c.exclude); err != nil {
		return fmt.Errorf("--exclude: %w", err)
	}
	if o.ExcludeFrom, err = readRules(c.excludeFrom); err != nil {
		return fmt.Errorf("--exclude-from: %w", err)
	}
	c.options = o
	return c.readLimits(now)
}

// readLimits parses the limits of times and sizes.
func (c *chosenFiles) readLimits(now time.Time) (err error) {
	if c.since != "" {
		if c.options.Since, _, err = filter.ParseTime(c.since, now); err != nil {
			return fmt.Errorf("--since: %w", err)
		}
	}
	if c.minAge != "" {
		if c.options.MinAge, err = filter.ParseAge(c.minAge, now); err != nil {
			return fmt.Errorf("--min-age: %w", err)
		}
	}
	if c.maxSize != "" {
		size, err := photo.ParseSize(c.maxSize)
		if err != nil || size == 0 {
			return badUsage("--max-size: "+quote(c.maxSize)+" is not a size like 500M or 4GiB", "")
		}
		c.options.MaxSize = int64(size)
	}
	return nil
}

func parsePatterns(texts []string) ([]*transfer.Pattern, error) {
	var out []*transfer.Pattern
	for _, text := range texts {
		p, err := transfer.ParsePattern(text)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func readRules(files []string) ([]*transfer.Ignore, error) {
	var out []*transfer.Ignore
	for _, file := range files {
		rules, err := transfer.ReadIgnore(file)
		if photo.KindOf(err) == photo.KindNotFound {
			err = &photo.Error{Kind: photo.KindNotFound, Msg: "no such file"}
		}
		if err != nil {
			return nil, about(file, err)
		}
		out = append(out, rules)
	}
	return out, nil
}
