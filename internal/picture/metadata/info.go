package metadata

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/xmp"
)

// fill turns tags into what they mean.
func (t *tags) fill(info *picture.Info) {
	t.orientation = cmp.Or(t.turn, t.field(mainDirectory, tagOrientation).int())
	info.Width, info.Height = t.size(info.MediaType)
	info.TakenAt = t.takenAt()
	info.Camera = t.cameraName()
	info.Shot = t.shot()
	info.Caption = t.caption()
	info.Position = t.positionOf()
}

// size is the size as displayed, turned by the EXIF orientation unless the
// container has a turn of its own.
func (t *tags) size(mediaType string) (width, height int) {
	width, height = t.stored(mediaType)
	if !plausibleSize(width, height) {
		return 0, 0
	}
	if o := t.orientation; o >= 5 && o <= 8 && !t.displayed {
		return height, width
	}
	return width, height
}

// stored is the size before any turn. A TIFF tells it in its directories; of a raw
// file a camera's own statement is better than the size of the sensor's data.
func (t *tags) stored(mediaType string) (width, height int) {
	exifWidth, exifHeight := t.field(exifDirectory, tagExifWidth).int(), t.field(exifDirectory, tagExifHeight).int()
	hasExif := plausibleSize(exifWidth, exifHeight)
	switch {
	case t.width > 0:
		return t.width, t.height
	case len(t.exif) == 0:
		return 0, 0
	case mediaType == picture.DNG:
		if crop := t.cropSize(); crop != nil {
			return int(crop[0]), int(crop[1])
		}
	case hasExif && (mediaType == picture.CR2 || mediaType == picture.IIQ):
		return exifWidth, exifHeight
	}
	s := t.exif[0].fullSize(mediaType != picture.TIFF)
	if !plausibleSize(s.width, s.height) && hasExif {
		return exifWidth, exifHeight
	}
	return s.width, s.height
}

// cropSize is the size to which a DNG wants to be cropped.
func (t *tags) cropSize() []float64 {
	crop := t.exif[0].crop
	if len(crop) == 2 && crop[0] >= 1 && crop[1] >= 1 && crop[0] <= 1<<20 && crop[1] <= 1<<20 {
		return crop
	}
	return nil
}

// takenAt prefers what means "the shutter was pressed" (EXIF 2.32, DateTimeOriginal;
// the same in XMP and IPTC) to what means "became a file", which for a scan is
// years later. ModifyDate comes late: old phones write no other. The time of the satellites is last, because
// some devices write that of an older fix.
func (t *tags) takenAt() photo.Moment {
	either := func(tag uint16) string { // some programs put them into the first directory
		if text := t.text(exifDirectory, tag); text != "" {
			return text
		}
		return t.text(mainDirectory, tag)
	}
	exif := func(in directory, tag, fraction, offset uint16) photo.Moment {
		return exifMoment(t.text(in, tag), either(fraction), either(offset))
	}
	candidates := []photo.Moment{
		exif(exifDirectory, tagTaken, tagFractionTaken, tagOffsetTaken),
		exif(mainDirectory, tagTaken, tagFractionTaken, tagOffsetTaken), // misplaced by some programs
		picture.ParseDate(t.property(xmp.EXIF, "DateTimeOriginal")),
		t.created(),
		exif(exifDirectory, tagDigitized, tagFractionDigit, tagOffsetDigitized),
	}
	candidates = append(candidates, t.dates...)
	candidates = append(candidates,
		picture.ParseDate(t.property(xmp.XMP, "CreateDate")),
		exif(mainDirectory, tagModified, tagFraction, tagOffset),
		t.gpsMoment())
	for _, m := range candidates {
		if !m.IsZero() {
			return m
		}
	}
	return photo.Moment{}
}

// gpsMoment is the time of the satellites, in UTC (EXIF 2.32, 4.6.6, GPSTimeStamp and GPSDateStamp).
func (t *tags) gpsMoment() photo.Moment {
	clock := t.field(gpsDirectory, gpsTime).floats(3)
	if len(clock) < 3 {
		return photo.Moment{}
	}
	return picture.ParseDate(fmt.Sprintf("%s %02.0f:%02.0f:%02.0fZ", t.text(gpsDirectory, gpsDate), clock[0], clock[1], math.Floor(clock[2])))
}

// created is the date that Photoshop's XMP and IPTC share. When only one of them
// has the time of day, that one counts.
func (t *tags) created() photo.Moment {
	text := t.property(xmp.Photoshop, "DateCreated")
	fromXMP, fromIPTC := picture.ParseDate(text), t.iptcMoment()
	if onlyDay := len("2006-01-02"); !fromIPTC.IsZero() && (fromXMP.IsZero() || len(text) <= onlyDay) {
		return fromIPTC
	}
	return fromXMP
}

