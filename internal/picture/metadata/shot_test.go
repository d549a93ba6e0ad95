package metadata_test

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"photos/internal/photo"
)

func TestShot(t *testing.T) {
	t.Parallel()
	const (
		exposureTag, apertureTag, isoTag, focalTag, lensTag = 0x829a, 0x829d, 0x8827, 0x920a, 0xa434
		shutterSpeedTag, apertureValueTag, recommendedTag   = 0x9201, 0x9202, 0x8832
	)
	one := func(above, below uint32) [][2]uint32 { return [][2]uint32{{above, below}} }
	all := photo.Shot{ExposureTime: 0.004, Aperture: 2.8, ISO: 400, FocalLength: 35, Lens: "EF 35mm f/2"}
	for _, test := range []struct {
		name string
		file []byte
		want photo.Shot
	}{
		{"EXIF", jpegFile(t, 8, 8, tag{exifTag, []tag{
			{exposureTag, one(1, 250)}, {apertureTag, one(28, 10)}, {isoTag, uint16(400)}, {focalTag, one(35, 1)}, {lensTag, "EF 35mm f/2"},
		}}), all},
		{"logarithms", jpegFile(t, 8, 8, tag{exifTag, []tag{{shutterSpeedTag, one(5, 1)}, {apertureValueTag, one(4, 1)}}}),
			photo.Shot{ExposureTime: 1. / 32, Aperture: 4}},
		{"a sensitivity that the old tag has no room for", jpegFile(t, 8, 8, tag{exifTag, []tag{{isoTag, uint16(65535)}, {recommendedTag, uint16(51200)}}}),
			photo.Shot{ISO: 51200}},
		{"what cameras write that do not know", jpegFile(t, 8, 8, tag{exifTag, []tag{
			{exposureTag, one(0, 0)}, {apertureTag, one(0, 1)}, {isoTag, uint16(0)}, {focalTag, one(4294967295, 0)}, {lensTag, "----"},
		}}), photo.Shot{}},
		{"XMP", withSegment(jpegFile(t, 8, 8), 0xe1, xmp(`<exif:ExposureTime>1/250</exif:ExposureTime><exif:FNumber>28/10</exif:FNumber>`+
			`<exif:ISOSpeedRatings><rdf:Seq><rdf:li>400</rdf:li></rdf:Seq></exif:ISOSpeedRatings><exif:FocalLength>35/1</exif:FocalLength>`+
			`<exifEX:LensModel xmlns:exifEX="http://cipa.jp/exif/1.0/">EF 35mm f/2</exifEX:LensModel>`)), all},
	} {
		if got := read(t, test.file).Shot; got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

// The duration of a video is read from each container that states it.
func TestDuration(t *testing.T) {
	t.Parallel()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("ffmpeg is not on this machine")
	}
	dir := t.TempDir()
	for _, name := range []string{"a.mp4", "a.mov", "a.3gp", "a.mkv", "a.webm", "a.avi", "a.wmv", "a.flv"} {
		path := filepath.Join(dir, name)
		out, err := exec.Command(ffmpeg, "-loglevel", "error", "-f", "lavfi", "-i", "testsrc=size=176x144:rate=10", "-t", "3.5", path).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, file).Shot.Duration; math.Abs((got - 3500*time.Millisecond).Seconds()) > 0.15 {
			t.Errorf("%s: %s, want 3.5 s", name, got)
		}
	}
}
