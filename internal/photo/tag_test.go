package photo_test

import (
	"strings"
	"testing"

	"photos/internal/photo"
)

func TestCleanFolder(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "/": "", ".": "", "2024": "2024", "/2024//trip/./day 1/": "2024/trip/day 1", "a\xffb/…": "a\uFFFDb/…", "a..b/...": "a..b/...", "nul\x00": "nul\uFFFD",
	} {
		got, err := photo.CleanFolder(in)
		if err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"..", "a/../b", "../a", strings.Repeat("x/", photo.MaxFolder)} {
		if got, err := photo.CleanFolder(in); photo.KindOf(err) != photo.KindUsage {
			t.Errorf("%.20q: %.20q, %v", in, got, err)
		}
	}
}
