package picture_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"photos/internal/picture"
)

// ftyp is the first box of an ISO file with these brands (ISO/IEC 14496-12, 4.3).
func ftyp(major string, compatible ...string) string {
	brands := major + "\x00\x00\x00\x00" + strings.Join(compatible, "")
	return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(brands)))) + "ftyp" + brands
}

type entry struct {
	tag   uint16
	value uint32
}

// tiff is a little-endian TIFF whose first directory holds the entries as
// SHORT or LONG values, and a Make when there is one.
func tiff(maker string, entries ...entry) string {
	order := binary.LittleEndian
	n := len(entries)
	if maker != "" {
		n++
	}
	b := []byte("II*\x00\x08\x00\x00\x00")
	b = order.AppendUint16(b, uint16(n))
	appendEntry := func(tag, kind uint16, count, value uint32) {
		b = order.AppendUint16(b, tag)
		b = order.AppendUint16(b, kind)
		b = order.AppendUint32(b, count)
		b = order.AppendUint32(b, value)
	}
	if maker != "" {
		appendEntry(0x010f, 2, uint32(len(maker)+1), uint32(8+2+12*n+4))
	}
	for _, e := range entries {
		appendEntry(e.tag, 4, 1, e.value)
	}
	b = order.AppendUint32(b, 0)
	return string(b) + maker + "\x00"
}

func transportStream(lead, size int) string {
	packet := strings.Repeat("\x00", lead) + "G" + strings.Repeat("\xff", size-lead-1)
	return strings.Repeat(packet, 4)
}

