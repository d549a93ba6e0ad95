package metadata

import (
	"encoding/binary"
	"io"
	"time"

	"photos/internal/photo"
)

// readASF reads the header of a Windows Media file (Advanced Systems Format
// specification, section 3).
func readASF(r *io.SectionReader, t *tags) {
	const (
		fileProperties   = "\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65"
		streamProperties = "\x91\x07\xdc\xb7\xb7\xa9\xcf\x11\x8e\xe6\x00\xc0\x0c\x20\x53\x65"
		description      = "\x33\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
		videoMedia       = "\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
	)
	u16, u32, u64 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32, binary.LittleEndian.Uint64
	header := io.NewSectionReader(r, 30, max(r.Size()-30, 0))
	at := int64(0)
	for range 256 {
		b := []byte(readString(header, at, 24))
		if len(b) < 24 || u64(b[16:]) < 24 || u64(b[16:]) > uint64(header.Size()-at) {
			break
		}
		size := int64(u64(b[16:]))
		body := io.NewSectionReader(header, at+24, size-24)
		switch string(b[:16]) {
		case fileProperties:
			p := readAll(body, 64)
			if len(p) >= 32 {
				t.addDate(fileTime(u64(p[24:])))
			}
			if len(p) == 64 {
				t.setDuration(float64(u64(p[40:]))/1e7 - float64(u64(p[56:]))/1e3) // less the time before the start
			}
		case streamProperties:
			p := readAll(body, 62)
			pictures := len(p) == 62 && string(p[:16]) == videoMedia
			t.addTrack(pictures)
			if pictures {
				t.setSize(int(u32(p[54:])), int(u32(p[58:])))
			}
		case description:
			p := readAll(body, maxValueSize)
			if len(p) < 10 {
				break
			}
			title, author, rights, text := int(u16(p)), int(u16(p[2:])), int(u16(p[4:])), int(u16(p[6:]))
			if from := 10 + title + author + rights; from+text <= len(p) {
				t.addCaption(utf16LE(p[from : from+text]))
			}
		}
		at += size
	}
}

// fileTime is a time of Windows: tenths of microseconds since 1601, UTC.
func fileTime(n uint64) photo.Moment {
	const since1601 = 11644473600
	if n == 0 || n > 1<<62 {
		return photo.Moment{}
	}
	return plausible(photo.At(time.Unix(int64(n/10_000_000)-since1601, int64(n%10_000_000)*100).UTC()))
}
