package metadata

import (
	"bytes"
	"io"
	"iter"
	"time"

	"photos/internal/photo"
)

// maxMPEG is how many bytes at the start of an MPEG stream are searched.
const maxMPEG = 1 << 20

// readMPEG finds the first sequence header of a program stream or an elementary
// stream (ISO/IEC 13818-2, 6.2.2.1).
func readMPEG(r *io.SectionReader, t *tags) {
	t.setSize(sequenceSize(readAll(r, maxMPEG)))
}

func sequenceSize(b []byte) (width, height int) {
	_, rest, found := bytes.Cut(b, []byte{0, 0, 1, 0xb3})
	if !found || len(rest) < 3 {
		return 0, 0
	}
	return int(rest[0])<<4 | int(rest[1])>>4, int(rest[1]&15)<<8 | int(rest[2])
}

// readTransportStream reads the first video of a transport stream (ISO/IEC
// 13818-1, 2.4): its size, and the date that camcorders of the AVCHD kind put into
// its frames.
func readTransportStream(r *io.SectionReader, t *tags) {
	b := readAll(r, maxMPEG)
	lead, size := 0, 188
	if len(b) > 4+192 && b[4] == 'G' && b[4+192] == 'G' {
		lead, size = 4, 192
	}
	streams := map[int][]byte{} // the bytes of each video by its packet ID
	for ; len(b) >= size; b = b[size:] {
		addPacket(b[lead:size], streams)
	}
	for _, stream := range streams {
		if width, height := sequenceSize(stream); width > 0 {
			t.setSize(width, height)
		}
		for unit := range nalUnits(stream) {
			switch unit[0] & 31 {
			case 7:
				t.setSize(h264Size(unescape(unit)))
			case 6:
				t.addDate(avchdDate(unescape(unit)))
			}
		}
	}
}

// addPacket adds the payload of one packet to its stream, if that is one of video.
func addPacket(p []byte, streams map[int][]byte) {
	if p[0] != 'G' {
		return
	}
	id := int(p[1]&0x1f)<<8 | int(p[2])
	starts, payload := p[1]&0x40 != 0, p[4:]
	if p[3]&0x20 != 0 {
		payload = payload[min(1+int(payload[0]), len(payload)):]
	}
	if p[3]&0x10 == 0 {
		return
	}
	_, known := streams[id]
	if starts && len(payload) > 9 && bytes.HasPrefix(payload, []byte{0, 0, 1}) && payload[3]&0xf0 == 0xe0 {
		payload, known = payload[min(9+int(payload[8]), len(payload)):], true
	}
	if known && len(streams) <= 8 {
		streams[id] = append(streams[id], payload...)
	}
}

// nalUnits are the units of an H.264 byte stream (ITU-T H.264, annex B), none empty.
func nalUnits(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		start := []byte{0, 0, 1}
		_, b, _ := bytes.Cut(b, start)
		for len(b) > 0 {
			unit, rest, _ := bytes.Cut(b, start)
			if len(unit) > 0 && !yield(unit) {
				return
			}
			b = rest
		}
	}
}

// unescape removes the bytes that keep start codes out of a unit (7.4.1).
func unescape(b []byte) []byte {
	return bytes.ReplaceAll(b, []byte{0, 0, 3}, []byte{0, 0})
}

// A bitReader reads from the high bits of bytes downwards; beyond the end are zeros.
type bitReader struct {
	b  []byte
	at int
}

func (r *bitReader) bit() int {
	bit := 0
	if r.at/8 < len(r.b) {
		bit = int(r.b[r.at/8]>>(7-r.at%8)) & 1
	}
	r.at++
	return bit
}

func (r *bitReader) uint(n int) int {
	value := 0
	for range n {
		value = value<<1 | r.bit()
	}
	return value
}

// golomb reads an unsigned Exp-Golomb code (9.1).
func (r *bitReader) golomb() int {
	zeros := 0
	for zeros < 31 && r.bit() == 0 {
		zeros++
	}
	return 1<<zeros - 1 + r.uint(zeros)
}

