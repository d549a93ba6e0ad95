package metadata_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/andybalholm/brotli"

	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/picture/metadata"
)

// What most formats can say, as a TIFF and as an XMP packet.
var (
	allTags = []tag{
		{makeTag, "Maker"},
		{modelTag, "Model"},
		{captionTag, "On the beach"},
		{exifTag, []tag{{takenTag, "2024:07:01 09:30:00"}, {offsetTag, "+02:00"}}},
		{gpsTag, []tag{
			{1, "N"}, {2, [][2]uint32{{50, 1}, {30, 1}, {0, 1}}},
			{3, "W"}, {4, [][2]uint32{{8, 1}, {15, 1}, {0, 1}}},
		}},
	}
	packet = strings.TrimPrefix(xmp(`<dc:description>On the beach</dc:description>`+
		`<exif:DateTimeOriginal>2024-07-01T09:30:00+02:00</exif:DateTimeOriginal>`+
		`<exif:GPSLatitude>50,30.0N</exif:GPSLatitude><exif:GPSLongitude>8,15.0W</exif:GPSLongitude>`), "http://ns.adobe.com/xap/1.0/\x00")
	taken    = photo.At(time.Date(2024, 7, 1, 9, 30, 0, 0, time.FixedZone("", 2*3600)))
	position = &photo.Position{Latitude: 50.5, Longitude: -8.25}
	fromEXIF = picture.Info{TakenAt: taken, Camera: "Maker Model", Caption: "On the beach", Position: position}
	fromXMP  = picture.Info{TakenAt: taken, Caption: "On the beach", Position: position}
)

// sized is info of a picture of this type and size.
func sized(info picture.Info, mediaType string, width, height int) picture.Info {
	info.MediaType, info.Width, info.Height = mediaType, width, height
	return info
}

// le is numbers of 32 bits in little-endian order.
func le(values ...uint32) string {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return string(b)
}

func wide(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// pngFile is a PNG of 60 × 40 pixels with one more chunk, behind the image data.
func pngFile(t testing.TB, kind, body string) string {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 60, 40))); err != nil {
		t.Fatal(err)
	}
	const end = 12
	plain := b.String()
	sum := crc32.ChecksumIEEE([]byte(kind + body))
	return plain[:len(plain)-end] + u32(uint32(len(body))) + kind + body + u32(sum) + plain[len(plain)-end:]
}

func deflate(s string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.String()
}

// rawProfile is a block as ImageMagick writes it into a text chunk.
func rawProfile(name, block string) string {
	return fmt.Sprintf("\n%s\n%8d\n%s\n", name, len(block), hex.EncodeToString([]byte(block)))
}

func TestPNG(t *testing.T) {
	t.Parallel()
	exif := string(tiffFile(allTags...))
	for name, test := range map[string]struct {
		kind, body string
		want       picture.Info
	}{
		"eXIf":                    {"eXIf", exif, fromEXIF},
		"XMP":                     {"iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00" + packet, fromXMP},
		"compressed XMP":          {"iTXt", "XML:com.adobe.xmp\x00\x01\x00\x00\x00" + deflate(packet), fromXMP},
		"raw profile exif":        {"zTXt", "Raw profile type exif\x00\x00" + deflate(rawProfile("exif", "Exif\x00\x00"+exif)), fromEXIF},
		"raw profile APP1":        {"zTXt", "Raw profile type APP1\x00\x00" + deflate(rawProfile("generic", "Exif\x00\x00"+exif)), fromEXIF},
		"raw profile APP1 of XMP": {"tEXt", "Raw profile type APP1\x00" + rawProfile("generic", "http://ns.adobe.com/xap/1.0/\x00"+packet), fromXMP},
		"raw profile xmp":         {"tEXt", "Raw profile type xmp\x00" + rawProfile("xmp", packet), fromXMP},
		"raw profile iptc": {
			"zTXt", "Raw profile type iptc\x00\x00" + deflate(rawProfile("iptc", strings.TrimPrefix(iptc("On the beach"), "Photoshop 3.0\x00"))),
			picture.Info{Caption: "On the beach"},
		},
		"description":             {"tEXt", "Description\x00Strand in \xc5rhus", picture.Info{Caption: "Strand in Århus"}},
		"a keyword in lower case": {"tEXt", "comment\x00On the beach", picture.Info{Caption: "On the beach"}},
		"creation time":           {"tEXt", "Creation Time\x002024:07:01 09:30:00", picture.Info{TakenAt: photo.AtWallClock(time.Date(2024, 7, 1, 9, 30, 0, 0, time.UTC))}},
		"a broken profile":        {"zTXt", "Raw profile type exif\x00\x00rubbish", picture.Info{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, read(t, []byte(pngFile(t, test.kind, test.body))), sized(test.want, picture.PNG, 60, 40))
		})
	}
}

func riffChunk(kind, body string, padded bool) string {
	c := kind + le(uint32(len(body))) + body
	if padded && len(body)%2 == 1 {
		c += "\x00"
	}
	return c
}

