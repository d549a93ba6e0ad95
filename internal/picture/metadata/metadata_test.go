package metadata_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/picture/metadata"
)

func read(t testing.TB, file []byte) picture.Info {
	t.Helper()
	info, err := metadata.Read(context.Background(), bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestReadJPEG(t *testing.T) {
	t.Parallel()
	got := read(t, jpegFile(t, 60, 40,
		tag{captionTag, "Grandma on the beach"},
		tag{makeTag, "Canon"},
		tag{modelTag, "Canon EOS R5"},
		tag{orientationTag, uint16(6)},
		tag{exifTag, []tag{{takenTag, "2024:07:01 09:30:00"}, {offsetTag, "+02:00"}}},
		tag{gpsTag, []tag{
			{1, "S"}, {2, [][2]uint32{{33, 1}, {30, 1}, {0, 1}}},
			{3, "E"}, {4, [][2]uint32{{151, 1}, {15, 1}, {0, 1}}},
		}},
	))
	want := picture.Info{
		MediaType: picture.JPEG,
		Width:     40, // turned by its orientation
		Height:    60,
		TakenAt:   photo.At(time.Date(2024, 7, 1, 9, 30, 0, 0, time.FixedZone("", 2*3600))),
		Camera:    "Canon EOS R5",
		Caption:   "Grandma on the beach",
		Position:  &photo.Position{Latitude: -33.5, Longitude: 151.25},
	}
	compare(t, got, want)
}

func compare(t *testing.T, got, want picture.Info) {
	t.Helper()
	asText := cmp.Transformer("text", func(m photo.Moment) string { return m.String() })
	if diff := cmp.Diff(want, got, asText); diff != "" {
		t.Errorf("info (-want +got):\n%s", diff)
	}
}

func TestTakenAt(t *testing.T) {
	t.Parallel()
	taken := func(date, offset string) tag {
		return tag{exifTag, []tag{{takenTag, date}, {offsetTag, offset}}}
	}
	tests := []struct {
		name string
		tags []tag
		xmp  string
		want string
	}{
		{name: "without an offset it is a wall clock", tags: []tag{{exifTag, []tag{{takenTag, "2024:07:01 09:30:00"}}}}, want: "2024-07-01T09:30:00"},
		{name: "with an offset", tags: []tag{taken("2024:07:01 09:30:00", "-07:00")}, want: "2024-07-01T09:30:00-07:00"},
		{name: "with an offset that is none", tags: []tag{taken("2024:07:01 09:30:00", "   :  ")}, want: "2024-07-01T09:30:00"},
		{name: "never set", tags: []tag{taken("0000:00:00 00:00:00", "+00:00")}, want: ""},
		{name: "blank", tags: []tag{taken("    :  :     :  :  ", "")}, want: ""},
		{name: "seconds that are not known", tags: []tag{taken("2024:07:01 09:30:  ", "+02:00")}, want: "2024-07-01T09:30:00+02:00"},
		{name: "a time that is not known", tags: []tag{taken("2024:07:01   :  :  ", "")}, want: "2024-07-01T00:00:00"},
		{name: "only the time of the satellites", tags: []tag{{gpsTag, []tag{{7, [][2]uint32{{7, 1}, {30, 1}, {1550, 100}}}, {29, "2024:07:01"}}}}, want: "2024-07-01T07:30:15Z"},
		{name: "a satellite's day without a time", tags: []tag{{gpsTag, []tag{{29, "2024:07:01"}}}}, want: ""},
		{name: "a date of change before the satellites", tags: []tag{{modifyTag, "2024:07:01 09:30:00"}, {gpsTag, []tag{{7, [][2]uint32{{7, 1}, {30, 1}, {15, 1}}}, {29, "2024:06:30"}}}}, want: "2024-07-01T09:30:00"},
		{name: "far from any camera", tags: []tag{taken("9999:12:31 23:59:59", "+00:00")}, want: ""},
		{name: "only a date of change", tags: []tag{{modifyTag, "2003:01:02 03:04:05"}}, want: "2003-01-02T03:04:05"},
		{name: "taken before changed", tags: []tag{{modifyTag, "2020:01:02 03:04:05"}, taken("2019:01:02 03:04:05", "Z")}, want: "2019-01-02T03:04:05Z"},
		{name: "a fraction", tags: []tag{{exifTag, []tag{{takenTag, "2024:07:01 09:30:00"}, {0x9291, "05"}}}}, want: "2024-07-01T09:30:00.05"},
		{name: "a fraction and an offset", tags: []tag{{exifTag, []tag{{takenTag, "2024:07:01 09:30:00"}, {offsetTag, "+02:00"}, {0x9291, "500"}}}}, want: "2024-07-01T09:30:00.5+02:00"},
		{name: "a long fraction", tags: []tag{{exifTag, []tag{{takenTag, "2024:07:01 09:30:00"}, {0x9291, "012345678"}}}}, want: "2024-07-01T09:30:00.012345"},
		{name: "a padded fraction", tags: []tag{{exifTag, []tag{{takenTag, "2024:07:01 09:30:00"}, {0x9291, "80      "}}}}, want: "2024-07-01T09:30:00.8"},
		{name: "a fraction that is none", tags: []tag{{exifTag, []tag{{takenTag, "2024:07:01 09:30:00"}, {0x9291, "-1"}}}}, want: "2024-07-01T09:30:00"},
		{name: "the fraction of another date", tags: []tag{{exifTag, []tag{{takenTag, "2024:07:01 09:30:00"}, {0x9290, "77"}}}}, want: "2024-07-01T09:30:00"},
		{name: "a fraction of the date of change", tags: []tag{{modifyTag, "2003:01:02 03:04:05"}, {exifTag, []tag{{0x9290, "77"}}}}, want: "2003-01-02T03:04:05.77"},
		{name: "an unset clock", tags: []tag{taken("1970:01:01 00:00:00", "")}, want: ""},
		{name: "an unset clock that ran", tags: []tag{taken("1970:01:01 03:25:45", "")}, want: ""},
		{name: "an unset clock with an offset", tags: []tag{taken("1969:12:31 16:00:00", "-08:00")}, want: ""},
		{name: "an unset clock, and a date of change", tags: []tag{{modifyTag, "2020:01:02 03:04:05"}, taken("1970:01:01 00:00:00", "")}, want: "2020-01-02T03:04:05"},
		{name: "the day after", tags: []tag{taken("1970:01:02 00:00:00", "")}, want: "1970-01-02T00:00:00"},
		{name: "in the first directory", tags: []tag{{modifyTag, "2020:01:02 03:04:05"}, {takenTag, "2019:01:02 03:04:05"}, {0x9291, "25"}}, want: "2019-01-02T03:04:05.25"},
		{name: "xmp in EXIF's form", tags: []tag{{modifyTag, "2024:07:02 12:00:00"}}, xmp: `<exif:DateTimeOriginal>2024:07:01 12:00:00</exif:DateTimeOriginal>`, want: "2024-07-01T12:00:00"},
		{name: "xmp in EXIF's form with an offset", xmp: `<exif:DateTimeOriginal>2024:07:01 12:00:00.25+02:00</exif:DateTimeOriginal>`, want: "2024-07-01T12:00:00.25+02:00"},
		{name: "xmp", xmp: `<exif:DateTimeOriginal>2015-01-22T10:11:12.5+01:00</exif:DateTimeOriginal>`, want: "2015-01-22T10:11:12.5+01:00"},
		{name: "xmp without seconds", xmp: `<exif:DateTimeOriginal>2015-01-22T10:11</exif:DateTimeOriginal>`, want: "2015-01-22T10:11:00"},
		{name: "xmp, a day", xmp: `<exif:DateTimeOriginal>2015-01-22</exif:DateTimeOriginal>`, want: "2015-01-22T00:00:00"},
		{name: "xmp, not a date", xmp: `<exif:DateTimeOriginal>last summer</exif:DateTimeOriginal>`, want: ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := read(t, withSegment(jpegFile(t, 8, 8, test.tags...), 0xe1, xmp(test.xmp))).TakenAt.String()
			if got != test.want {
				t.Errorf("taken at %q, want %q", got, test.want)
			}
		})
	}
}

func TestCaption(t *testing.T) {
	t.Parallel()
	const description = `<dc:description><rdf:Alt><rdf:li xml:lang="x-default">From XMP</rdf:li><rdf:li xml:lang="de">Aus XMP</rdf:li></rdf:Alt></dc:description>`
	tests := []struct {
		name            string
		exif, iptc, xmp string
		maker           string
		want            string
	}{
		{name: "none", want: ""},
		{name: "exif", exif: "From EXIF", want: "From EXIF"},
		{name: "iptc before exif", exif: "From EXIF", iptc: "From IPTC", want: "From IPTC"},
		{name: "xmp before iptc", iptc: "From IPTC", xmp: description, want: "From XMP"},
		{name: "iptc in UTF-8 that does not say so", iptc: "Århus, œuvre", want: "Århus, œuvre"},
		{name: "iptc in Latin-1", iptc: "\xc5rhus", want: "Århus"},
		{name: "iptc of several lines", iptc: "One\r\nTwo\x07", want: "One\nTwo"},
		{name: "exif in Latin-1", exif: "\xc5rhus", want: "Århus"},
		{name: "exif in an unknown character set", exif: "\x83J\x83\x81\x83\x89", want: ""},
		{name: "junk gives way", xmp: description, exif: "OLYMPUS DIGITAL CAMERA", want: "From XMP"},
		{name: "junk alone", exif: "OLYMPUS DIGITAL CAMERA         ", want: ""},
		{name: "sony", exif: "SONY DSC", want: ""},
		{name: "a drone's path", exif: `DCIM\100MEDIA\DJI_0001.JPG`, want: ""},
		{name: "default", exif: "Default", want: ""},
		{name: "white space", exif: "                 ", want: ""},
		{name: "dashes", exif: "- - -", want: ""},
		{name: "a year is somebody's caption", exif: "1974", want: "1974"},
		{name: "a mode of Huawei", exif: "rhdr", maker: "HUAWEI", want: ""},
		{name: "a word on another camera", exif: "rhdr", maker: "Canon", want: "rhdr"},
		{name: "more than a description holds", iptc: strings.Repeat("é", 2100), want: strings.Repeat("é", 2048)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tags := []tag{{captionTag, test.exif}, {makeTag, test.maker}}
			file := withSegment(jpegFile(t, 8, 8, tags...), 0xed, iptc(test.iptc))
			got := read(t, withSegment(file, 0xe1, xmp(test.xmp))).Caption
			if got != test.want {
				t.Errorf("caption %q, want %q", got, test.want)
			}
		})
	}
}

