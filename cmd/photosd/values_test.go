package main

import (
	"strings"
	"testing"

	"photos/internal/photo"
)

// TestAWrongValueIsNamed: the message names the flag or variable, the value, and what it
// should look like.
func TestAWrongValueIsNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ flag, variable, value, want string }{
		{"trash-time", "PHOTOSD_TRASH_TIME", "abc", `"abc" is not a duration such as 90s or 24h`},
		{"max-upload", "PHOTOSD_MAX_UPLOAD", "much", `"much" is not a size like 500M or 64G`},
		{"log-level", "PHOTOSD_LOG_LEVEL", "loud", `"loud" is not debug, info, warn or error`},
	} {
		_, byFlag := parseSettings([]string{"--" + c.flag, c.value}, func(string) string { return "" })
		_, byVariable := parseSettings(nil, func(name string) string {
			if name == c.variable {
				return c.value
			}
			return ""
		})
		for name, err := range map[string]error{"--" + c.flag: byFlag, c.variable: byVariable} {
			if photo.KindOf(err) != photo.KindUsage || !strings.HasPrefix(err.Error(), name+": "+c.want) {
				t.Errorf("%s %s: %v, want %s", name, c.value, err, c.want)
			}
		}
	}
}