func TestWebP(t *testing.T) {
	t.Parallel()
	exif := string(tiffFile(allTags...))
	canvas := "\x0c\x00\x00\x00" + "\x3b\x00\x00" + "\xff\x00\x00" // 60 × 256
	for name, test := range map[string]struct {
		chunks string
		want   picture.Info
	}{
		"EXIF":                         {riffChunk("EXIF", exif, true), fromEXIF},
		"EXIF as JPEG has it":          {riffChunk("EXIF", "Exif\x00\x00"+exif, true), fromEXIF},
		"XMP behind an odd chunk":      {riffChunk("ALPH", "odd", true) + riffChunk("XMP ", packet, true), fromXMP},
		"XMP behind an unpadded one":   {riffChunk("ALPH", "odd", false) + riffChunk("XMP ", packet, true), fromXMP},
		"a chunk larger than the file": {riffChunk("XMP ", packet, true) + "EXIF" + le(1<<30), fromXMP},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := "WEBP" + riffChunk("VP8X", canvas, true) + test.chunks
			compare(t, read(t, []byte("RIFF"+le(uint32(len(body)))+body)), sized(test.want, picture.WebP, 60, 256))
		})
	}
	lossless := "RIFF\x00\x00\x00\x00WEBP" + riffChunk("VP8L", "\x2f"+le(59|39<<14)+"\x00", true)
	compare(t, read(t, []byte(lossless)), picture.Info{MediaType: picture.WebP, Width: 60, Height: 40})
}

// heifFile is a HEIF whose items lie in its idat box, with these properties of the
// primary item in this order.
func heifFile(brands string, properties ...string) string {
	exif, xmpItem := "\x00\x00\x00\x00"+string(tiffFile(allTags...)), packet
	infe := func(id byte, kind, name string) string {
		return box("infe", "\x02\x00\x00\x00\x00"+string(id)+"\x00\x00"+kind+"\x00"+name)
	}
	location := func(id byte, at, size int) string {
		return "\x00" + string(id) + "\x00\x01\x00\x00\x00\x01" + u32(uint32(at), uint32(size))
	}
	numbers := ""
	for i := range properties {
		numbers += string([]byte{byte(0x80 | i + 1)})
	}
	meta := box("hdlr", u32(0, 0)+"pict"+strings.Repeat("\x00", 13)) +
		box("pitm", u32(0)+"\x00\x01") +
		box("iinf", u32(0)+"\x00\x03", infe(1, "hvc1", ""), infe(2, "Exif", ""), infe(3, "mime", "application/rdf+xml\x00")) +
		box("iloc", "\x01\x00\x00\x00\x44\x00\x00\x02", location(2, 0, len(exif)), location(3, len(exif), len(xmpItem))) +
		box("iprp", box("ipco", properties...), box("ipma", u32(0, 1)+"\x00\x01"+string(byte(len(properties)))+numbers)) +
		box("idat", exif, xmpItem)
	return box("ftyp", brands) + box("meta", u32(0), meta)
}

func TestHEIF(t *testing.T) {
	t.Parallel()
	size := box("ispe", u32(0, 600, 400))
	quarter, half := box("irot", "\x01"), box("irot", "\x02")
	crop := box("clap", u32(500, 1, 300, 1, 0, 1, 0, 1))
	tooLarge := box("clap", u32(5000, 1, 300, 1, 0, 1, 0, 1))
	const heic = "heic\x00\x00\x00\x00mif1heic"
	for name, test := range map[string]struct {
		file, mediaType string
		width, height   int
	}{
		"as stored":              {heifFile(heic, size), picture.HEIC, 600, 400},
		"turned":                 {heifFile(heic, size, quarter), picture.HEIC, 400, 600},
		"turned, listed first":   {heifFile(heic, quarter, size), picture.HEIC, 400, 600},
		"upside down":            {heifFile(heic, size, half), picture.HEIC, 600, 400},
		"cropped and turned":     {heifFile(heic, size, crop, quarter), picture.HEIC, 300, 500},
		"a crop that cannot be":  {heifFile(heic, size, tooLarge), picture.HEIC, 600, 400},
		"AVIF":                   {heifFile("avif\x00\x00\x00\x00mif1miaf", size), picture.AVIF, 600, 400},
		"another coding":         {heifFile("avci\x00\x00\x00\x00mif1avci", size), picture.HEIF, 600, 400},
		"another coding, listed": {heifFile("vvic\x00\x00\x00\x00vvicmif1", size), picture.HEIF, 600, 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, read(t, []byte(test.file)), sized(fromEXIF, test.mediaType, test.width, test.height))
		})
	}
}

