package thumb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
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
)

// goReads reports whether Go's own decoders read a format.
func goReads(mediaType string) bool {
	switch mediaType {
	case picture.JPEG, picture.PNG, picture.WebP, picture.TIFF, picture.GIF, picture.BMP:
		return true
	}
	return false
}

// decodeHere decodes in this process and turns the picture.
func (m *Maker) decodeHere(mediaType string, r *io.SectionReader, orientation int) (decoded, error) {
	config, _, err := image.DecodeConfig(io.NewSectionReader(r, 0, r.Size()))
	if err != nil {
		return decoded{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if config.Width <= 0 || config.Height <= 0 || config.Width > m.c.MaxPixels/config.Height {
		return decoded{}, fmt.Errorf("%w: %d × %d pixels", ErrRefused, config.Width, config.Height)
	}
	img, _, err := image.Decode(io.NewSectionReader(r, 0, r.Size()))
	if err != nil && img == nil {
		return decoded{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	small := shrink(img, Sizes()[0])
	var profile []byte
	if mediaType == picture.JPEG {
		profile = icc(jpegProfile(r))
	}
	return decoded{image: turn(small, orientation), profile: profile}, nil
}

// shrink scales a picture down so that its longer side has this length. A picture that
// is not longer stays as it is, on a white ground where it is transparent.
func shrink(img image.Image, side int) *image.RGBA {
	from := img.Bounds()
	width, height := fit(from.Dx(), from.Dy(), side)
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	if opaque, ok := img.(interface{ Opaque() bool }); !ok || !opaque.Opaque() {
		stddraw.Draw(out, out.Bounds(), image.White, image.Point{}, stddraw.Src)
	}
	if from.Dx() >= 4*width && from.Dy() >= 4*height {
		img = average(img, from.Dx()/(2*width)) // the good filter is slow on many pixels
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

// average makes one pixel of each square of n × n.
func average(img image.Image, n int) image.Image {
	from := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, from.Dx()/n, from.Dy()/n))
	draw.ApproxBiLinear.Scale(out, out.Bounds(), img, image.Rect(from.Min.X, from.Min.Y, from.Min.X+out.Bounds().Dx()*n, from.Min.Y+out.Bounds().Dy()*n), draw.Src, nil)
	return out
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

// jpegProfile joins the parts of an ICC profile in a JPEG (ICC.1:2022, annex B.4).
func jpegProfile(r *io.SectionReader) []byte {
	const name = "ICC_PROFILE\x00"
	var profile []byte
	head := make([]byte, 4)
	for at := int64(2); len(profile) < 4<<20; {
		if _, err := r.ReadAt(head, at); err != nil || head[0] != 0xff || head[1] == 0xda {
			return profile
		}
		size := int64(binary.BigEndian.Uint16(head[2:]))
		if body := make([]byte, max(size-2, 0)); head[1] == 0xe2 {
			if _, err := r.ReadAt(body, at+4); err == nil && bytes.HasPrefix(body, []byte(name)) && len(body) > len(name)+2 {
				profile = append(profile, body[len(name)+2:]...) // behind the number of this part and of all
			}
		}
		at += 2 + size
	}
	return profile
}

// encodeAll makes each rendition from the one before it.
func encodeAll(d decoded) (Result, error) {
	var result Result
	img := d.image
	for _, side := range Sizes() {
		small := shrink(img, side)
		var b bytes.Buffer
		if err := jpeg.Encode(&b, small, &jpeg.Options{Quality: quality}); err != nil {
			return Result{}, fmt.Errorf("encode: %w", err)
		}
		result.Pictures = append(result.Pictures, withProfile(b.Bytes(), d.profile))
		img = small
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
