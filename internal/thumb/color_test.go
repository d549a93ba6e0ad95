package thumb_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"photos/internal/picture"
	"photos/internal/thumb"
)

type rgb [3]uint8

// scene are the colors of four quarters as a viewer has to see them. The tests store them in
// other spaces. The numbers there were computed from the definitions of the spaces, not with
// this package.
func scene() [4]rgb { return [4]rgb{{200, 40, 30}, {40, 180, 60}, {30, 60, 200}, {128, 128, 128}} }

func sceneInDisplayP3() [4]rgb {
	return [4]rgb{{184, 56, 42}, {88, 177, 77}, {37, 59, 192}, {128, 128, 128}}
}

func sceneInAdobeRGB() [4]rgb {
	return [4]rgb{{172, 44, 36}, {106, 179, 72}, {45, 62, 195}, {127, 127, 127}}
}

// patches is a picture with a color in each quarter, in reading order.
func patches(width, height int, colors [4]rgb) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := colors[2*(2*y/height)+2*x/width]
			img.SetRGBA(x, y, color.RGBA{c[0], c[1], c[2], 255})
		}
	}
	return img
}

// wantPatches compares the middles of the quarters of a rendition.
func wantPatches(t *testing.T, what string, file []byte, want [4]rgb) {
	t.Helper()
	const near = 9
	img, err := jpeg.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("PHOTOS_KEEP_RENDITIONS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(t.Name())+" "+what+".jpg"), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := img.Bounds()
	for i, w := range want {
		r, g, bl, _ := img.At(b.Dx()*(1+2*(i%2))/4, b.Dy()*(1+2*(i/2))/4).RGBA()
		got := rgb{uint8(r >> 8), uint8(g >> 8), uint8(bl >> 8)}
		for c := range got {
			if math.Abs(float64(got[c])-float64(w[c])) > near {
				t.Errorf("%s: quarter %d is %v, want %v", what, i, got, w)
				break
			}
		}
	}
}

// matrixProfile is an ICC profile of primaries (XYZ under D50) and a curve for all of them.
func matrixProfile(primaries [3][3]float64, curve []byte) []byte {
	be := binary.BigEndian
	var tags, data []byte
	add := func(name string, value []byte) {
		const header, count, entries = 128, 4, 6 * 12
		tags = append(tags, name...)
		tags = be.AppendUint32(tags, uint32(header+count+entries+len(data)))
		tags = be.AppendUint32(tags, uint32(len(value)))
		data = append(data, value...)
	}
	for i, name := range []string{"rXYZ", "gXYZ", "bXYZ"} {
		value := []byte("XYZ \x00\x00\x00\x00")
		for _, v := range primaries[i] {
			value = be.AppendUint32(value, uint32(int32(math.Round(v*65536))))
		}
		add(name, value)
	}
	for _, name := range []string{"rTRC", "gTRC", "bTRC"} {
		add(name, curve)
	}
	profile := make([]byte, 128)
	copy(profile[8:], "\x02\x10\x00\x00mntrRGB XYZ ")
	copy(profile[36:], "acsp")
	for i, v := range []float64{0.9642, 1, 0.8249} { // the white point
		be.PutUint32(profile[68+4*i:], uint32(v*65536))
	}
	profile = be.AppendUint32(profile, 6)
	profile = slices.Concat(profile, tags, data)
	be.PutUint32(profile, uint32(len(profile)))
	return profile
}

// displayP3 are the primaries of Display P3 under D50.
func displayP3() [3][3]float64 {
	return [3][3]float64{{0.51512, 0.24120, -0.00105}, {0.29198, 0.69225, 0.04189}, {0.15710, 0.06657, 0.78407}}
}

// srgbCurve is the curve of sRGB as the formula of an ICC profile.
func srgbCurve() []byte {
	curve := []byte("para\x00\x00\x00\x00\x00\x03\x00\x00")
	for _, v := range []float64{2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045} {
		curve = binary.BigEndian.AppendUint32(curve, uint32(math.Round(v*65536)))
	}
	return curve
}

// srgbTable is the same curve as a table.
func srgbTable() []byte {
	const n = 1024
	curve := []byte("curv\x00\x00\x00\x00")
	curve = binary.BigEndian.AppendUint32(curve, n)
	for i := range n {
		v := float64(i) / (n - 1)
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		curve = binary.BigEndian.AppendUint16(curve, uint16(math.Round(v*65535)))
	}
	return curve
}

func withSegment(file []byte, marker byte, body []byte) []byte {
	segment := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2))
	return append(append(append(file[:2:2], segment...), body...), file[2:]...)
}