func TestJPEGXL(t *testing.T) {
	t.Parallel()
	// Size header: not small, height 400 in 9 bits, ratio 3:2; then all default.
	codestream := []byte{0xff, 0x0a}
	value, at := uint64(399)<<3|uint64(4)<<12|1<<15, 0
	for ; at < 24; at += 8 {
		codestream = append(codestream, byte(value>>at))
	}
	compare(t, read(t, codestream), picture.Info{MediaType: picture.JXL, Width: 600, Height: 400})
	file := "\x00\x00\x00\x0cJXL \r\n\x87\n" + box("ftyp", "jxl \x00\x00\x00\x00jxl ") +
		box("Exif", u32(0)+string(tiffFile(allTags...))) + box("xml ", packet) + box("jxlc", string(codestream))
	compare(t, read(t, []byte(file)), sized(fromEXIF, picture.JXL, 600, 400))
	const head = "\x00\x00\x00\x0cJXL \r\n\x87\n"
	exif, xmp := compress(t, u32(0)+string(tiffFile(allTags...))), compress(t, packet)
	compare(t, read(t, []byte(head+box("jxlc", string(codestream))+box("brob", "Exif"+exif))), sized(fromEXIF, picture.JXL, 600, 400))
	compare(t, read(t, []byte(head+box("brob", "xml "+xmp)+box("jxlc", string(codestream)))), sized(fromXMP, picture.JXL, 600, 400))
	bomb := compress(t, packet+strings.Repeat(" ", 256<<20))
	compare(t, read(t, []byte(head+box("brob", "xml "+bomb)+box("jxlc", string(codestream)))), sized(fromXMP, picture.JXL, 600, 400))
	compare(t, read(t, []byte(head+box("brob", "xml rubbish")+box("brob", "xm")+box("jxlc", string(codestream)))), picture.Info{MediaType: picture.JXL, Width: 600, Height: 400})
}

// compress returns text as JPEG XL encoders compress boxes.
func compress(t testing.TB, text string) string {
	t.Helper()
	var b strings.Builder
	w := brotli.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// canonRecord is what exiftool appends to a CRW for XMP.
func canonRecord(packet string) string {
	blocks := "\xff\xff\x00\xf4" + u32(6) + "edited" + "\xff\xff\x00\xf6" + u32(uint32(len(packet))) + packet
	mark, size := "CANON OPTIONAL DATA\x00", u32(uint32(len(blocks)))
	return mark + "\x00\x01\x00\x00" + size + blocks + mark + size + strings.Repeat("\x00", 38) + "\xff\xd9"
}

func TestGIF(t *testing.T) {
	t.Parallel()
	trailer := "\x01"
	for i := 255; i >= 0; i-- {
		trailer += string([]byte{byte(i)})
	}
	head := "GIF89a\x3c\x00\x28\x00\x80\x00\x00" + "\x00\x00\x00\xff\xff\xff"
	frame := "\x2c\x00\x00\x00\x00\x3c\x00\x28\x00\x00" + "\x02\x02\x4c\x01\x00"
	compare(t, read(t, []byte(head+"\x21\xff\x0bXMP DataXMP"+packet+trailer+"\x00"+frame+"\x3b")), sized(fromXMP, picture.GIF, 60, 40))
	comment := "\x21\xfe\x0cOn the beach\x00"
	compare(t, read(t, []byte(head+frame+comment+"\x3b")), picture.Info{MediaType: picture.GIF, Width: 60, Height: 40, Caption: "On the beach"})
}

func TestPhotoshopAndJPEG2000(t *testing.T) {
	t.Parallel()
	exif := string(tiffFile(allTags...))
	resource := func(id, body string) string {
		r := "8BIM" + id + "\x00\x00" + u32(uint32(len(body))) + body
		if len(body)%2 == 1 {
			r += "\x00"
		}
		return r
	}
	resources := resource("\x04\x0f", "odd") + resource("\x04\x22", exif)
	psd := "8BPS\x00\x01" + strings.Repeat("\x00", 6) + "\x00\x03" + u32(40, 60) + "\x00\x08\x00\x03" + u32(0) + u32(uint32(len(resources))) + resources
	compare(t, read(t, []byte(psd)), sized(fromEXIF, picture.PSD, 60, 40))

	jp2 := "\x00\x00\x00\x0cjP  \r\n\x87\n" + box("ftyp", "jp2 \x00\x00\x00\x00jp2 ") + box("jp2h", box("ihdr", u32(40, 60)+strings.Repeat("\x00", 6))) +
		box("uuid", "JpgTiffExif->JP2"+exif)
	compare(t, read(t, []byte(jp2)), sized(fromEXIF, picture.JP2, 60, 40))
	codestream := "\xff\x4f\xff\x51\x00\x29\x00\x00" + u32(60, 40, 0, 0)
	compare(t, read(t, []byte(codestream)), picture.Info{MediaType: picture.JP2, Width: 60, Height: 40})
}

// An entry that exiftool passes over costs us itself only, too.
func TestOddEntries(t *testing.T) {
	t.Parallel()
	whole := tiffFile(slices.Concat([]tag{{0x0100, uint16(60)}, {0x0101, uint16(40)}}, allTags)...)
	setType := func(id, kind uint16) []byte {
		b := bytes.Clone(whole)
		for at := 10; at+12 < len(b); at += 12 {
			if binary.LittleEndian.Uint16(b[at:]) == id {
				binary.LittleEndian.PutUint16(b[at+2:], kind)
				return b
			}
		}
		t.Fatalf("no tag %#x", id)
		return nil
	}
	without := func(change func(*picture.Info)) picture.Info {
		info := sized(fromEXIF, picture.TIFF, 60, 40)
		change(&info)
		return info
	}
	for name, test := range map[string]struct {
		file []byte
		want picture.Info
	}{
		"a pointer of type IFD":        {setType(exifTag, 13), without(func(*picture.Info) {})},
		"a pointer of type SLONG":      {setType(gpsTag, 9), without(func(*picture.Info) {})},
		"an entry of type 0":           {setType(captionTag, 0), without(func(i *picture.Info) { i.Caption = "" })},
		"an entry of an unknown type":  {setType(makeTag, 99), without(func(i *picture.Info) { i.Camera = "Model" })},
		"rubbish in the GPS directory": {setType(gpsTag, 2), without(func(i *picture.Info) { i.Position = nil })},
		"cut off behind the entries":   {whole[:10+12*7], without(func(i *picture.Info) { *i = picture.Info{MediaType: picture.TIFF, Width: 60, Height: 40} })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, read(t, test.file), test.want)
		})
	}
}

