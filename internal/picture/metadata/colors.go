package metadata

import (
	"encoding/binary"
	"io"
)

// Colors say what the numbers of a picture's pixels mean. The zero value means sRGB.
type Colors struct {
	Profile   []byte  // ICC profile; nil if there is none
	Primaries int     // ITU-T H.273, table 2; 0 if the file does not say
	Transfer  int     // ITU-T H.273, table 3; 0 if the file does not say
	AdobeRGB  bool    // the camera says so with the means of EXIF
	Gamma     float64 // the exponent with which the values of a PNG were encoded; 0 if the file does not say
}

// maxProfile is how many bytes of an ICC profile are read. Those of printers have some megabytes.
const maxProfile = 4 << 20

// A profile is where the ICC profile lies in the file.
type profile struct {
	parts    []stretch
	deflated bool
}

// addProfile notes a part of the ICC profile.
func (t *tags) addProfile(r *io.SectionReader) {
	const maxParts = 255
	if r != nil && r.Size() > 0 && len(t.profile.parts) < maxParts {
		t.profile.parts = append(t.profile.parts, stretch{place(r), r.Size()})
	}
}

// read returns the profile out of the file.
func (p profile) read(file io.ReaderAt, size int64) []byte {
	var b []byte
	for _, part := range p.parts {
		if part.at < size && len(b) < maxProfile {
			b = append(b, readAll(io.NewSectionReader(file, part.at, min(part.size, size-part.at)), maxProfile)...)
		}
	}
	if p.deflated {
		return inflate(b)
	}
	return b
}

// colors returns what was found about the colors. An ICC profile counts more than numbers, and
// these more than the exponent (PNG specification, third edition, 4.3).
func (t *tags) colors(file io.ReaderAt, size int64) Colors {
	c := Colors{Profile: t.profile.read(file, size)}
	if len(c.Profile) > 0 {
		return c
	}
	c.Profile = nil
	c.Primaries, c.Transfer, c.AdobeRGB = t.primaries, t.transfer, t.adobeRGB()
	if t.transfer == 0 {
		c.Gamma = t.gamma
	}
	return c
}

// adobeRGB reports whether a camera has written Adobe RGB: a value of its own, or the rules of
// DCF (JEITA CP-3461B, "DCF optional file").
func (t *tags) adobeRGB() bool {
	const adobe, uncalibrated = 2, 0xffff
	switch t.field(exifDirectory, tagColorSpace).int() {
	case adobe:
		return true
	case uncalibrated:
		return t.text(interopDirectory, tagInteropIndex) == "R03"
	}
	return false
}

// setCodes records the numbers of ITU-T H.273; the first ones count. 2 means unknown.
func (t *tags) setCodes(primaries, transfer uint64) {
	const unknown = 2
	if t.primaries == 0 && t.transfer == 0 && primaries != unknown && transfer != unknown {
		t.primaries, t.transfer = int(primaries), int(transfer)
	}
}

// addColors reads a colr box (ISO/IEC 14496-12, 12.1.5; "nclc" is QuickTime's).
func (t *tags) addColors(colr *io.SectionReader) {
	switch kind := readString(colr, 0, 4); kind {
	case "nclx", "nclc":
		f := fields{b: []byte(readString(colr, 4, 4))}
		t.setCodes(f.uint(2), f.uint(2))
	case "prof", "rICC":
		if len(t.profile.parts) == 0 {
			t.addProfile(after(colr, 4))
		}
	}
}

// addPNGColors reads the chunks of a PNG that are about color (11.3.2). The keyword and the
// method stand before a profile.
func (t *tags) addPNGColors(kind string, body *io.SectionReader) {
	switch kind {
	case "iCCP":
		const longest = 79
		name, _ := cString([]byte(readString(body, 0, longest+1)))
		t.profile.deflated = true
		t.addProfile(after(body, int64(len(name)+2)))
	case "sRGB":
		const bt709, srgb = 1, 13
		t.setCodes(bt709, srgb)
	case "cICP":
		if b := readString(body, 0, 2); len(b) == 2 {
			t.primaries, t.transfer = int(b[0]), int(b[1]) // counts more than sRGB
		}
	case "gAMA":
		if b := readString(body, 0, 4); len(b) == 4 {
			t.gamma = float64(binary.BigEndian.Uint32([]byte(b))) / 100_000
		}
	}
}
