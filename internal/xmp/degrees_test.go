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
		"-33.5": -33.5, " 151.25 ": 151.25,
	} {
		if got := xmp.Degrees(text); got != want {
			t.Errorf("Degrees(%q) = %v, want %v", text, got, want)
		}
	}
	for _, text := range []string{"", "N", "48,75N", "48,30,60N", "-48,30N", "48,30", "48,30X", "1,2,3,4N", "north"} {
		if got := xmp.Degrees(text); !math.IsNaN(got) {
			t.Errorf("Degrees(%q) = %v", text, got)
		}
	}
}