func TestBigTIFF(t *testing.T) {
	t.Parallel()
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		name := "II"
		if order == binary.AppendByteOrder(binary.BigEndian) {
			name = "MM"
		}
		b := order.AppendUint16([]byte(name), 43)
		b = order.AppendUint64(order.AppendUint16(order.AppendUint16(b, 8), 0), 16)
		b = order.AppendUint64(b, 2)
		for _, e := range [][2]uint16{{0x0100, 60}, {0x0101, 40}} {
			b = order.AppendUint16(order.AppendUint16(b, e[0]), 3)
			b = order.AppendUint16(order.AppendUint64(b, 1), e[1])
			b = append(b, 0, 0, 0, 0, 0, 0)
		}
		b = order.AppendUint64(b, 0)
		compare(t, read(t, b), picture.Info{MediaType: picture.TIFF, Width: 60, Height: 40})
	}
}

// Raw files of Olympus and OM System have their preview in the maker's note. Places in it count from its start.
func TestPreviewInNote(t *testing.T) {
	t.Parallel()
	preview := string(jpegFile(t, 64, 48))
	for name, head := range map[string]string{"olympus": "OLYMPUS\x00II\x03\x00", "om system": "OM SYSTEM\x00\x00\x00II\x04\x00"} {
		note := appendDirectory([]byte(head), []tag{{0x2020, []tag{{0x0101, uint32(0)}, {0x0102, uint32(len(preview))}}}})
		at := bytes.Index(note, []byte("\x01\x01\x04\x00"))
		binary.LittleEndian.PutUint32(note[at+8:], uint32(len(note)))
		file := "IIRO" + string(tiffFile(append(allTags[:3:3], tag{orientationTag, uint16(6)}, tag{exifTag, []tag{{0x927c, string(note) + preview}}})...)[4:])
		checkPreview(t, file, preview, 6)
		cut := strings.Replace(file, le(uint32(len(note))), le(1<<31), 1)
		if in, err := metadata.Look(context.Background(), strings.NewReader(cut), int64(len(cut))); err != nil || in.Preview != nil {
			t.Errorf("%s: a preview outside of the file: %v, %v", name, in.Preview, err)
		}
	}
}

// checkPreview checks the JPEG in a raw file, and how it is to be turned.
func checkPreview(t *testing.T, file, preview string, orientation int) {
	t.Helper()
	in, err := metadata.Look(context.Background(), strings.NewReader(file), int64(len(file)))
	if err != nil || in.Preview == nil {
		t.Fatalf("no preview: %v", err)
	}
	if got, err := io.ReadAll(in.Preview); err != nil || string(got) != preview || in.Orientation != orientation {
		t.Errorf("a preview of %d bytes with orientation %d, error %v; want %d bytes and %d", len(got), in.Orientation, err, len(preview), orientation)
	}
}

