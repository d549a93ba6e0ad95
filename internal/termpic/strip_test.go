package termpic_test

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"photos/internal/termpic"
)

func plain(width, height int, c color.Color) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(img, img.Bounds(), image.NewUniform(c), image.Point{}, draw.Src)
	return img
}

// Pictures of any shape lie side by side in cells of the same size, none beyond its own.
func TestStrip(t *testing.T) {
	t.Parallel()
	red, green := color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}
	const columns, rows = 20, 6 // 200 × 120 pixels
	got := termpic.Strip([]image.Image{plain(400, 100, red), plain(100, 400, green), nil}, columns, rows)
	if size := got.Bounds().Size(); size != image.Pt(600, 120) {
		t.Fatalf("size %v", size)
	}
	black, gray := color.RGBA{0, 0, 0, 255}, color.RGBA{80, 80, 80, 255}
	for at, want := range map[image.Point]color.RGBA{
		{5, 5}: red, {185, 5}: red, {195, 5}: black, {5, 100}: black, // wide: 190 × 47
		{205, 5}: green, {225, 115}: green, {235, 5}: black, // high: 30 × 120
		{405, 5}: gray, {585, 115}: gray, {595, 5}: black,
	} {
		if c := color.RGBAModel.Convert(got.At(at.X, at.Y)); c != want {
			t.Errorf("at %v: %v, want %v", at, c, want)
		}
	}
}
