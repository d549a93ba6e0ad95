package metadata_test

import (
	"strings"
	"testing"
	"time"

	"photos/internal/photo"
	"photos/internal/picture"
)

// The matrices of a track header, of a movie filmed upright or with the phone
// turned (ISO/IEC 14496-12, 8.3.2).
var (
	unturned    = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
	quarterTurn = u32(0, 0x10000, 0, 0xffff0000, 0, 0, 0, 0, 0x40000000)
)

// movie is a QuickTime file whose index comes after its pictures. mvhdTimes is
// version, flags and creation of its header.
func movie(matrix, mvhdTimes string, more ...string) string {
	header := box("mvhd", mvhdTimes, strings.Repeat("\x00", 92))
	sound := box("trak", box("tkhd", u32(7), strings.Repeat("\x00", 36), unturned, u32(0, 0)))
	pictures := box("trak", box("tkhd", u32(7), strings.Repeat("\x00", 36), matrix, u32(1920<<16, 1080<<16)))
	return box("ftyp", "qt  \x00\x00\x00\x00qt  ") + box("mdat", strings.Repeat("x", 5000)) +
		box("moov", append([]string{header, sound, pictures}, more...)...)
}

// appleMeta is QuickTime's metadata atom with these keys and values in turn.
func appleMeta(keysAndValues ...string) string {
	keys, values := u32(0, uint32(len(keysAndValues)/2)), ""
	for i := 0; i < len(keysAndValues); i += 2 {
		keys += box("mdta", keysAndValues[i])
		number := u32(uint32(i/2 + 1))
		values += box(number, box("data", u32(1, 0), keysAndValues[i+1]))
	}
	return box("meta", box("hdlr", strings.Repeat("\x00", 24)), box("keys", keys), box("ilst", values))
}

func TestReadMovie(t *testing.T) {
	t.Parallel()
	const secondsTo2024 = 2_082_844_800 + 1_704_067_200 // 1904 to 1970, 1970 to 2024
	utc := photo.At(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	local := photo.At(time.Date(2024, 1, 1, 2, 0, 0, 0, time.FixedZone("", 2*3600)))
	paris := &photo.Position{Latitude: 48.8577, Longitude: 2.295}
	tests := []struct {
		name string
		file string
		want picture.Info
	}{
		{
			"standard header", movie(unturned, u32(0, secondsTo2024)),
			picture.Info{Width: 1920, Height: 1080, TakenAt: utc},
		},
		{
			"long header", movie(unturned, u32(1<<24, 0, secondsTo2024)),
			picture.Info{Width: 1920, Height: 1080, TakenAt: utc},
		},
		{
			"turned", movie(quarterTurn, u32(0, secondsTo2024)),
			picture.Info{Width: 1080, Height: 1920, TakenAt: utc},
		},
		{
			"no clock", movie(unturned, u32(0, 0)),
			picture.Info{Width: 1920, Height: 1080},
		},
		{
			"a phone of Apple", movie(unturned, u32(0, secondsTo2024), appleMeta(
				"com.apple.quicktime.creationdate", "2024-01-01T02:00:00+0200",
				"com.apple.quicktime.make", "Apple",
				"com.apple.quicktime.model", "iPhone 15 Pro",
				"com.apple.quicktime.location.ISO6709", "+48.8577+002.2950+035.000/")),
			picture.Info{Width: 1920, Height: 1080, TakenAt: local, Camera: "Apple iPhone 15 Pro", Position: paris},
		},
		{
			"a phone with Android", movie(unturned, u32(0, secondsTo2024),
				box("udta", box("\xa9xyz", "\x00\x12\x15\xc7", "+48.8577+002.2950/"))),
			picture.Info{Width: 1920, Height: 1080, TakenAt: utc, Position: paris},
		},
		{
			"no index", box("ftyp", "qt  \x00\x00\x00\x00qt  ") + box("mdat", "xxxx"),
			picture.Info{},
		},
		{
			"an index cut off", movie(unturned, u32(0, secondsTo2024))[:5100],
			picture.Info{},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.want.MediaType = picture.QuickTime
			compare(t, read(t, []byte(test.file)), test.want)
		})
	}
}

// sonyMeta is the box that cameras of Sony put behind a recording.
func sonyMeta(model string) string {
	return box("meta", u32(0), box("hdlr", strings.Repeat("\x00", 24)), box("xml ", u32(0), `<?xml version="1.0" encoding="UTF-8"?>`+
		`<NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.00"><CreationDate value="2024-01-01T02:00:00+02:00"/>`+
		`<Device manufacturer="Sony" modelName="`+model+`"/><Lens modelName="FE 35mm F1.8"/></NonRealTimeMeta>`+"\x00"))
}

// Recordings of Sony's cameras and of phones with Android say with what they were filmed.
func TestCamerasOfMovies(t *testing.T) {
	t.Parallel()
	const secondsTo2024 = 2_082_844_800 + 1_704_067_200 // 1904 to 1970, 1970 to 2024
	local := photo.At(time.Date(2024, 1, 1, 2, 0, 0, 0, time.FixedZone("", 2*3600)))
	for name, test := range map[string]struct {
		file string
		want picture.Info
	}{
		"sony": {movie(unturned, u32(0, secondsTo2024)) + sonyMeta("ILCE-7M3"), picture.Info{TakenAt: local, Camera: "Sony ILCE-7M3", Shot: photo.Shot{Lens: "FE 35mm F1.8"}}},
		"android": {
			movie(unturned, u32(0, secondsTo2024), appleMeta("com.android.version", "15", "com.android.manufacturer", "Google", "com.android.model", "Pixel 9")),
			picture.Info{TakenAt: photo.At(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)), Camera: "Google Pixel 9"},
		},
		"an empty box": {movie(unturned, u32(0, secondsTo2024)) + box("meta", u32(0)), picture.Info{TakenAt: photo.At(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))}},
	} {
		test.want.MediaType, test.want.Width, test.want.Height = picture.QuickTime, 1920, 1080
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, read(t, []byte(test.file)), test.want)
		})
	}
}