func TestOtherRAW(t *testing.T) {
	t.Parallel()
	preview := string(jpegFile(t, 64, 48))
	exif := string(tiffFile(allTags...))
	wall := photo.AtWallClock(time.Date(2024, 7, 1, 9, 30, 0, 0, time.UTC))
	seconds := uint32(time.Date(2024, 7, 1, 9, 30, 0, 0, time.UTC).Unix())

	t.Run("mrw", func(t *testing.T) {
		t.Parallel()
		blocks := "\x00PRD" + u32(24) + strings.Repeat("\x00", 12) + "\x00\x28\x00\x3c" + strings.Repeat("\x00", 8) + "\x00TTW" + u32(uint32(len(exif))) + exif
		compare(t, read(t, []byte("\x00MRM"+u32(uint32(len(blocks)))+blocks)), sized(fromEXIF, picture.MRW, 60, 40))
	})
	t.Run("crw", func(t *testing.T) {
		t.Parallel()
		heap := func(entries ...[2]string) string { // tag, value
			data, list := "", ""
			for _, e := range entries {
				list += e[0] + le(uint32(len(e[1])), uint32(len(data)))
				data += e[1]
			}
			return data + string(binary.LittleEndian.AppendUint16(nil, uint16(len(entries)))) + list + le(uint32(len(data)))
		}
		inner := heap([2]string{"\x0a\x08", "Maker\x00Model\x00"}, [2]string{"\x10\x18", le(60, 40, 0, 90)}, [2]string{"\x0e\x18", le(seconds, 0, 0)}, [2]string{"\x07\x20", preview})
		file := "II\x1a\x00\x00\x00HEAPCCDR" + strings.Repeat("\x00", 12) + heap([2]string{"\x07\x30", inner})
		want := picture.Info{MediaType: picture.CRW, Width: 40, Height: 60, Camera: "Maker Model", TakenAt: wall}
		compare(t, read(t, []byte(file)), want)
		checkPreview(t, file, preview, 6)
		file += canonRecord(packet)
		want.Caption, want.Position, want.TakenAt = fromXMP.Caption, fromXMP.Position, fromXMP.TakenAt
		compare(t, read(t, []byte(file)), want)
		checkPreview(t, file, preview, 6)
	})
	t.Run("x3f", func(t *testing.T) {
		t.Parallel()
		head := "FOVb" + strings.Repeat("\x00", 24) + le(60, 40, 0)
		texts, list := "", ""
		for _, s := range [][2]string{{"CAMMANUF", "Maker"}, {"CAMMODEL", "Model"}, {"TIME", fmt.Sprint(seconds)}} {
			for _, text := range s {
				list += le(uint32(len(texts) / 2))
				texts += wide(text)
			}
		}
		properties := "SECp" + le(0, 3, 0, 0, 0) + list + texts
		directory := "SECd" + le(0, 1) + le(uint32(len(head)), uint32(len(properties))) + "PROP"
		file := head + properties + directory + le(uint32(len(head)+len(properties)))
		compare(t, read(t, []byte(file)), picture.Info{MediaType: picture.X3F, Width: 60, Height: 40, Camera: "Maker Model", TakenAt: wall})
	})
	t.Run("a raw file is as large as its largest image that is not a preview", func(t *testing.T) {
		t.Parallel()
		file := tiffFile(
			tag{0x00fe, uint16(1)}, tag{0x0100, uint16(16)}, tag{0x0101, uint16(12)}, tag{makeTag, "NIKON CORPORATION"},
			tag{0x014a, []tag{{0x00fe, uint16(0)}, {0x0100, uint16(60)}, {0x0101, uint16(40)}}},
		)
		compare(t, read(t, file), picture.Info{MediaType: picture.NEF, Width: 60, Height: 40, Camera: "NIKON"})
	})
	t.Run("a scan of Nikon's is a TIFF", func(t *testing.T) {
		t.Parallel()
		file := tiffFile(
			tag{0x00fe, uint16(0)}, tag{0x0100, uint16(60)}, tag{0x0101, uint16(40)}, tag{makeTag, "Nikon"},
			tag{0x014a, []tag{{0x00fe, uint16(1)}, {0x0100, uint16(16)}, {0x0101, uint16(12)}}},
		)
		compare(t, read(t, file), picture.Info{MediaType: picture.TIFF, Width: 60, Height: 40, Camera: "Nikon"})
	})
}

// ebml is an element of Matroska.
func ebml(id string, bodies ...string) string {
	body := strings.Join(bodies, "")
	return id + string([]byte{0x10 | byte(len(body)>>24), byte(len(body) >> 16), byte(len(body) >> 8), byte(len(body))}) + body
}

// matroska is a file with one track of this type.
func matroska(trackType string) string {
	date := binary.BigEndian.AppendUint64(nil, uint64(taken.Time().Sub(time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC))))
	return "\x1a\x45\xdf\xa3\x8b\x42\x82\x88matroska" + ebml("\x18\x53\x80\x67",
		ebml("\x15\x49\xa9\x66", ebml("\x44\x61", string(date))),
		ebml("\x16\x54\xae\x6b", ebml("\xae", ebml("\x83", trackType), ebml("\xe0", ebml("\xb0", "\x02\xd0"), ebml("\xba", "\x05\x00")))),
		ebml("\x12\x54\xc3\x67", ebml("\x73\x73", ebml("\x67\xc8", ebml("\x45\xa3", "DESCRIPTION"), ebml("\x44\x87", "On the beach")))))
}