// withChunk puts a chunk behind the header of a PNG.
func withChunk(file []byte, kind string, body []byte) []byte {
	const header = 8 + 25
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	chunk = append(append(chunk, kind...), body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	return append(append(file[:header:header], chunk...), file[header:]...)
}

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	return encode(t, func(b *bytes.Buffer) error { return png.Encode(b, img) })
}

// Wide gamut: what is stored in Display P3 looks the same as what is stored in sRGB.
func TestWideGamut(t *testing.T) {
	t.Parallel()
	img := patches(400, 300, sceneInDisplayP3())
	profile := matrixProfile(displayP3(), srgbCurve())
	var deflated bytes.Buffer
	z := zlib.NewWriter(&deflated)
	if _, err := z.Write(profile); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, m := range makers() {
		for what, file := range map[string]struct {
			mediaType string
			bytes     []byte
		}{
			"JPEG":         {picture.JPEG, withSegment(jpegOf(t, img), 0xe2, append([]byte("ICC_PROFILE\x00\x01\x01"), profile...))},
			"JPEG, table":  {picture.JPEG, withSegment(jpegOf(t, img), 0xe2, append([]byte("ICC_PROFILE\x00\x01\x01"), matrixProfile(displayP3(), srgbTable())...))},
			"PNG":          {picture.PNG, withChunk(pngOf(t, img), "iCCP", append([]byte("P3\x00\x00"), deflated.Bytes()...))},
			"PNG, numbers": {picture.PNG, withChunk(pngOf(t, img), "cICP", []byte{12, 13, 0, 1})},
		} {
			result := run(t, m, file.mediaType, file.bytes)
			wantPatches(t, name+" "+what, result.Pictures[2], scene())
			if bytes.Contains(result.Pictures[2], []byte("ICC_PROFILE")) {
				t.Errorf("%s: %s: the rendition has a profile although its colors are sRGB", name, what)
			}
		}
	}
}

// A camera that is set to Adobe RGB says so in EXIF, without a profile.
func TestAdobeRGBOfCameras(t *testing.T) {
	t.Parallel()
	img := patches(400, 300, sceneInAdobeRGB())
	le := binary.LittleEndian
	exif := []byte("Exif\x00\x00II*\x00\x08\x00\x00\x00")
	entry := func(tag, kind uint16, count, value uint32) {
		exif = le.AppendUint16(le.AppendUint16(exif, tag), kind)
		exif = le.AppendUint32(le.AppendUint32(exif, count), value)
	}
	directory := func(entries uint16) { exif = le.AppendUint16(exif, entries) }
	directory(1)
	entry(0x8769, 4, 1, 26)
	exif = le.AppendUint32(exif, 0)
	directory(2)
	entry(0xa001, 3, 1, 0xffff)
	entry(0xa005, 4, 1, 26+2+24+4)
	exif = le.AppendUint32(exif, 0)
	directory(1)
	entry(1, 2, 4, le.Uint32([]byte("R03\x00")))
	exif = le.AppendUint32(exif, 0)
	file := withSegment(jpegOf(t, img), 0xe1, exif)
	for name, m := range makers() {
		wantPatches(t, name, run(t, m, picture.JPEG, file).Pictures[2], scene())
	}
}

