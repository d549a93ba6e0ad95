package filter

import (
	"strconv"
	"strings"
	"time"

	"photos/internal/photo"
)

const timeHint = "write 2026, 2026-05, 2026-05-31, 2026-05-31T18:00, today, yesterday, 7d or 12h"

// ParseTime reads a time as filters have it. It returns the first instant that the time covers and the one after
// the last. A year, a month and a day are of the zone of now, and so is a clock without an
// offset. An age such as 7d or 12h is one instant. Both results have the clock that the user
// means, see photo.Filter.
func ParseTime(s string, now time.Time) (from, to time.Time, err error) {
	from, to, problem := parseTime(s, now)
	if problem != nil {
		return from, to, problem
	}
	return from, to, nil
}

func parseTime(s string, now time.Time) (from, to time.Time, err *photo.Error) {
	switch strings.ToLower(s) {
	case "today":
		s = now.Format(time.DateOnly)
	case "yesterday":
		s = photo.WallClock(now).AddDate(0, 0, -1).Format(time.DateOnly)
	}
	for _, l := range []struct {
		layout           string
		year, month, day int
	}{{"2006", 1, 0, 0}, {"2006-01", 0, 1, 0}, {time.DateOnly, 0, 0, 1}} {
		if wall, err := time.Parse(l.layout, s); err == nil {
			return localTime(wall, now.Location()), localTime(wall.AddDate(l.year, l.month, l.day), now.Location()), nil
		}
	}
	clock := strings.Replace(strings.ToUpper(s), " ", "T", 1)
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if wall, err := time.Parse(layout, clock); err == nil {
			from = localTime(wall.Truncate(time.Microsecond), now.Location())
			return from, from.Add(precision(clock)), nil
		}
		if t, err := time.Parse(layout+"Z07:00", clock); err == nil {
			from = t.Truncate(time.Microsecond)
			return from, from.Add(precision(clock)), nil
		}
	}
	if t, ok := parseAge(s, now); ok {
		return t, t, nil
	}
	return from, to, invalid(quote(s)+" is not a valid time", timeHint)
}

// precision returns how long the last written digit of a clock covers: a minute, a second or a
// part of one.
func precision(clock string) time.Duration {
	_, hours, _ := strings.Cut(clock, "T")
	hours, _, _ = strings.Cut(hours, "Z")
	if i := strings.IndexAny(hours, "+-"); i >= 0 {
		hours = hours[:i]
	}
	if strings.Count(hours, ":") == 1 {
		return time.Minute
	}
	i := strings.IndexAny(hours, ".,")
	if i < 0 {
		return time.Second
	}
	p := time.Second
	for range min(len(hours)-i-1, 6) {
		p /= 10
	}
	return p
}

// maxDays is the longest age in days: about 270 years.
const maxDays = 100_000

// ParseAge reads an age, such as 30s, 12h or 7d.
func ParseAge(s string, now time.Time) (time.Duration, error) {
	t, ok := parseAge(s, now)
	if !ok {
		return 0, invalid(quote(s)+" is not a valid age", "write 30s, 10m, 12h or 7d")
	}
	return now.Sub(t).Truncate(time.Millisecond), nil
}

// parseAge reads how long ago something was, in days or in units of Go's durations.
func parseAge(s string, now time.Time) (time.Time, bool) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && 0 <= n && n <= maxDays {
			return now.AddDate(0, 0, -n).Truncate(time.Microsecond), true
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d).Truncate(time.Microsecond), true
	}
	return time.Time{}, false
}

// localTime returns the instant at which clocks in the zone show wall. When clocks are put
// forward, they skip some times, in some zones midnight. For such a time localTime uses
// the offset that was valid before.
func localTime(wall time.Time, zone *time.Location) time.Time {
	y, mo, d := wall.Date()
	h, mi, s := wall.Clock()
	t := time.Date(y, mo, d, h, mi, s, wall.Nanosecond(), zone)
	_, offset := t.Zone()
	switch skipped := !photo.WallClock(t).Equal(photo.WallClock(wall)); {
	case skipped:
		_, offset = t.Add(-12 * time.Hour).Zone()
	case offset%60 == 0:
		return t
	}
	// Until about 1930, offsets had seconds, which the text of a time cannot have.
	return time.Date(y, mo, d, h, mi, s, wall.Nanosecond(), time.FixedZone("", offset/60*60))
}