func TestCamera(t *testing.T) {
	t.Parallel()
	tests := []struct{ maker, model, want string }{
		{"Canon", "Canon EOS R5", "Canon EOS R5"},
		{"NIKON CORPORATION", "NIKON D1", "NIKON D1"},
		{"SONY", "ILCE-7M3", "SONY ILCE-7M3"},
		{"OLYMPUS OPTICAL CO.,LTD", "C2500L", "OLYMPUS C2500L"},
		{"Eastman Kodak Company", "DC210 Zoom", "Eastman Kodak DC210 Zoom"},
		{"RICOH IMAGING COMPANY, LTD.", "PENTAX K-3 II", "RICOH PENTAX K-3 II"},
		{"Apple", "", "Apple"},
		{"", "Box camera", "Box camera"},
		{"   ", "", ""},
	}
	for _, test := range tests {
		got := read(t, jpegFile(t, 8, 8, tag{makeTag, test.maker}, tag{modelTag, test.model})).Camera
		if got != test.want {
			t.Errorf("%q, %q: camera %q, want %q", test.maker, test.model, got, test.want)
		}
	}
}

// XMP that does not fit into one segment goes on in others (XMP specification part 3, 1.1.3.1). They may be in any order,
// and those that the packet does not name are not its own.
func TestExtendedXMP(t *testing.T) {
	t.Parallel()
	const own, foreign = "0123456789ABCDEF0123456789ABCDEF", "FEDCBA9876543210FEDCBA9876543210"
	caption := func(text string) string {
		return strings.TrimPrefix(xmp(`<dc:description>`+text+`</dc:description>`), "http://ns.adobe.com/xap/1.0/\x00")
	}
	part := func(id, whole string, from, to int) string {
		return "http://ns.adobe.com/xmp/extension/\x00" + id + u32(uint32(len(whole)), uint32(from)) + whole[from:to]
	}
	packet := xmp(`<n:HasExtendedXMP xmlns:n="http://ns.adobe.com/xmp/note/">` + own + `</n:HasExtendedXMP>`)
	beach, other := caption("On the beach"), caption("Of another photo")
	file := jpegFile(t, 8, 8)
	for _, segment := range []string{
		part(own, beach, 0, 100), part(own, beach, 100, len(beach)), part(foreign, other, 0, len(other)), part(own, beach, 0, 0)[:60], packet,
	} { // the last one comes first
		file = withSegment(file, 0xe1, segment)
	}
	if got := read(t, file).Caption; got != "On the beach" {
		t.Errorf("caption %q", got)
	}
	outside := strings.Replace(part(own, beach, 0, 100), u32(0)+"<x", u32(1<<31)+"<x", 1)
	if got := read(t, withSegment(withSegment(jpegFile(t, 8, 8), 0xe1, outside), 0xe1, packet)).Caption; got != "" {
		t.Errorf("caption %q", got)
	}
}

