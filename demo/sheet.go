package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/image/draw"
	"golang.org/x/term"
)

// A contact sheet has this many photos at most.
const sheetPhotos = 24

// contactSheet ends the demonstration with small pictures of the photos in the terminal.
func (d *demo) contactSheet(ctx context.Context) error {
	args := []string{"list", "--thumbs", "--limit", fmt.Sprint(sheetPhotos)}
	if !term.IsTerminal(int(os.Stdout.Fd())) {
		say("photos %s", shellWords(args))
		fmt.Println("(draws small pictures, if the output is a terminal)")
		return nil
	}
	return d.photos(ctx, args...)
}

// keepSheet writes the contact sheet to a file as well, and says where it is.
func (d *demo) keepSheet(ctx context.Context) error {
	ids, err := d.command(ctx, "list", "--quiet", "--limit", fmt.Sprint(sheetPhotos)).Output()
	if err != nil {
		return fmt.Errorf("photos list: %w", err)
	}
	token, err := d.command(ctx, "token").Output()
	if err != nil {
		return fmt.Errorf("photos token: %w", err)
	}
	var pictures []image.Image
	for _, id := range strings.Fields(string(ids)) {
		picture, err := d.thumbnail(ctx, id, strings.TrimSpace(string(token)))
		if err != nil {
			return err
		}
		pictures = append(pictures, picture)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, sheet(pictures), &jpeg.Options{Quality: 88}); err != nil {
		return err
	}
	path := filepath.Join(d.dir, "contact-sheet.jpg")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		return err
	}
	fmt.Printf("\nThe contact sheet is also a picture: %s\n", path)
	return nil
}

// thumbnail gets a small picture from the service; nil if there is none of this photo.
func (d *demo) thumbnail(ctx context.Context, id, token string) (image.Image, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+"/v1/photos/"+id+"/thumbnail?size=256", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	file, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return nil, err
	case res.StatusCode == http.StatusNotFound:
		return nil, nil // a photo without a small picture
	case res.StatusCode != http.StatusOK:
		return nil, errors.New("the service answered with " + res.Status)
	}
	return jpeg.Decode(bytes.NewReader(file))
}

// sheet puts pictures in rows, each in the middle of a square cell. nil leaves a gray cell.
func sheet(pictures []image.Image) image.Image {
	const across, cell, gap = 6, 256, 12
	rows := (len(pictures) + across - 1) / across
	columns := min(across, len(pictures))
	out := image.NewRGBA(image.Rect(0, 0, gap+columns*(cell+gap), gap+rows*(cell+gap)))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.Gray{0x18}), image.Point{}, draw.Src)
	for i, picture := range pictures {
		at := image.Pt(gap+i%across*(cell+gap), gap+i/across*(cell+gap))
		if picture == nil {
			draw.Draw(out, image.Rectangle{at, at.Add(image.Pt(cell, cell))}, image.NewUniform(color.Gray{0x50}), image.Point{}, draw.Src)
			continue
		}
		size := picture.Bounds().Size()
		corner := at.Add(image.Pt((cell-size.X)/2, (cell-size.Y)/2))
		draw.Draw(out, image.Rectangle{corner, corner.Add(size)}, picture, picture.Bounds().Min, draw.Src)
	}
	return out
}
