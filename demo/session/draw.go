package main

import (
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-runewidth"
)

// The size of a cell and the frame, in the units of the drawing.
const (
	cellWidth, cellHeight = 8.4, 18.0
	fontSize              = 14
	margin, titleHeight   = 16.0, 34.0
)

const (
	background = "#1d1f28"
	foreground = "#d8dbe6"
)

// style is how a terminal draws a cell.
type style struct {
	fg, bg     string // "": the terminal's own
	bold, dim  bool
	underlined bool
}

// styledText is text in one style.
type styledText struct {
	style
	column int
	text   string
}

// draw returns a picture of a screen as SVG. The screen is text with the escape sequences of colors, as tmux captures it.
// Empty lines at its end are left out.
func draw(screen string, columns int) string {
	lines := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	width, height := float64(columns)*cellWidth+2*margin, float64(len(lines))*cellHeight+titleHeight+margin
	var text strings.Builder
	pixels := map[string][]string{}
	var now style
	for row, line := range lines {
		var runs []styledText
		runs, now = parseLine(line, now)
		for _, r := range runs {
			if isBlocks(r.text) {
				addPixels(pixels, r, row)
			} else if strings.TrimSpace(r.text) != "" {
				writeText(&text, r, row)
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" role="img" aria-label="A terminal session with photos">`+"\n",
		number(width), number(height), number(width), number(height))
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="10" fill="%s"/>`+"\n", background)
	for i, color := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="17" r="6" fill="%s"/>`+"\n", 22+20*i, color)
	}
	fmt.Fprintf(&b, `<g transform="translate(%s %s) scale(%s %s)" shape-rendering="crispEdges">`+"\n", number(margin), number(titleHeight), number(cellWidth), number(cellHeight/2))
	colors := make([]string, 0, len(pixels))
	for color := range pixels {
		colors = append(colors, color)
	}
	slices.Sort(colors)
	for _, color := range colors {
		fmt.Fprintf(&b, `<path fill="%s" d="%s"/>`+"\n", color, strings.Join(pixels[color], ""))
	}
	b.WriteString("</g>\n")
	fmt.Fprintf(&b, `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="%d" fill="%s" xml:space="preserve">`+"\n", fontSize, foreground)
	b.WriteString(text.String())
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// writeText writes a run of text. Its length is given, so that it keeps to its cells in whatever font is there.
func writeText(b *strings.Builder, r styledText, row int) {
	indent := len(r.text) - len(strings.TrimLeft(r.text, " "))
	text := strings.TrimSpace(r.text)
	fmt.Fprintf(b, `<text x="%s" y="%s" textLength="%s"`, number(margin+float64(r.column+indent)*cellWidth),
		number(titleHeight+float64(row)*cellHeight+cellHeight*.75), number(float64(runewidth.StringWidth(text))*cellWidth))
	if r.fg != "" {
		fmt.Fprintf(b, ` fill="%s"`, r.fg)
	}
	if r.bold {
		b.WriteString(` font-weight="bold"`)
	}
	if r.dim {
		b.WriteString(` opacity=".6"`)
	}
	if r.underlined {
		b.WriteString(` text-decoration="underline"`)
	}
	fmt.Fprintf(b, ">%s</text>\n", html.EscapeString(text))
}

// isBlocks reports whether a text draws a picture with half blocks.
func isBlocks(text string) bool {
	return strings.Trim(text, "▀▄ ") == "" && strings.ContainsAny(text, "▀▄")
}

// addPixels adds the two pixels of each half block of a run to those of their colors.
func addPixels(pixels map[string][]string, r styledText, row int) {
	upper, lower := r.fg, r.bg
	count := runewidth.StringWidth(r.text)
	if strings.ContainsRune(r.text, '▄') {
		upper, lower = lower, upper
	}
	for i, color := range []string{upper, lower} {
		if color != "" {
			pixels[color] = append(pixels[color], fmt.Sprintf("M%d %dh%dv1h-%dz", r.column, 2*row+i, count, count))
		}
	}
}

// parseLine splits a line of a screen into runs, and returns the style that the next line begins with.
func parseLine(line string, now style) (runs []styledText, after style) {
	column := 0
	for line != "" {
		if rest, ok := strings.CutPrefix(line, "\x1b["); ok {
			codes, after, found := strings.Cut(rest, "m")
			if found {
				now, line = now.with(codes), after
				continue
			}
		}
		text := line
		if at := strings.Index(line, "\x1b["); at >= 0 {
			text = line[:at]
		}
		line = line[len(text):]
		runs = append(runs, styledText{style: now, column: column, text: text})
		column += runewidth.StringWidth(text)
	}
	return runs, now
}

// with returns the style after the codes of an SGR sequence. Source: ECMA-48, section 8.3.117, and ITU-T T.416 for
// colors of 24 bits.
func (s style) with(codes string) style {
	list := strings.Split(codes, ";")
	for i := 0; i < len(list); i++ {
		n, _ := strconv.Atoi(list[i]) // "" is 0
		switch {
		case n == 0:
			s = style{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.dim = true
		case n == 4:
			s.underlined = true
		case n == 7:
			s.fg, s.bg = orDefault(s.bg, background), orDefault(s.fg, foreground)
		case n == 22:
			s.bold, s.dim = false, false
		case n == 24:
			s.underlined = false
		case n == 39:
			s.fg = ""
		case n == 49:
			s.bg = ""
		case n >= 30 && n <= 37:
			s.fg = palette(n - 30)
		case n >= 90 && n <= 97:
			s.fg = palette(n - 90 + 8)
		case n >= 40 && n <= 47:
			s.bg = palette(n - 40)
		case n >= 100 && n <= 107:
			s.bg = palette(n - 100 + 8)
		case n == 38 || n == 48:
			color, used := extended(list[i+1:])
			i += used
			if n == 38 {
				s.fg = color
			} else {
				s.bg = color
			}
		}
	}
	return s
}

// extended returns the color that follows code 38 or 48, and how many numbers describe it.
func extended(list []string) (color string, used int) {
	value := func(i int) int {
		if i >= len(list) {
			return 0
		}
		n, _ := strconv.Atoi(list[i])
		return n
	}
	switch value(0) {
	case 2:
		return fmt.Sprintf("#%02x%02x%02x", value(1), value(2), value(3)), 4
	case 5:
		return palette(value(1)), 2
	}
	return "", len(list)
}

// palette returns a color of the palette of 256 colors.
func palette(n int) string {
	basic := []string{
		"#3b3f51", "#ff6b68", "#8bd49c", "#f2c55c", "#70a9ff", "#d68fff", "#66d9d9", "#d8dbe6",
		"#7a8197", "#ff8a87", "#a6e3b4", "#ffd982", "#93bfff", "#e3b0ff", "#8ae8e8", "#ffffff",
	}
	switch {
	case n < len(basic):
		return basic[n]
	case n >= 232:
		gray := 8 + 10*(n-232)
		return fmt.Sprintf("#%02x%02x%02x", gray, gray, gray)
	}
	level := func(i int) int { return []int{0, 95, 135, 175, 215, 255}[i%6] }
	n -= 16
	return fmt.Sprintf("#%02x%02x%02x", level(n/36), level(n/6), level(n))
}

func orDefault(color, other string) string {
	if color == "" {
		return other
	}
	return color
}

// number writes a number without unnecessary digits.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 32) }