func TestPositionUnknown(t *testing.T) {
	t.Parallel()
	degrees := func(n, d uint32) [][2]uint32 { return [][2]uint32{{n, d}, {0, 1}, {0, 1}} }
	for name, gps := range map[string][]tag{
		"nothing but a version": {{0, "2"}},
		"null island":           {{1, "N"}, {2, degrees(0, 1)}, {3, "E"}, {4, degrees(0, 1)}},
		"beyond the pole":       {{1, "N"}, {2, degrees(91, 1)}, {3, "E"}, {4, degrees(10, 1)}},
		"divided by zero":       {{1, "N"}, {2, degrees(5, 0)}, {3, "E"}, {4, degrees(5, 0)}},
		"latitude only":         {{1, "N"}, {2, degrees(50, 1)}},
	} {
		if got := read(t, jpegFile(t, 8, 8, tag{gpsTag, gps})).Position; got != nil {
			t.Errorf("%s: position %+v, want none", name, *got)
		}
	}
}

// The position of XMP counts if EXIF has none. Some programs leave the direction out, or copy EXIF's fractions.
func TestPositionInXMP(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		xmp  string
		want photo.Position
	}{
		"as specified":        {`<exif:GPSLatitude>33,30.0S</exif:GPSLatitude><exif:GPSLongitude>70,15,0W</exif:GPSLongitude>`, photo.Position{Latitude: -33.5, Longitude: -70.25}},
		"without a direction": {`<exif:GPSLatitude>56,0.000000</exif:GPSLatitude><exif:GPSLongitude>14,15.000000</exif:GPSLongitude>`, photo.Position{Latitude: 56, Longitude: 14.25}},
		"with signs":          {`<exif:GPSLatitude>-33.5</exif:GPSLatitude><exif:GPSLongitude>-70.25</exif:GPSLongitude>`, photo.Position{Latitude: -33.5, Longitude: -70.25}},
		"EXIF's fractions":    {`<exif:GPSLatitude>55/1 54/1 4500/100</exif:GPSLatitude><exif:GPSLongitude>36/1 57/1 0/1</exif:GPSLongitude>`, photo.Position{Latitude: 55.9125, Longitude: 36.95}},
		"EXIF's directions": {
			`<exif:GPSLatitude>33,30.0</exif:GPSLatitude><exif:GPSLatitudeRef>S</exif:GPSLatitudeRef><exif:GPSLongitude>70,15.0</exif:GPSLongitude><exif:GPSLongitudeRef>W</exif:GPSLongitudeRef>`,
			photo.Position{Latitude: -33.5, Longitude: -70.25},
		},
	} {
		got := read(t, withSegment(jpegFile(t, 8, 8), 0xe1, xmp(test.xmp))).Position
		if got == nil || math.Abs(got.Latitude-test.want.Latitude) > 1e-9 || math.Abs(got.Longitude-test.want.Longitude) > 1e-9 {
			t.Errorf("%s: position %v, want %v", name, got, test.want)
		}
	}
}