// A PNG may say how its values were encoded.
func TestPNGGamma(t *testing.T) {
	t.Parallel()
	light := func(v uint8) uint8 { // of sRGB
		f := float64(v) / 255
		if f <= 0.04045 {
			return uint8(math.Round(f / 12.92 * 255))
		}
		return uint8(math.Round(math.Pow((f+0.055)/1.055, 2.4) * 255))
	}
	stored := scene()
	for i, c := range stored {
		for j, v := range c {
			stored[i][j] = light(v)
		}
	}
	file := pngOf(t, patches(400, 300, stored))
	linear := binary.BigEndian.AppendUint32(nil, 100_000)
	usual := binary.BigEndian.AppendUint32(nil, 45_455)
	for name, m := range makers() {
		wantPatches(t, name+" linear", run(t, m, picture.PNG, withChunk(file, "gAMA", linear)).Pictures[2], scene())
		wantPatches(t, name+" usual", run(t, m, picture.PNG, withChunk(file, "gAMA", usual)).Pictures[2], stored)
		both := withChunk(withChunk(file, "gAMA", linear), "sRGB", []byte{0})
		wantPatches(t, name+" sRGB", run(t, m, picture.PNG, both).Pictures[2], stored)
	}
}

// More than eight bits, gray, and palettes keep their colors.
func TestDepths(t *testing.T) {
	t.Parallel()
	img := patches(400, 300, scene())
	deep, gray := image.NewNRGBA64(img.Rect), image.NewGray16(img.Rect)
	few := image.NewPaletted(img.Rect, nil)
	for _, c := range scene() {
		few.Palette = append(few.Palette, color.RGBA{c[0], c[1], c[2], 255})
	}
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			deep.Set(x, y, img.At(x, y))
			few.Set(x, y, img.At(x, y))
			gray.SetGray16(x, y, color.Gray16{0x8080})
		}
	}
	grays := [4]rgb{{128, 128, 128}, {128, 128, 128}, {128, 128, 128}, {128, 128, 128}}
	for name, m := range makers() {
		wantPatches(t, name+" PNG of 16 bits", run(t, m, picture.PNG, pngOf(t, deep)).Pictures[2], scene())
		wantPatches(t, name+" PNG with a palette", run(t, m, picture.PNG, pngOf(t, few)).Pictures[2], scene())
		wantPatches(t, name+" gray PNG of 16 bits", run(t, m, picture.PNG, pngOf(t, gray)).Pictures[2], grays)
		wantPatches(t, name+" TIFF of 16 bits", run(t, m, picture.TIFF, encode(t, func(b *bytes.Buffer) error { return tiff.Encode(b, deep, nil) })).Pictures[2], scene())
	}
}

// A JPEG of four inks, as programs for printing write it, is neither inverted nor black.
func TestCMYK(t *testing.T) {
	t.Parallel()
	file := cmykJPEG(400, 300, [4][4]uint8{{0, 255, 255, 0}, {255, 0, 255, 0}, {255, 255, 0, 0}, {0, 0, 0, 0}})
	for name, m := range makers() {
		if got := corners(t, run(t, m, picture.JPEG, file).Pictures[2]); got != "r?bw" && got != "rgbw" && got != "r??w" {
			t.Errorf("%s: quarters %s", name, got)
		}
	}
}

// cmykJPEG encodes a picture of four even quarters in four inks, as Adobe's programs do: each
// value is stored inverted. Even blocks need only their mean (ISO/IEC 10918-1, annex F).
func cmykJPEG(width, height int, inks [4][4]uint8) []byte {
	be := binary.BigEndian
	segment := func(marker byte, body ...byte) []byte {
		return append(be.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2)), body...)
	}
	file := []byte{0xff, 0xd8}
	file = append(file, segment(0xee, append([]byte("Adobe"), 0, 100, 0, 0, 0, 0, 0)...)...)
	file = append(file, segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{8}, 64)...)...)...)
	frame := []byte{8, byte(height >> 8), byte(height), byte(width >> 8), byte(width), 4}
	scan := []byte{4}
	for c := range byte(4) {
		frame = append(frame, c+1, 0x11, 0)
		scan = append(scan, c+1, 0)
	}
	file = append(file, segment(0xc0, frame...)...)
	sizes := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11} // each DC size has a code of 4 bits, equal to the size
	file = append(file, segment(0xc4, append(append([]byte{0x00, 0, 0, 0, 12}, make([]byte, 12)...), sizes...)...)...)
	file = append(file, segment(0xc4, append(append([]byte{0x10, 1}, make([]byte, 15)...), 0)...)...) // AC: the end of a block is the bit 0
	file = append(file, segment(0xda, append(scan, 0, 63, 0)...)...)
	var bits bitWriter
	var before [4]int
	for y := 0; y < height; y += 8 {
		for x := 0; x < width; x += 8 {
			for c, ink := range inks[2*(2*y/height)+2*x/width] {
				mean := int(255-ink) - 128 // the coefficient is 8 times the mean, in steps of 8
				bits.difference(mean - before[c])
				before[c] = mean
				bits.write(0, 1)
			}
		}
	}
	return append(append(file, bits.flush()...), 0xff, 0xd9)
}

