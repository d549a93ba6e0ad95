package thumb

import (
	"bytes"
	"encoding/binary"
	"image"
	"math"

	"photos/internal/picture/metadata"
)

// A space is a color space, as far as the conversion to sRGB needs it.
type space struct {
	curves [3]func(v float64) float64 // of red, green and blue: the light that a value from 0 to 1 stands for
	toSRGB [3][3]float64              // from light in this space to light in sRGB
	hdr    bool                       // there is light brighter than white
}

// convert changes the colors of a picture to sRGB in place. It returns the profile that the
// picture needs afterwards: nil, unless the colors cannot be computed here.
func convert(img *image.RGBA, colors metadata.Colors) (profile []byte) {
	s, known := spaceOf(colors)
	if known {
		s.apply(img)
		return nil
	}
	return foreignProfile(colors.Profile)
}

// foreignProfile returns a profile if it is one for red, green and blue, and not sRGB's.
func foreignProfile(profile []byte) []byte {
	if !isRGBProfile(profile) {
		return nil
	}
	return profile
}

func isRGBProfile(profile []byte) bool {
	const colorSpaceAt, header, described = 16, 128, 4096
	return len(profile) > header && string(profile[colorSpaceAt:colorSpaceAt+4]) == "RGB " &&
		!bytes.Contains(profile[:min(len(profile), described)], []byte("sRGB"))
}

// spaceOf returns the space of a picture. known is false if that is sRGB or something like
// it, or a profile with tables of all colors.
func spaceOf(c metadata.Colors) (s space, known bool) {
	switch {
	case isRGBProfile(c.Profile):
		return profileSpace(c.Profile)
	case len(c.Profile) > 0:
		return space{}, false
	case c.AdobeRGB:
		const gamma = 2.19921875 // Adobe RGB (1998) Color Image Encoding, 4.3.4.2
		return evenSpace(power(gamma), adobeToSRGB()), true
	case c.Gamma > 0:
		return gammaSpace(c.Gamma)
	}
	return codeSpace(c)
}

// gammaSpace is the space of a PNG that says with which exponent its values were encoded
// (PNG specification, third edition, 11.3.2.2).
func gammaSpace(encoded float64) (s space, known bool) {
	const usual, near, least, most = 0.45455, 0.03, 0.1, 3
	if math.Abs(encoded-usual) < near || encoded < least || encoded > most {
		return space{}, false
	}
	return evenSpace(power(1/encoded), identity()), true
}

// codeSpace is the space that the numbers of ITU-T H.273 name.
func codeSpace(c metadata.Colors) (s space, known bool) {
	const (
		bt2020, dciP3, displayP3 = 9, 11, 12 // table 2
		linear, pq, hlg          = 8, 16, 18 // table 3
	)
	s = evenSpace(srgbToLight, identity())
	switch c.Primaries {
	case bt2020:
		s.toSRGB, known = bt2020ToSRGB(), true
	case dciP3, displayP3:
		s.toSRGB, known = displayP3ToSRGB(), true
	}
	switch c.Transfer {
	case linear:
		return evenSpace(power(1), s.toSRGB), true
	case pq:
		s = evenSpace(pqToLight, s.toSRGB)
		s.hdr, known = true, true
	case hlg:
		s = evenSpace(hlgToLight, s.toSRGB)
		s.hdr, known = true, true
	}
	return s, known
}

func evenSpace(curve func(float64) float64, toSRGB [3][3]float64) space {
	return space{curves: [3]func(float64) float64{curve, curve, curve}, toSRGB: toSRGB}
}

func power(exponent float64) func(float64) float64 {
	return func(v float64) float64 { return math.Pow(v, exponent) }
}

// The matrices go from linear light in one space to linear light in sRGB. They follow from the
// primaries and the white point D65 that the spaces share.

func identity() [3][3]float64 { return [3][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}} }

func displayP3ToSRGB() [3][3]float64 {
	return [3][3]float64{{1.224940, -0.224940, 0}, {-0.042057, 1.042057, 0}, {-0.019638, -0.078636, 1.098274}}
}

func bt2020ToSRGB() [3][3]float64 {
	return [3][3]float64{{1.660491, -0.587641, -0.072850}, {-0.124550, 1.132900, -0.008349}, {-0.018151, -0.100579, 1.118730}}
}

func adobeToSRGB() [3][3]float64 {
	return [3][3]float64{{1.398356, -0.398356, 0}, {0, 1, 0}, {0, -0.042929, 1.042929}}
}

// d50ToSRGB goes from XYZ under D50, in which ICC profiles state their primaries, to sRGB.
func d50ToSRGB() [3][3]float64 {
	return [3][3]float64{{3.133856, -1.616867, -0.490615}, {-0.978768, 1.916142, 0.033454}, {0.071945, -0.228991, 1.405243}}
}