// A file whose EXIF is broken keeps what its other blocks say.
func TestBrokenEXIFCostsNothingElse(t *testing.T) {
	t.Parallel()
	file := withSegment(jpegFile(t, 60, 40), 0xed, iptc("Still here"))
	broken := "Exif\x00\x00II*\x00\x08\x00\x00\x00\x05\x00" + strings.Repeat("\xff", 60)
	got := read(t, withSegment(file, 0xe1, broken))
	compare(t, got, picture.Info{MediaType: picture.JPEG, Width: 60, Height: 40, Caption: "Still here"})
}

func TestFixedHeaders(t *testing.T) {
	t.Parallel()
	u16, u32 := binary.LittleEndian.AppendUint16, binary.LittleEndian.AppendUint32
	gif := u16(u16([]byte("GIF89a"), 320), 200)
	bmp := u32(u32(u32([]byte("BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00"), 40), 640), 0xffffffff-479)
	avi := u32(u32(append([]byte("RIFF\x00\x00\x00\x00AVI LIST\x34\x00\x00\x00hdrlavih\x28\x00\x00\x00"), make([]byte, 32)...), 720), 576)
	for _, test := range []struct {
		file []byte
		want picture.Info
	}{
		{gif, picture.Info{MediaType: picture.GIF, Width: 320, Height: 200}},
		{bmp, picture.Info{MediaType: picture.BMP, Width: 640, Height: 480}},
		{avi, picture.Info{MediaType: picture.AVI, Width: 720, Height: 576}},
		{[]byte("GIF89a"), picture.Info{MediaType: picture.GIF}},
	} {
		compare(t, read(t, test.file), test.want)
	}
}

