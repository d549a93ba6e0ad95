package thumb

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	stddraw "image/draw"
	_ "image/gif" // decoders by their first bytes
	"image/jpeg"
	_ "image/png" // likewise
	"io"
	"math"

	"golang.org/x/image/draw"

	_ "golang.org/x/image/bmp" // likewise
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/picture/metadata"
)

// goReads reports whether Go's own decoders read a format.
func goReads(mediaType string) bool {
	switch mediaType {
	case picture.JPEG, picture.PNG, picture.WebP, picture.TIFF, picture.GIF, picture.BMP:
		return true
	}
	return false
}

// decodeHere decodes in this process and turns the picture. It waits until the pictures that are decoded at
// the same time leave it enough memory.
func (m *Maker) decodeHere(ctx context.Context, r *io.SectionReader, look metadata.Inside) (decoded, error) {
	const atOnce = 1 << 20 // in a bucket, each read is a request
	source := &noting{r: io.NewSectionReader(r, 0, r.Size())}
	in := bufio.NewReaderSize(source, int(min(max(r.Size(), 512), atOnce)))
	cost, err := m.costHere(in)
	if err != nil {
		return decoded{}, source.orElse(err)
	}
	if err := m.memory.Acquire(ctx, cost); err != nil {
		return decoded{}, err
	}
	defer m.memory.Release(cost)
	source.r = io.NewSectionReader(r, 0, r.Size())
	in.Reset(source)
	img, _, err := image.Decode(in)
	if source.err != nil || err != nil && img == nil {
		return decoded{}, source.orElse(fmt.Errorf("%w: %w", ErrRefused, err))
	}
	return decoded{image: turn(shrink(img, Sizes()[0]), look.Orientation), colors: look.Colors}, nil
}

// noting notes why a picture could not be read. The picture is not to blame, so it is not refused.
type noting struct {
	r   io.Reader
	err error // other than io.EOF
}

// Read implements io.Reader.
func (n *noting) Read(p []byte) (int, error) {
	read, err := n.r.Read(p)
	if err != nil && err != io.EOF {
		n.err = err
	}
	return read, err
}

// orElse returns why the picture could not be read, or refused if it could.
func (n *noting) orElse(refused error) error {
	if n.err != nil {
		return fmt.Errorf("read the picture: %w", n.err)
	}
	return refused
}

// costHere returns how many bytes the decoding of a picture takes. It refuses a picture that exceeds the
// limits.
func (m *Maker) costHere(in *bufio.Reader) (int64, error) {
	head, err := in.Peek(in.Size())
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	jpegPixel := jpegPixelSize(head) // before other bytes are read into head
	config, format, err := image.DecodeConfig(in)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if config.Width <= 0 || config.Height <= 0 || config.Width > m.c.MaxPixels/config.Height {
		return 0, fmt.Errorf("%w: %d × %d pixels", ErrRefused, config.Width, config.Height)
	}
	cost := decodeCost(format, config, jpegPixel)
	if cost > m.c.Decoded {
		return 0, fmt.Errorf("%w: %d × %d pixels need %d MiB", ErrRefused, config.Width, config.Height, cost>>20)
	}
	return cost, nil
}

// shrink scales a picture down so that its longer side has this length. A picture that
// is not longer stays as it is, on a white ground where it is transparent.
func shrink(img image.Image, side int) *image.RGBA {
	from := img.Bounds()
	width, height := fit(from.Dx(), from.Dy(), side)
	if done, ok := img.(*image.RGBA); ok && from == image.Rect(0, 0, width, height) && done.Opaque() {
		return done
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	if opaque, ok := img.(interface{ Opaque() bool }); !ok || !opaque.Opaque() {
		stddraw.Draw(out, out.Bounds(), image.White, image.Point{}, stddraw.Src)
	}
	if n := min(from.Dx()/width, from.Dy()/height) * 2 / 3; n > 1 {
		img = average(img, n) // the good filter is slow on many pixels
		from = img.Bounds()
	}
	draw.CatmullRom.Scale(out, out.Bounds(), img, from, draw.Over, nil)
	return out
}

// fit is the size of a picture whose longer side has at most this length.
func fit(width, height, side int) (int, int) {
	longer := max(width, height)
	if longer <= side {
		return width, height
	}
	scale := func(n int) int { return max(1, int(math.Round(float64(n)*float64(side)/float64(longer)))) }
	return scale(width), scale(height)
}

// average makes one pixel of each square of n × n, or of a smaller square.
func average(img image.Image, n int) image.Image {
	if photo, ok := img.(*image.YCbCr); ok {
		return averageYCbCr(photo, n)
	}
	for ; n > 1; n /= 2 {
		from := img.Bounds()
		half := image.NewRGBA(image.Rect(0, 0, from.Dx()/2, from.Dy()/2))
		even := image.Rectangle{from.Min, from.Min.Add(half.Rect.Size().Mul(2))}
		draw.ApproxBiLinear.Scale(half, half.Rect, img, even, draw.Src, nil)
		img = half
	}
	return img
}

// averageYCbCr is average for the pictures that most JPEGs hold.
func averageYCbCr(img *image.YCbCr, n int) *image.RGBA {
	from := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, from.Dx()/n, from.Dy()/n))
	stepX, stepY := chromaSteps(img.SubsampleRatio)
	chroma := ((n + stepX - 1) / stepX) * ((n + stepY - 1) / stepY) // values of a square
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			left, top := from.Min.X+x*n, from.Min.Y+y*n
			light, blue, red := n*n/2, chroma/2, chroma/2
			for dy := range n {
				for _, v := range img.Y[img.YOffset(left, top+dy):][:n] {
					light += int(v)
				}
			}
			for dy := 0; dy < n; dy += stepY {
				for dx := 0; dx < n; dx += stepX {
					at := img.COffset(left+dx, top+dy)
					blue, red = blue+int(img.Cb[at]), red+int(img.Cr[at])
				}
			}
			r, g, b := color.YCbCrToRGB(uint8(light/(n*n)), uint8(blue/chroma), uint8(red/chroma))
			p := out.Pix[out.PixOffset(x, y):][:4:4]
			p[0], p[1], p[2], p[3] = r, g, b, 255
		}
	}
	return out
}

