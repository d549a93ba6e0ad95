package sample

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"time"
)

// rgb is a color in light, each part from 0 to 1.
type rgb [3]float64

func hex(v uint32) rgb {
	return rgb{float64(v>>16&255) / 255, float64(v>>8&255) / 255, float64(v&255) / 255}
}

func (a rgb) mix(b rgb, t float64) rgb {
	t = min(max(t, 0), 1)
	return rgb{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1]), a[2] + t*(b[2]-a[2])}
}

// mood is the light of a landscape.
type mood struct {
	words                     string // what a user might write about it
	zenith, horizon, far, low rgb    // the sky above and below, and the mountains far away and near
	sun                       rgb
	height                    float64 // of the sun, from 0 (the horizon) to 1
	stars, lake               bool
}

func moods() []mood {
	return []mood{
		{"Last light over the lake, all quiet", hex(0x1f3a68), hex(0xf7b07c), hex(0xb98a93), hex(0x1b2138), hex(0xffe9c2), .16, false, true},
		{"Morning haze in the valley", hex(0x6fa8d8), hex(0xeaf2f3), hex(0xa9c3cf), hex(0x24483d), hex(0xffffff), .6, false, false},
		{"The old road through the desert", hex(0xd98f63), hex(0xfbe3bd), hex(0xd7a27d), hex(0x6b3a2e), hex(0xfff4d6), .38, false, false},
		{"Stars above the hut", hex(0x0b1230), hex(0x4d4f86), hex(0x353a66), hex(0x070b18), hex(0xf2ecd8), .72, true, true},
		{"Rain is coming from the west", hex(0x74899b), hex(0xd7dee2), hex(0x9fb0bb), hex(0x2e3f48), hex(0xf3f6f7), .5, false, true},
		{"First snow on the ridge", hex(0x4a7fb8), hex(0xdfeaf5), hex(0xb7c9de), hex(0x37506b), hex(0xffffff), .45, false, false},
		{"Sunset from the kitchen window", hex(0x3b2a5a), hex(0xff9a76), hex(0xa0597a), hex(0x1d1430), hex(0xffd9a0), .1, false, true},
	}
}

