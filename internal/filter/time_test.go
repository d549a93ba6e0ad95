package filter_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the zones of this test, on a machine that has none

	"photos/internal/filter"
	"photos/internal/photo"
)

func TestParseTime(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	for s, want := range map[string][2]time.Time{
		"2025":                   {day(2025, 1, 1), day(2026, 1, 1)},
		"2025-12":                {day(2025, 12, 1), day(2026, 1, 1)},
		"2025-12-31":             {day(2025, 12, 31), day(2026, 1, 1)},
		"2025-12-31T10:00:00Z":   {day(2025, 12, 31).Add(10 * time.Hour), day(2025, 12, 31).Add(10*time.Hour + time.Second)},
		"2025-12-31T10:00+01:00": {day(2025, 12, 31).Add(9 * time.Hour), day(2025, 12, 31).Add(9*time.Hour + time.Minute)},
		"7d":                     {now.AddDate(0, 0, -7), now.AddDate(0, 0, -7)},
		"90m":                    {now.Add(-90 * time.Minute), now.Add(-90 * time.Minute)},
		"today":                  {day(2026, 3, 10), day(2026, 3, 11)},
		"yesterday":              {day(2026, 3, 9), day(2026, 3, 10)},
		"2026-03-09T18:30":       {day(2026, 3, 9).Add(18*time.Hour + 30*time.Minute), day(2026, 3, 9).Add(18*time.Hour + 31*time.Minute)},
		"2026-03-09 18:30:15":    {day(2026, 3, 9).Add(18*time.Hour + 30*time.Minute + 15*time.Second), day(2026, 3, 9).Add(18*time.Hour + 30*time.Minute + 16*time.Second)},
	} {
		from, to, err := filter.ParseTime(s, now)
		if err != nil || !from.Equal(want[0]) || !to.Equal(want[1]) {
			t.Errorf("ParseTime(%q) = %s, %s, %v", s, from, to, err)
		}
	}
	for _, s := range []string{"", "tomorrow", "-3d", "2025-13", "d"} {
		if _, _, err := filter.ParseTime(s, now); photo.KindOf(err) != photo.KindUsage {
			t.Errorf("ParseTime(%q): error %v", s, err)
		}
	}
}

// TestParseTimeInTheUsersZone: a time without a zone is in the user's zone. The result shows it as it
// was written, because photos without a zone are compared with that. If clocks are put forward
// at midnight, the day begins then.
func TestParseTimeInTheUsersZone(t *testing.T) {
	zone := func(name string) *time.Location {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return loc
	}
	for _, c := range []struct{ when, zone, from, to string }{
		{"2024-05-31", "Asia/Tokyo", "2024-05-31T00:00:00+09:00", "2024-06-01T00:00:00+09:00"},
		{"2024-05-31T18:00", "Asia/Tokyo", "2024-05-31T18:00:00+09:00", "2024-05-31T18:01:00+09:00"},
		{"2024-05-31T18:00:00+02:00", "Asia/Tokyo", "2024-05-31T18:00:00+02:00", "2024-05-31T18:00:01+02:00"},
		{"today", "America/New_York", "2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00"},
		{"yesterday", "America/New_York", "2026-03-07T00:00:00-05:00", "2026-03-08T00:00:00-05:00"},
		{"2018-11-04", "America/Sao_Paulo", "2018-11-04T00:00:00-03:00", "2018-11-05T00:00:00-02:00"},
		{"2018-11-03", "America/Sao_Paulo", "2018-11-03T00:00:00-03:00", "2018-11-04T00:00:00-03:00"},
		{"1d", "America/New_York", "2026-03-07T23:30:00-05:00", "2026-03-07T23:30:00-05:00"},
	} {
		now := time.Date(2026, 3, 8, 23, 30, 0, 0, zone("America/New_York")).In(zone(c.zone))
		if c.zone != "America/New_York" {
			now = time.Date(2026, 3, 8, 12, 0, 0, 0, zone(c.zone))
		}
		from, to, err := filter.ParseTime(c.when, now)
		if err != nil || from.Format(time.RFC3339) != c.from || to.Format(time.RFC3339) != c.to {
			t.Errorf("ParseTime(%q) in %s = %s, %s, %v; want %s, %s", c.when, c.zone, from.Format(time.RFC3339), to.Format(time.RFC3339), err, c.from, c.to)
		}
	}
}
