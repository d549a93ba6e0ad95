package sidecar

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strconv"

	"photos/internal/photo"
	"photos/internal/xmp"
)

const rdfSpace = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

// A Writer makes a sidecar with the photo's description, and with its date and position if the
// picture itself does not have them. The sidecar's name is the photo's name and suffix. If
// there is nothing to write, content is nil. [Unchanged] recognizes the file later.
type Writer func(photo.Photo) (suffix string, content []byte)

// WriterOf returns the Writer of a format: xmp or json. Its errors are of photo.KindUsage.
func WriterOf(format string) (Writer, error) {
	switch format {
	case "xmp":
		return writeXMP, nil
	case "json":
		return writeTakeout, nil
	}
	return nil, usage(fmt.Sprintf("%.40q is not a kind of sidecar", format), "it is xmp or json")
}

// factsFromOutside returns the date and the position of p if they came from neither the picture
// nor its time of modification.
func factsFromOutside(p photo.Photo) (taken photo.Moment, position *photo.Position) {
	if p.TakenSource.Claimable() {
		taken = p.TakenAt
	}
	if p.PositionSource.Claimable() {
		position = p.Position
	}
	return taken, position
}

// writeXMP makes the smallest packet that photo editors read (XMP specification part 1,
// 7.3 and 8.2.2.4; part 2, 1.2.7 for EXIF).
func writeXMP(p photo.Photo) (string, []byte) {
	taken, position := factsFromOutside(p)
	if p.Description == "" && taken.IsZero() && position == nil {
		return ".xmp", nil
	}
	var b bytes.Buffer
	b.WriteString("<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"" + openSeal + "\">\n <rdf:RDF xmlns:rdf=\"" + rdfSpace + "\">\n" +
		"  <rdf:Description rdf:about=\"\" xmlns:dc=\"" + xmp.DC + "\" xmlns:exif=\"" + xmp.EXIF + "\">\n")
	if p.Description != "" {
		b.WriteString("   <dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">")
		_ = xml.EscapeText(&b, []byte(p.Description)) // a Buffer accepts everything
		b.WriteString("</rdf:li></rdf:Alt></dc:description>\n")
	}
	if !taken.IsZero() {
		fmt.Fprintf(&b, "   <exif:DateTimeOriginal>%s</exif:DateTimeOriginal>\n", taken)
	}
	if position != nil {
		fmt.Fprintf(&b, "   <exif:GPSLatitude>%s</exif:GPSLatitude>\n   <exif:GPSLongitude>%s</exif:GPSLongitude>\n",
			xmp.FormatDegrees(position.Latitude, "N", "S"), xmp.FormatDegrees(position.Longitude, "E", "W"))
	}
	b.WriteString("  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>\n")
	return ".xmp", seal(b.Bytes())
}

// writeTakeout makes a JSON in the form of Google Takeout, because every program that imports
// photos reads it. The form has no date without an offset, so such a date is left out.
func writeTakeout(p photo.Photo) (string, []byte) {
	taken, position := factsFromOutside(p)
	if p.Description == "" && taken.IsZero() && position == nil {
		return ".json", nil
	}
	type moment struct {
		Timestamp string `json:"timestamp"` // seconds since 1970
	}
	about := struct {
		Seal        string          `json:"photosSeal"` // the first member, so that no text can imitate it
		Title       string          `json:"title"`
		Description string          `json:"description"`
		Taken       *moment         `json:"photoTakenTime,omitempty"`
		Position    *photo.Position `json:"geoData,omitempty"`
	}{Seal: openSeal, Title: p.Name, Description: p.Description, Position: position}
	if _, known := p.TakenAt.Offset(); known {
		about.Taken = &moment{strconv.FormatInt(p.TakenAt.Time().Unix(), 10)}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(about) // strings, numbers and a Buffer: nothing that can fail
	return ".json", seal(b.Bytes())
}