// iptcMoment joins IPTC's day (20060102) and time (150405-0700).
func (t *tags) iptcMoment() photo.Moment {
	day, clock := t.iptc.text(iptcDate, false), t.iptc.text(iptcTime, false)
	if len(day) != 8 {
		return picture.ParseDate(day)
	}
	day = day[:4] + "-" + day[4:6] + "-" + day[6:]
	if len(clock) >= 6 {
		for _, zone := range []string{clock[6:], ""} { // some programs write an offset that is not one
			if m := picture.ParseDate(day + "T" + clock[:2] + ":" + clock[2:4] + ":" + clock[4:6] + zone); !m.IsZero() {
				return m
			}
		}
	}
	return picture.ParseDate(day)
}

// cameraName is make and model for people.
func (t *tags) cameraName() string {
	maker, model := t.text(mainDirectory, tagMake), t.text(mainDirectory, tagModel)
	if maker == "" && model == "" { // misplaced by phones of HTC
		maker, model = t.text(exifDirectory, tagMake), t.text(exifDirectory, tagModel)
	}
	if maker == "" && model == "" {
		maker, model = t.property(xmp.TIFF, "Make"), t.property(xmp.TIFF, "Model")
	}
	if name := camera(maker, model); name != "" {
		return name
	}
	return t.camera
}

// camera joins make and model: NIKON CORPORATION and NIKON D1 are a NIKON D1.
func camera(maker, model string) string {
	words := strings.Fields(maker)
	if first := strings.Fields(model); len(first) > 0 {
		for i, w := range words {
			if strings.EqualFold(w, first[0]) && (i == 0 || len(w) > 2) {
				return cleaned(model, maxCamera)
			}
		}
		if len(words) > 0 && len(model) >= len(words[0]) && strings.EqualFold(model[:len(words[0])], words[0]) {
			return cleaned(model, maxCamera)
		}
	}
	for len(words) > 1 && companyWord(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	return cleaned(strings.Join(append(words, strings.Fields(model)...), " "), maxCamera)
}

// maxCamera is more than any camera's name takes, in bytes.
const maxCamera = 128

// companyWord reports whether makers put a word behind their name.
func companyWord(word string) bool {
	return slices.Contains([]string{
		"company", "co", "corp", "corporation", "ltd", "inc", "imaging", "optical", "electric", "electronics", "technologies", "technology",
	}, strings.ToLower(strings.Split(strings.TrimRight(word, ".,"), ".")[0]))
}

// positionOf is nil without a position, and for 0,0 in the Gulf of Guinea, which is
// what devices write that do not know.
func (t *tags) positionOf() *photo.Position {
	latitude := t.degrees(gpsLatitude, gpsLatitudeRef, "S")
	longitude := t.degrees(gpsLongitude, gpsLongitudeRef, "W")
	if p := photo.NewPosition(latitude, longitude); p != nil {
		return p
	}
	latitude, longitude = xmp.Coordinates(t.property)
	if p := photo.NewPosition(latitude, longitude); p != nil {
		return p
	}
	return t.position
}

// degrees is a coordinate of EXIF (degrees, minutes, seconds), negated when its
// reference is the negative one; not a number when there is none.
func (t *tags) degrees(tag, refTag uint16, negative string) float64 {
	f := t.field(gpsDirectory, tag)
	parts := f.floats(3)
	if f.kind == typeASCII {
		parts = numbers(f.text())
	}
	if len(parts) == 0 || math.IsNaN(parts[0]) {
		return math.NaN()
	}
	sum := 0.0
	for i, p := range parts {
		if !math.IsNaN(p) {
			sum += p / math.Pow(60, float64(i))
		}
	}
	if ref := t.text(gpsDirectory, refTag); ref != "" && strings.EqualFold(ref[:1], negative) {
		return -math.Abs(sum)
	}
	return sum
}

// numbers are up to three numbers of a text in which some programs write a
// coordinate. Some of them write decimal commas ("52,00000,50,00000,34,01180").
func numbers(s string) []float64 {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
	if len(words) == 6 {
		words = []string{words[0] + "." + words[1], words[2] + "." + words[3], words[4] + "." + words[5]}
	}
	var found []float64
	for _, word := range words {
		f, err := strconv.ParseFloat(word, 64)
		if err != nil || len(found) == 3 {
			return nil
		}
		found = append(found, f)
	}
	return found
}
