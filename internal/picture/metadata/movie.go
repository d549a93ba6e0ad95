package metadata

import (
	"encoding/binary"
	"io"
	"regexp"
	"strconv"
	"time"

	"photos/internal/photo"
	"photos/internal/picture"
)

// readMovie reads an MP4 or QuickTime file's index (moov), wherever in the file it
// lies. Phones of Apple add what the standard has no place for: the local time,
// the camera and the position.
func readMovie(file *io.SectionReader, info *picture.Info) {
	moov := find(file, "moov")
	for b := range boxes(moov) {
		switch b.kind {
		case "mvhd":
			info.TakenAt = movieCreation(b.body)
		case "trak":
			if info.Width == 0 {
				info.Width, info.Height = trackDimensions(find(b.body, "tkhd"))
			}
		}
	}
	keys := appleKeys(moov)
	if m := picture.ParseDate(keys["com.apple.quicktime.creationdate"]); !m.IsZero() {
		info.TakenAt = m
	}
	info.Camera = camera(keys["com.apple.quicktime.make"], keys["com.apple.quicktime.model"])
	info.Caption = printable(keys["com.apple.quicktime.description"], photo.MaxDescription)
	info.Position = isoPosition(keys["com.apple.quicktime.location.ISO6709"])
	if info.Position == nil {
		info.Position = isoPosition(androidLocation(moov))
	}
}

// movieCreation is the creation time of a movie header (ISO/IEC 14496-12, 8.2.2),
// in UTC, or zero: cameras without a clock write 0, the start of 1904.
func movieCreation(mvhd *io.SectionReader) photo.Moment {
	var b [12]byte
	if _, err := mvhd.ReadAt(b[:], 0); err != nil {
		return photo.Moment{}
	}
	seconds := int64(binary.BigEndian.Uint32(b[4:]))
	if version := b[0]; version == 1 {
		seconds = int64(binary.BigEndian.Uint64(b[4:]))
	}
	epoch := time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	if seconds <= 0 || seconds > 1<<36 {
		return photo.Moment{}
	}
	return plausible(photo.At(time.Unix(epoch+seconds, 0).UTC()))
}

// trackDimensions are those of a track header (8.3.2), turned when its matrix
// says so; 0 for a track that is not seen.
func trackDimensions(tkhd *io.SectionReader) (width, height int) {
	if tkhd == nil {
		return 0, 0
	}
	matrixAt := int64(40)
	if readString(tkhd, 0, 1) == "\x01" {
		matrixAt = 52
	}
	var b [44]byte // nine numbers of the matrix, width, height
	if _, err := tkhd.ReadAt(b[:], matrixAt); err != nil {
		return 0, 0
	}
	u32 := binary.BigEndian.Uint32
	width, height = int(u32(b[36:])>>16), int(u32(b[40:])>>16) // 16.16 fixed point
	if quarterTurn := u32(b[0:]) == 0 && u32(b[16:]) == 0; quarterTurn {
		return height, width
	}
	return width, height
}

// appleKeys are the texts of QuickTime's metadata atom: a list of names (keys),
// and a list of values that refer to names by number (ilst). See "Metadata" in
// Apple's QuickTime File Format.
func appleKeys(moov *io.SectionReader) map[string]string {
	meta := find(moov, "meta")
	if meta == nil {
		return nil
	}
	if readString(meta, 4, 4) != "hdlr" { // ISO's meta has a version first, QuickTime's has none
		meta = after(meta, 4)
	}
	names := keyNames(find(meta, "keys"))
	values := make(map[string]string)
	for item := range boxes(find(meta, "ilst")) {
		number := int(binary.BigEndian.Uint32([]byte(item.kind)))
		data := find(item.body, "data")
		if data == nil || number < 1 || number > len(names) {
			continue
		}
		const utf8Text = "\x00\x00\x00\x01"
		if readString(data, 0, 4) == utf8Text {
			values[names[number-1]] = readString(data, 8, int(min(max(data.Size()-8, 0), photo.MaxDescription)))
		}
	}
	return values
}

func keyNames(keys *io.SectionReader) []string {
	if keys == nil {
		return nil
	}
	const maxKeys, maxKey = 256, 256
	var names []string
	for key := range boxes(after(keys, 8)) { // version, flags, count
		if len(names) == maxKeys {
			break
		}
		names = append(names, readString(key.body, 0, int(min(key.body.Size(), maxKey))))
	}
	return names
}

// androidLocation is the text in which phones with Android keep the position: a
// user data atom with its length and language in front.
func androidLocation(moov *io.SectionReader) string {
	location := find(moov, "udta", "\xa9xyz")
	if location == nil {
		return ""
	}
	const maxLocation = 64
	return readString(location, 4, int(min(max(location.Size()-4, 0), maxLocation)))
}

// isoPosition reads ISO 6709 in degrees, such as +48.8577+002.295/ (annex H).
func isoPosition(s string) *photo.Position {
	m := regexp.MustCompile(`^([+-]\d{1,2}\.\d+)([+-]\d{1,3}\.\d+)`).FindStringSubmatch(s)
	if m == nil {
		return nil
	}
	latitude, _ := strconv.ParseFloat(m[1], 64) // the pattern lets numbers through only
	longitude, _ := strconv.ParseFloat(m[2], 64)
	return photo.NewPosition(latitude, longitude)
}
