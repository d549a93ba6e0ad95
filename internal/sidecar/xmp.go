package sidecar

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const rdfSpace = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

// resource is the part of an rdf:Description that may describe a photo (XMP
// specification part 1, 7.4 and 8.4; part 2, 1.2.4 for EXIF's and TIFF's). Writers
// may make a property with a simple value an attribute.
type resource struct {
	DC           alternatives `xml:"http://purl.org/dc/elements/1.1/ description"`
	DCAttr       string       `xml:"http://purl.org/dc/elements/1.1/ description,attr"`
	TIFF         alternatives `xml:"http://ns.adobe.com/tiff/1.0/ ImageDescription"`
	TIFFAttr     string       `xml:"http://ns.adobe.com/tiff/1.0/ ImageDescription,attr"`
	EXIF         alternatives `xml:"http://ns.adobe.com/exif/1.0/ ImageDescription"`
	EXIFAttr     string       `xml:"http://ns.adobe.com/exif/1.0/ ImageDescription,attr"`
	Headline     alternatives `xml:"http://ns.adobe.com/photoshop/1.0/ Headline"`
	HeadlineAttr string       `xml:"http://ns.adobe.com/photoshop/1.0/ Headline,attr"`
}

// alternatives is a property's value: a text, or an rdf:Alt of one text per
// language. A Bag or Seq in its place is read alike.
type alternatives struct {
	Plain string `xml:",chardata"`
	Sets  []struct {
		Items []struct {
			Lang string `xml:"lang,attr"`
			Text string `xml:",chardata"`
		} `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# li"`
	} `xml:",any"`
}

// text is the one for x-default (XMP specification part 1, 8.2.2.4), else the first.
func (a alternatives) text() string {
	first := strings.TrimSpace(a.Plain)
	for _, set := range a.Sets {
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

// parseXMP is the description in an XMP packet, or "". Entities that a document
// declares itself are not expanded: such a document is refused.
func parseXMP(data []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return "", errors.New("there is no XMP in it")
		}
		if err != nil {
			return "", fmt.Errorf("not XMP: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name != (xml.Name{Space: rdfSpace, Local: "RDF"}) {
			continue
		}
		var rdf struct {
			Resources []resource `xml:"http://www.w3.org/1999/02/22-rdf-syntax-ns# Description"`
		}
		if err := d.DecodeElement(&rdf, &start); err != nil {
			return "", fmt.Errorf("not XMP: %w", err)
		}
		return describe(rdf.Resources), nil
	}
}

// describe is the best of the texts. A packet may spread over several resources,
// one for each namespace.
func describe(resources []resource) string {
	for _, property := range []func(resource) (alternatives, string){
		func(r resource) (alternatives, string) { return r.DC, r.DCAttr },
		func(r resource) (alternatives, string) { return r.TIFF, r.TIFFAttr },
		func(r resource) (alternatives, string) { return r.EXIF, r.EXIFAttr },
		func(r resource) (alternatives, string) { return r.Headline, r.HeadlineAttr },
	} {
		for _, r := range resources {
			element, attribute := property(r)
			if text := element.text(); text != "" {
				return text
			}
			if text := strings.TrimSpace(attribute); text != "" {
				return text
			}
		}
	}
	return ""
}
