package metadata_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"testing"
)

// A tag of a TIFF directory to build: a string, a uint16 or uint32, rationals, or the
// entries of a sub-directory.
type tag struct {
	id    uint16
	value any
}

const (
	makeTag        = 0x010f
	modelTag       = 0x0110
	orientationTag = 0x0112
	captionTag     = 0x010e
	modifyTag      = 0x0132
	exifTag        = 0x8769
	gpsTag         = 0x8825
	takenTag       = 0x9003
	offsetTag      = 0x9011
)

// tiffFile is a little-endian TIFF (TIFF 6.0, section 2) with one directory.
func tiffFile(tags ...tag) []byte {
	b := []byte("II*\x00\x08\x00\x00\x00")
	return appendDirectory(b, tags)
}

// appendDirectory puts a directory at the end of b, its values behind it.
func appendDirectory(b []byte, tags []tag) []byte {
	order := binary.LittleEndian
	entries := len(b) + 2
	b = order.AppendUint16(b, uint16(len(tags)))
	b = append(b, make([]byte, 12*len(tags)+4)...)
	for i, t := range tags {
		kind, count, value := uint16(4), 1, uint32(len(b))
		switch v := t.value.(type) {
		case uint16:
			value = uint32(v)
		case uint32:
			value = v
		case string:
			kind, count = 2, len(v)+1
			if count <= 4 {
				value = order.Uint32(append([]byte(v), 0, 0, 0, 0))
				break
			}
			b = append(append(b, v...), 0)
		case [][2]uint32:
			kind, count = 5, len(v)
			for _, r := range v {
				b = order.AppendUint32(order.AppendUint32(b, r[0]), r[1])
			}
		case []tag:
			b = appendDirectory(b, v)
		}
		e := b[entries+12*i:]
		order.PutUint16(e, t.id)
		order.PutUint16(e[2:], kind)
		order.PutUint32(e[4:], uint32(count))
		order.PutUint32(e[8:], value)
	}
	return b
}

// jpegFile is a JPEG of this size with the tags as its EXIF.
func jpegFile(t testing.TB, width, height int, tags ...tag) []byte {
	t.Helper()
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, image.NewGray(image.Rect(0, 0, width, height)), nil); err != nil {
		t.Fatal(err)
	}
	return withSegment(plain.Bytes(), 0xe1, "Exif\x00\x00"+string(tiffFile(tags...)))
}

// withSegment is a JPEG with one more segment in front.
func withSegment(file []byte, marker byte, body string) []byte {
	b := []byte{0xff, 0xd8, 0xff, marker}
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)+2))
	b = append(b, body...)
	return append(b, file[2:]...)
}

// xmp is the body of a segment that holds an XMP packet with these properties.
func xmp(properties string) string {
	return "http://ns.adobe.com/xap/1.0/\x00" +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:exif="http://ns.adobe.com/exif/1.0/">` +
		properties + `</rdf:Description></rdf:RDF></x:xmpmeta>`
}

// iptc is the body of a segment that holds an IPTC caption without a character set.
func iptc(caption string) string {
	record := "\x1c\x02\x78" + string(binary.BigEndian.AppendUint16(nil, uint16(len(caption)))) + caption
	return "Photoshop 3.0\x008BIM\x04\x04\x00\x00" + string(binary.BigEndian.AppendUint32(nil, uint32(len(record)))) + record
}

// box is a box of ISO/IEC 14496-12.
func box(kind string, bodies ...string) string {
	size := 8
	for _, b := range bodies {
		size += len(b)
	}
	b := string(binary.BigEndian.AppendUint32(nil, uint32(size))) + kind
	for _, body := range bodies {
		b += body
	}
	return b
}

func u32(values ...uint32) string {
	var b []byte
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return string(b)
}
