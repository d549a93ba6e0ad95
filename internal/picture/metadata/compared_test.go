package metadata_test

import (
	"strings"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/picture"
)

// What scripts/against-exiftool has found, each in a file of its own kind.
func TestFoundByComparison(t *testing.T) {
	t.Parallel()
	at := func(hour, minute, second int) time.Time {
		return time.Date(2024, 7, 1, hour, minute, second, 0, time.UTC)
	}
	clock := photo.AtWallClock(at(9, 30, 0))
	day := "\x1c\x02\x37\x00\x0820240701"
	iptcBlock := func(zone string) string {
		record := day + "\x1c\x02\x3c\x00\x0b093000" + zone
		return "Photoshop 3.0\x008BIM\x04\x04\x00\x00" + u32(uint32(len(record))) + record
	}
	dateOf := func(m photo.Moment, mediaType string, width, height int) picture.Info {
		return picture.Info{MediaType: mediaType, Width: width, Height: height, TakenAt: m}
	}
	psd := func(signature string) string {
		resource := signature + "\x04\x22\x00\x00" + u32(uint32(len(tiffFile(allTags...)))) + string(tiffFile(allTags...))
		return "8BPS\x00\x01" + strings.Repeat("\x00", 6) + "\x00\x03" + u32(40, 60) + "\x00\x08\x00\x03" + u32(0) + u32(uint32(len(resource))) + resource
	}
	const secondsTo2024 = 1_704_067_200 // from 1970
	newYear := photo.At(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	local := photo.At(time.Date(2024, 7, 1, 9, 30, 0, 0, time.FixedZone("", 2*3600)))
	day01 := box("udta", box("\xa9day", "\x00\x0a\x15\xc7"+"2012-05-31"))
	date := box("udta", box("date", "2024-07-01T09:30:00+0200"))
	xyz := func(s string) string { return box("\xa9xyz", "\x00"+string(rune(len(s)))+"\x15\xc7"+s) }
	twoPlaces := box("udta", box("meta", u32(0), box("ilst", box("\xa9xyz", box("data", u32(1, 0)+"+40.6892-074.0445/")))), xyz("+48.8577+002.2950/"))
	burst := box("ftyp", "heic\x00\x00\x00\x00mif1heic") + box("moov", box("mvhd", u32(0, 2_082_844_800+secondsTo2024)+strings.Repeat("\x00", 92))) +
		box("meta", u32(0), box("iprp", box("ipco", box("ispe", u32(0, 600, 400)))))
	ciff := "II\x0e\x00\x00\x00HEAPJPGM" + "PowerShot" + strings.Repeat("\x00", 3) + le(uint32(at(9, 30, 0).Unix()), 512, 384, 0, 0) +
		"\x02\x00" + "\x0e\x18" + le(4, 12) + "\x10\x18" + le(16, 16) + le(32) // another size than the JPEG's
	h265 := "\x00\x00\x01\x42\x01\x01\x03\x70\x00\x00\x03\x00\x90\x00\x00\x03\x00\x00\x03\x00\x3c\xa0\x0a\x08\x0f\x16\x5b\xa9\x24\xa6\xb9\xb8\x10\x10\x30\x20"
	camcorder := "\x00\x00\x01\x06MDPM\x04\xe0\x01\x08\x00\x00\xe4ILCE\xe5-7M3\xe6\x00\x00\x00\x00"
	for name, test := range map[string]struct {
		file string
		want picture.Info
	}{
		"a PNG with the date of RFC 1123":          {pngFile(t, "tEXt", "Creation Time\x00Mon, 1 Jul 2024 09:30:00 -0000"), dateOf(photo.At(at(9, 30, 0)), picture.PNG, 60, 40)},
		"a PNG with such a date without an offset": {pngFile(t, "tEXt", "Creation Time\x001 Jul 2024 09:30:00"), dateOf(clock, picture.PNG, 60, 40)},
		"a PNG whose keyword has no space":         {pngFile(t, "tEXt", "CreationTime\x002024:07:01 09:30:00"), dateOf(clock, picture.PNG, 60, 40)},
		"an offset of 60 minutes in IPTC":          {string(withSegment(jpegFile(t, 8, 8), 0xed, iptcBlock("+0060"))), dateOf(clock, picture.JPEG, 8, 8)},
		"IPTC next to a date that is not one": {
			string(withSegment(withSegment(jpegFile(t, 8, 8), 0xed, iptcBlock("     ")), 0xe1, xmp(`<p:DateCreated xmlns:p="http://ns.adobe.com/photoshop/1.0/">2009:09:09T17:00:00, 2009</p:DateCreated>`))),
			dateOf(clock, picture.JPEG, 8, 8),
		},
		"resources of older programs":      {psd("AgHg"), sized(fromEXIF, picture.PSD, 60, 40)},
		"a movie that counts from 1970":    {movie(unturned, u32(0, secondsTo2024)), dateOf(newYear, picture.QuickTime, 1920, 1080)},
		"a movie with a day and a header":  {movie(unturned, u32(0, secondsTo2024), day01), dateOf(newYear, picture.QuickTime, 1920, 1080)},
		"a movie with the local time":      {movie(unturned, u32(0, secondsTo2024), date), dateOf(local, picture.QuickTime, 1920, 1080)},
		"a movie with two positions":       {movie(unturned, u32(0, 0), twoPlaces), picture.Info{MediaType: picture.QuickTime, Width: 1920, Height: 1080, Position: &photo.Position{Latitude: 48.8577, Longitude: 2.295}}},
		"a burst without properties":       {burst, dateOf(newYear, picture.HEIC, 600, 400)},
		"a JPEG of Canon's first cameras":  {string(withSegment(jpegFile(t, 8, 8), 0xe0, ciff)), dateOf(clock, picture.JPEG, 8, 8)},
		"H.265 in a transport stream":      {videoPackets(h265), picture.Info{MediaType: picture.MPEGTS, Width: 320, Height: 240}},
		"H.263 in a transport stream":      {videoPackets("\x00\x00\x01\x27\x01\x02\x03\x04\x05\x06\x07\x08\x09"), picture.Info{MediaType: picture.MPEGTS}},
		"MPEG-4 in a transport stream":     {videoPackets("\x00\x00\x01\xb3\x00\x10\x07\x00\x00\x00\x00\x00"), picture.Info{MediaType: picture.MPEGTS}},
		"XMP behind another prefix":        {string(withSegment(jpegFile(t, 8, 8), 0xe1, "http://ns.example.com/\x00"+packet)), sized(fromXMP, picture.JPEG, 8, 8)},
		"XMP without a prefix":             {string(withSegment(jpegFile(t, 8, 8), 0xe1, packet)), sized(fromXMP, picture.JPEG, 8, 8)},
		"Theora":                           {"OggS" + strings.Repeat("\x00", 22) + "\x01\x2a\x80theora\x03\x02\x01\x00\x04\x00\x03\x00\x00\x3c\x00\x00\x28", picture.Info{MediaType: picture.Ogg, Width: 60, Height: 40}},
		"the camera of a transport stream": {videoPackets(camcorder), picture.Info{MediaType: picture.MPEGTS, Camera: "Sony ILCE-7M3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, read(t, []byte(test.file)), test.want)
		})
	}
}
