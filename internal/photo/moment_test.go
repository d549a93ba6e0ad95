package photo

import (
	"testing"
	"time"
)

func TestMomentsAreReadAsTheyAreWritten(t *testing.T) {
	east, west := time.FixedZone("", 5*60*60+30*60), time.FixedZone("", -8*60*60)
	for want, m := range map[string]Moment{
		"":                                 {},
		"2024-05-31T18:00:00":              AtWallClock(time.Date(2024, 5, 31, 18, 0, 0, 0, west)),
		"2024-05-31T18:00:00.5":            AtWallClock(time.Date(2024, 5, 31, 18, 0, 0, 500_000_000, time.UTC)),
		"2024-05-31T18:00:00.000001":       AtWallClock(time.Date(2024, 5, 31, 18, 0, 0, 1999, time.UTC)),
		"2024-05-31T18:00:00Z":             At(time.Date(2024, 5, 31, 18, 0, 0, 0, time.UTC)),
		"2024-05-31T18:00:00.123456+05:30": At(time.Date(2024, 5, 31, 18, 0, 0, 123_456_789, east)),
		"1899-12-31T23:59:59-08:00":        At(time.Date(1899, 12, 31, 23, 59, 59, 0, west)),
	} {
		if got := m.String(); got != want {
			t.Errorf("%v is written as %q, want %q", m, got, want)
		}
		var again Moment
		if err := again.UnmarshalText([]byte(want)); err != nil || again.String() != want || !again.Time().Equal(m.Time()) {
			t.Errorf("%q is read as %v, error %v", want, again, err)
		}
	}
	for _, wrong := range []string{"2024-05-31", "2024-05-31T18:00", "2024-05-31T18:00:00Z+01:00", "2024-13-01T00:00:00", "yesterday", "18:00:00", "2024-05-31T18:00:00ZZ"} {
		if err := new(Moment).UnmarshalText([]byte(wrong)); err == nil {
			t.Errorf("%q is read without an error", wrong)
		}
	}
}