func asf(stream string) string {
	object := func(guid, body string) string {
		return guid + string(binary.LittleEndian.AppendUint64(nil, uint64(24+len(body)))) + body
	}
	const since1601 = 11644473600
	created := binary.LittleEndian.AppendUint64(nil, uint64(taken.Time().Unix()+since1601)*10_000_000)
	title := wide("A title")
	text := wide("On the beach")
	objects := object("\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65", strings.Repeat("\x00", 24)+string(created)) +
		object("\x91\x07\xdc\xb7\xb7\xa9\xcf\x11\x8e\xe6\x00\xc0\x0c\x20\x53\x65", stream+strings.Repeat("\x00", 38)+le(720, 1280)) +
		object("\x33\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c",
			string([]byte{byte(len(title)), 0, 0, 0, 0, 0, byte(len(text)), 0, 0, 0})+title+text)
	return object("\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", le(3)+"\x01\x02"+objects)
}

const (
	asfVideo = "\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
	asfAudio = "\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
)

// videoPackets is a transport stream of one video with these bytes.
func videoPackets(payload string) string {
	pes := "\x00\x00\x01\xe0\x00\x00\x80\x00\x00" + payload
	out := ""
	for first := true; pes != "" || first; first = false {
		n := min(len(pes), 184)
		flags := "\x01"
		if first {
			flags = "\x41"
		}
		out += "G" + flags + "\x00\x10" + pes[:n] + strings.Repeat("\xff", 184-n)
		pes = pes[n:]
	}
	padding := "G\x1f\xff\x10" + strings.Repeat("\xff", 184)
	return out + padding + padding + padding
}

func TestVideos(t *testing.T) {
	t.Parallel()
	utc := photo.At(taken.Time().UTC())
	flvNumber := func(name, double string) string { return "\x00" + string(rune(len(name))) + name + "\x00" + double }
	// A sequence parameter set of 1920 × 1080 pixels, and a date as camcorders write it.
	parameters := "\x00\x00\x01\x27\x64\x00\x28\xad\x00\xec\x07\x80\x44\x7d\xe0\x22\x00\x00\x03\x00\x02\x00\x00\x03\x00\x65\xd1"
	date := "\x00\x00\x01\x06MDPM\x02\x18\x04\x20\x24\x07\x19\x01\x09\x30\x00"
	for name, test := range map[string]struct {
		file string
		want picture.Info
	}{
		"matroska":       {matroska("\x01"), picture.Info{MediaType: picture.Matroska, Width: 720, Height: 1280, TakenAt: utc, Caption: "On the beach"}},
		"windows media":  {asf(asfVideo), picture.Info{MediaType: picture.WMV, Width: 720, Height: 1280, TakenAt: utc, Caption: "On the beach"}},
		"flash":          {"FLV\x01\x05" + flvNumber("width", "\x40\x94\x00\x00\x00\x00\x00\x00") + flvNumber("height", "\x40\x86\x80\x00\x00\x00\x00\x00"), picture.Info{MediaType: picture.FLV, Width: 1280, Height: 720}},
		"program stream": {"\x00\x00\x01\xba" + strings.Repeat("\x00", 20) + "\x00\x00\x01\xb3\x2d\x02\x40", picture.Info{MediaType: picture.MPEG, Width: 720, Height: 576}},
		"avchd":          {videoPackets(parameters + date), picture.Info{MediaType: picture.MPEGTS, Width: 1920, Height: 1080, TakenAt: taken}},
		"avi": {
			"RIFF\x00\x00\x00\x00AVI " + riffChunk("LIST", "hdrl"+riffChunk("avih", strings.Repeat("\x00", 32)+le(1280, 720), true)+
				riffChunk("IDIT", "Mon Jul  1 09:30:00 2024\n\x00", true), true) + riffChunk("LIST", "INFO"+riffChunk("ICMT", "On the beach\x00", true), true),
			picture.Info{MediaType: picture.AVI, Width: 1280, Height: 720, Caption: "On the beach", TakenAt: photo.AtWallClock(time.Date(2024, 7, 1, 9, 30, 0, 0, time.UTC))},
		},
		"mp4 with 3GPP's position": {
			movie(unturned, u32(0, 0), box("udta", box("loci", u32(0)+"\x15\xc7"+"Paris\x00\x00"+u32(2<<16, 48<<16, 0)+"earth\x00\x00"))),
			picture.Info{MediaType: picture.QuickTime, Width: 1920, Height: 1080, Position: &photo.Position{Latitude: 48, Longitude: 2}},
		},
		"3GPP's description": {
			movie(unturned, u32(0, 0), box("udta", box("dscp", u32(0)+"\x55\xc4"+"On the beach\x00"))),
			picture.Info{MediaType: picture.QuickTime, Width: 1920, Height: 1080, Caption: "On the beach"},
		},
		"3GPP's description in UTF-16": {
			movie(unturned, u32(0, 0), box("udta", box("dscp", u32(0)+"\x55\xc4"+"\xfe\xff\x00\xc5\x00r\x00h\x00u\x00s\x00\x00"))),
			picture.Info{MediaType: picture.QuickTime, Width: 1920, Height: 1080, Caption: "Århus"},
		},
		"mp4 with iTunes's list": {
			movie(unturned, u32(0, 0), box("udta", box("meta", u32(0), box("ilst",
				box("\xa9xyz", box("data", u32(1, 0)+"+48.5+002.25/")), box("\xa9day", box("data", u32(1, 0)+"2024-07-01T09:30:00+0200")), box("desc", box("data", u32(1, 0)+"On the beach")))))),
			picture.Info{MediaType: picture.QuickTime, Width: 1920, Height: 1080, TakenAt: taken, Caption: "On the beach", Position: &photo.Position{Latitude: 48.5, Longitude: 2.25}},
		},
		"quicktime that begins with a large free atom": {
			box("free", strings.Repeat("\x00", 70000)) + movie(unturned, u32(0, 0)),
			picture.Info{MediaType: picture.QuickTime, Width: 1920, Height: 1080},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, read(t, []byte(test.file)), test.want)
		})
	}
}