func TestRAW(t *testing.T) {
	t.Parallel()
	main := []tag{{0x0100, uint16(600)}, {0x0101, uint16(400)}, {makeTag, "Maker"}, {modelTag, "Model"}}
	exif := []tag{{takenTag, "2024:07:01 09:30:00"}}
	gps := []tag{
		{1, "N"}, {2, [][2]uint32{{50, 1}, {0, 1}, {0, 1}}},
		{3, "W"}, {4, [][2]uint32{{8, 1}, {0, 1}, {0, 1}}},
	}
	want := picture.Info{
		TakenAt: photo.AtWallClock(time.Date(2024, 7, 1, 9, 30, 0, 0, time.UTC)),
		Camera:  "Maker Model",
		Width:   600, Height: 400,
		Position: &photo.Position{Latitude: 50, Longitude: -8},
	}
	whole := slices.Concat(main, []tag{{exifTag, exif}, {gpsTag, gps}})

	t.Run("orf and rw2 number themselves otherwise", func(t *testing.T) {
		t.Parallel()
		for magic, mediaType := range map[string]string{"IIRO": picture.ORF, "IIU\x00": picture.RW2} {
			want := want
			want.MediaType = mediaType
			compare(t, read(t, append([]byte(magic), tiffFile(whole...)[4:]...)), want)
		}
	})
	t.Run("raf embeds a jpeg", func(t *testing.T) {
		t.Parallel()
		jpeg := jpegFile(t, 8, 8, whole...)
		file := append([]byte("FUJIFILMCCD-RAW "), make([]byte, 68)...)
		file = append(append(file, u32(92, uint32(len(jpeg)))...), jpeg...)
		want := want
		want.MediaType, want.Width, want.Height = picture.RAF, 0, 0
		compare(t, read(t, file), want)
	})
	t.Run("cr3 has a tiff for each directory", func(t *testing.T) {
		t.Parallel()
		uuid := "\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48"
		file := box("ftyp", "crx \x00\x00\x00\x01crx isom") + box("moov", box("uuid", uuid,
			box("CMT1", string(tiffFile(main...))), box("CMT2", string(tiffFile(exif...))), box("CMT4", string(tiffFile(gps...)))))
		want := want
		want.MediaType = picture.CR3
		compare(t, read(t, []byte(file)), want)
	})
}