// srgbToLight is the curve of sRGB (IEC 61966-2-1).
func srgbToLight(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

func lightToSRGB(v float64) float64 {
	if v <= 0.0031308 {
		return v * 12.92
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

// white is the brightness in candelas per square meter of white paper in HDR pictures (ITU-R
// BT.2408, 2.1).
const white = 203.0

// pqToLight is the curve "PQ" (ITU-R BT.2100, table 4). White is 1.
func pqToLight(v float64) float64 {
	const m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
	p := math.Pow(v, 1/m2)
	return 10000 / white * math.Pow(max(p-c1, 0)/(c2-c3*p), 1/m1)
}

// hlgToLight is the curve "HLG" for a screen of 1000 candelas per square meter (ITU-R BT.2100,
// table 5). White is 1.
func hlgToLight(v float64) float64 {
	const a, b, c, peak, system = 0.17883277, 0.28466892, 0.55991073, 1000, 1.2
	scene := v * v / 3
	if v > 0.5 {
		scene = (math.Exp((v-c)/a) + b) / 12
	}
	return peak / white * math.Pow(scene, system)
}

// compress brings light that is brighter than white below it, and leaves darker light as it is.
func compress(v float64) float64 {
	const knee = 0.6
	if v <= knee {
		return v
	}
	return knee + (1-knee)*(1-math.Exp((knee-v)/(1-knee)))
}

// apply changes the pixels of a picture from s to sRGB.
func (s space) apply(img *image.RGBA) {
	const fine = 1 << 14
	var light [3][256]float64
	for i := range 256 {
		for c, curve := range s.curves {
			light[c][i] = curve(float64(i) / 255)
		}
	}
	var stored [fine + 1]uint8
	for i := range stored {
		stored[i] = uint8(255*lightToSRGB(float64(i)/fine) + 0.5)
	}
	for i := 0; i+3 < len(img.Pix); i += 4 {
		p := img.Pix[i : i+3 : i+3]
		r, g, b := light[0][p[0]], light[1][p[1]], light[2][p[2]]
		var out [3]float64
		for c, row := range s.toSRGB {
			out[c] = row[0]*r + row[1]*g + row[2]*b
		}
		if s.hdr {
			brightest := max(out[0], out[1], out[2], 1e-9)
			scale := compress(brightest) / brightest
			out[0], out[1], out[2] = out[0]*scale, out[1]*scale, out[2]*scale
		}
		for c, v := range out {
			p[c] = stored[int(min(max(v, 0), 1)*fine+0.5)]
		}
	}
}

// profileSpace reads an ICC profile that consists of a curve per color and a matrix (ICC.1:2022,
// 8.3.3). known is false for any other.
func profileSpace(profile []byte) (s space, known bool) {
	tags := profileTags(profile)
	var toXYZ [3][3]float64
	for c, color := range []string{"r", "g", "b"} {
		xyz, curve := tags[color+"XYZ"], profileCurve(tags[color+"TRC"])
		if len(xyz) < 20 || curve == nil {
			return space{}, false
		}
		s.curves[c] = curve
		for i := range 3 {
			toXYZ[i][c] = fixed(xyz[8+4*i:])
		}
	}
	for i, row := range d50ToSRGB() {
		for j := range 3 {
			s.toSRGB[i][j] = row[0]*toXYZ[0][j] + row[1]*toXYZ[1][j] + row[2]*toXYZ[2][j]
		}
	}
	return s, true
}

// fixed reads a number of type s15Fixed16Number.
func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / (1 << 16) }

// profileTags returns the values of the tags of a profile by name (7.3).
func profileTags(profile []byte) map[string][]byte {
	const header, entry, maxTags = 128, 12, 128
	found := map[string][]byte{}
	if len(profile) < header+4 {
		return found
	}
	u32 := binary.BigEndian.Uint32
	for list, n := profile[header+4:], min(u32(profile[header:]), maxTags); n > 0 && len(list) >= entry; n, list = n-1, list[entry:] {
		at, size := uint64(u32(list[4:])), uint64(u32(list[8:]))
		if at+size <= uint64(len(profile)) {
			found[string(list[:4])] = profile[at : at+size]
		}
	}
	return found
}

// profileCurve reads a curve: a table, an exponent, or a formula (10.6, 10.18). It returns nil
// for anything else.
func profileCurve(b []byte) func(float64) float64 {
	if len(b) < 12 {
		return nil
	}
	switch n := int(binary.BigEndian.Uint32(b[8:])); {
	case string(b[:4]) == "para":
		return parametric(b)
	case string(b[:4]) != "curv" || n < 0 || n > len(b)/2-6:
		return nil
	case n == 0:
		return power(1)
	case n == 1:
		return power(float64(binary.BigEndian.Uint16(b[12:])) / 256)
	default:
		return table(b[12 : 12+2*n])
	}
}

// table is a curve through points at equal distances.
func table(b []byte) func(float64) float64 {
	last := len(b)/2 - 1
	point := func(i int) float64 { return float64(binary.BigEndian.Uint16(b[2*i:])) / math.MaxUint16 }
	return func(v float64) float64 {
		i := min(int(v*float64(last)), last-1)
		rest := v*float64(last) - float64(i)
		return point(i)*(1-rest) + point(i+1)*rest
	}
}

// parametric reads one of the five formulas.
func parametric(b []byte) func(float64) float64 {
	kind := int(binary.BigEndian.Uint16(b[8:]))
	counts := []int{1, 3, 4, 5, 7}
	if kind >= len(counts) || len(b) < 12+4*counts[kind] {
		return nil
	}
	var p [7]float64 // g, a, b, c, d, e, f
	for i := range counts[kind] {
		p[i] = fixed(b[12+4*i:])
	}
	g, a, bb, c, d, e, f := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	switch kind {
	case 0:
		return power(g)
	case 1, 2: // c is added everywhere, and the curve begins at -b/a
		if a == 0 {
			return nil
		}
		c, d, e, f = 0, -bb/a, p[3], p[3]
	}
	return func(v float64) float64 {
		if v < d {
			return c*v + f
		}
		return math.Pow(max(a*v+bb, 0), g) + e
	}
}