// Of several videos in a transport stream, the one with the lowest packet ID always counts.
func TestSeveralVideos(t *testing.T) {
	t.Parallel()
	second := strings.NewReplacer("G\x41\x00", "G\x41\x01").Replace(videoPackets("\x00\x00\x01\xb3\x2d\x02\x40"))
	file := []byte(second + videoPackets("\x00\x00\x01\xb3\x78\x04\x38"))
	for range 30 {
		compare(t, read(t, file), picture.Info{MediaType: picture.MPEGTS, Width: 1920, Height: 1080})
	}
}

// What only sounds is not taken.
func TestSoundAlone(t *testing.T) {
	t.Parallel()
	track := func(kind string) string {
		return box("trak", box("mdia", box("hdlr", u32(0, 0)+kind+strings.Repeat("\x00", 12))))
	}
	mp4 := func(tracks string) string { return box("ftyp", "isom\x00\x00\x00\x00isom") + box("moov", tracks) }
	for name, c := range map[string]struct {
		sound string
		film  string // the same with pictures
	}{
		"mp4":                          {mp4(track("soun")), mp4(track("soun") + track("vide"))},
		"matroska":                     {matroska("\x02"), matroska("\x01")},
		"windows media":                {asf(asfAudio), asf(asfVideo)},
		"avi":                          {aviStreams("auds"), aviStreams("auds", "vids")},
		"avi of a DV tape":             {aviStreams("auds"), aviStreams("iavs")},
		"flash":                        {flashTags(18, 8, 8), flashTags(18, 8, 9)},
		"program stream":               {programStream("\xc0"), programStream("\xc0", "\xe0")},
		"transport stream":             {transportStream(188, 0x0f, 0x15), transportStream(188, 0x0f, 0x1b)},
		"camcorder":                    {transportStream(192, 0x81), transportStream(192, 0x81, 0x1b)},
		"streams that may be anything": {transportStream(188, 0x0f), transportStream(188, 0x0f, 0x06)},
	} {
		_, err := metadata.Read(context.Background(), strings.NewReader(c.sound), int64(len(c.sound)))
		if photo.KindOf(err) != photo.KindNotPicture {
			t.Errorf("%s: error %v, want kind %s", name, err, photo.KindNotPicture)
		}
		if _, err := metadata.Read(context.Background(), strings.NewReader(c.film), int64(len(c.film))); err != nil {
			t.Errorf("%s with pictures: %v", name, err)
		}
	}
}

// aviStreams is an AVI with streams of these kinds.
func aviStreams(kinds ...string) string {
	lists := riffChunk("avih", strings.Repeat("\x00", 40), true)
	for _, kind := range kinds {
		lists += riffChunk("LIST", "strl"+riffChunk("strh", kind+strings.Repeat("\x00", 52), true), true)
	}
	return "RIFF\x00\x00\x00\x00AVI " + riffChunk("LIST", "hdrl"+lists, true)
}

// flashTags is a Flash video with tags of these kinds.
func flashTags(kinds ...byte) string {
	out := "FLV\x01\x05" + u32(9, 0)
	for _, kind := range kinds {
		out += string([]byte{kind, 0, 0, 5}) + strings.Repeat("\x00", 7) + "\x00data" + u32(16)
	}
	return out
}

// programStream is one with a packet of each of these streams.
func programStream(ids ...string) string {
	out := "\x00\x00\x01\xba" + strings.Repeat("\x44", 10)
	for _, id := range ids {
		out += "\x00\x00\x01" + id + "\x00\x08\x80\x00\x00" + "sound"
	}
	return out
}

