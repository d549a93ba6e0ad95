package sidecar_test

import (
	"os"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/sidecar"
)

// What is written beside a photo describes it when it is uploaded again.
func TestWrittenSidecarsAreRead(t *testing.T) {
	t.Parallel()
	for format, kind := range map[string]sidecar.Kind{"xmp": sidecar.XMP, "json": sidecar.Takeout} {
		write, err := sidecar.WriterOf(format)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"At the lake", "<b> & \"quotes\" ]]>", "two\nlines\tand a tab", "日本 😀", "</rdf:li>", "{}", `back\slash`} {
			dir := folder(t, nil)
			suffix, content := write(photo.Photo{Name: "a.jpg", Description: text, TakenAt: photo.At(time.Unix(1532281602, 0))})
			if err := os.WriteFile(dir+"a.jpg"+suffix, content, 0o600); err != nil {
				t.Fatal(err)
			}
			if got, _, err := sidecar.New([]sidecar.Kind{kind}).Describe(dir + "a.jpg"); got != text || err != nil {
				t.Errorf("%s: %q came back as %q, %v", format, text, got, err)
			}
			if !sidecar.IsSidecar("a.jpg" + suffix) {
				t.Errorf("%s is no name of a sidecar", suffix)
			}
		}
		if _, content := write(photo.Photo{Name: "a.jpg"}); content != nil {
			t.Errorf("%s of nothing: %s", format, content)
		}
	}
	if _, err := sidecar.WriterOf("yaml"); photo.KindOf(err) != photo.KindUsage {
		t.Errorf("yaml: %v", err)
	}
}
