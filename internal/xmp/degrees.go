package xmp

import (
	"math"
	"strconv"
	"strings"
)

// Degrees reads a coordinate: degrees, minutes and perhaps seconds with a direction,
// as in "48,51.4662N" or "48,51,27.97N" (XMP specification part 2, 1.2.7.4,
// GPSCoordinate), or plain degrees, as some programs write them. It returns NaN for
// anything else.
func Degrees(s string) float64 {
	s = strings.TrimSpace(s)
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return f
	}
	if s == "" {
		return math.NaN()
	}
	sum, unit := 0.0, 1.0
	for part := range strings.SplitSeq(s[:len(s)-1], ",") {
		f, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || unit > 3600 || f < 0 || unit > 1 && f >= 60 {
			return math.NaN()
		}
		sum += f / unit
		unit *= 60
	}
	switch s[len(s)-1] {
	case 'N', 'E', 'n', 'e':
		return sum
	case 'S', 'W', 's', 'w':
		return -sum
	}
	return math.NaN()
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