// Landscape draws the i-th of many landscapes, in light that looks like that of a photo. It also
// returns words for it.
func Landscape(i int) (data []byte, words string, err error) {
	shapes := []image.Point{{1200, 800}, {800, 1066}, {1200, 675}, {1200, 900}, {900, 900}, {1400, 700}}
	all := moods()
	m, size := all[i%len(all)], shapes[(i*5+i/len(all))%len(shapes)]
	pic := image.NewRGBA(image.Rectangle{Max: size})
	v := view{mood: m, seed: float64(i)*17.3 + 3, aspect: float64(size.X) / float64(size.Y), sunAt: .2 + .6*frac(float64(i)*.618)}
	for y := range size.Y {
		for x := range size.X {
			c := v.at(float64(x)/float64(size.X), float64(y)/float64(size.Y))
			grain := (hash(float64(x), float64(y), v.seed) - .5) * .018
			pic.SetRGBA(x, y, color.RGBA{level(c[0] + grain), level(c[1] + grain), level(c[2] + grain), 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, pic, &jpeg.Options{Quality: 88}); err != nil {
		return nil, "", err
	}
	when := time.Date(2026, 9, 14, 18, 24, 5, 0, time.UTC).AddDate(0, 0, -9*i)
	return append(append([]byte{0xff, 0xd8}, exifSegment(when)...), out.Bytes()[2:]...), m.words, nil
}

// view is a landscape to look at. Places in it are parts of its width and height.
type view struct {
	mood
	seed, aspect, sunAt float64
}

const shore = .7 // where a lake begins

func (v view) at(x, y float64) rgb {
	if !v.lake || y < shore {
		return v.land(x, y)
	}
	depth := (y - shore) / (1 - shore)
	ripple := (noise2(x*14*v.aspect, y*160, v.seed) - .5) * .03 * depth
	return v.land(x+ripple, shore-(y-shore)*.95+ripple).mix(v.low, .18+.35*depth)
}

// land returns the color of the nearest mountain at a place, or of the sky.
func (v view) land(x, y float64) rgb {
	c := v.sky(x, y)
	const layers = 5
	for l := range layers {
		t := float64(l) / (layers - 1)
		ridge := .5 + .21*t*t + .02*t - (.16-.09*t)*fractal(x*v.aspect*(1.4+1.9*t)+v.seed*(1+t), v.seed+9*t)
		if y <= ridge {
			continue
		}
		below := min((y-ridge)/.22, 1)
		haze := v.horizon.mix(v.far, .55)
		rock := v.far.mix(v.low, t*t*.4+t*.6)
		texture := (noise2(x*v.aspect*60, y*60, v.seed+t*5) - .5) * .05 * t
		c = rock.mix(haze, (1-t)*.35+below*.38*(1-t*.8))
		c = rgb{c[0] + texture, c[1] + texture, c[2] + texture}
	}
	return c
}

func (v view) sky(x, y float64) rgb {
	c := v.zenith.mix(v.horizon, math.Pow(min(y/.56, 1), 1.35))
	cloud := smooth(.5, .85, fractal2(x*v.aspect*2.2+v.seed, y*6.5, v.seed))
	c = c.mix(v.horizon.mix(v.sun, .5), cloud*.5)
	away := math.Hypot((x-v.sunAt)*v.aspect, y-(.55-.5*v.height))
	c = c.mix(v.sun, .75*math.Exp(-away*away*22)+.3*math.Exp(-away*5))
	if v.stars && hash(math.Floor(x*v.aspect*420), math.Floor(y*420), v.seed) > .9975 {
		c = c.mix(v.sun, .8*(1-y))
	}
	return c.mix(v.sun, 1-smooth(.032, .035, away))
}

func level(f float64) uint8 { return uint8(min(max(f, 0), 1) * 255) }

func frac(f float64) float64 { return f - math.Floor(f) }

func smooth(from, to, at float64) float64 {
	t := min(max((at-from)/(to-from), 0), 1)
	return t * t * (3 - 2*t)
}

// hash returns a number from 0 to 1 that looks random.
func hash(x, y, seed float64) float64 { return frac(math.Sin(x*127.1+y*311.7+seed*74.7) * 43758.5453) }

// noise2 is smooth noise in two dimensions, from 0 to 1.
func noise2(x, y, seed float64) float64 {
	left, top := math.Floor(x), math.Floor(y)
	u, w := smooth(0, 1, x-left), smooth(0, 1, y-top)
	above := hash(left, top, seed)*(1-u) + hash(left+1, top, seed)*u
	below := hash(left, top+1, seed)*(1-u) + hash(left+1, top+1, seed)*u
	return above*(1-w) + below*w
}

// fractal is the height of a ridge, from 0 to 1: sharp where it is high.
func fractal(x, seed float64) float64 {
	sum, size, at := 0.0, .5, 1.7
	for range 7 {
		sum += size * (1 - math.Abs(2*noise2(x*at, seed, seed)-1))
		size, at = size*.48, at*2.07
	}
	return sum
}

// fractal2 is noise like clouds.
func fractal2(x, y, seed float64) float64 {
	sum, size := 0.0, .5
	for range 5 {
		sum += size * noise2(x, y, seed)
		x, y, size = x*2.1, y*2.1, size/2
	}
	return sum
}

// WriteLandscapes writes n landscapes to dir, which it makes, with a file next to each that has
// words for it.
func WriteLandscapes(dir string, n int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for i := range n {
		data, words, err := Landscape(i)
		name := filepath.Join(dir, fmt.Sprintf("IMG_%04d", 2000+n-i))
		err = errors.Join(err, os.WriteFile(name+".jpg", data, 0o644), os.WriteFile(name+".words", []byte(words), 0o644))
		if err != nil {
			return err
		}
	}
	return nil
}
