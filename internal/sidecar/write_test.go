package sidecar_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/sidecar"
)

// TestWrittenSidecarsAreRead: the sidecar of a downloaded photo describes it when it is uploaded
// again.
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
			if got, err := describe(sidecar.New([]sidecar.Kind{kind}), dir+"a.jpg"); got != text || err != nil {
				t.Errorf("%s: %q came back as %q, %v", format, text, got, err)
			}
			if !sidecar.IsSidecar("a.jpg" + suffix) {
				t.Errorf("%s is not a valid name of a sidecar", suffix)
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

// TestWrittenDatesAndPositionsAreRead: facts from outside the picture are written with the
// precision that they had.
func TestWrittenDatesAndPositionsAreRead(t *testing.T) {
	t.Parallel()
	for _, taken := range []photo.Moment{{}, photo.At(time.Unix(1532281602, 0).UTC()), photo.AtWallClock(time.Date(2018, 7, 22, 17, 46, 42, 500000000, time.UTC))} {
		for _, position := range []*photo.Position{nil, {Latitude: -33.8688197, Longitude: 151.2092955}, {Latitude: 59.9999999999, Longitude: -0.0000001}} {
			p := photo.Photo{Name: "a.jpg", Description: "x", TakenAt: taken, TakenSource: photo.FactSidecar, Position: position, PositionSource: photo.FactTakeout}
			dir := folder(t, nil)
			_, content := writer(t, "xmp")(p)
			write(t, dir+"a.jpg.xmp", string(content))
			found, err := sidecar.New(nil).Find(dir + "a.jpg")
			if found.Facts.Taken.String() != taken.String() || !near(found.Facts.Position, position) || err != nil {
				t.Errorf("%s, %v came back as %+v, %v", taken, position, found.Facts, err)
			}
		}
	}
	embedded := photo.Photo{Name: "a.jpg", TakenAt: photo.At(time.Unix(1532281602, 0)), TakenSource: photo.FactEmbedded}
	if _, content := writer(t, "xmp")(embedded); content != nil {
		t.Errorf("the picture says it itself: %s", content)
	}
	dir := folder(t, nil)
	dated := photo.Photo{Name: "a.jpg", TakenAt: photo.At(time.Unix(1532281602, 0)), TakenSource: photo.FactTakeout, Position: &photo.Position{Latitude: 1.5, Longitude: -2}, PositionSource: photo.FactTakeout}
	_, content := writer(t, "json")(dated)
	write(t, dir+"a.jpg.json", string(content))
	found, err := sidecar.New(nil).Find(dir + "a.jpg")
	if f := found.Facts; f.Taken.String() != "2018-07-22T17:46:42Z" || f.TakenSource != photo.FactTakeout || !near(f.Position, dated.Position) || err != nil {
		t.Errorf("JSON: %+v, %v", f, err)
	}
}

func writer(t *testing.T, format string) sidecar.Writer {
	t.Helper()
	w, err := sidecar.WriterOf(format)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// near compares positions with a tolerance of about a millimetre.
func near(a, b *photo.Position) bool {
	if a == nil || b == nil {
		return a == b
	}
	return math.Abs(a.Latitude-b.Latitude) < 1e-8 && math.Abs(a.Longitude-b.Longitude) < 1e-8
}

// TestFacts: sidecars give the date and the position of a photo, and the better source counts.
func TestFacts(t *testing.T) {
	t.Parallel()
	const json = `{"title":"a.jpg","photoTakenTime":{"timestamp":"1532281602"},"geoData":{"latitude":%s},"geoDataExif":{"latitude":3,"longitude":4}}`
	takeoutOnly := func(geo string) map[string]string {
		return map[string]string{"a.jpg.json": strings.Replace(json, "%s", geo, 1)}
	}
	both := takeoutOnly(`1,"longitude":2`)
	for name, c := range map[string]struct {
		xmp, wantTaken, wantPosition string
		files                        map[string]string
	}{
		"nothing":                     {},
		"Takeout":                     {files: both, wantTaken: "2018-07-22T17:46:42Z takeout", wantPosition: "{1 2} takeout"},
		"Takeout at 0,0":              {files: takeoutOnly(`0,"longitude":0`), wantTaken: "2018-07-22T17:46:42Z takeout", wantPosition: "{3 4} takeout"},
		"XMP before Takeout":          {files: both, xmp: `<exif:DateTimeOriginal>2018-07-22T19:46:42+02:00</exif:DateTimeOriginal>`, wantTaken: "2018-07-22T19:46:42+02:00 sidecar", wantPosition: "{1 2} takeout"},
		"XMP in EXIF's form":          {xmp: `<exif:DateTimeOriginal>2024:07:01 12:00:00</exif:DateTimeOriginal>`, wantTaken: "2024-07-01T12:00:00 sidecar"},
		"the day of creation":         {xmp: `<photoshop:DateCreated>1974-05-02</photoshop:DateCreated>`, wantTaken: "1974-05-02T00:00:00 sidecar"},
		"an unset clock":              {xmp: `<exif:DateTimeOriginal>1970-01-01T00:00:00Z</exif:DateTimeOriginal>`},
		"degrees and minutes":         {xmp: `<exif:GPSLatitude>48,30N</exif:GPSLatitude><exif:GPSLongitude>11,15.0W</exif:GPSLongitude>`, wantPosition: "{48.5 -11.25} sidecar"},
		"degrees, minutes, seconds":   {xmp: `<exif:GPSLatitude>33,30,0S</exif:GPSLatitude><exif:GPSLongitude>151,15,0E</exif:GPSLongitude>`, wantPosition: "{-33.5 151.25} sidecar"},
		"plain degrees":               {xmp: `<exif:GPSLatitude>-33.5</exif:GPSLatitude><exif:GPSLongitude>151.25</exif:GPSLongitude>`, wantPosition: "{-33.5 151.25} sidecar"},
		"no place":                    {xmp: `<exif:GPSLatitude>0,0N</exif:GPSLatitude><exif:GPSLongitude>0,0E</exif:GPSLongitude>`},
		"half a place":                {xmp: `<exif:GPSLatitude>48,30N</exif:GPSLatitude>`},
		"minutes there cannot be":     {xmp: `<exif:GPSLatitude>48,75N</exif:GPSLatitude><exif:GPSLongitude>11,15W</exif:GPSLongitude>`},
		"two signs":                   {xmp: `<exif:GPSLatitude>-48,30N</exif:GPSLatitude><exif:GPSLongitude>11,15W</exif:GPSLongitude>`},
		"too long a text and a date":  {xmp: `<dc:description>` + repeat("x", 4097) + `</dc:description><exif:DateTimeOriginal>2024-07-01T12:00:00</exif:DateTimeOriginal>`, wantTaken: "2024-07-01T12:00:00 sidecar"},
		"an attribute in place of it": {xmp: `<xmpMM:History/>`, files: map[string]string{"a.xmp": `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreateDate="2024-07-01T12:00"/></rdf:RDF>`}, wantTaken: "2024-07-01T12:00:00 sidecar"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, c.files)
			if c.xmp != "" {
				write(t, dir+"a.jpg.xmp", xmp(c.xmp))
			}
			found, err := sidecar.New(nil).Find(dir + "a.jpg")
			taken, position := "", ""
			if f := found.Facts; !f.Taken.IsZero() {
				taken = f.Taken.String() + " " + string(f.TakenSource)
			}
			if f := found.Facts; f.Position != nil {
				position = fmt.Sprintf("{%v %v} %s", f.Position.Latitude, f.Position.Longitude, f.PositionSource)
			}
			if taken != c.wantTaken || position != c.wantPosition || err != nil || found.Description != "" {
				t.Errorf("taken %q at %q, description %q, %v; want %q at %q", taken, position, found.Description, err, c.wantTaken, c.wantPosition)
			}
		})
	}
}