// A bitWriter writes the bits of a JPEG's scan.
type bitWriter struct {
	out  []byte
	bits uint32
	n    int
}

func (w *bitWriter) write(value uint32, n int) {
	for n--; n >= 0; n-- {
		w.bits = w.bits<<1 | value>>n&1
		if w.n++; w.n == 8 {
			if w.out = append(w.out, byte(w.bits)); byte(w.bits) == 0xff {
				w.out = append(w.out, 0)
			}
			w.bits, w.n = 0, 0
		}
	}
}

func (w *bitWriter) difference(d int) {
	size := 0
	for a := max(d, -d); a > 0; a >>= 1 {
		size++
	}
	w.write(uint32(size), 4)
	if d < 0 {
		d += 1<<size - 1
	}
	w.write(uint32(d), size)
}

func (w *bitWriter) flush() []byte {
	for w.n != 0 {
		w.write(1, 1)
	}
	return w.out
}

// heif encodes a picture with heif-enc.
func heif(t *testing.T, in []byte, extension, out string, args ...string) []byte {
	t.Helper()
	encoder, dir := need(t, "heif-enc"), t.TempDir()
	from, to := filepath.Join(dir, "in."+extension), filepath.Join(dir, out)
	if err := os.WriteFile(from, in, 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := exec.Command(encoder, append(args, "-q", "90", from, "-o", to)...).CombinedOutput(); err != nil {
		t.Fatalf("heif-enc: %v\n%s", err, text)
	}
	file, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// withProperty adds a property to the first item of a HEIF that heif-enc has written (ISO/IEC
// 14496-12, 8.11.14): the property, its number, and the new places of the items behind them.
func withProperty(t *testing.T, file []byte, kind, body string) []byte {
	t.Helper()
	be := binary.BigEndian
	at := func(name string) int {
		i := bytes.Index(file, []byte(name))
		if i < 4 {
			t.Fatalf("there is no box %s", name)
		}
		return i - 4
	}
	grow := func(name string, n int) {
		b := file[at(name):]
		be.PutUint32(b, be.Uint32(b)+uint32(n))
	}
	insert := func(where int, text string) {
		file = append(file[:where:where], append([]byte(text), file[where:]...)...)
	}
	count := 0
	ipco := at("ipco")
	end := ipco + int(be.Uint32(file[ipco:]))
	for i := ipco + 8; i < end; i += int(be.Uint32(file[i:])) {
		count++
	}
	box := string(be.AppendUint32(nil, uint32(8+len(body)))) + kind + body
	insert(end, box)
	for _, name := range []string{"ipco", "iprp", "meta"} {
		grow(name, len(box))
	}
	entry := at("ipma") + 16 // the first item: its ID, and how many properties it has
	n := int(file[entry+2])
	file[entry+2]++
	insert(entry+3+n, string(rune(count+1)))
	for _, name := range []string{"ipma", "iprp", "meta"} {
		grow(name, 1)
	}
	iloc := at("iloc")
	for place, last := iloc+16, iloc+int(be.Uint32(file[iloc:])); place < last; place += 18 { // ID, reference, base, count, offset, length
		base := file[place+4:]
		be.PutUint32(base, be.Uint32(base)+uint32(len(box)+1))
	}
	return file
}

func even(v ...uint8) (out [4]rgb) {
	for i := range out {
		out[i] = rgb{v[i], v[i], v[i]}
	}
	return out
}

// deepPNG is a picture with 16 bits per color.
func deepPNG(t *testing.T, colors [4]rgb) []byte {
	t.Helper()
	img := patches(320, 240, colors)
	out := image.NewNRGBA64(img.Rect)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			out.Set(x, y, img.At(x, y))
		}
	}
	return pngOf(t, out)
}

