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
