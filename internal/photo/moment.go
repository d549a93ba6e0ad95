package photo

import (
	"fmt"
	"strings"
	"time"
)

// Moment is when a photo was taken: the time of a wall clock, and its UTC offset if the camera
// recorded one (EXIF 2.31, OffsetTimeOriginal). A moment without an offset is sorted as if
// it were UTC.
type Moment struct {
	t     time.Time
	zoned bool
}

// At returns a moment whose offset is known.
func At(t time.Time) Moment { return Moment{t: t.Truncate(time.Microsecond), zoned: true} }

// AtWallClock returns a moment whose offset is unknown. It ignores the location of t.
func AtWallClock(t time.Time) Moment {
	y, mo, d := t.Date()
	h, mi, s := t.Clock()
	return Moment{t: time.Date(y, mo, d, h, mi, s, t.Nanosecond()/1000*1000, time.UTC)}
}

// IsZero reports whether the moment is unknown.
func (m Moment) IsZero() bool { return m.t.IsZero() }

// Plausible reports whether a photo can have been taken at m. It cannot if m is before the
// first photograph, in the far future, or on the first day of 1970, which the clock of a
// device shows that was never set.
func (m Moment) Plausible() bool {
	const day = 24 * 60 * 60
	year, unix := m.t.Year(), m.t.Unix()
	return 1826 <= year && year <= 2200 && (unix < 0 || unix >= day)
}

// Time returns the instant to sort by. If the offset is unknown, that is the wall clock in UTC.
func (m Moment) Time() time.Time { return m.t }

// WallClock returns the date and time that t has in its location, in the form that Time
// returns for a moment without an offset.
func WallClock(t time.Time) time.Time { return AtWallClock(t).t }

// Offset returns the recorded UTC offset in seconds, and whether it is known.
func (m Moment) Offset() (seconds int, known bool) {
	if !m.zoned {
		return 0, false
	}
	_, s := m.t.Zone()
	return s, true
}

// String returns the moment in the form of RFC 3339, without an offset if that is unknown,
// and "" for the zero Moment.
func (m Moment) String() string {
	switch {
	case m.IsZero():
		return ""
	case m.zoned:
		return m.t.Format(time.RFC3339Nano) // with six decimals at most, because At cuts off the others
	}
	return strings.TrimSuffix(m.t.Format(time.RFC3339Nano), "Z")
}

// MarshalText implements encoding.TextMarshaler.
func (m Moment) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what String writes.
func (m *Moment) UnmarshalText(b []byte) error {
	s := string(b)
	if s == "" {
		*m = Moment{}
		return nil
	}
	// Package time reads and writes this layout many times faster than others.
	const layout = time.RFC3339Nano
	var err error
	var t time.Time
	if zoned := strings.LastIndexAny(s, "Z+-") > len("2006-01-02"); zoned {
		t, err = time.Parse(layout, s)
		*m = At(t)
	} else {
		t, err = time.Parse(layout, s+"Z")
		*m = AtWallClock(t)
	}
	if err != nil {
		return fmt.Errorf("%.40q is not a time like 2024-05-31T18:00:00, with or without an offset", s)
	}
	return nil
}
