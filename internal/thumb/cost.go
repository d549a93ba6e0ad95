package thumb

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
)

// decodeCost returns at most how many bytes Go's decoder of a format takes for a picture. If that is a
// JPEG, a pixel takes jpegPixel bytes.
func decodeCost(format string, config image.Config, jpegPixel float64) int64 {
	perPixel := pixelSize(config.ColorModel)
	switch format {
	case "jpeg":
		perPixel = jpegPixel
	case "tiff": // the decoder expands a strip, which may be all of the picture, before it reads it
		perPixel *= 2
	}
	const half = 1 // the picture of half the size that average makes
	return int64((perPixel + half) * float64(config.Width) * float64(config.Height))
}

// pixelSize returns how many bytes a pixel of a decoded picture takes.
func pixelSize(model color.Model) float64 {
	switch model {
	case color.GrayModel, color.AlphaModel:
		return 1
	case color.Gray16Model, color.Alpha16Model:
		return 2
	case color.RGBAModel, color.NRGBAModel, color.CMYKModel, color.YCbCrModel, color.NYCbCrAModel:
		return 4
	}
	if _, isPalette := model.(color.Palette); isPalette {
		return 1
	}
	return 8
}

// Markers of a JPEG (ITU-T T.81, table B.1).
const (
	baselineFrame    = 0xc0
	extendedFrame    = 0xc1
	progressiveFrame = 0xc2
	firstRestart     = 0xd0
	lastRestart      = 0xd7
)

// jpegPixelSize returns how many bytes Go's decoder takes for a pixel of a JPEG that begins with head. It
// reads the markers as that decoder does. For a progressive JPEG the decoder keeps all coefficients, with
// four bytes each, even if there are none in the file.
func jpegPixelSize(head []byte) float64 {
	const (
		converted   = 4 // for pictures in RGB or CMYK
		coefficient = 4
		most        = 4*(1+coefficient) + converted
	)
	in := bufio.NewReader(bytes.NewReader(head))
	if _, err := in.Discard(2); err != nil {
		return most
	}
	for {
		marker, err := nextMarker(in)
		if err != nil {
			return most
		}
		if firstRestart <= marker && marker <= lastRestart {
			continue
		}
		length, err := in.Peek(2)
		if err != nil {
			return most
		}
		n := int(binary.BigEndian.Uint16(length))
		switch marker {
		case baselineFrame, extendedFrame:
			return jpegSamples(in, n) + converted
		case progressiveFrame:
			return jpegSamples(in, n)*(1+coefficient) + converted
		}
		if _, err := in.Discard(n); err != nil || n < 2 {
			return most
		}
	}
}

// nextMarker returns the next marker, and skips what Go's decoder skips before it.
func nextMarker(in *bufio.Reader) (byte, error) {
	var before byte
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if before == 0xff && b != 0 && b != 0xff {
			return b, nil
		}
		before = b
	}
}

// jpegSamples returns how many values a pixel has, by the header of a frame with n bytes (B.2.2).
func jpegSamples(in *bufio.Reader, n int) float64 {
	const most, fixed, perComponent = 4, 8, 3
	header, err := in.Peek(min(n, fixed+most*perComponent))
	if err != nil || len(header) < fixed {
		return most
	}
	var all, across, down int
	for c := header[fixed:]; len(c) >= perComponent; c = c[perComponent:] {
		h, v := int(c[1]>>4), int(c[1]&15)
		all, across, down = all+h*v, max(across, h), max(down, v)
	}
	switch {
	case header[fixed-1] == 1:
		return 1
	case all == 0:
		return most
	}
	return float64(all) / float64(across*down)
}
