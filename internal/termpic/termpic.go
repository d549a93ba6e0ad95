// Package termpic draws pictures in a terminal: with the graphics protocol of kitty or
// iTerm2, as sixels, or as half blocks of color, which every terminal with colors shows.
package termpic

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"

	"golang.org/x/image/draw"
)

// A Protocol is a way to draw a picture.
type Protocol string

// The protocols.
const (
	Kitty  Protocol = "kitty"  // https://sw.kovidgoyal.net/kitty/graphics-protocol/
	ITerm2 Protocol = "iterm2" // https://iterm2.com/documentation-images.html
	Sixel  Protocol = "sixel"  // DEC VT330/VT340 Programmer Reference, chapter 14
	Blocks Protocol = "blocks" // U+2580 UPPER HALF BLOCK in 24-bit colors, or in 256
)

// Protocols are all of them.
func Protocols() []Protocol { return []Protocol{Kitty, ITerm2, Sixel, Blocks} }

// Detect chooses a protocol by what the terminal says of itself in the environment.
// Within tmux and screen, which swallow graphics, it is Blocks.
func Detect(getenv func(string) string) Protocol {
	term, program := getenv("TERM"), getenv("TERM_PROGRAM")
	switch {
	case getenv("TMUX") != "" || strings.HasPrefix(term, "screen") || strings.HasPrefix(term, "tmux"):
		return Blocks
	case getenv("KITTY_WINDOW_ID") != "" || term == "xterm-kitty" || term == "xterm-ghostty" || program == "ghostty":
		return Kitty
	case program == "iTerm.app" || program == "WezTerm" || program == "vscode":
		return ITerm2
	case strings.HasPrefix(term, "foot") || strings.HasPrefix(term, "mlterm") || strings.Contains(term, "sixel"):
		return Sixel
	}
	return Blocks
}

// Options say how to draw.
type Options struct {
	Protocol  Protocol
	Columns   int  // at most so many columns wide
	Rows      int  // and so many rows high
	TrueColor bool // the terminal shows 24-bit colors, for Blocks
}

// Cells are twice as high as wide in most fonts. A cell is taken for this many pixels
// where a picture has to be made for its size.
const (
	cellWidth  = 10
	cellHeight = 20
)

// Draw writes the picture, and a newline behind it.
func Draw(w io.Writer, img image.Image, o Options) error {
	columns, rows := cells(img.Bounds().Size(), max(o.Columns, 1), max(o.Rows, 1))
	var out []byte
	switch o.Protocol {
	case Kitty:
		out = kitty(encodePNG(img), columns, rows)
	case ITerm2:
		out = iterm2(encodePNG(img), columns, rows)
	case Sixel:
		out = sixel(scale(img, columns*cellWidth, rows*cellHeight))
	default:
		out = blocks(scale(img, columns, 2*rows), o.TrueColor)
	}
	_, err := w.Write(out)
	return err
}

// Strip puts pictures side by side, each into a cell of so many columns and rows of the
// terminal, at its left, with a column between two. nil leaves a gray cell.
func Strip(pictures []image.Image, columns, rows int) image.Image {
	width, height := columns*cellWidth, rows*cellHeight
	out := image.NewRGBA(image.Rect(0, 0, width*len(pictures), height))
	draw.Draw(out, out.Bounds(), image.Black, image.Point{}, draw.Src)
	for i, img := range pictures {
		cell := image.Rect(i*width, 0, (i+1)*width-cellWidth, height)
		if img == nil {
			draw.Draw(out, cell, image.NewUniform(color.Gray{80}), image.Point{}, draw.Src)
			continue
		}
		size := img.Bounds().Size()
		w, h := cell.Dx(), max(1, cell.Dx()*size.Y/max(size.X, 1))
		if h > height {
			w, h = max(1, height*size.X/size.Y), height
		}
		draw.CatmullRom.Scale(out, image.Rect(cell.Min.X, 0, cell.Min.X+w, h), img, img.Bounds(), draw.Src, nil)
	}
	return out
}

// cells is how many columns and rows a picture takes, in its own proportions.
func cells(size image.Point, maxColumns, maxRows int) (columns, rows int) {
	if size.X <= 0 || size.Y <= 0 {
		return 1, 1
	}
	columns = maxColumns
	rows = (columns*cellWidth*size.Y + size.X*cellHeight/2) / (size.X * cellHeight)
	if rows > maxRows {
		rows = maxRows
		columns = rows * cellHeight * size.X / (size.Y * cellWidth)
	}
	return max(columns, 1), max(rows, 1)
}

func scale(img image.Image, width, height int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(out, out.Bounds(), img, img.Bounds(), draw.Src, nil)
	return out
}

// encodePNG writes 8 bits per color. Without the copy, the encoder would write 16 for the picture of a JPEG.
func encodePNG(img image.Image) []byte {
	var b bytes.Buffer
	copied := image.NewRGBA(img.Bounds())
	draw.Draw(copied, copied.Bounds(), img, img.Bounds().Min, draw.Src)
	_ = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, copied) // a buffer takes everything
	return b.Bytes()
}

