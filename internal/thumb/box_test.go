package thumb_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"photos/internal/picture"
	"photos/internal/thumb"
)

// TestBoxes checks that programs run in the strictest box that works, and without one if none does. Many containers refuse a new
// /proc, and others refuse everything.
func TestBoxes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bwrap string // what it does with its arguments; it does not run itself
		proc  string // how the program got its /proc, "" for a program without a box
	}{
		"all is allowed":        {`true`, "--proc /proc"},
		"no new /proc":          {`case "$*" in *"--proc /proc"*) echo "bwrap: Can't mount proc on /newroot/proc" >&2; exit 1; esac`, "--ro-bind /proc /proc"},
		"no user namespaces":    {`echo "bwrap: No permissions to create new namespace" >&2; exit 1`, ""},
		"it is of another kind": {`exit 127`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			log := filepath.Join(dir, "log")
			write := func(name, script string) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
					t.Fatal(err)
				}
				return path
			}
			picturePath := filepath.Join(dir, "frame.png")
			if err := os.WriteFile(picturePath, pngOf(t, quarters(320, 240)), 0o600); err != nil {
				t.Fatal(err)
			}
			m := thumb.New(thumb.Config{
				FFmpeg:     write("ffmpeg", `for out; do true; done; cp `+picturePath+` "${out#file:}"`),
				Bubblewrap: write("bwrap", c.bwrap+"\necho \"$@\" >>"+log+"\n"+`until [ "$1" = /bin/sh ]; do shift; done; exec "$@"`),
			})
			film := []byte("RIFF\x00\x00\x00\x00AVI LIST")
			result, err := m.Make(context.Background(), picture.AVI, bytes.NewReader(film), int64(len(film)))
			if err != nil {
				t.Fatal(err)
			}
			if got := corners(t, result.Pictures[2]); got != "rgbw" {
				t.Errorf("quarters %s", got)
			}
			logged, err := os.ReadFile(log)
			if boxed := err == nil; boxed != (c.proc != "") || (m.NoBox() == nil) != boxed {
				t.Fatalf("%v, %v", err, m.NoBox())
			}
			if lines := bytes.Split(bytes.TrimSpace(logged), []byte("\n")); c.proc != "" && !bytes.Contains(lines[len(lines)-1], []byte(c.proc)) {
				t.Errorf("bubblewrap was called with %s", lines[len(lines)-1])
			}
		})
	}
}
