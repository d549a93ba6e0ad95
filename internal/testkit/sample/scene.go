package sample

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"time"
)

// Scene makes the i-th of many landscapes: a sky, hills and a sun, in a shape and at a date
// that depend on i. It looks like a photo in a grid of photos.
func Scene(i int) ([]byte, error) {
	shapes := []image.Point{{900, 600}, {600, 800}, {1000, 560}, {800, 800}, {700, 930}, {1200, 500}}
	palettes := [][4]color.RGBA{ // sky above and below, hills, sun
		{{0x2b, 0x3f, 0x6b, 255}, {0xf2, 0xa8, 0x7a, 255}, {0x23, 0x2b, 0x45, 255}, {0xff, 0xe2, 0xb0, 255}},
		{{0x74, 0xb4, 0xdf, 255}, {0xe6, 0xf1, 0xf4, 255}, {0x3e, 0x72, 0x53, 255}, {0xff, 0xff, 0xf0, 255}},
		{{0xf0, 0xc2, 0x9a, 255}, {0xf8, 0xe9, 0xd2, 255}, {0x8a, 0x5a, 0x4a, 255}, {0xff, 0xf6, 0xe0, 255}},
		{{0x9c, 0xb7, 0xc9, 255}, {0xdf, 0xe6, 0xea, 255}, {0x4b, 0x5d, 0x6e, 255}, {0xf4, 0xf6, 0xf8, 255}},
		{{0x1d, 0x24, 0x40, 255}, {0x5c, 0x4f, 0x86, 255}, {0x10, 0x14, 0x26, 255}, {0xf0, 0xe8, 0xd0, 255}},
	}
	size, colors := shapes[i%len(shapes)], palettes[i%len(palettes)]
	m := image.NewRGBA(image.Rectangle{Max: size})
	w, h, phase := float64(size.X), float64(size.Y), float64(i)
	for y := range size.Y {
		for x := range size.X {
			c := mix(colors[0], colors[1], float64(y)/h)
			if math.Hypot(float64(x)-w*(.25+.5*math.Mod(phase*.37, 1)), float64(y)-h*.38) < h*.07 {
				c = colors[3]
			}
			for layer := range 3 {
				l := float64(layer)
				ridge := h * (.55 + .13*l + .06*math.Sin(float64(x)/w*(5+2*l)+phase*(1+l)) + .02*math.Sin(float64(x)/w*19+phase))
				if float64(y) > ridge {
					c = mix(colors[1], colors[2], .45+.25*l)
				}
			}
			m.SetRGBA(x, y, c)
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 85}); err != nil {
		return nil, err
	}
	when := time.Date(2024, 8, 20, 18, 4, 5, 0, time.UTC).AddDate(0, 0, -11*i)
	return append(append([]byte{0xff, 0xd8}, exifSegment(when)...), out.Bytes()[2:]...), nil
}

// mix returns a color between two others.
func mix(a, b color.RGBA, t float64) color.RGBA {
	t = min(max(t, 0), 1)
	between := func(x, y uint8) uint8 { return uint8(float64(x) + t*(float64(y)-float64(x))) }
	return color.RGBA{between(a.R, b.R), between(a.G, b.G), between(a.B, b.B), 255}
}

// WriteScenes writes n landscapes to dir, which it makes.
func WriteScenes(dir string, n int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i := range n {
		data, err := Scene(i)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("IMG_%04d.jpg", 1000+i)), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
