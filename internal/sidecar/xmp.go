package sidecar

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"photos/internal/photo"
	"photos/internal/picture"
)

// Namespaces of XMP (XMP specification part 1, 8; part 2, 1 for EXIF, TIFF and Photoshop).
const (
	rdfSpace       = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	dcSpace        = "http://purl.org/dc/elements/1.1/"
	tiffSpace      = "http://ns.adobe.com/tiff/1.0/"
	exifSpace      = "http://ns.adobe.com/exif/1.0/"
	photoshopSpace = "http://ns.adobe.com/photoshop/1.0/"
	xmpSpace       = "http://ns.adobe.com/xap/1.0/"
)

// resource is an rdf:Description. Writers may make a property with a simple value an
// attribute. A packet may spread over several resources, one for each namespace.
type resource struct {
	Attributes []xml.Attr `xml:",any,attr"`
	Properties []property `xml:",any"`
}

// property is a text, or an rdf:Alt of one text per language. A Bag or Seq in its
// place is read alike.
type property struct {
	XMLName xml.Name
	Plain   string `xml:",chardata"`
	Sets    []struct {
		Items []struct {
			Lang string `xml:"lang,attr"`
			Text string `xml:",chardata"`
		} `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# li"`
	} `xml:",any"`
}

// text is the one for x-default (XMP specification part 1, 8.2.2.4), else the first.
func (p property) text() string {
	first := strings.TrimSpace(p.Plain)
	for _, set := range p.Sets {
		for _, item := range set.Items {
			text := strings.TrimSpace(item.Text)
			if text != "" && strings.EqualFold(item.Lang, "x-default") {
				return text
			}
			if first == "" {
				first = text
			}
		}
	}
	return first
}

// A packet is what an XMP document says.
type packet []resource

// text returns the value of a property, or "".
func (p packet) text(space, name string) string {
	for _, r := range p {
		for _, e := range r.Properties {
			if e.XMLName.Space == space && e.XMLName.Local == name && e.text() != "" {
				return e.text()
			}
		}
		for _, a := range r.Attributes {
			if text := strings.TrimSpace(a.Value); a.Name.Space == space && a.Name.Local == name && text != "" {
				return text
			}
		}
	}
	return ""
}

// parseXMP reads an XMP packet. Entities that a document declares itself are not
// expanded: such a document is refused.
func parseXMP(data []byte) (note, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return note{}, errors.New("there is no XMP in it")
		}
		if err != nil {
			return note{}, fmt.Errorf("not XMP: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name != (xml.Name{Space: rdfSpace, Local: "RDF"}) {
			continue
		}
		var rdf struct {
			Resources packet `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# Description"`
		}
		if err := d.DecodeElement(&rdf, &start); err != nil {
			return note{}, fmt.Errorf("not XMP: %w", err)
		}
		return rdf.Resources.note(), nil
	}
}

// note takes the best of several properties that mean the same.
func (p packet) note() note {
	n := note{extension: p.text(photoshopSpace, "SidecarForExtension")}
	for _, name := range [][2]string{
		{dcSpace, "description"}, {tiffSpace, "ImageDescription"}, {exifSpace, "ImageDescription"}, {photoshopSpace, "Headline"},
	} {
		if n.text == "" {
			n.text = p.text(name[0], name[1])
		}
	}
	for _, name := range [][2]string{{exifSpace, "DateTimeOriginal"}, {photoshopSpace, "DateCreated"}, {xmpSpace, "CreateDate"}} {
		if n.taken.IsZero() {
			n.taken = picture.ParseDate(p.text(name[0], name[1]))
		}
	}
	latitude, ok1 := coordinate(p.text(exifSpace, "GPSLatitude"), "NS")
	longitude, ok2 := coordinate(p.text(exifSpace, "GPSLongitude"), "EW")
	if ok1 && ok2 {
		n.position = photo.NewPosition(latitude, longitude)
	}
	return n
}

// coordinate reads degrees, minutes and perhaps seconds with a direction, 48,8.5N or
// 48,8,30N (XMP specification part 2, 1.2.7.4), or plain degrees, as some programs
// write them. directions are the positive one and the negative one.
func coordinate(s, directions string) (degrees float64, ok bool) {
	if s == "" {
		return 0, false
	}
	sign := 1.0
	at := strings.IndexByte(directions, s[len(s)-1]&^0x20) // in upper case
	if at == 1 {
		sign = -1
	}
	parts := strings.Split(s, ",")
	if at >= 0 {
		parts = strings.Split(s[:len(s)-1], ",")
	} else if len(parts) > 1 {
		return 0, false
	}
	unit := 1.0
	for _, part := range parts {
		n, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil || len(parts) > 3 || at >= 0 && n < 0 || unit > 1 && n >= 60 {
			return 0, false
		}
		degrees += n / unit
		unit *= 60
	}
	return sign * degrees, true
}