// HEIC and AVIF of ten bits look as they should, also with the light of HDR, which a screen
// without HDR cannot show: white paper stays nearly white, and gray is not paler than it was.
func TestTenBits(t *testing.T) {
	t.Parallel()
	need(t, "vipsthumbnail")
	m := thumb.New(thumb.Find())
	heic := func(colors [4]rgb) []byte { return heif(t, deepPNG(t, colors), "png", "ten.heic", "-b", "10") }
	avif := func(colors [4]rgb, primaries, transfer, matrix string) []byte {
		return film(t, deepPNG(t, colors), "ten.avif", "-frames:v", "1", "-vf", "scale=out_color_matrix="+matrix, "-pix_fmt", "yuv420p10le", "-c:v", "libaom-av1",
			"-cpu-used", "8", "-still-picture", "1", "-color_primaries", primaries, "-color_trc", transfer, "-colorspace", matrix)
	}
	// In PQ these are 18 %, 50 % and 100 % of white, and a light of 1000 candelas.
	pq, asPQ := even(105, 130, 148, 192), even(118, 188, 238, 255)
	hlg, asHLG := even(97, 128, 191, 255), even(101, 137, 238, 255)
	wantPatches(t, "HEIC", run(t, m, picture.HEIC, heic(scene())).Pictures[2], scene())
	wantPatches(t, "HEIC PQ", run(t, m, picture.HEIC, withProperty(t, heic(pq), "colr", "nclx\x00\x09\x00\x10\x00\x09\x80")).Pictures[2], asPQ)
	wantPatches(t, "HEIC HLG", run(t, m, picture.HEIC, withProperty(t, heic(hlg), "colr", "nclx\x00\x09\x00\x12\x00\x09\x80")).Pictures[2], asHLG)
	wantPatches(t, "AVIF", run(t, m, picture.AVIF, avif(scene(), "bt709", "iec61966-2-1", "bt709")).Pictures[2], scene())
	wantPatches(t, "AVIF P3", run(t, m, picture.AVIF, avif(sceneInDisplayP3(), "smpte432", "iec61966-2-1", "bt709")).Pictures[2], scene())
	wantPatches(t, "AVIF PQ", run(t, m, picture.AVIF, avif(pq, "bt2020", "smpte2084", "bt2020nc")).Pictures[2], asPQ)
	wantPatches(t, "AVIF HLG", run(t, m, picture.AVIF, avif(hlg, "bt2020", "arib-std-b67", "bt2020nc")).Pictures[2], asHLG)
}

// A HEIF is turned once, even if its EXIF block says the same again.
func TestHEIFIsTurnedOnce(t *testing.T) {
	t.Parallel()
	need(t, "vipsthumbnail")
	m := thumb.New(thumb.Find())
	for orientation, c := range map[byte]struct{ turn, want string }{
		1: {"\x00", "rgbw"}, 3: {"\x02", "wbgr"}, 6: {"\x03", "brwg"}, 8: {"\x01", "gwrb"},
	} {
		file := heif(t, turned(t, quarters(320, 240), orientation), "jpg", "turned.heic")
		if !bytes.Contains(file, []byte("II*\x00\x08")) {
			t.Fatal("heif-enc has written no EXIF: the test proves nothing")
		}
		result := run(t, m, picture.HEIC, withProperty(t, file, "irot", c.turn))
		if got := corners(t, result.Pictures[2]); got != c.want {
			t.Errorf("orientation %d: quarters %s, want %s", orientation, got, c.want)
		}
		if size := sizeOf(t, result.Pictures[2]); (size.X > size.Y) != (orientation < 5) {
			t.Errorf("orientation %d: size %v", orientation, size)
		}
	}
}

