package metadata

import (
	"bytes"
	"encoding/binary"
	"io"
	"iter"
	"maps"
	"slices"
	"time"

	"photos/internal/photo"
)

// maxMPEG is how many bytes at the start of an MPEG stream are searched.
const maxMPEG = 1 << 20

// readMPEG finds the first sequence header of a program stream or an elementary
// stream (ISO/IEC 13818-2, 6.2.2.1).
func readMPEG(r *io.SectionReader, t *tags) {
	b := readAll(r, maxMPEG)
	t.setSize(sequenceSize(b))
	for unit := range nalUnits(b) { // begins as a packet does
		switch id := unit[0]; {
		case id == 0xb3, id&0xf0 == 0xe0, id == 0xfd: // a sequence header, a packet of video, one of another coding
			t.addTrack(true)
		case id&0xe0 == 0xc0:
			t.addTrack(false)
		}
	}
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
	streams := map[int][]byte{}     // the bytes of each video by its packet ID
	tables := map[int]bool{0: true} // packet IDs of tables
	for ; len(b) >= size; b = b[size:] {
		if p, ok := parsePacket(b[lead:size]); ok {
			p.addTo(streams)
			t.addTable(p, tables)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(streams)) { // each time the same video counts
		stream := streams[id]
		t.addTrack(true)
		t.setFrameSize(sequenceSize(stream))
		for unit := range nalUnits(stream) {
			t.addUnit(unit)
		}
	}
}

// addUnit reads a unit of H.264 or H.265, which number their units differently.
func (t *tags) addUnit(unit []byte) {
	const h265Parameters = 33
	switch unit[0] & 31 {
	case 7:
		t.setFrameSize(h264Size(unescape(unit)))
	case 6:
		t.addAVCHD(avchdEntries(unescape(unit)))
	}
	if unit[0]>>1 == h265Parameters {
		t.setFrameSize(h265Size(unescape(unit)))
	}
}

// setFrameSize records a size out of a stream, unless no video has it: other codings have bytes
// that look like parameters.
func (t *tags) setFrameSize(width, height int) {
	if least := 16; width >= least && height >= least {
		t.setSize(width, height)
	}
}

// A packet is one of a transport stream.
type packet struct {
	id      int
	starts  bool // a unit or a table begins in it
	payload []byte
}

func parsePacket(p []byte) (packet, bool) {
	if p[0] != 'G' || p[3]&0x10 == 0 {
		return packet{}, false
	}
	payload := p[4:]
	if p[3]&0x20 != 0 {
		payload = payload[min(1+int(payload[0]), len(payload)):]
	}
	return packet{int(p[1]&0x1f)<<8 | int(p[2]), p[1]&0x40 != 0, payload}, true
}

// addTo adds the payload to its stream, if that is one of video.
func (p packet) addTo(streams map[int][]byte) {
	payload := p.payload
	_, known := streams[p.id]
	if p.starts && len(payload) > 9 && bytes.HasPrefix(payload, []byte{0, 0, 1}) && payload[3]&0xf0 == 0xe0 {
		payload, known = payload[min(9+int(payload[8]), len(payload)):], true
	}
	if known && len(streams) <= 8 {
		streams[p.id] = append(streams[p.id], payload...)
	}
}

// addTable reads the table in a packet, if there is one: the first of all names the tables of
// programs, which name the kinds of their streams (2.4.4). A table that goes on in another packet
// may name a video there.
func (t *tags) addTable(p packet, tables map[int]bool) {
	const programs, streams, maxTables = 0, 2, 64
	if !tables[p.id] || !p.starts || len(p.payload) == 0 {
		return
	}
	b := p.payload[min(1+int(p.payload[0]), len(p.payload)):]
	if len(b) < 12 {
		return
	}
	u16 := func(b []byte) int { return int(binary.BigEndian.Uint16(b)) }
	table, end := b[0], 3+u16(b[1:])&0xfff-4 // without the checksum
	whole := end <= len(b)
	b = b[:max(min(end, len(b)), 0)]
	switch {
	case table == programs && p.id == 0:
		for b = b[min(8, len(b)):]; len(b) >= 4 && len(tables) < maxTables; b = b[4:] {
			tables[u16(b[2:])&0x1fff] = true
		}
	case table == streams && len(b) >= 12:
		for b = b[min(12+u16(b[10:])&0xfff, len(b)):]; len(b) >= 5; b = b[min(5+u16(b[3:])&0xfff, len(b)):] {
			t.addTrack(!isSound(b[0]))
		}
		if !whole {
			t.addTrack(true)
		}
	}
}

// isSound reports whether a stream of this type (ISO/IEC 13818-1, table 2-34, and ATSC A/53) is
// sound or texts about it.
func isSound(streamType byte) bool {
	switch streamType {
	case 0x03, 0x04, 0x0f, 0x11, 0x1c, 0x81, 0x87, 0x15: // the last one is metadata
		return true
	}
	return false
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
	default:
		return 0, 0 // not a parameter set of H.264
	case 66, 77, 88:
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

// h265Size reads the size out of a sequence parameter set of H.265 (ITU-T H.265, 7.3.2.2.1).
func h265Size(unit []byte) (width, height int) {
	const head, profile, level = 2, 88, 8 // bytes, bits, bits
	if len(unit) < head+14 {
		return 0, 0
	}
	r := &bitReader{b: unit[head:]}
	r.uint(4)
	layers := r.uint(3) // below the highest
	r.uint(1)
	r.at += profile + level
	var present [8][2]int
	for i := range layers {
		present[i] = [2]int{r.uint(1), r.uint(1)}
	}
	if layers > 0 {
		r.at += 2 * (8 - layers)
	}
	for _, p := range present {
		r.at += p[0]*profile + p[1]*level
	}
	r.golomb()
	chroma := r.golomb()
	if chroma == 3 {
		r.bit()
	}
	width, height = r.golomb(), r.golomb()
	if r.bit() == 1 {
		unitX, unitY := 1, 1
		if chroma == 1 || chroma == 2 {
			unitX = 2
		}
		if chroma == 1 {
			unitY = 2
		}
		left, right, top, bottom := r.golomb(), r.golomb(), r.golomb(), r.golomb()
		width, height = width-unitX*(left+right), height-unitY*(top+bottom)
	}
	return width, height
}

// avchdEntries returns the entries of user data that camcorders put into a unit of supplemental
// information: a tag and four bytes each.
func avchdEntries(unit []byte) map[byte][]byte {
	_, b, found := bytes.Cut(unit, []byte("MDPM"))
	if !found || len(b) == 0 {
		return nil
	}
	entries := map[byte][]byte{}
	n := int(b[0])
	for b = b[1:]; n > 0 && len(b) >= 5; n-- {
		entries[b[0]] = b[1:5]
		b = b[5:]
	}
	return entries
}

// addAVCHD uses the date and the camera among the entries.
func (t *tags) addAVCHD(entries map[byte][]byte) {
	const dateTag, timeTag, makeTag, modelTag = 0x18, 0x19, 0xe0, 0xe4 // the model takes three entries
	if date, clock := entries[dateTag], entries[timeTag]; date != nil && clock != nil {
		t.addDate(avchdDate(date, clock))
	}
	if t.camera != "" || entries[makeTag] == nil {
		return
	}
	maker := map[uint16]string{0x0103: "Panasonic", 0x0108: "Sony", 0x1011: "Canon", 0x1104: "JVC"}[binary.BigEndian.Uint16(entries[makeTag])]
	model, _ := cString(slices.Concat(entries[modelTag], entries[modelTag+1], entries[modelTag+2]))
	t.camera = camera(maker, model)
}

// avchdDate reads a date in decimal digits, with its offset from UTC in the first byte.
func avchdDate(date, clock []byte) photo.Moment {
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
