package picture

import (
	"strings"
	"time"

	"photos/internal/photo"
)

// ParseDate reads a date as XMP writes it (XMP specification part 1, 8.2.1.1), which may
// end early, or in EXIF's form, which some programs write in XMP too. It returns the
// zero Moment for anything else, and for what the clock of a camera shows that was
// never set.
func ParseDate(date string) photo.Moment {
	date = strings.TrimSpace(date)
	if len(date) >= len(time.DateOnly) && date[4] == ':' && date[7] == ':' {
		date = date[:4] + "-" + date[5:7] + "-" + date[8:]
	}
	if len(date) > len(time.DateOnly) && date[10] == ' ' {
		date = date[:10] + "T" + date[11:]
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05-0700"} {
		if at, err := time.Parse(layout, date); err == nil {
			return plausible(photo.At(at))
		}
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.Parse(layout, date); err == nil {
			return plausible(photo.AtWallClock(at))
		}
	}
	return photo.Moment{}
}

func plausible(m photo.Moment) photo.Moment {
	if !m.Plausible() {
		return photo.Moment{}
	}
	return m
}
