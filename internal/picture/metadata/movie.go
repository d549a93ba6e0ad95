package metadata

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"photos/internal/photo"
	"photos/internal/picture"
)

// readMovie reads an MP4 or QuickTime file's index (moov), wherever in the file it
// lies. Phones of Apple add what the standard has no place for: the local time,
// the camera and the position.
func readMovie(file *io.SectionReader, t *tags) {
	t.displayed = true
	t.addSony(find(file, "meta")) // its date has an offset; that of the movie has none
	for b := range boxes(file) {
		switch b.kind {
		case "moov":
			t.addMovie(b.body)
		case "uuid":
			t.addUUID(b.body)
		}
	}
}

// addMovie reads a moov box.
func (t *tags) addMovie(moov *io.SectionReader) {
	created := photo.Moment{}
	for b := range boxes(moov) {
		switch b.kind {
		case "mvhd":
			created = movieCreation(b.body)
			t.setDuration(movieDuration(b.body))
		case "trak":
			handler := readString(find(b.body, "mdia", "hdlr"), 8, 4)
			pictures := handler == "vide" || handler == "pict" || handler == "auxv" || handler == ""
			t.addTrack(pictures)
			if pictures {
				t.setSize(trackDimensions(find(b.body, "tkhd")))
				t.addSampleColors(find(b.body, "mdia", "minf", "stbl", "stsd"))
			}
		case "uuid":
			t.addUUID(b.body)
		}
	}
	keys := appleKeys(moov)
	t.addDate(picture.ParseDate(keys["com.apple.quicktime.creationdate"]))
	t.camera = cmp.Or(
		camera(keys["com.apple.quicktime.make"], keys["com.apple.quicktime.model"]),
		camera(keys["com.android.manufacturer"], keys["com.android.model"]),
		t.camera)
	t.addCaption(keys["com.apple.quicktime.description"])
	t.position = isoPosition(keys["com.apple.quicktime.location.ISO6709"])
	t.addUserData(find(moov, "udta"))
	t.addDate(created)
}

// addSampleColors reads the colors out of the first description of a video's frames (ISO/IEC
// 14496-12, 12.1.3).
func (t *tags) addSampleColors(stsd *io.SectionReader) {
	const head, fixedFields = 8, 78
	if stsd == nil {
		return
	}
	for entry := range boxes(after(stsd, head)) {
		if colr := find(after(entry.body, fixedFields), "colr"); colr != nil {
			t.addColors(colr)
		}
		return
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
	if epoch+seconds < 0 { // nothing was filmed with a clock before 1970: some programs count from there
		epoch = 0
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

// addUserData reads the user data of a movie: QuickTime's texts, the position as
// phones with Android and 3GPP keep it, iTunes's list, XMP, and the make as the
// first cameras with movies wrote it.
func (t *tags) addUserData(udta *io.SectionReader) {
	var maker, model string
	var list *io.SectionReader
	for b := range boxes(udta) {
		switch b.kind {
		case "\xa9xyz":
			t.setPosition(isoPosition(quickTimeText(b.body)))
		case "loci":
			t.setPosition(loci(readAll(b.body, 512)))
		case "\xa9mak", "manu":
			maker = quickTimeText(b.body)
		case "\xa9mod", "modl":
			model = quickTimeText(b.body)
		case "\xa9day":
			t.addTime(quickTimeText(b.body))
		case "date":
			t.addTime(readString(b.body, 0, 32))
		case "\xa9des", "\xa9inf", "\xa9cmt":
			t.addCaption(quickTimeText(b.body))
		case "dscp":
			t.addCaption(text3GPP(b.body))
		case "XMP_":
			t.addXMP(b.body)
		case "TAGS": // Pentax, Olympus and others: a structure that begins with the make
			maker, _ = cString(readAll(b.body, 24))
		case "meta":
			list = find(after(b.body, 4), "ilst")
		}
	}
	t.addItemList(list)
	if t.camera == "" {
		t.camera = camera(strings.TrimSpace(maker), strings.TrimSpace(model))
	}
}

// addTime adds a date that has a time of day. A day alone is less than the header of the movie
// says, and often when a song came out.
func (t *tags) addTime(text string) {
	if onlyDay := len("2006-01-02"); len(strings.TrimSpace(text)) > onlyDay {
		t.addDate(picture.ParseDate(text))
	}
}

func (t *tags) setPosition(p *photo.Position) {
	if t.position == nil {
		t.position = p
	}
}

// quickTimeText is a text of QuickTime's user data: its length and language stand
// in front. 3GPP's texts have version, flags and language there.
func quickTimeText(r *io.SectionReader) string {
	b := readAll(r, photo.MaxDescription+4)
	if len(b) < 4 {
		return ""
	}
	size := int(binary.BigEndian.Uint16(b))
	text := b[4:]
	if size > 0 && size <= len(text) {
		text = text[:size]
	}
	s, _ := cString(text)
	return latin1(strings.TrimSpace(s))
}

// text3GPP is a text of 3GPP (TS 26.244, section 8): version, flags and language stand in front.
func text3GPP(r *io.SectionReader) string {
	b := readAll(r, photo.MaxDescription+6)
	if len(b) < 6 {
		return ""
	}
	text := b[6:]
	if wide, is := bytes.CutPrefix(text, []byte("\xfe\xff")); is {
		for i := 0; i+1 < len(wide); i += 2 {
			wide[i], wide[i+1] = wide[i+1], wide[i]
		}
		return utf16LE(wide)
	}
	s, _ := cString(text)
	return latin1(strings.TrimSpace(s))
}

// loci is 3GPP's position (TS 26.244, section 8.2): a name, a role, then longitude
// and latitude as 16.16 fixed point.
func loci(b []byte) *photo.Position {
	if len(b) < 7 {
		return nil
	}
	name := b[6:]
	end := strings.IndexByte(string(name), 0)
	if end < 0 || len(name) < end+10 {
		return nil
	}
	degrees := func(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / (1 << 16) }
	rest := name[end+2:]
	return photo.NewPosition(degrees(rest[4:]), degrees(rest))
}

// addItemList reads the list of iTunes, in which each entry has its own name.
func (t *tags) addItemList(ilst *io.SectionReader) {
	captions := map[string]string{}
	for b := range boxes(ilst) {
		data := find(b.body, "data")
		if data == nil {
			continue
		}
		text := string(readAll(after(data, 8), photo.MaxDescription))
		switch b.kind {
		case "\xa9xyz":
			t.setPosition(isoPosition(text))
		case "\xa9day":
			t.addTime(text)
		case "desc", "ldes", "\xa9cmt":
			captions[b.kind] = text
		}
	}
	for _, kind := range []string{"desc", "ldes", "\xa9cmt"} {
		t.addCaption(captions[kind])
	}
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

// isoPosition reads ISO 6709 in degrees, such as +48.8577+002.295/ (annex H).
func isoPosition(s string) *photo.Position {
	m := regexp.MustCompile(`^([+-]\d{1,2}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)`).FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return nil
	}
	latitude, _ := strconv.ParseFloat(m[1], 64) // the pattern lets numbers through only
	longitude, _ := strconv.ParseFloat(m[2], 64)
	return photo.NewPosition(latitude, longitude)
}