// kitty sends a PNG in pieces of at most 4,096 characters.
func kitty(file []byte, columns, rows int) []byte {
	const piece = 4096
	text := base64.StdEncoding.EncodeToString(file)
	var b bytes.Buffer
	for first := true; first || text != ""; first = false {
		n := min(piece, len(text))
		more := 0
		if n < len(text) {
			more = 1
		}
		if first {
			fmt.Fprintf(&b, "\x1b_Ga=T,f=100,q=2,c=%d,r=%d,m=%d;%s\x1b\\", columns, rows, more, text[:n])
		} else {
			fmt.Fprintf(&b, "\x1b_Gm=%d;%s\x1b\\", more, text[:n])
		}
		text = text[n:]
	}
	b.WriteByte('\n')
	return b.Bytes()
}

func iterm2(file []byte, columns, rows int) []byte {
	return fmt.Appendf(nil, "\x1b]1337;File=inline=1;size=%d;width=%d;height=%d;preserveAspectRatio=1:%s\a\n",
		len(file), columns, rows, base64.StdEncoding.EncodeToString(file))
}

// blocks draws two pixels per cell: the upper one as the color of the half block, the
// lower one as the color behind it.
func blocks(img *image.RGBA, trueColor bool) []byte {
	paint := func(layer int, c color.RGBA) string {
		if trueColor {
			return fmt.Sprintf("%d;2;%d;%d;%d", layer, c.R, c.G, c.B)
		}
		return fmt.Sprintf("%d;5;%d", layer, cube(c))
	}
	var b bytes.Buffer
	for y := 0; y+1 < img.Bounds().Dy(); y += 2 {
		for x := range img.Bounds().Dx() {
			fmt.Fprintf(&b, "\x1b[%s;%sm▀", paint(38, img.RGBAAt(x, y)), paint(48, img.RGBAAt(x, y+1)))
		}
		b.WriteString("\x1b[0m\n")
	}
	return b.Bytes()
}

// cube is the nearest color of the 6 × 6 × 6 cube that terminals with 256 colors have.
func cube(c color.RGBA) int {
	level := func(v uint8) int {
		switch {
		case v < 48:
			return 0
		case v < 115:
			return 1
		}
		return (int(v) - 35) / 40
	}
	return 16 + 36*level(c.R) + 6*level(c.G) + level(c.B)
}

// sixel draws six rows of pixels at a time, one color after the other, in the colors of
// the same cube. The error of each pixel is passed on to its neighbors.
func sixel(img *image.RGBA) []byte {
	width, height := img.Bounds().Dx(), img.Bounds().Dy()
	indexes := dither(img)
	var b bytes.Buffer
	fmt.Fprintf(&b, "\x1bP0;1q\"1;1;%d;%d", width, height)
	for i := range 216 {
		fmt.Fprintf(&b, "#%d;2;%d;%d;%d", i, i/36*20, i/6%6*20, i%6*20)
	}
	for top := 0; top < height; top += 6 {
		used := map[uint8][]byte{}
		for y := top; y < min(top+6, height); y++ {
			for x := range width {
				i := indexes[y*width+x]
				if used[i] == nil {
					used[i] = make([]byte, width)
				}
				used[i][x] |= 1 << (y - top)
			}
		}
		for i := range 216 {
			if bits := used[uint8(i)]; bits != nil {
				fmt.Fprintf(&b, "#%d", i)
				runs(&b, bits)
				b.WriteByte('$')
			}
		}
		b.WriteByte('-')
	}
	b.WriteString("\x1b\\\n")
	return b.Bytes()
}

// runs writes sixels with repetitions as counts.
func runs(b *bytes.Buffer, bits []byte) {
	for len(bits) > 0 {
		n := 1
		for n < len(bits) && bits[n] == bits[0] {
			n++
		}
		if n > 3 {
			fmt.Fprintf(b, "!%d%c", n, '?'+bits[0])
		} else {
			b.Write(bytes.Repeat([]byte{'?' + bits[0]}, n))
		}
		bits = bits[n:]
	}
}

// dither is the index of each pixel in the cube (Floyd and Steinberg's method).
func dither(img *image.RGBA) []uint8 {
	width, height := img.Bounds().Dx(), img.Bounds().Dy()
	out := make([]uint8, width*height)
	here, below := make([][3]int, width+2), make([][3]int, width+2)
	for y := range height {
		for x := range width {
			p := img.Pix[img.PixOffset(x, y):]
			index := 0
			for c := range 3 {
				want := min(max(int(p[c])+here[x+1][c]/16, 0), 255)
				level := (want*5 + 127) / 255
				index = index*6 + level
				wrong := want - level*51
				here[x+2][c] += wrong * 7
				below[x][c] += wrong * 3
				below[x+1][c] += wrong * 5
				below[x+2][c] += wrong
			}
			out[y*width+x] = uint8(index)
		}
		here, below = below, here
		clear(below)
	}
	return out
}
