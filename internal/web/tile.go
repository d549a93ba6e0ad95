package web

import (
	"fmt"
	"strings"
	"time"

	"photos/internal/filter"
	"photos/internal/photo"
	"photos/internal/text"
	"photos/internal/thumb"
)

// tile is a photo as pages show it.
type tile struct {
	photo.Photo
	Query string // of the listing that the photo's page belongs to
}

// Alt returns the text that stands for the photo: its description, or else what is known
// about it.
func (t tile) Alt() string {
	if t.Description != "" {
		return t.Description
	}
	parts := []string{t.Kind()}
	if !t.TakenAt.IsZero() {
		parts = append(parts, day(t.TakenAt.Time()))
	}
	if t.Camera != "" {
		parts = append(parts, t.Camera)
	}
	if len(parts) == 1 {
		parts = append(parts, t.FileName())
	}
	return strings.Join(parts, ", ")
}

// Short returns the beginning of Alt, on one line.
func (t tile) Short() string { return text.Cut(t.Alt(), maxShownName) }

// Kind returns what the photo is, in one word.
func (t tile) Kind() string {
	if t.IsVideo() {
		return "Video"
	}
	return "Photo"
}

// IsVideo reports whether the photo moves.
func (t tile) IsVideo() bool { return strings.HasPrefix(t.MediaType, "video/") }

// mostMoving is the largest animated picture, in bytes, that a photo's page shows as it is.
const mostMoving = 20 << 20

// Moves reports whether the photo's page shows the original, which may be animated, and not a
// rendition.
func (t tile) Moves() bool { return t.MediaType == "image/gif" && t.Size <= mostMoving }

// TagText returns the tags with commas between them.
func (t tile) TagText() string { return strings.Join(t.Tags, ", ") }

// TagSearch returns the address of the photos with a tag, from "?" on.
func (t tile) TagSearch(tag string) string {
	return listing{Search: filter.Query{{Test: filter.Tag(tag)}}.String()}.Query()
}

// Tint returns the average color of the photo, which is there before its picture, or "" if it
// is not known.
func (t tile) Tint() string {
	if t.Look.Rendition != photo.RenditionReady {
		return ""
	}
	return t.Look.Color.String()
}

// Shape returns the class of the photo's tile.
func (t tile) Shape() string { return ratioClass(t.Width, t.Height) }

// shape returns the pixels of the photo; they are those of a square if nobody knows.
func (t tile) shape() (width, height int) {
	if t.Width <= 0 || t.Height <= 0 {
		return 1, 1
	}
	return t.Width, t.Height
}

// fit returns the pixels of the photo when its longer side has at most size pixels.
func (t tile) fit(size int) (width, height int) {
	width, height = t.shape()
	longer := max(width, height)
	if longer <= size && t.Width > 0 {
		return width, height
	}
	return max(1, width*size/longer), max(1, height*size/longer)
}

// smallSize and largeSize are the renditions of the grid and of a photo's page.
const (
	smallSize = 512
	largeSize = 1024
)

// Width512, Height512, Width1024 and Height1024 return the pixels of the renditions, with
// which a page keeps its layout while pictures come.
func (t tile) Width512() int   { w, _ := t.fit(smallSize); return w }
func (t tile) Height512() int  { _, h := t.fit(smallSize); return h }
func (t tile) Width1024() int  { w, _ := t.fit(largeSize); return w }
func (t tile) Height1024() int { _, h := t.fit(largeSize); return h }

// Sources returns the renditions of the photo, for a browser to choose from.
func (t tile) Sources(root string) string {
	return t.sources(func(size int) string { return fmt.Sprintf("%s/myphotos/%s/thumbnail?size=%d", root, t.ID, size) })
}

// sources returns the renditions of the photo at their addresses.
func (t tile) sources(address func(size int) string) string {
	var sources []string
	sizes := thumb.Sizes()
	for i := len(sizes) - 1; i >= 0; i-- {
		width, _ := t.fit(sizes[i])
		sources = append(sources, fmt.Sprintf("%s %dw", address(sizes[i]), width))
	}
	return strings.Join(sources, ", ")
}

// Shown returns about how wide the grid shows the photo, in the form of the attribute sizes.
func (t tile) Shown() string {
	const rowHeight = 16 // rem; see style.css
	width, height := t.shape()
	return fmt.Sprintf("%drem", max(1, rowHeight*width/height))
}

// group is tiles under one heading.
type group struct {
	Heading string
	Tiles   []tile
}

// grouped puts photos under the months of the time by which they are sorted.
func grouped(photos []photo.Photo, l listing) []group {
	var groups []group
	query := l.First().Query()
	for _, p := range photos {
		heading := month(p.UploadedAt)
		if l.ByTaken {
			if heading = "No date"; !p.TakenAt.IsZero() {
				heading = month(p.TakenAt.Time())
			}
		}
		if n := len(groups); n == 0 || groups[n-1].Heading != heading {
			groups = append(groups, group{Heading: heading})
		}
		last := &groups[len(groups)-1]
		last.Tiles = append(last.Tiles, tile{p, query})
	}
	return groups
}

func month(t time.Time) string { return t.Format("January 2006") }