func TestNotAPicture(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"", "x", "a note\n", "%PDF-1.7", "<svg/>"} {
		_, err := metadata.Read(context.Background(), strings.NewReader(file), int64(len(file)))
		if photo.KindOf(err) != photo.KindNotPicture {
			t.Errorf("%q: error %v, want kind %s", file, err, photo.KindNotPicture)
		}
	}
}

// failing is a file that cannot be read beyond its head.
type failing struct {
	head []byte
	err  error
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(f.head)) || len(p) > len(f.head) {
		return 0, f.err
	}
	return bytes.NewReader(f.head).ReadAt(p, off)
}

func TestReadError(t *testing.T) {
	t.Parallel()
	broken := errors.New("input/output error")
	head := append([]byte("\xff\xd8\xff\xe1\x7f\xff"), make([]byte, picture.HeadSize)...)
	for name, r := range map[string]io.ReaderAt{
		"at the start":        failing{nil, broken},
		"behind its own head": failing{head, broken},
	} {
		if _, err := metadata.Read(context.Background(), r, 1<<20); !errors.Is(err, broken) {
			t.Errorf("%s: error %v, want %v", name, err, broken)
		}
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	file := jpegFile(t, 8, 8)
	if _, err := metadata.Read(ctx, bytes.NewReader(file), int64(len(file))); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// counting counts what parsers ask for.
type counting struct {
	io.ReaderAt
	reads int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.reads++
	return c.ReaderAt.ReadAt(p, off)
}

// Hostile files end soon, whatever they claim to hold.
func TestHostile(t *testing.T) {
	t.Parallel()
	heif := box("ftyp", "heic\x00\x00\x00\x00mif1heic")
	manySegments := append([]byte("\xff\xd8"), bytes.Repeat([]byte("\xff\xe0\x00\x02"), 1<<20)...)
	// Two billion items of 65,535 extents, each of zero bytes.
	emptyExtents := "\x02\x00\x00\x00" + "\x00\x00" + u32(1<<31) + strings.Repeat("\x00\x00\x00\x01\x00\x00\x00\x00\xff\xff", 1000)
	loop := tiffFile(tag{exifTag, uint16(8)}, tag{gpsTag, uint16(8)}, tag{0x014a, uint16(8)})
	for name, file := range map[string][]byte{
		"a million segments":        manySegments,
		"extents of zero bytes":     []byte(heif + box("meta", u32(0), box("iloc", emptyExtents))),
		"boxes of no size":          []byte(heif + strings.Repeat(u32(8)+"free", 1<<17)),
		"directories in a circle":   loop,
		"a box bigger than the sky": []byte(heif + u32(1) + "meta" + u32(0x7fffffff, 0xffffffff)),
		"nothing behind the head":   []byte("\x89PNG\r\n\x1a\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &counting{ReaderAt: bytes.NewReader(file)}
			start := time.Now()
			if _, err := metadata.Read(context.Background(), c, int64(len(file))); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > 20*time.Second || c.reads > 40_000 {
				t.Errorf("took %s and %d reads", took, c.reads)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(jpegFile(f, 8, 8, tag{captionTag, "caption"}, tag{exifTag, []tag{{takenTag, "2024:07:01 09:30:00"}}}))
	f.Add(withSegment(jpegFile(f, 8, 8), 0xed, iptc("caption")))
	f.Add(tiffFile(tag{makeTag, "NIKON"}, tag{0x014a, []tag{{takenTag, "2024:07:01 09:30:00"}}}))
	f.Add([]byte(movie(quarterTurn, u32(0, 3_800_000_000), appleMeta("com.apple.quicktime.make", "Apple"))))
	f.Add([]byte(box("ftyp", "heic\x00\x00\x00\x00mif1") + box("meta", u32(0), box("iloc", u32(0, 0x44000000)))))
	f.Add([]byte(pngFile(f, "zTXt", "Raw profile type exif\x00\x00"+deflate(rawProfile("exif", string(tiffFile(allTags...)))))))
	f.Add([]byte(heifFile("heic\x00\x00\x00\x00mif1", box("ispe", u32(0, 600, 400)), box("irot", "\x01"))))
	f.Add([]byte(matroska("\x01")))
	f.Add([]byte(asf(asfVideo)))
	f.Add([]byte("RIFF\x00\x00\x00\x00WEBP" + riffChunk("EXIF", string(tiffFile(allTags...)), true)))
	f.Add([]byte(videoPackets("\x00\x00\x01\x27\x64\x00\x28\xad\x00\xec\x07\x80\x44\x7d\xe0\x22")))
	f.Add([]byte("FOVb" + strings.Repeat("\x00", 36) + "SECd" + le(0, 1, 0, 40) + "PROP" + le(40)))
	f.Add([]byte("II\x1a\x00\x00\x00HEAPCCDR" + strings.Repeat("\x00", 12) + "\x01\x00\x07\x30" + le(4, 0, 12)))
	f.Add([]byte("II\x1a\x00\x00\x00HEAPCCDR" + strings.Repeat("\x00", 12) + "\x00\x00" + le(0) + canonRecord(packet)))
	f.Add([]byte("\x00\x00\x00\x0cJXL \r\n\x87\n" + box("brob", "xml "+compress(f, packet))))
	f.Add([]byte(movie(unturned, u32(0, 0)) + sonyMeta("ILCE-7M3")))
	f.Add([]byte(aviStreams("auds", "vids")))
	f.Add([]byte(flashTags(18, 8, 9)))
	f.Add([]byte(programStream("\xc0", "\xe0")))
	f.Add([]byte(transportStream(188, 0x0f, 0x1b)))
	f.Add(withSegment(jpegFile(f, 8, 8), 0xe1, xmp(`<exif:GPSLatitude>55/1 54/1 4500/100</exif:GPSLatitude><exif:GPSLongitude>36,57W</exif:GPSLongitude>`)))
	f.Add([]byte("GIF89a\x3c\x00\x28\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x21\xfe\x0cOn the beach\x00\x3b"))
	f.Add([]byte("\x00\x00\x00\x0cjP  \r\n\x87\n" + box("jp2h", box("ihdr", u32(40, 60)+strings.Repeat("\x00", 6))) + box("uuid", "JpgTiffExif->JP2"+string(tiffFile(allTags...)))))
	f.Add([]byte("\x00MRM" + u32(60) + "\x00TTW" + u32(52) + string(tiffFile(allTags...))))
	f.Add([]byte("8BPS\x00\x01" + strings.Repeat("\x00", 6) + "\x00\x03" + u32(40, 60) + "\x00\x08\x00\x03" + u32(0, 20) + "8BIM\x04\x04\x00\x00" + u32(8) + "\x1c\x02\x78\x00\x03abc"))
	f.Fuzz(func(t *testing.T, file []byte) {
		start := time.Now()
		info, err := metadata.Read(context.Background(), bytes.NewReader(file), int64(len(file)))
		if took := time.Since(start); took > 10*time.Second { // much longer than on a machine that is not busy
			t.Errorf("%d bytes took %s", len(file), took)
		}
		mediaType, ok := picture.Sniff(file)
		switch {
		case photo.KindOf(err) == photo.KindNotPicture: // or sound alone
		case err != nil || !ok || info.MediaType != mediaType:
			t.Errorf("sniffed %q, read %+v, %v", mediaType, info, err)
		}
		if info.Width < 0 || info.Height < 0 || len(info.Caption) > photo.MaxDescription {
			t.Errorf("implausible: %+v", info)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	file := jpegFile(b, 640, 480,
		tag{captionTag, "Grandma on the beach"}, tag{makeTag, "Canon"}, tag{modelTag, "Canon EOS R5"},
		tag{exifTag, []tag{{takenTag, "2024:07:01 09:30:00"}, {offsetTag, "+02:00"}}})
	file = append(withSegment(file, 0xe1, xmp(`<dc:description>On the beach</dc:description>`)), make([]byte, 60<<10)...)
	b.ReportAllocs()
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		read(b, file)
	}
}