// chromaSteps returns how many pixels share a value of color, across and down.
func chromaSteps(ratio image.YCbCrSubsampleRatio) (across, down int) {
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}

// turn applies an EXIF orientation (EXIF 2.32, 4.6.4.A).
func turn(img *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return img
	}
	w, h := img.Bounds().Dx(), img.Bounds().Dy()
	outW, outH := w, h
	if orientation >= 5 {
		outW, outH = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, outW, outH))
	for y := range h {
		for x := range w {
			toX, toY := x, y
			switch orientation {
			case 2:
				toX = w - 1 - x
			case 3:
				toX, toY = w-1-x, h-1-y
			case 4:
				toY = h - 1 - y
			case 5:
				toX, toY = y, x
			case 6:
				toX, toY = h-1-y, x
			case 7:
				toX, toY = h-1-y, w-1-x
			case 8:
				toX, toY = y, w-1-x
			}
			copy(out.Pix[out.PixOffset(toX, toY):][:4], img.Pix[img.PixOffset(x, y):][:4])
		}
	}
	return out
}

// encodeAll makes each rendition from the one before it.
func encodeAll(d decoded) (Result, error) {
	var result Result
	img := shrink(d.image, Sizes()[0])
	profile := convert(img, d.colors)
	for _, side := range Sizes() {
		img = shrink(img, side)
		var b bytes.Buffer
		if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
			return Result{}, fmt.Errorf("encode: %w", err)
		}
		result.Pictures = append(result.Pictures, withProfile(b.Bytes(), profile))
	}
	result.Color, result.Digest = averageColor(img), look(img)
	return result, nil
}

const quality = 82

// withProfile puts an ICC profile into a JPEG that has none.
func withProfile(file, profile []byte) []byte {
	const maxPart = 65_000
	if len(profile) == 0 {
		return file
	}
	parts := (len(profile) + maxPart - 1) / maxPart
	out := append(make([]byte, 0, len(file)+len(profile)+64), file[:2]...)
	for i := range parts {
		part := profile[i*maxPart : min((i+1)*maxPart, len(profile))]
		body := append([]byte("ICC_PROFILE\x00"), byte(i+1), byte(parts))
		out = append(out, 0xff, 0xe2)
		out = binary.BigEndian.AppendUint16(out, uint16(2+len(body)+len(part)))
		out = append(append(out, body...), part...)
	}
	return append(out, file[2:]...)
}

func averageColor(img image.Image) photo.Color {
	one := image.NewRGBA(image.Rect(0, 0, 1, 1))
	draw.CatmullRom.Scale(one, one.Bounds(), img, img.Bounds(), draw.Src, nil)
	return photo.Color{one.Pix[0], one.Pix[1], one.Pix[2]}
}

// look is a perceptual digest: whether each of 8 × 8 areas is brighter than the one to
// its right ("dHash").
func look(img image.Image) photo.Digest {
	grid := image.NewGray(image.Rect(0, 0, 9, 8))
	draw.CatmullRom.Scale(grid, grid.Bounds(), img, img.Bounds(), draw.Src, nil)
	var digest photo.Digest
	for y := range 8 {
		for x := range 8 {
			digest <<= 1
			if grid.GrayAt(x, y).Y > grid.GrayAt(x+1, y).Y {
				digest |= 1
			}
		}
	}
	return digest
}