// h264Size reads the size out of a sequence parameter set (7.3.2.1.1).
func h264Size(unit []byte) (width, height int) {
	if len(unit) < 5 {
		return 0, 0
	}
	r := &bitReader{b: unit[1:]}
	profile := r.uint(8)
	r.uint(16)
	r.golomb()
	chroma := 1
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128:
		if chroma = r.golomb(); chroma == 3 {
			r.bit()
		}
		r.golomb()
		r.golomb()
		r.bit()
		if r.bit() == 1 {
			skipScalingLists(r, chroma)
		}
	}
	r.golomb()
	switch r.golomb() {
	case 0:
		r.golomb()
	case 1:
		r.bit()
		r.golomb()
		r.golomb()
		for range min(r.golomb(), 255) {
			r.golomb()
		}
	}
	r.golomb()
	r.bit()
	width, height = 16*(r.golomb()+1), 16*(r.golomb()+1)
	frameOnly := r.bit()
	height *= 2 - frameOnly
	if frameOnly == 0 {
		r.bit()
	}
	r.bit()
	if r.bit() == 1 {
		unitX, unitY := 2, 2*(2-frameOnly)
		if chroma == 0 || chroma == 3 {
			unitX, unitY = 1, 2-frameOnly
		}
		left, right, top, bottom := r.golomb(), r.golomb(), r.golomb(), r.golomb()
		width -= unitX * (left + right)
		height -= unitY * (top + bottom)
	}
	return width, height
}

// skipScalingLists passes over the scaling matrices of a parameter set (7.3.2.1.1.1).
func skipScalingLists(r *bitReader, chroma int) {
	lists := 8
	if chroma == 3 {
		lists = 12
	}
	for i := range lists {
		if r.bit() == 0 {
			continue
		}
		size := 16
		if i >= 6 {
			size = 64
		}
		for last, next, n := 8, 8, 0; n < size; n++ {
			if next != 0 {
				next = (last + r.signedGolomb() + 256) % 256
			}
			if next != 0 {
				last = next
			}
		}
	}
}

// signedGolomb reads a signed Exp-Golomb code (9.1.1).
func (r *bitReader) signedGolomb() int {
	n := r.golomb()
	if n%2 == 1 {
		return n/2 + 1
	}
	return -n / 2
}

// avchdDate reads the date out of the user data that camcorders put into a unit of
// supplemental information: entries of a tag and four bytes of decimal digits.
func avchdDate(unit []byte) photo.Moment {
	_, b, found := bytes.Cut(unit, []byte("MDPM"))
	if !found || len(b) == 0 {
		return photo.Moment{}
	}
	const dateTag, timeTag = 0x18, 0x19
	var date, clock []byte
	n := int(b[0])
	for b = b[1:]; n > 0 && len(b) >= 5; n-- {
		switch b[0] {
		case dateTag:
			date = b[1:5]
		case timeTag:
			clock = b[1:5]
		}
		b = b[5:]
	}
	if date == nil || clock == nil {
		return photo.Moment{}
	}
	two := func(b byte) int { return int(b>>4)*10 + int(b&15) }
	year, month, day := two(date[1])*100+two(date[2]), two(date[3]), two(clock[0])
	hour, minute, second := two(clock[1]), two(clock[2]), two(clock[3])
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 59 {
		return photo.Moment{}
	}
	at := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if zone := int(date[0]); zone&0x80 == 0 {
		offset := (zone >> 1 & 15) * 3600
		if zone&1 != 0 {
			offset += 1800
		}
		if zone&0x20 != 0 {
			offset = -offset
		}
		if offset != 0 {
			return plausible(photo.At(at.Add(-time.Duration(offset) * time.Second).In(time.FixedZone("", offset))))
		}
	}
	return plausible(photo.AtWallClock(at))
}
