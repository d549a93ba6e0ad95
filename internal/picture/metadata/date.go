package metadata

import (
	"strings"
	"time"

	"photos/internal/photo"
	"photos/internal/picture"
)

// exifMoment reads EXIF's date ("2006:01:02 15:04:05"), its fraction of a second
// and its offset, each of which may be blank, zeros or nonsense. An offset that is
// not one is an unknown offset. Blanks in place of the time, or of its seconds, mean
// that it is not known (EXIF 2.32, 4.6.5, DateTimeOriginal).
func exifMoment(date, fraction, offset string) photo.Moment {
	if known := strings.TrimRight(date, " :"); known != date {
		date, fraction = known, ""
		if onlyDay := len("2006:01:02"); len(date) <= onlyDay {
			offset = ""
		}
	}
	fraction = strings.TrimSpace(fraction)
	if fraction != "" && strings.Trim(fraction, "0123456789") == "" && !strings.Contains(date, ".") {
		date = strings.TrimSpace(date) + "." + fraction
	}
	if m := picture.ParseDate("2000-01-01T00:00:00" + strings.TrimSpace(offset)); m.IsZero() {
		offset = ""
	}
	return picture.ParseDate(date + strings.TrimSpace(offset))
}

// namedDate reads the form of C's ctime, "Mon Mar 10 15:04:43 2003", in which AVI
// files have their date, and the relatives of it, such as the form of RFC 1123.
func namedDate(s string) photo.Moment {
	s = strings.Join(strings.Fields(strings.Trim(s, "\x00 \r\n")), " ")
	s = strings.ToUpper(s[:min(len(s), 1)]) + s[min(len(s), 1):]
	for _, layout := range []string{"Mon Jan 2 15:04:05 2006", "Mon, 2 Jan 2006 15:04:05", "Mon 2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05", "Jan 2 2006 15:04:05"} {
		if at, err := time.Parse(layout, s); err == nil {
			return plausible(photo.AtWallClock(at))
		}
		if at, err := time.Parse(layout+" -0700", s); err == nil {
			return plausible(photo.At(at))
		}
		if at, err := time.Parse(layout+" GMT", s); err == nil {
			return plausible(photo.At(at.UTC()))
		}
	}
	return picture.ParseDate(s)
}

// plausible is m unless no photo can have been taken then.
func plausible(m photo.Moment) photo.Moment {
	if !m.Plausible() {
		return photo.Moment{}
	}
	return m
}