// A picture with a gain map, or with a second picture for the left eye, is its first picture.
func TestFirstOfTwoPictures(t *testing.T) {
	t.Parallel()
	base, gain := jpegOf(t, patches(400, 300, scene())), jpegOf(t, image.NewGray(image.Rect(0, 0, 400, 300)))
	for name, m := range makers() {
		wantPatches(t, name, run(t, m, picture.JPEG, append(base[:len(base):len(base)], gain...)).Pictures[2], scene())
	}
}

// rawFile is a raw file as makers build it: its JPEG lies in a directory that says how the
// camera was held.
func rawFile(preview []byte, orientation uint32) []byte {
	le := binary.LittleEndian
	file := []byte("II*\x00\x08\x00\x00\x00")
	const entries, data = 5, 8 + 2 + 5*12 + 4
	file = le.AppendUint16(file, entries)
	entry := func(tag, kind uint16, count, value uint32) {
		file = le.AppendUint16(le.AppendUint16(file, tag), kind)
		file = le.AppendUint32(le.AppendUint32(file, count), value)
	}
	entry(0x0106, 3, 1, 32803) // a color filter array
	entry(0x010f, 2, 6, data)
	entry(0x0112, 3, 1, orientation)
	entry(0x0201, 4, 1, data+8)
	entry(0x0202, 4, 1, uint32(len(preview)))
	file = le.AppendUint32(file, 0)
	file = append(file, "NIKON\x00\x00\x00"...)
	return append(file, preview...)
}

// The preview of a raw file is turned as the raw file is, unless it has a turn of its own.
func TestPreviewOfRaw(t *testing.T) {
	t.Parallel()
	img := quarters(400, 300)
	for name, m := range makers() {
		for what, c := range map[string]struct {
			preview []byte
			want    string
		}{
			"without a turn of its own": {jpegOf(t, img), "brwg"},
			"with one":                  {turned(t, img, 3), "wbgr"},
			"upright":                   {turned(t, img, 1), "rgbw"},
		} {
			if got := corners(t, run(t, m, picture.NEF, rawFile(c.preview, 6)).Pictures[2]); got != c.want {
				t.Errorf("%s: preview %s: quarters %s, want %s", name, what, got, c.want)
			}
		}
	}
}

// film makes a video of a still picture with ffmpeg.
func film(t *testing.T, still []byte, name string, args ...string) []byte {
	t.Helper()
	ffmpeg, dir := need(t, "ffmpeg"), t.TempDir()
	in, out := filepath.Join(dir, "in.png"), filepath.Join(dir, name)
	if err := os.WriteFile(in, still, 0o600); err != nil {
		t.Fatal(err)
	}
	args = append(append([]string{"-loglevel", "error", "-loop", "1", "-i", in, "-t", "0.5"}, args...), out)
	if text, err := exec.Command(ffmpeg, args...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, text)
	}
	file, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// The frames of a video have the right colors: its numbers mean something else in high
