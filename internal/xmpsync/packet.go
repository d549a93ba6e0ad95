package xmpsync

import (
	"errors"
	"fmt"
	"slices"

	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/tag"
	"photos/internal/xmp"
)

// datesInXMP returns the properties that say when a photo was taken, the best one first.
func datesInXMP() [][2]string {
	return [][2]string{{xmp.EXIF, "DateTimeOriginal"}, {xmp.Photoshop, "DateCreated"}}
}

// packetValues returns what a sidecar says about its photo. Tags that the service would refuse are left out.
func packetValues(d *xmp.Document) values {
	v := values{Scalars: map[Field]string{}}
	if text := cleanText(d.Text(xmp.DC, "description")); text != "" {
		v.Scalars[Description] = text
	}
	for _, name := range datesInXMP() {
		if m := picture.ParseDate(d.Text(name[0], name[1])); !m.IsZero() && v.Scalars[Taken] == "" {
			v.Scalars[Taken] = m.String()
		}
	}
	if p := photo.NewPosition(xmp.Coordinates(d.Text)); p != nil {
		v.Scalars[Position] = formatPlace(*p)
	}
	for _, item := range d.Items(xmp.DC, "subject") {
		if t, err := tag.Normalize(item); err == nil {
			v.Tags = append(v.Tags, t)
		}
	}
	slices.Sort(v.Tags)
	v.Tags = slices.Compact(v.Tags)
	return v
}

// change writes new values into a packet. Fields that are not in set stay as they are; "" removes. tags are all
// tags, or nil to leave them. It returns the new bytes, which say exactly that.
func change(d *xmp.Document, set map[Field]string, tags *[]string) ([]byte, error) {
	want := packetValues(d)
	for _, f := range scalars() {
		text, changed := set[f]
		if !changed {
			continue
		}
		if err := f.write(d, text); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		if want.Scalars[f] = text; text == "" {
			delete(want.Scalars, f)
		}
	}
	if tags != nil {
		if err := writeTags(d, want.Tags, *tags); err != nil {
			return nil, fmt.Errorf("tags: %w", err)
		}
		want.Tags = *tags
	}
	out := d.Bytes()
	again, err := xmp.ParseDocument(out)
	if err != nil {
		return nil, errors.Join(xmp.ErrForm, err)
	}
	if got := packetValues(again); !got.same(want) {
		return nil, xmp.ErrForm
	}
	return out, nil
}

// same reports whether v and o mean the same.
func (v values) same(o values) bool {
	for _, f := range scalars() {
		if !f.equal(v.Scalars[f], o.Scalars[f]) {
			return false
		}
	}
	return slices.Equal(v.Tags, o.Tags)
}

// write sets a field in a packet, or removes it.
func (f Field) write(d *xmp.Document, text string) error {
	switch {
	case f == Position:
		return writePlace(d, text)
	case f == Taken:
		return writeDate(d, text)
	case text == "":
		return d.Remove(xmp.DC, "description")
	}
	return d.SetText(xmp.DC, "description", text, true)
}

// writeDate sets the date in every property that has one already, so that they do not differ.
func writeDate(d *xmp.Document, text string) error {
	written := false
	for _, name := range datesInXMP() {
		if text == "" {
			if err := d.Remove(name[0], name[1]); err != nil {
				return err
			}
			continue
		}
		if d.Has(name[0], name[1]) {
			written = true
			if err := d.SetText(name[0], name[1], text, false); err != nil {
				return err
			}
		}
	}
	if written || text == "" {
		return nil
	}
	return d.SetText(xmp.EXIF, "DateTimeOriginal", text, false)
}

func writePlace(d *xmp.Document, text string) error {
	p := parsePlace(text)
	if p == nil {
		return errors.Join(d.Remove(xmp.EXIF, "GPSLatitude"), d.Remove(xmp.EXIF, "GPSLongitude"))
	}
	return errors.Join(
		d.SetText(xmp.EXIF, "GPSLatitude", xmp.FormatDegrees(p.Latitude, "N", "S"), false),
		d.SetText(xmp.EXIF, "GPSLongitude", xmp.FormatDegrees(p.Longitude, "E", "W"), false),
	)
}

// writeTags changes the list of tags from old to now. Tags that stay keep their spelling.
func writeTags(d *xmp.Document, old, now []string) error {
	err := d.RemoveItems(xmp.DC, "subject", func(item string) bool {
		t, err := tag.Normalize(item)
		return err == nil && !slices.Contains(now, t)
	})
	if err != nil {
		return err
	}
	return d.AddItems(xmp.DC, "subject", slices.DeleteFunc(slices.Clone(now), func(t string) bool { return slices.Contains(old, t) }))
}
