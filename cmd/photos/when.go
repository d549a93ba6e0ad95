package main

import (
	"strconv"
	"strings"
	"time"

	"photos/internal/photo"
)

// parseWhen reads a time as --since and --until take it. It returns the first instant
// that it covers and the one after the last: of a year, month or day in the user's time
// zone. A local time, an RFC 3339 time and an age cover only one instant. Both results
// have the clock that the user means, see photo.Filter.
func parseWhen(s string, now time.Time) (from, to time.Time, err error) {
	switch s {
	case "today":
		s = now.Format(time.DateOnly)
	case "yesterday":
		s = photo.WallClock(now).AddDate(0, 0, -1).Format(time.DateOnly)
	}
	for _, l := range []struct {
		layout           string
		year, month, day int
	}{
		{"2006", 1, 0, 0}, {"2006-01", 0, 1, 0}, {time.DateOnly, 0, 0, 1},
		{"2006-01-02T15:04", 0, 0, 0}, {"2006-01-02T15:04:05", 0, 0, 0}, {"2006-01-02 15:04", 0, 0, 0}, {time.DateTime, 0, 0, 0},
	} {
		if wall, err := time.Parse(l.layout, s); err == nil {
			return localTime(wall, now.Location()), localTime(wall.AddDate(l.year, l.month, l.day), now.Location()), nil
		}
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, t, nil
		}
	}
	if t, ok := parseAge(s, now); ok {
		return t, t, nil
	}
	return from, to, &photo.Error{
		Kind: photo.KindUsage, Msg: quote(s) + " is not a valid time",
		Hint: "write 2026, 2026-05, 2026-05-31, 2026-05-31T18:00, today, yesterday, 7d or 12h",
	}
}

// parseAge reads how long ago something was, in days or in units of Go's durations.
func parseAge(s string, now time.Time) (time.Time, bool) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), true
		}
	}
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), true
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
	if photo.WallClock(t).Equal(photo.WallClock(wall)) {
		return t
	}
	_, offset := t.Add(-12 * time.Hour).Zone()
	return time.Date(y, mo, d, h, mi, s, wall.Nanosecond(), time.FixedZone("", offset))
}