func TestSniff(t *testing.T) {
	t.Parallel()
	subIFDs := entry{0x014a, 4096}
	tests := []struct {
		name string
		head string
		want string // "": neither picture nor video
	}{
		{"jpeg", "\xff\xd8\xff\xe0\x00\x10JFIF", picture.JPEG},
		{"png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", picture.PNG},
		{"gif 87", "GIF87a\x01\x00\x01\x00", picture.GIF},
		{"gif 89", "GIF89a\x01\x00\x01\x00", picture.GIF},
		{"webp", "RIFF\x24\x00\x00\x00WEBPVP8 ", picture.WebP},
		{"heic", ftyp("heic", "mif1", "heic"), picture.HEIC},
		{"heic by compatible brand", ftyp("mif1", "mif1", "heic"), picture.HEIC},
		{"heif of an unnamed codec", ftyp("mif1", "mif1", "miaf"), picture.HEIF},
		{"avif", ftyp("avif", "mif1", "miaf"), picture.AVIF},
		{"avif by compatible brand", ftyp("mif1", "avif", "miaf"), picture.AVIF},
		{"tiff", tiff("", entry{0x0100, 64}), picture.TIFF},
		{"tiff big-endian", "MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00", picture.TIFF},
		{"bigtiff", "II+\x00\x08\x00\x00\x00\x10\x00\x00\x00", picture.TIFF},
		{"tiff whose directory is far away", "II*\x00\xff\xff\xff\xff", picture.TIFF},
		{"tiff scanned by a Nikon scanner", tiff("Nikon", entry{0x0103, 1}, entry{0x0106, 2}), picture.TIFF},
		{"bmp", "BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00", picture.BMP},
		{"jxl codestream", "\xff\x0a\xfa\x00", picture.JXL},
		{"jxl container", "\x00\x00\x00\x0cJXL \r\n\x87\n", picture.JXL},
		{"cr2", "II*\x00\x10\x00\x00\x00CR\x02\x00", picture.CR2},
		{"cr3", ftyp("crx ", "crx ", "isom"), picture.CR3},
		{"nef", tiff("NIKON CORPORATION", subIFDs), picture.NEF},
		{"arw", tiff("SONY", subIFDs), picture.ARW},
		{"srw", tiff("SAMSUNG", subIFDs), picture.SRW},
		{"pef", tiff("PENTAX Corporation", entry{0x0103, 65535}), picture.PEF},
		{"pef by its sensor data", tiff("RICOH IMAGING", entry{0x0106, 32803}), picture.PEF},
		{"dng", tiff("Apple", entry{0xc612, 0x0401}), picture.DNG},
		{"raf", "FUJIFILMCCD-RAW 0201FF393101", picture.RAF},
		{"orf", "IIRO\x08\x00\x00\x00", picture.ORF},
		{"rw2", "IIU\x00\x18\x00\x00\x00", picture.RW2},
		{"mp4", ftyp("isom", "isom", "avc1"), picture.MP4},
		{"mp4 by compatible brand", ftyp("????", "mp42"), picture.MP4},
		{"mov", ftyp("qt  "), picture.QuickTime},
		{"mov without ftyp", "\x00\x00\x00\x08wide\x00\x10\x00\x00mdat", picture.QuickTime},
		{"mov that begins with its index", "\x00\x00\x10\x00moov\x00\x00\x00\x6cmvhd", picture.QuickTime},
		{"m4v", ftyp("M4V ", "M4A "), picture.M4V},
		{"3gp", ftyp("3gp5", "3gp5"), picture.ThreeGP},
		{"3g2", ftyp("3g2a"), picture.ThreeGP2},
		{"avi", "RIFF\x24\x00\x00\x00AVI LIST", picture.AVI},
		{"mkv", "\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska", picture.Matroska},
		{"webm", "\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", picture.WebM},
		{"mpeg program stream", "\x00\x00\x01\xba\x44", picture.MPEG},
		{"mpeg video", "\x00\x00\x01\xb3\x14", picture.MPEG},
		{"mpeg transport stream", transportStream(0, 188), picture.MPEGTS},
		{"avchd", transportStream(4, 192), picture.MPEGTS},

		{"empty", "", ""},
		{"one byte", "\xff", ""},
		{"zeros", strings.Repeat("\x00", 512), ""},
		{"text", "BMW is a maker of cars\n", ""},
		{"text with an atom's name", "The free encyclopedia", ""},
		{"svg", `<svg xmlns="http://www.w3.org/2000/svg"/>`, ""},
		{"html", "<!doctype html><img src=a.jpg>", ""},
		{"pdf", "%PDF-1.7\n", ""},
		{"m4a", ftyp("M4A ", "M4A ", "mp42", "isom"), ""},
		{"m4a by compatible brand", ftyp("????", "M4A "), ""},
		{"unknown brand", ftyp("zzzz"), ""},
		{"wav", "RIFF\x24\x00\x00\x00WAVEfmt ", ""},
		{"mp3", "ID3\x03\x00\x00\x00", ""},
		{"zip", "PK\x03\x04", ""},
		{"letters G", strings.Repeat("GG text ", 70), ""},
		{"ebml of another kind", "\x1a\x45\xdf\xa3\x9f\x42\x82\x84weba", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, ok := picture.Sniff([]byte(test.head))
			if got != test.want || ok != (test.want != "") {
				t.Errorf("Sniff = %q, %v, want %q", got, ok, test.want)
			}
		})
	}
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte(tiff("NIKON", entry{0x014a, 4096})))
	f.Add([]byte(ftyp("mif1", "heic")))
	f.Add([]byte("\x1a\x45\xdf\xa3\x42\x82"))
	f.Add([]byte(transportStream(4, 192)))
	f.Fuzz(func(t *testing.T, head []byte) {
		mediaType, ok := picture.Sniff(head)
		if ok != (mediaType != "") {
			t.Fatalf("Sniff = %q, %v", mediaType, ok)
		}
		if ok && !strings.HasPrefix(mediaType, "image/") && !strings.HasPrefix(mediaType, "video/") {
			t.Fatalf("Sniff = %q, neither picture nor video", mediaType)
		}
	})
}

func BenchmarkSniff(b *testing.B) {
	heads := [][]byte{
		[]byte("\xff\xd8\xff\xe0\x00\x10JFIF"),
		[]byte(strings.Repeat("a note that is not a picture\n", 100)),
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, head := range heads {
			picture.Sniff(head)
		}
	}
}
