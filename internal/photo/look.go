package photo

import (
	"fmt"
	"math/bits"
	"strconv"
)

// Look is what the service found out about how a photo looks, when it made small pictures
// of it.
type Look struct {
	Rendition Rendition
	Color     Color  // average; a placeholder until the picture is loaded
	Digest    Digest // similar pictures have similar digests
}

// Rendition says whether there are small pictures of a photo.
type Rendition string

// The states of a photo's small pictures.
const (
	RenditionPending Rendition = ""      // not made yet; the first request makes them
	RenditionReady   Rendition = "ready" // stored
	RenditionNone    Rendition = "none"  // the service cannot decode the photo
)

// Color is red, green and blue.
type Color [3]uint8

// String returns the color as CSS and SVG write it, such as #a0b1c2.
func (c Color) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// ParseColor is the inverse of String.
func ParseColor(s string) (Color, error) {
	var c Color
	if len(s) != 7 || s[0] != '#' {
		return c, fmt.Errorf("%.20q is not a color like #a0b1c2", s)
	}
	n, err := strconv.ParseUint(s[1:], 16, 24)
	if err != nil {
		return c, fmt.Errorf("%.20q is not a color like #a0b1c2", s)
	}
	return Color{uint8(n >> 16), uint8(n >> 8), uint8(n)}, nil
}

// Digest is a perceptual digest of 64 bits.
type Digest uint64

// MaxDistance is the largest distance of two digests.
const MaxDistance = 64

// Distance returns in how many bits two digests differ. Up to about 6, people take two
// pictures for the same.
func (d Digest) Distance(other Digest) int { return bits.OnesCount64(uint64(d ^ other)) }
