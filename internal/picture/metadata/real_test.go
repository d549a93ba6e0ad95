package metadata_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/picture/metadata"
)

// The test data of this module holds pictures of some 40 cameras: JPEG, HEIF, AVIF,
// PNG, WebP, TIFF and RAW, some of them broken, and what exiftool says of each. We
// compare with that. The pictures come under
// CC0, CC BY-SA 4.0, Apache-2.0 or MIT, each folder naming its own in license.txt;
// none of them is copied here.
func moduleDir(t testing.TB, module string) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.TrimSpace(string(dir))
}

func readFile(t testing.TB, name string) (picture.Info, error) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return metadata.Read(context.Background(), f, stat.Size())
}

// exifTool is the part of its answer that we have too. Values come as strings or
// as numbers.
type exifTool struct {
	File struct{ MIMEType string }
	EXIF map[string]any
}

func (e exifTool) text(name string) string {
	s, _ := e.EXIF[name].(string)
	return strings.TrimSpace(s)
}

func TestRealPhotosAgreeWithExifTool(t *testing.T) {
	t.Parallel()
	module := moduleDir(t, "github.com/bep/imagemeta")
	images := filepath.Join(module, "testdata", "images")
	answers := filepath.Join(module, "gen", "testdata_exiftool", "images")
	compared := 0
	err := filepath.WalkDir(images, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		relative, err := filepath.Rel(images, path)
		if err != nil {
			return err
		}
		answer, err := os.ReadFile(filepath.Join(answers, relative+".json"))
		if err != nil {
			return nil // no picture
		}
		var want []exifTool
		if err := json.Unmarshal(answer, &want); err != nil || len(want) != 1 {
			return nil // exiftool found none either, or its answer does not parse
		}
		compared++
		t.Run(relative, func(t *testing.T) { compareWithExifTool(t, path, want[0]) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if compared < 100 {
		t.Errorf("only %d pictures compared; has the module's test data moved?", compared)
	}
}

func compareWithExifTool(t *testing.T, path string, want exifTool) {
	got, err := readFile(t, path)
	if kind := photo.KindOf(err); err != nil && kind == photo.KindNotPicture && !strings.HasPrefix(want.File.MIMEType, "image/") {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if date := want.text("DateTimeOriginal"); date != "" && strings.Trim(date, ": 0") != "" {
		wantTime := strings.NewReplacer(" ", "T").Replace(strings.Replace(date, ":", "-", 2)) + want.fraction() + want.text("OffsetTimeOriginal")
		wantTime = strings.Replace(wantTime, "+00:00", "Z", 1)
		if got.TakenAt.String() != wantTime {
			t.Errorf("taken at %s, exiftool says %s", got.TakenAt, wantTime)
		}
	}
	if model := want.text("Model"); !strings.Contains(got.Camera, model) {
		t.Errorf("camera %q, exiftool says %q", got.Camera, model)
	}
	compareShot(t, got.Shot, want)
	if strings.HasSuffix(path, "geodegrees_as_string.jpg") {
		return // exiftool takes its decimal commas for separators
	}
	comparePosition(t, got.Position, want)
}

// fraction returns what follows the second. exiftool writes digits that begin with 0
// as a string, others as a number.
func (e exifTool) fraction() string {
	digits := e.text("SubSecTimeOriginal")
	if n, ok := e.EXIF["SubSecTimeOriginal"].(float64); ok {
		digits = strconv.Itoa(int(n))
	}
	if digits = strings.TrimRight(digits, "0 "); digits == "" {
		return ""
	}
	return "." + digits
}

// compareShot compares what exiftool finds in the standard's own entries.
func compareShot(t *testing.T, got photo.Shot, want exifTool) {
	for _, c := range []struct {
		name string
		got  float64
	}{{"ExposureTime", got.ExposureTime}, {"FNumber", got.Aperture}, {"FocalLength", got.FocalLength}} {
		if f, ok := want.EXIF[c.name].(float64); ok && f > 0 && math.Abs(c.got-f) > f/1000 {
			t.Errorf("%s %v, exiftool says %v", c.name, c.got, f)
		}
	}
	if lens := want.text("LensModel"); lens != "" && got.Lens != lens {
		t.Errorf("lens %q, exiftool says %q", got.Lens, lens)
	}
	if iso, ok := want.EXIF["ISO"].(float64); ok && got.ISO != int(iso) {
		t.Errorf("ISO %d, exiftool says %v", got.ISO, iso)
	}
}

func comparePosition(t *testing.T, got *photo.Position, want exifTool) {
	latitude, ok1 := want.EXIF["GPSLatitude"].(float64)
	longitude, ok2 := want.EXIF["GPSLongitude"].(float64)
	if !ok1 || !ok2 || latitude == 0 && longitude == 0 {
		return
	}
	if got == nil {
		t.Fatalf("no position, exiftool says %v %v", latitude, longitude)
	}
	// exiftool's EXIF group has both without their signs.
	if math.Abs(math.Abs(got.Latitude)-latitude) > 1e-6 || math.Abs(math.Abs(got.Longitude)-longitude) > 1e-6 {
		t.Errorf("position %+v, exiftool says %v %v", *got, latitude, longitude)
	}
}

// What exiftool's list does not show: signs, captions, sizes as displayed.
func TestRealPhotos(t *testing.T) {
	t.Parallel()
	images := filepath.Join(moduleDir(t, "github.com/bep/imagemeta"), "testdata", "images")
	for name, want := range map[string]struct {
		mediaType     string
		width, height int
		caption       string
		position      bool
	}{
		"iphone.heic":                     {mediaType: picture.HEIC, width: 5712, height: 4284, position: true},
		"sony.heif":                       {mediaType: picture.HEIC, width: 4128, height: 6192}, // turned
		"sample.arw":                      {mediaType: picture.ARW, width: 3880, height: 2600},  // its own caption is SONY DSC
		"sample.cr2":                      {mediaType: picture.CR2, width: 3648, height: 2736},
		"sample.dng":                      {mediaType: picture.DNG, width: 2592, height: 1944}, // as the camera crops it
		"sample.nef":                      {mediaType: picture.NEF, width: 2012, height: 1324},
		"bep/jølstravatnet.pef":           {mediaType: picture.PEF, width: 6080, height: 4032, position: true},
		"bep/sunrise.avif":                {mediaType: picture.AVIF, width: 1024, height: 640, position: true},
		"bep/sunrise.png":                 {mediaType: picture.PNG, width: 1024, height: 640, position: true},
		"bep/sunrise.tif":                 {mediaType: picture.TIFF, width: 1024, height: 640, position: true},
		"bep/sunrise.webp":                {mediaType: picture.WebP, width: 1024, height: 640, position: true},
		"bep/sunrise_lossless.webp":       {mediaType: picture.WebP, width: 1024, height: 640},
		"goexif/f8-exif.jpg":              {mediaType: picture.JPEG, width: 40, height: 80},
		"hugo-issue-12669.jpg":            {mediaType: picture.JPEG, width: 4032, height: 2268}, // position 0,0
		"metadata-extractor/crash01.jpg":  {mediaType: picture.JPEG, width: 100, height: 66},
		"metadata-extractor/withIptc.jpg": {mediaType: picture.JPEG, width: 110, height: 100, caption: "Caption"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readFile(t, filepath.Join(images, name))
			if err != nil {
				t.Fatal(err)
			}
			if got.MediaType != want.mediaType || got.Width != want.width || got.Height != want.height {
				t.Errorf("%s %d×%d, want %s %d×%d", got.MediaType, got.Width, got.Height, want.mediaType, want.width, want.height)
			}
			if got.Caption != want.caption {
				t.Errorf("caption %q, want %q", got.Caption, want.caption)
			}
			if (got.Position != nil) != want.position {
				t.Errorf("position %v", got.Position)
			}
			if p := got.Position; p != nil && strings.Contains(name, "iphone") && (p.Latitude < 37 || p.Longitude > -122) {
				t.Errorf("position %+v, want the north-west", *p)
			}
		})
	}
}
