package photo

import (
	"fmt"
	"time"
)

// Moment is when a photo was taken: a wall clock, and its UTC offset when the
// camera recorded one (EXIF 2.31, OffsetTimeOriginal). Without an offset the
// wall clock is sorted as if it were UTC.
type Moment struct {
	t     time.Time
	zoned bool
}

const wallClock = "2006-01-02T15:04:05.999999"

// At is a moment whose offset is known.
func At(t time.Time) Moment { return Moment{t: t.Truncate(time.Microsecond), zoned: true} }

// AtWallClock is a moment whose offset is unknown; t's own location is ignored.
func AtWallClock(t time.Time) Moment {
	y, mo, d := t.Date()
	h, mi, s := t.Clock()
	return Moment{t: time.Date(y, mo, d, h, mi, s, t.Nanosecond()/1000*1000, time.UTC)}
}

// IsZero reports whether the moment is unknown.
func (m Moment) IsZero() bool { return m.t.IsZero() }

// Plausible reports whether a photo can have been taken then. It cannot before there
// was photography, in a far future, or on the first day of 1970: that is what the
// clock of a device shows that was never set.
func (m Moment) Plausible() bool {
	const day = 24 * 60 * 60
	year, unix := m.t.Year(), m.t.Unix()
	return 1826 <= year && year <= 2200 && (unix < 0 || unix >= day)
}

// Time is the instant to sort by; for an unknown offset, the wall clock read as UTC.
func (m Moment) Time() time.Time { return m.t }

// WallClock returns the date and time that t shows in its location, in the form in
// which Time returns a moment without an offset.
func WallClock(t time.Time) time.Time { return AtWallClock(t).t }

// Offset is the recorded UTC offset in seconds, and whether there is one.
func (m Moment) Offset() (seconds int, known bool) {
	if !m.zoned {
		return 0, false
	}
	_, s := m.t.Zone()
	return s, true
}

// String is RFC 3339 with the offset when it is known, without one otherwise,
// and empty for the zero Moment.
func (m Moment) String() string {
	switch {
	case m.IsZero():
		return ""
	case m.zoned:
		return m.t.Format("2006-01-02T15:04:05.999999Z07:00")
	}
	return m.t.Format(wallClock)
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
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		*m = At(t)
		return nil
	}
	t, err := time.Parse(wallClock, s)
	if err != nil {
		return fmt.Errorf("moment %.40q: want RFC 3339, with or without an offset", s)
	}
	*m = AtWallClock(t)
	return nil
}