// transportStream is one of packets of this size whose program has streams of these types.
func transportStream(size int, types ...byte) string {
	packet := func(id int, table string) string {
		p := strings.Repeat("\x00", size-188) + "G" + string([]byte{0x40 | byte(id>>8), byte(id)}) + "\x10\x00" + table
		return p + strings.Repeat("\xff", size-len(p))
	}
	section := func(table byte, body string) string {
		n := 5 + len(body) + 4
		return string([]byte{table, 0xb0 | byte(n>>8), byte(n)}) + "\x00\x01\xc1\x00\x00" + body + "\x00\x00\x00\x00"
	}
	streams := "\xe1\x00\xf0\x00"
	for i, kind := range types {
		streams += string([]byte{kind, 0xe1, byte(i), 0xf0, 2}) + "\x0a\x00"
	}
	nothing := packet(0x1fff, "")
	return packet(0, section(0, "\x00\x01\xf0\x10")) + packet(0x1010, section(2, streams)) + nothing + nothing
}

// Captions in places that only some programs use, and texts that cameras write.
func TestMoreCaptions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tags []tag
		want string
	}{
		"Windows's comment":         {[]tag{{0x9c9c, wide("On the beach")}}, "On the beach"},
		"Windows's title":           {[]tag{{0x9c9b, wide("On the beach")}}, "On the beach"},
		"text behind its NUL":       {[]tag{{captionTag, "On the beach\x00rubbish"}}, "On the beach"},
		"lines that end with CR":    {[]tag{{captionTag, "On\rthe beach"}}, "On\nthe beach"},
		"a maker's default":         {[]tag{{captionTag, "SANYO DIGITAL CAMERA"}}, ""},
		"a standard's name":         {[]tag{{captionTag, "Exif JPEG"}}, ""},
		"a converter's name":        {[]tag{{captionTag, "CREATOR: XV Version 3.10a  Rev: 12/29/94"}}, ""},
		"a path":                    {[]tag{{captionTag, `C:\DCIM\100IMAGE\IMG_0001.JPG`}}, ""},
		"a number of the camera":    {[]tag{{captionTag, "DC0003M"}}, ""},
		"the model":                 {[]tag{{captionTag, "MODEL"}, {modelTag, "Model"}}, ""},
		"somebody's camera":         {[]tag{{captionTag, "My new digital camera"}}, "My new digital camera"},
		"a make that is said twice": {[]tag{{makeTag, "EASTMAN KODAK COMPANY"}, {modelTag, "KODAK DC210"}}, ""},
	} {
		got := read(t, jpegFile(t, 8, 8, test.tags...))
		if got.Caption != test.want {
			t.Errorf("%s: caption %q, want %q", name, got.Caption, test.want)
		}
	}
	if got := read(t, jpegFile(t, 8, 8, tag{makeTag, "EASTMAN KODAK COMPANY"}, tag{modelTag, "KODAK DC210"})).Camera; got != "KODAK DC210" {
		t.Errorf("camera %q", got)
	}
}

// What one IPTC block does not say, another one may. The day of one and the time of the other are no date.
func TestTwoIPTCBlocks(t *testing.T) {
	t.Parallel()
	block := func(sets ...string) string {
		b := ""
		for _, set := range sets {
			b += "\x1c\x02" + set[:1] + string([]byte{0, byte(len(set) - 1)}) + set[1:]
		}
		return b
	}
	const date, clock, caption = "\x37", "\x3c", "\x78"
	inEXIF := tiffFile(tag{0x83bb, block(date+"20240701", caption+"  \x00 ")})
	file := withSegment(jpegFile(t, 60, 40), 0xe1, "Exif\x00\x00"+string(inEXIF))
	resource := block(date+"20230101", clock+"093000", caption+"On the beach")
	file = withSegment(file, 0xed, "Photoshop 3.0\x008BIM\x04\x04\x00\x00"+u32(uint32(len(resource)))+resource)
	compare(t, read(t, file), picture.Info{
		MediaType: picture.JPEG, Width: 60, Height: 40, Caption: "On the beach", TakenAt: photo.AtWallClock(time.Date(2024, 7, 1, 0, 0, 0, 0, time.UTC)),
	})
}

func TestMacRoman(t *testing.T) {
	t.Parallel()
	file := withSegment(jpegFile(t, 8, 8, tag{0x0131, "Adobe Photoshop 7.0 for Macintosh"}), 0xed, iptc("Caf\x8e"))
	if got := read(t, file).Caption; got != "Café" {
		t.Errorf("caption %q", got)
	}
}

// A PNG in very many chunks, as cameras' screens are exported, still gives what
// stands behind them.
func TestManyChunks(t *testing.T) {
	t.Parallel()
	whole := pngFile(t, "eXIf", string(tiffFile(allTags...)))
	at := strings.Index(whole, "eXIf") - 4
	chunk := u32(8) + "IDAT" + strings.Repeat("\x00", 12)
	file := whole[:at] + strings.Repeat(chunk, 20000) + whole[at:]
	compare(t, read(t, []byte(file)), sized(fromEXIF, picture.PNG, 60, 40))
}
