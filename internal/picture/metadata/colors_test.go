package metadata_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"photos/internal/picture/metadata"
)

func TestColors(t *testing.T) {
	t.Parallel()
	profile := strings.Repeat("profile ", 40)
	half := len(profile) / 2
	ihdr := u32(8, 8) + "\x08\x02\x00\x00\x00"
	chunk := func(kind, body string) string { return u32(uint32(len(body))) + kind + body + u32(0) }
	png := func(chunks ...string) string {
		return "\x89PNG\r\n\x1a\n" + chunk("IHDR", ihdr) + strings.Join(chunks, "") + chunk("IEND", "")
	}
	nclx := box("colr", "nclx\x00\x09\x00\x10\x00\x09\x80")
	entry := box("hvc1", strings.Repeat("\x00", 78)+nclx)
	video := box("ftyp", "isom\x00\x00\x00\x00") + box("moov", box("trak",
		box("mdia", box("hdlr", u32(0, 0)+"vide"), box("minf", box("stbl", box("stsd", u32(0, 1)+entry))))))
	interop := func(colorSpace uint16, index string) []byte {
		return jpegFile(t, 8, 8, tag{exifTag, []tag{{0xa001, colorSpace}, {0xa005, []tag{{1, index}}}}})
	}
	for name, test := range map[string]struct {
		file string
		want metadata.Colors
	}{
		"JPEG, two parts": {
			string(withSegment(withSegment(jpegFile(t, 8, 8), 0xe2, "ICC_PROFILE\x00\x02\x02"+profile[half:]), 0xe2, "ICC_PROFILE\x00\x01\x02"+profile[:half])),
			metadata.Colors{Profile: []byte(profile)},
		},
		"JPEG, Adobe RGB":             {string(interop(0xffff, "R03")), metadata.Colors{AdobeRGB: true}},
		"JPEG, Adobe RGB by a number": {string(interop(2, "R98")), metadata.Colors{AdobeRGB: true}},
		"JPEG, uncalibrated":          {string(interop(0xffff, "R98")), metadata.Colors{}},
		"JPEG, sRGB":                  {string(interop(1, "R98")), metadata.Colors{}},
		"WebP": {
			"RIFF\x00\x00\x00\x00WEBP" + riffChunk("VP8L", "\x2f"+le(59|39<<14)+"\x00", true) + riffChunk("ICCP", profile, true),
			metadata.Colors{Profile: []byte(profile)},
		},
		"TIFF":           {string(tiffFile(tag{0x8773, profile})), metadata.Colors{Profile: []byte(profile + "\x00")}},
		"PNG":            {png(chunk("gAMA", u32(100_000)), chunk("iCCP", "name\x00\x00"+deflate(profile))), metadata.Colors{Profile: []byte(profile)}},
		"PNG, exponent":  {png(chunk("gAMA", u32(100_000))), metadata.Colors{Gamma: 1}},
		"PNG, sRGB":      {png(chunk("gAMA", u32(100_000)), chunk("sRGB", "\x00")), metadata.Colors{Primaries: 1, Transfer: 13}},
		"PNG, numbers":   {png(chunk("sRGB", "\x00"), chunk("cICP", "\x09\x10\x00\x01")), metadata.Colors{Primaries: 9, Transfer: 16}},
		"HEIF":           {heifFile("heic\x00\x00\x00\x00mif1", box("ispe", u32(0, 600, 400)), nclx), metadata.Colors{Primaries: 9, Transfer: 16}},
		"HEIF, profile":  {heifFile("heic\x00\x00\x00\x00mif1", box("ispe", u32(0, 600, 400)), nclx, box("colr", "prof"+profile)), metadata.Colors{Profile: []byte(profile)}},
		"MP4":            {video, metadata.Colors{Primaries: 9, Transfer: 16}},
		"no declaration": {string(jpegFile(t, 8, 8)), metadata.Colors{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			look, err := metadata.Look(context.Background(), strings.NewReader(test.file), int64(len(test.file)))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, look.Colors); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// The small picture inside a file of Photoshop is found.
func TestPreviewOfPhotoshop(t *testing.T) {
	t.Parallel()
	small := jpegFile(t, 8, 8)
	resource := "8BIM\x04\x0c\x00\x00" + u32(uint32(28+len(small))) + strings.Repeat("\x00", 28) + string(small)
	file := "8BPS\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03" + u32(40, 60) + "\x00\x08\x00\x03" + u32(0) + u32(uint32(len(resource))) + resource
	look, err := metadata.Look(context.Background(), strings.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if look.Preview == nil {
		t.Fatal("no preview")
	}
	got := make([]byte, look.Preview.Size())
	if _, err := look.Preview.ReadAt(got, 0); err != nil || !bytes.Equal(got, small) {
		t.Errorf("another preview, %v", err)
	}
}
