package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"photos/internal/filter"
	"photos/internal/photo"
)

// filterOptions are the flags that filter photos.
type filterOptions struct {
	search, since, until, by string
	limit                    int
	undescribed              bool

	given func(flag string) bool // whether the call has the flag, even with an empty value
}

func (o *filterOptions) flags(f *pflag.FlagSet) {
	o.given = f.Changed
	f.StringVar(&o.search, "search", "", "only photos that match this `filter`, such as \"bay taken:2024\"")
	f.StringVar(&o.since, "since", "", "only from this `time` on: 2026-05-31, 2026-05, today, 7d, ...")
	f.StringVar(&o.until, "until", "", "only up to and including this `time`, written as for --since")
	f.StringVar(&o.by, "by", "uploaded", "sort and filter by the time `uploaded` or taken")
	f.IntVar(&o.limit, "limit", 0, "at most this `number` of photos; 0: all")
	f.BoolVar(&o.undescribed, "undescribed", false, "only photos without a description")
}

// filter reads the options. An age such as 7d counts from now. The service gets a text of the
// filter in which times have offsets, because it does not know the user's clock.
func (o filterOptions) filter(now time.Time) (photo.Filter, error) {
	f := photo.Filter{Search: o.search, By: photo.Order(o.by), Undescribed: o.undescribed}
	if f.By != photo.ByUploaded && f.By != photo.ByTaken {
		return f, &photo.Error{Kind: photo.KindUsage, Msg: "--by: " + quote(o.by) + " is not a valid order", Hint: "it is uploaded or taken"}
	}
	if o.limit < 0 {
		return f, &photo.Error{Kind: photo.KindUsage, Msg: "--limit must not be negative", Hint: "0 lists all"}
	}
	if err := o.refuseBlank(); err != nil {
		return f, err
	}
	var err error
	if o.search != "" {
		q, err := filter.Parse(o.search, now)
		if err != nil {
			return f, fmt.Errorf("--search: %w", err)
		}
		if f.Search = q.String(); len(f.Search) > filter.MaxText {
			return f, &photo.Error{Kind: photo.KindUsage, Msg: "--search is too long", Hint: fmt.Sprintf("a filter has at most %d bytes, in which each time counts about 30", filter.MaxText)}
		}
	}
	if o.since != "" {
		if f.Since, _, err = filter.ParseTime(o.since, now); err != nil {
			return f, fmt.Errorf("--since: %w", err)
		}
	}
	if o.until != "" {
		if _, f.Until, err = filter.ParseTime(o.until, now); err != nil {
			return f, fmt.Errorf("--until: %w", err)
		}
	}
	return f, nil
}

// narrows reports whether the options exclude any photos.
func (o filterOptions) narrows() bool {
	return o.given("search") || o.given("since") || o.given("until") || o.limit != 0 || o.undescribed
}

// String returns the options as the user wrote them, and "" for all photos.
func (o filterOptions) String() string {
	var parts []string
	add := func(flag, value string) {
		if o.given(flag) {
			parts = append(parts, "--"+flag+" "+quote(value))
		}
	}
	add("search", o.search)
	add("since", o.since)
	add("until", o.until)
	if o.given("since") || o.given("until") {
		add("by", o.by)
	}
	if o.undescribed {
		parts = append(parts, "--undescribed")
	}
	return strings.Join(parts, " ")
}

// refuseBlank returns an error for a filter that is given but blank. An unset variable in a
// script causes that, and it must not mean all photos.
func (o filterOptions) refuseBlank() error {
	for _, f := range []struct{ flag, value string }{{"search", o.search}, {"since", o.since}, {"until", o.until}} {
		if o.given(f.flag) && photo.IsBlank(f.value) {
			return emptyFlag(f.flag)
		}
	}
	return nil
}

func emptyFlag(name string) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: "--" + name + " is empty", Hint: "leave it out if it should not filter"}
}
