package photo_test

import (
	"strings"
	"testing"

	"photos/internal/photo"
)

func TestSources(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("x", photo.MaxCommandName)
	for source, valid := range map[photo.Source]bool{
		photo.FromFlag: true, photo.FromWeb: true, "": false, "other": false, "command": false, "command:": false,
		photo.FromCommand("cap-1.2_x+y.py"): true, photo.FromCommand(longest): true, photo.FromCommand(longest + "x"): false,
		"command:a b": false, "command:a\x1b": false, "command:ü": false, "Command:a": false,
	} {
		if source.Valid() != valid {
			t.Errorf("%q: valid is %v", source, source.Valid())
		}
	}
	if s := photo.FromCommand(longest); len(s) != 63 {
		t.Errorf("the longest source has %d bytes", len(s))
	}
}