// definition than in a JPEG, and something else again in HDR.
func TestColorsOfVideos(t *testing.T) {
	t.Parallel()
	m := thumb.New(thumb.Find())
	still := pngOf(t, patches(320, 240, scene()))
	hd := film(t, still, "hd.mp4", "-vf", "scale=out_color_matrix=bt709", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-pix_fmt", "yuv420p")
	wantPatches(t, "BT.709", run(t, m, picture.MP4, hd).Pictures[2], scene())
	sd := film(t, still, "sd.mp4", "-vf", "scale=out_color_matrix=bt601", "-colorspace", "smpte170m", "-pix_fmt", "yuv420p")
	wantPatches(t, "BT.601", run(t, m, picture.MP4, sd).Pictures[2], scene())
	for trc, c := range map[string]struct{ stored, want [4]rgb }{
		"arib-std-b67": {even(97, 128, 191, 255), even(101, 137, 238, 255)},
		"smpte2084":    {even(105, 130, 148, 192), even(118, 188, 238, 255)},
	} {
		hdr := film(t, pngOf(t, patches(320, 240, c.stored)), "hdr.mp4", "-vf", "scale=out_color_matrix=bt2020", "-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", trc, "-pix_fmt", "yuv420p")
		wantPatches(t, trc, run(t, m, picture.MP4, hdr).Pictures[2], c.want)
	}
}

// ffmpeg decodes JPEG XL, JPEG 2000 and Photoshop's files, which libvips counts as unsafe.
func TestOtherStills(t *testing.T) {
	t.Parallel()
	need(t, "ffmpeg")
	img := patches(400, 300, scene())
	jp2 := film(t, pngOf(t, img), "one.jp2", "-frames:v", "1", "-pix_fmt", "rgb24")
	cases := map[string]struct {
		mediaType string
		file      []byte
	}{
		"JPEG 2000": {picture.JP2, jp2},
		"Photoshop": {picture.PSD, photoshop(img, nil)},
		"JPEG XL":   {picture.JXL, film(t, pngOf(t, img), "one.jxl", "-frames:v", "1", "-pix_fmt", "rgb24")},
	}
	m := thumb.New(thumb.Find())
	for name, c := range cases {
		if mediaType, _ := picture.Sniff(c.file); mediaType != c.mediaType {
			t.Errorf("%s: the type is %q", name, mediaType)
		}
		wantPatches(t, name, run(t, m, c.mediaType, c.file).Pictures[2], scene())
	}
	// Without ffmpeg there is the small picture that Photoshop stores.
	file := photoshop(img, jpegOf(t, patches(160, 120, scene())))
	wantPatches(t, "Photoshop alone", run(t, thumb.New(thumb.Config{}), picture.PSD, file).Pictures[2], scene())
	if size := sizeOf(t, run(t, m, picture.PSD, file).Pictures[0]); size.X != 400 {
		t.Errorf("ffmpeg's rendition of a Photoshop file is %v", size)
	}
	for _, c := range cases {
		if _, err := thumb.New(thumb.Config{}).Make(context.Background(), c.mediaType, bytes.NewReader(c.file), int64(len(c.file))); err == nil {
			t.Errorf("%s: renditions without a decoder", c.mediaType)
		}
	}
}

// photoshop is a file of Photoshop with one flat picture, and the small picture if there is one
// (Adobe Photoshop File Formats Specification).
func photoshop(img *image.RGBA, small []byte) []byte {
	be := binary.BigEndian
	size := img.Rect.Size()
	file := append([]byte("8BPS\x00\x01\x00\x00\x00\x00\x00\x00"), 0, 3) // three channels
	file = be.AppendUint32(be.AppendUint32(file, uint32(size.Y)), uint32(size.X))
	file = append(file, 0, 8, 0, 3, 0, 0, 0, 0) // eight bits, RGB, no palette
	var resources []byte
	if small != nil {
		body := append(make([]byte, 28), small...)
		body[3] = 1 // a JPEG
		resources = append(resources, "8BIM\x04\x0c\x00\x00"...)
		resources = append(be.AppendUint32(resources, uint32(len(body))), body...)
		if len(body)%2 == 1 {
			resources = append(resources, 0)
		}
	}
	file = append(be.AppendUint32(file, uint32(len(resources))), resources...)
	file = append(file, 0, 0, 0, 0, 0, 0) // no layers, not compressed
	for c := range 3 {
		for i := c; i < len(img.Pix); i += 4 {
			file = append(file, img.Pix[i])
		}
	}
	return file
}

// A program reads the photo itself, not a copy, if the photo is a file; and the folder for what
// it writes is empty afterwards. This test sets TMPDIR and so runs alone.
func TestProgramReadsTheFile(t *testing.T) {
	ffmpeg := need(t, "ffmpeg")
	dir := t.TempDir()
	name := filepath.Join(dir, "film.mp4")
	if err := os.WriteFile(name, film(t, pngOf(t, quarters(320, 240)), "film.mp4", "-pix_fmt", "yuv420p"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "log")
	spy := filepath.Join(dir, "ffmpeg")
	script := "#!/bin/sh\nls -l \"$PWD\" >>" + log + "\nexec " + ffmpeg + ` "$@"` + "\n"
	if err := os.WriteFile(spy, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	result, err := thumb.New(thumb.Config{FFmpeg: spy}).Make(context.Background(), picture.MP4, f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	if got := corners(t, result.Pictures[2]); got != "rgbw" {
		t.Errorf("quarters %s", got)
	}
	listed, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(listed, []byte(" in\n")) {
		t.Errorf("the video was copied:\n%s", listed)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("%d entries stay in the folder for temporary files, %v", len(left), err)
	}
	// With bubblewrap too.
	config := thumb.Find()
	if result, err = thumb.New(config).Make(context.Background(), picture.MP4, f, info.Size()); err != nil {
		t.Fatal(err)
	}
	if got := corners(t, result.Pictures[2]); got != "rgbw" {
		t.Errorf("with %q: quarters %s", config.Bubblewrap, got)
	}
}

// Of a large video that is not a file, as in a bucket, only the start and the end are copied.
func TestLargeVideoIsNotCopied(t *testing.T) {
	t.Parallel()
	small := film(t, pngOf(t, quarters(320, 240)), "film.mp4", "-pix_fmt", "yuv420p")
	// The frames come first, then a box of nothing that takes most of the file, then the index.
	moov := bytes.Index(small, []byte("moov")) - 4
	const hole = 1 << 30
	skip := append(binary.BigEndian.AppendUint32(nil, hole), "free"...)
	parts := []part{{0, append(small[:moov:moov], skip...)}, {int64(moov) + hole, small[moov:]}}
	r := &sparse{size: int64(len(small)) + hole, parts: parts}
	result, err := thumb.New(thumb.Find()).Make(context.Background(), picture.MP4, r, r.size)
	if err != nil {
		t.Fatal(err)
	}
	if got := corners(t, result.Pictures[2]); got != "rgbw" {
		t.Errorf("quarters %s", got)
	}
	if most := int64(200 << 20); r.read > most {
		t.Errorf("%s bytes were read", strconv.FormatInt(r.read, 10))
	}
}

type part struct {
	at    int64
	bytes []byte
}

// sparse is a large file of zeros with some parts that are something else.
type sparse struct {
	size, read int64
	parts      []part
}

func (s *sparse) ReadAt(b []byte, at int64) (int, error) {
	n := int(min(int64(len(b)), max(s.size-at, 0)))
	s.read += int64(n)
	clear(b[:n])
	for _, p := range s.parts {
		if from := p.at - at; from < int64(n) && from+int64(len(p.bytes)) > 0 {
			if from >= 0 {
				copy(b[from:n], p.bytes)
			} else {
				copy(b[:n], p.bytes[-from:])
			}
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// Whatever a file says of its colors, and whatever else it holds, making renditions ends with
// pictures or one of the two errors.
func FuzzMake(f *testing.F) {
	img := patches(16, 12, scene())
	file := jpegOf(f, img)
	f.Add(withSegment(file, 0xe2, append([]byte("ICC_PROFILE\x00\x01\x01"), matrixProfile(displayP3(), srgbCurve())...)))
	f.Add(withSegment(file, 0xe2, append([]byte("ICC_PROFILE\x00\x01\x01"), matrixProfile(displayP3(), srgbTable())...)))
	f.Add(withChunk(pngOf(f, img), "gAMA", []byte{0, 1, 0, 0}))
	f.Add(rawFile(file, 6))
	f.Add(photoshop(img, file))
	f.Add(encode(f, func(b *bytes.Buffer) error { return gif.Encode(b, img, nil) }))
	f.Add(encode(f, func(b *bytes.Buffer) error { return bmp.Encode(b, img) }))
	f.Add(encode(f, func(b *bytes.Buffer) error { return tiff.Encode(b, img, &tiff.Options{Compression: tiff.Deflate}) }))
	m := thumb.New(thumb.Config{MaxPixels: 1 << 16})
	f.Fuzz(func(t *testing.T, file []byte) {
		mediaType, _ := picture.Sniff(file)
		result, err := m.Make(context.Background(), mediaType, bytes.NewReader(file), int64(len(file)))
		if err == nil && len(result.Pictures) != len(thumb.Sizes()) {
			t.Errorf("%d pictures", len(result.Pictures))
		}
	})
}
