package main

import (
	"testing"
	"time"

	"photos/internal/photo"
)

func TestParseExpiry(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", 2*60*60)
	now := time.Date(2026, 5, 31, 18, 0, 0, 0, zone)
	for text, want := range map[string]string{
		"90d":                  "2026-08-29T18:00:00+02:00",
		"12h":                  "2026-06-01T06:00:00+02:00",
		"2026-05-31":           "2026-06-01T00:00:00+02:00", // to its end
		"2027-01-31":           "2027-02-01T00:00:00+02:00",
		"2026-05-31T16:00:01Z": "2026-05-31T16:00:01Z",
	} {
		got, err := parseExpiry(true, text, now)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s: %s, %v, want %s", text, got.Format(time.RFC3339), err, want)
		}
	}
	for _, text := range []string{"", "never", "0d", "-1d", "-1h", "0h", "d", "2026-05-30", "2026-05-31T16:00:00Z", "2026", "1e9d", "99999999999d"} {
		if got, err := parseExpiry(true, text, now); photo.KindOf(err) != photo.KindUsage || photo.HintOf(err) == "" {
			t.Errorf("%q: %s, %v, want an error with a hint", text, got, err)
		}
	}
	if got, err := parseExpiry(false, "", now); !got.IsZero() || err != nil {
		t.Errorf("not given: %s, %v", got, err)
	}
}
