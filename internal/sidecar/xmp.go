package sidecar

import (
	"errors"
	"fmt"

	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/xmp"
)

// parseXMP reads an XMP sidecar. A broken one has no note.
func parseXMP(data []byte) (note, error) {
	p, err := xmp.Parse(data)
	if errors.Is(err, xmp.ErrNone) {
		return note{}, err
	}
	if err != nil {
		return note{}, fmt.Errorf("not XMP: %w", err)
	}
	return packetNote(p), nil
}

// packetNote returns the note of a packet. Of several properties that mean the same it takes
// the best (XMP
// specification part 2, 1; SidecarForExtension is of Adobe's Camera Raw).
func packetNote(p xmp.Packet) note {
	n := note{
		extension: p.Text(xmp.Photoshop, "SidecarForExtension"),
		position:  photo.NewPosition(xmp.Coordinates(p.Text)),
	}
	for _, name := range [][2]string{
		{xmp.DC, "description"}, {xmp.TIFF, "ImageDescription"}, {xmp.EXIF, "ImageDescription"}, {xmp.Photoshop, "Headline"},
	} {
		if n.text == "" {
			n.text = p.Text(name[0], name[1])
		}
	}
	for _, name := range [][2]string{{xmp.EXIF, "DateTimeOriginal"}, {xmp.Photoshop, "DateCreated"}, {xmp.XMP, "CreateDate"}} {
		if n.taken.IsZero() {
			n.taken = picture.ParseDate(p.Text(name[0], name[1]))
		}
	}
	return n
}
