package xmp_test

import (
	"math"
	"testing"

	"photos/internal/xmp"
)

func TestDegrees(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"48,30N": 48.5, "48,30.0n": 48.5, "33,30,0S": -33.5, "151,15,0E": 151.25, "11, 15W": -11.25, "0,0N": 0, "12N": 12,
		"-33.5": -33.5, " 151.25 ": 151.25, "33.5S": -33.5,
		// Without a letter the sign counts, otherwise it is north or east.
		"48,30": 48.5, "14,27.000000": 14.45, "-33,30,0": -33.5, "-33,30S": -33.5,
		// EXIF's numbers, copied as they are.
		"55/1 54/1 4050/100": 55.911250, "33/1,30/1,0/1S": -33.5,
	} {
		if got := xmp.Degrees(text); math.Abs(got-want) > 1e-9 {
			t.Errorf("Degrees(%q) = %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{
		"", "N", "48,75N", "48,30,60N", "-48,30N", "48,30X", "1,2,3,4N", "north", "48,-30N", "48,,30N", "48 -30", "--48", "1/0", "0/0N", "48/1/1",
		"Inf", "NaN", "48,30 N,", "48;30",
	} {
		if got := xmp.Degrees(text); !math.IsNaN(got) {
			t.Errorf("Degrees(%q) = %v", text, got)
		}
	}
}

// The direction may be a property of its own. A letter next to the number counts more.
func TestCoordinates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		properties          map[string]string
		latitude, longitude float64
	}{
		"as specified":                 {map[string]string{"GPSLatitude": "33,30S", "GPSLongitude": "70,15W"}, -33.5, -70.25},
		"the direction next to it":     {map[string]string{"GPSLatitude": "33,30", "GPSLatitudeRef": "S", "GPSLongitude": "70,15", "GPSLongitudeRef": "West"}, -33.5, -70.25},
		"two directions":               {map[string]string{"GPSLatitude": "33,30N", "GPSLatitudeRef": "S", "GPSLongitude": "70,15E", "GPSLongitudeRef": "W"}, 33.5, 70.25},
		"a direction without a number": {map[string]string{"GPSLatitudeRef": "S", "GPSLongitude": "70,15"}, math.NaN(), 70.25},
		"nothing":                      {nil, math.NaN(), math.NaN()},
	} {
		latitude, longitude := xmp.Coordinates(func(space, name string) string {
			if space != xmp.EXIF {
				t.Errorf("%s is asked for", space)
			}
			return c.properties[name]
		})
		same := func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }
		if !same(latitude, c.latitude) || !same(longitude, c.longitude) {
			t.Errorf("%s: %v, %v, want %v, %v", name, latitude, longitude, c.latitude, c.longitude)
		}
	}
}
