package termpic_test

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"photos/internal/termpic"
)

// halves is red above and blue below.
func halves(width, height int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{255, 0, 0, 255}
			if y >= height/2 {
				c = color.RGBA{0, 0, 255, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func drawn(t *testing.T, o termpic.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := termpic.Draw(&b, halves(400, 300), o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	got := drawn(t, termpic.Options{Protocol: termpic.Blocks, Columns: 40, Rows: 20, TrueColor: true})
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if len(lines) != 15 { // 40 columns are as wide as 20 rows are high
		t.Fatalf("%d rows", len(lines))
	}
	if n := strings.Count(lines[0], "▀"); n != 40 {
		t.Errorf("%d columns", n)
	}
	if !strings.HasPrefix(lines[0], "\x1b[38;2;255;0;0;48;2;255;0;0m▀") || !strings.HasPrefix(lines[14], "\x1b[38;2;0;0;255;48;2;0;0;255m▀") {
		t.Errorf("first row %q, last row %q", lines[0][:40], lines[14][:40])
	}
	for _, l := range lines {
		if !strings.HasSuffix(l, "\x1b[0m") {
			t.Fatalf("a row leaves its color on: %q", l[len(l)-20:])
		}
	}
	if got := drawn(t, termpic.Options{Protocol: termpic.Blocks, Columns: 4, Rows: 20}); !strings.HasPrefix(got, "\x1b[38;5;196;48;5;196m▀") {
		t.Errorf("256 colors: %q", got)
	}
}

func TestFitsRows(t *testing.T) {
	t.Parallel()
	got := drawn(t, termpic.Options{Protocol: termpic.Blocks, Columns: 200, Rows: 6, TrueColor: true})
	if lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n"); len(lines) != 6 || strings.Count(lines[0], "▀") != 16 {
		t.Errorf("%d rows of %d columns", len(lines), strings.Count(lines[0], "▀"))
	}
}

func TestKitty(t *testing.T) {
	t.Parallel()
	got := drawn(t, termpic.Options{Protocol: termpic.Kitty, Columns: 40, Rows: 20})
	var text string
	for i, piece := range strings.Split(strings.TrimSuffix(got, "\x1b\\\n"), "\x1b\\") {
		head, data, found := strings.Cut(strings.TrimPrefix(piece, "\x1b_G"), ";")
		if !found || len(data) > 4096 || i == 0 && !strings.HasPrefix(head, "a=T,f=100,q=2,c=40,r=15,") {
			t.Fatalf("piece %d: %q", i, head)
		}
		text += data
	}
	file, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	if img, err := png.Decode(bytes.NewReader(file)); err != nil || img.Bounds().Dx() != 400 {
		t.Errorf("%v, %v", img, err)
	}
}

// The picture of a JPEG is sent with 8 bits per color, as it is stored.
func TestDepth(t *testing.T) {
	t.Parallel()
	const depthAt = 24 // in the header of a PNG
	var b bytes.Buffer
	if err := termpic.Draw(&b, image.NewYCbCr(image.Rect(0, 0, 16, 16), image.YCbCrSubsampleRatio420), termpic.Options{Protocol: termpic.ITerm2, Columns: 4, Rows: 4}); err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(b.String(), ":")
	file, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(text, "\a\n"))
	if err != nil || len(file) <= depthAt || file[depthAt] != 8 {
		t.Errorf("not a PNG with 8 bits per color: %v, %q", err, file)
	}
}

func TestITerm2(t *testing.T) {
	t.Parallel()
	got := drawn(t, termpic.Options{Protocol: termpic.ITerm2, Columns: 40, Rows: 20})
	if !strings.HasPrefix(got, "\x1b]1337;File=inline=1;size=") || !strings.HasSuffix(got, "\a\n") || !strings.Contains(got, ";width=40;height=15;") {
		t.Errorf("%q", got[:80])
	}
}

func TestSixel(t *testing.T) {
	t.Parallel()
	got := drawn(t, termpic.Options{Protocol: termpic.Sixel, Columns: 40, Rows: 20})
	if !strings.HasPrefix(got, "\x1bP0;1q\"1;1;400;300#0;2;0;0;0") || !strings.HasSuffix(got, "\x1b\\\n") {
		t.Errorf("%q", got[:60])
	}
	if !strings.Contains(got, "#180!400~$-") || !strings.Contains(got, "#5!400~$-") { // whole rows of red and of blue
		t.Errorf("%q", got[len(got)-400:])
	}
	if n := strings.Count(got, "-"); n != 50 {
		t.Errorf("%d bands of six rows", n)
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		env  map[string]string
		want termpic.Protocol
	}{
		{map[string]string{"TERM": "xterm-kitty"}, termpic.Kitty},
		{map[string]string{"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, termpic.ITerm2},
		{map[string]string{"TERM": "foot"}, termpic.Sixel},
		{map[string]string{"TERM": "xterm-256color"}, termpic.Blocks},
		{map[string]string{"TERM": "tmux-256color", "TMUX": "/tmp/x", "KITTY_WINDOW_ID": "1"}, termpic.Blocks},
	} {
		if got := termpic.Detect(func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%v: %s, want %s", test.env, got, test.want)
		}
	}
}
