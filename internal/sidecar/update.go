package sidecar

import (
	"bytes"
	"slices"

	"photos/internal/photo"
	"photos/internal/xmp"
)

// Update returns an XMP sidecar that another program wrote or changed, with what the service knows
// of the photo: its description, and a date or a position if the sidecar has none. All other bytes
// stay. It replaces a description only if that is an earlier one of the photo. kept says that
// the sidecar has another description, which stays.
func Update(old []byte, p photo.Photo, earlier func() ([]string, error)) (content []byte, kept bool, err error) {
	d, err := xmp.ParseDocument(old)
	if err != nil {
		return nil, false, err
	}
	set, kept, err := replaces(d.Text(xmp.DC, "description"), p.Description, earlier)
	if err == nil && set {
		err = d.SetText(xmp.DC, "description", p.Description, true)
	}
	if err != nil {
		return nil, false, err
	}
	if err := addFacts(d, p); err != nil {
		return nil, false, err
	}
	content = d.Bytes()
	if bytes.Equal(content, old) {
		content = old
	}
	return content, kept, nil
}

// replaces reports whether the service's description replaces the one in a sidecar.
func replaces(there, ours string, earlier func() ([]string, error)) (set, kept bool, err error) {
	if ours == "" || there == ours {
		return false, false, nil
	}
	if there == "" {
		return true, false, nil
	}
	texts, err := earlier()
	if err != nil {
		return false, false, err
	}
	set = slices.Contains(texts, there)
	return set, !set, nil
}

// addFacts adds the date and the position that came from outside the picture, where the sidecar has
// none.
func addFacts(d *xmp.Document, p photo.Photo) error {
	taken, position := factsFromOutside(p)
	if !taken.IsZero() && !d.Has(xmp.EXIF, "DateTimeOriginal") && !d.Has(xmp.Photoshop, "DateCreated") && !d.Has(xmp.XMP, "CreateDate") {
		if err := d.SetText(xmp.EXIF, "DateTimeOriginal", taken.String(), false); err != nil {
			return err
		}
	}
	if position == nil || d.Has(xmp.EXIF, "GPSLatitude") || d.Has(xmp.EXIF, "GPSLongitude") {
		return nil
	}
	if err := d.SetText(xmp.EXIF, "GPSLatitude", xmp.FormatDegrees(position.Latitude, "N", "S"), false); err != nil {
		return err
	}
	return d.SetText(xmp.EXIF, "GPSLongitude", xmp.FormatDegrees(position.Longitude, "E", "W"), false)
}
