package sidecar_test

import (
	"bytes"
	"testing"

	"photos/internal/photo"
	"photos/internal/sidecar"
)

func TestUnchanged(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"xmp", "json"} {
		write, err := sidecar.WriterOf(format)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"a bay", "photos-sha256:0000000000000000000000000000000000000000000000000000000000000000"} {
			suffix, content := write(photo.Photo{Name: text, Description: text})
			if suffix != "."+format || !sidecar.Unchanged(content) {
				t.Errorf("%s of %q is not recognized:\n%s", suffix, text, content)
			}
			for i := range content {
				changed := bytes.Clone(content)
				if changed[i] ^= 1; sidecar.Unchanged(changed) {
					t.Errorf("%s of %q: byte %d changed, and it was not noticed", suffix, text, i)
				}
			}
			for what, changed := range map[string][]byte{
				"cut": content[:len(content)-1], "longer": append(bytes.Clone(content), '\n'), "empty": nil,
				"cut in the seal": content[:bytes.Index(content, []byte("photos-sha256:"))+20],
			} {
				if sidecar.Unchanged(changed) {
					t.Errorf("%s of %q, %s: it was not noticed", suffix, text, what)
				}
			}
		}
		if suffix, content := write(photo.Photo{Name: "a.jpg"}); suffix != "."+format || content != nil {
			t.Errorf("nothing to say: %q, %q", suffix, content)
		}
	}
}
