package metadata

import (
	"slices"
	"strings"
	"time"

	"photos/internal/photo"
	"photos/internal/picture"
)

// fill turns tags into what they mean.
func (t *tags) fill(info *picture.Info) {
	info.Width, info.Height = t.dimensions(info.MediaType)
	info.TakenAt = t.takenAt()
	info.Camera = t.camera()
	info.Caption = t.caption()
	info.Position = t.position()
}

// dimensions are as displayed. In HEIF and AVIF a property turns the picture and
// the library has applied it; the EXIF orientation there only repeats it.
func (t *tags) dimensions(mediaType string) (width, height int) {
	width, height = t.width, t.height
	if width <= 0 || height <= 0 {
		width, height = number(t.exif, "ExifImageWidth"), number(t.exif, "ExifImageHeight")
	}
	if width <= 0 || height <= 0 {
		return 0, 0
	}
	switch mediaType {
	case picture.HEIC, picture.HEIF, picture.AVIF:
		return width, height
	}
	if o := number(t.exif, "Orientation"); o >= 5 && o <= 8 {
		return height, width
	}
	return width, height
}

// takenAt prefers what means "the shutter was pressed" (EXIF 2.32, DateTimeOriginal;
// the same in XMP and IPTC) to what means "became a file", which for a scan is
// years later. ModifyDate comes last: old phones write no other.
func (t *tags) takenAt() photo.Moment {
	for _, m := range []photo.Moment{
		t.exifMoment("DateTimeOriginal", "SubSecTimeOriginal", "OffsetTimeOriginal"),
		picture.ParseDate(text(t.xmp, "DateTimeOriginal")),
		picture.ParseDate(text(t.xmp, "DateCreated")),
		t.iptcMoment(),
		t.exifMoment("CreateDate", "SubSecTimeDigitized", "OffsetTimeDigitized"),
		picture.ParseDate(text(t.xmp, "CreateDate")),
		t.exifMoment("ModifyDate", "SubSecTime", "OffsetTime"),
	} {
		if !m.IsZero() {
			return m
		}
	}
	return photo.Moment{}
}

const exifTime = "2006:01:02 15:04:05"

// exifMoment reads the tags of a date, its fraction of a second and its offset.
func (t *tags) exifMoment(date, fraction, offset string) photo.Moment {
	at := text(t.exif, date)
	if digits := text(t.exif, fraction); digits != "" {
		at += "." + digits
	}
	return exifMoment(at, text(t.exif, offset))
}

// exifMoment reads EXIF's date and offset, each of them possibly blank, zeros or
// nonsense. An offset that is nonsense is an unknown one.
func exifMoment(date, offset string) photo.Moment {
	if at, err := time.Parse(exifTime+"-07:00", date+offset); err == nil {
		return plausible(photo.At(at))
	}
	at, err := time.Parse(exifTime, date)
	if err != nil {
		return photo.Moment{}
	}
	return plausible(photo.AtWallClock(at))
}

// iptcMoment joins IPTC's day and time, which the library writes as EXIF does.
func (t *tags) iptcMoment() photo.Moment {
	day, clock := text(t.iptc, "DateCreated"), text(t.iptc, "TimeCreated")
	if day == "" {
		return photo.Moment{}
	}
	if m := exifMoment(day+" "+clock, ""); !m.IsZero() {
		return m
	}
	if at, err := time.Parse(exifTime+"-07:00", day+" "+clock); err == nil {
		return plausible(photo.At(at))
	}
	return exifMoment(day+" 00:00:00", "")
}

// plausible is m unless no photo can have been taken then.
func plausible(m photo.Moment) photo.Moment {
	if !m.Plausible() {
		return photo.Moment{}
	}
	return m
}

// camera is make and model for people: NIKON CORPORATION and NIKON D1 are a
// NIKON D1.
func (t *tags) camera() string {
	maker, model := text(t.exif, "Make"), text(t.exif, "Model")
	if maker == "" && model == "" {
		maker, model = text(t.xmp, "Make"), text(t.xmp, "Model")
	}
	return camera(maker, model)
}

func camera(maker, model string) string {
	words := strings.Fields(maker)
	if len(words) > 0 && len(model) >= len(words[0]) && strings.EqualFold(model[:len(words[0])], words[0]) {
		return printable(model, maxCamera)
	}
	for len(words) > 1 && companyWord(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	return printable(strings.Join(append(words, strings.Fields(model)...), " "), maxCamera)
}

// maxCamera is more than any camera's name takes, in bytes.
const maxCamera = 128

// companyWord is a word makers put behind their name.
func companyWord(word string) bool {
	return slices.Contains([]string{
		"company", "co", "corp", "corporation", "ltd", "inc", "imaging", "optical", "electric", "electronics", "technologies", "technology",
	}, strings.ToLower(strings.Split(strings.TrimRight(word, ".,"), ".")[0]))
}

// position is nil without GPS.
func (t *tags) position() *photo.Position {
	latitude, okLat := degrees(t.exif["GPSLatitude"], text(t.exif, "GPSLatitudeRef"), "S")
	longitude, okLong := degrees(t.exif["GPSLongitude"], text(t.exif, "GPSLongitudeRef"), "W")
	if !okLat || !okLong {
		latitude, okLat = degrees(t.xmp["GPSLatitude"], "", "")
		longitude, okLong = degrees(t.xmp["GPSLongitude"], "", "")
	}
	if !okLat || !okLong {
		return nil
	}
	return photo.NewPosition(latitude, longitude)
}

// degrees is a coordinate, negated when its reference is the negative one.
func degrees(v any, ref, negative string) (float64, bool) {
	f, ok := v.(float64)
	if ok && ref != "" && strings.EqualFold(ref, negative) {
		f = -f
	}
	return f, ok
}
