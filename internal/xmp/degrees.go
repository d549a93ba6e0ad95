package xmp

import (
	"math"
	"strconv"
	"strings"
)

// Coordinates reads latitude and longitude out of the properties that text returns. What is
// absent or damaged is NaN. Some programs put the direction into a property of its own, as EXIF
// does.
func Coordinates(text func(space, name string) string) (latitude, longitude float64) {
	one := func(name string) float64 {
		value := strings.TrimSpace(text(EXIF, name))
		if reference := text(EXIF, name+"Ref"); reference != "" && value != "" && !isLetter(value[len(value)-1]) {
			value += reference[:1]
		}
		return Degrees(value)
	}
	return one("GPSLatitude"), one("GPSLongitude")
}

// Degrees reads a coordinate: degrees, minutes and perhaps seconds with a direction,
// as in "48,51.4662N" or "48,51,27.97N" (XMP specification part 2, 1.2.7.4,
// GPSCoordinate). It also reads what programs write in its place: plain degrees, a sign or
// nothing for the direction, and the fractions of EXIF, as in "48/1 51/1 2797/100". Without a
// direction a coordinate is north or east. Degrees returns NaN for anything else.
func Degrees(s string) float64 {
	s, direction := cutDirection(strings.TrimSpace(s))
	negative := strings.HasPrefix(s, "-")
	separator := ","
	if !strings.Contains(s, separator) {
		separator = " "
	}
	sum, unit := 0.0, 1.0
	for part := range strings.SplitSeq(strings.TrimPrefix(s, "-"), separator) {
		f := fraction(strings.TrimSpace(part))
		if !(f >= 0 && f <= 360) || unit > 3600 || unit > 1 && f >= 60 {
			return math.NaN()
		}
		sum += f / unit
		unit *= 60
	}
	switch {
	case direction == 'S', direction == 'W', direction == 0 && negative:
		return -sum
	case negative, direction != 0 && direction != 'N' && direction != 'E':
		return math.NaN()
	}
	return sum
}

// cutDirection splits a coordinate and the letter of its direction, which is 0 if there is none.
func cutDirection(s string) (coordinate string, direction byte) {
	if s == "" || !isLetter(s[len(s)-1]) {
		return s, 0
	}
	return strings.TrimSpace(s[:len(s)-1]), s[len(s)-1] &^ 0x20 // a capital
}

func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }

// fraction reads a number that may be written as a fraction. It returns NaN for anything else.
func fraction(s string) float64 {
	over, under, found := strings.Cut(s, "/")
	f, err := strconv.ParseFloat(over, 64)
	if found && err == nil {
		var divisor float64
		divisor, err = strconv.ParseFloat(under, 64)
		f /= divisor
	}
	if err != nil {
		return math.NaN()
	}
	return f
}

// FormatDegrees returns a coordinate as [Degrees] reads it: degrees and minutes with a direction.
func FormatDegrees(degrees float64, positive, negative string) string {
	direction := positive
	if degrees < 0 {
		direction = negative
	}
	whole, rest := math.Modf(math.Abs(degrees))
	minutes := math.Round(rest*60*1e8) / 1e8
	if minutes >= 60 {
		whole, minutes = whole+1, 0
	}
	return strconv.FormatFloat(whole, 'f', 0, 64) + "," + strconv.FormatFloat(minutes, 'f', -1, 64) + direction
}
