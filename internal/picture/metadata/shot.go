package metadata

import (
	"encoding/binary"
	"io"
	"math"
	"strconv"
	"strings"

	"photos/internal/photo"
	"photos/internal/xmp"
)

// shot returns how the picture was taken. Values that no camera can have are left out:
// zero, infinity and the like, which cameras write when they do not know.
func (t *tags) shot() photo.Shot {
	return photo.Shot{
		ExposureTime: plausibleNumber(t.exposureTime(), 1e-7, 1e6),
		Aperture:     plausibleNumber(t.aperture(), 0.1, 1000),
		ISO:          t.iso(),
		FocalLength:  plausibleNumber(t.number(tagFocalLength, xmp.EXIF, "FocalLength"), 0.1, 1e5),
		Lens:         t.lens(),
		Duration:     t.duration,
	}
}

// plausibleNumber returns f if it is within the bounds, otherwise 0.
func plausibleNumber(f, least, most float64) float64 {
	if f >= least && f <= most {
		return f
	}
	return 0
}

// number returns a number of EXIF, or else of XMP, which writes it as a fraction (XMP
// Specification Part 2, 1.2.2).
func (t *tags) number(tag uint16, space, property string) float64 {
	for _, in := range []directory{exifDirectory, mainDirectory} { // some programs misplace it
		if f := t.field(in, tag).floats(1); len(f) > 0 && f[0] > 0 {
			return f[0]
		}
	}
	return fractionText(t.property(space, property))
}

// fractionText reads a number such as 28/10 or 2.8; not a number when it is none.
func fractionText(s string) float64 {
	above, below, isFraction := strings.Cut(s, "/")
	n, err := strconv.ParseFloat(strings.TrimSpace(above), 64)
	if err != nil {
		return math.NaN()
	}
	if !isFraction {
		return n
	}
	d, err := strconv.ParseFloat(strings.TrimSpace(below), 64)
	if err != nil {
		return math.NaN()
	}
	return fraction(n, d)
}

// exposureTime is in seconds. Without it there may be the shutter speed as a logarithm
// (EXIF 2.32, annex C).
func (t *tags) exposureTime() float64 {
	if seconds := t.number(tagExposureTime, xmp.EXIF, "ExposureTime"); seconds > 0 {
		return seconds
	}
	if apex := t.field(exifDirectory, tagShutterSpeed).floats(1); len(apex) > 0 && apex[0] != 0 {
		return math.Exp2(-apex[0])
	}
	return 0
}

// aperture is the f-number.
func (t *tags) aperture() float64 {
	if number := t.number(tagFNumber, xmp.EXIF, "FNumber"); number > 0 {
		return number
	}
	if apex := t.field(exifDirectory, tagApertureValue).floats(1); len(apex) > 0 && apex[0] > 0 {
		return math.Exp2(apex[0] / 2)
	}
	return 0
}

// iso is the sensitivity. The old tag has no room for more than 65535 (EXIF 2.32, 4.6.5,
// PhotographicSensitivity); newer tags then have the value.
func (t *tags) iso() int {
	const full, most = 65535, 100_000_000
	value := 0
	for _, in := range []directory{exifDirectory, mainDirectory} {
		for _, n := range t.field(in, tagISO).ints(4) { // of several, the others are empty
			if value == 0 {
				value = int(n)
			}
		}
	}
	if value == 0 || value == full {
		for _, tag := range []uint16{tagRecommendedISO, tagSensitivity} {
			if n := t.field(exifDirectory, tag).int(); n > 0 {
				value = n
				break
			}
		}
	}
	for _, p := range [][2]string{{xmp.EXIF, "ISOSpeedRatings"}, {xmp.ExifEX, "PhotographicSensitivity"}} {
		if value == 0 {
			value, _ = strconv.Atoi(t.property(p[0], p[1]))
		}
	}
	if value < 0 || value > most {
		return 0
	}
	return value
}

// lens is the model of the lens. The notes in which some makers keep it in their own
// forms are not read.
func (t *tags) lens() string {
	const maxLens = 128
	for _, text := range []string{
		t.text(exifDirectory, tagLensModel), t.property(xmp.ExifEX, "LensModel"), t.property(xmp.Aux, "Lens"), t.lensModel,
	} {
		text = cleaned(latin1(text), maxLens)
		if strings.Trim(text, "-0. ") != "" && !strings.EqualFold(text, "unknown") { // "----" is no lens
			return text
		}
	}
	return ""
}

// movieDuration is in seconds, of a movie header (ISO/IEC 14496-12, 8.2.2).
func movieDuration(mvhd *io.SectionReader) float64 {
	b := readAll(mvhd, 32)
	u32 := binary.BigEndian.Uint32
	switch {
	case len(b) >= 20 && b[0] == 0 && u32(b[16:]) != math.MaxUint32: // all ones: not known
		return fraction(float64(u32(b[16:])), float64(u32(b[12:])))
	case len(b) >= 32 && b[0] == 1:
		return fraction(float64(binary.BigEndian.Uint64(b[24:])), float64(u32(b[20:])))
	}
	return 0
}
