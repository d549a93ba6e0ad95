// Package xmp reads the properties of an XMP packet: the block of RDF/XML in which
// programs keep what they know of a picture, inside the file or in a sidecar.
//
// The packet is foreign text. Parse reads a bounded amount of it, expands no
// entity that the packet declares, and keeps what came before a fault.
//
// Source: Adobe, XMP Specification Part 1 (ISO 16684-1), sections 6 and 7.
package xmp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxSize is how many bytes of a packet Parse reads. Real packets take a few
// kilobytes; larger ones hold editing histories or embedded pictures.
const MaxSize = 1 << 20

// limits of one packet.
const (
	maxDepth      = 64
	maxElements   = 16 << 10 // each costs some hundred bytes and a microsecond, however few bytes it has
	maxProperties = 4096
	maxValue      = 64 << 10 // bytes of one property's text
)

// Namespaces of the properties that describe a photo.
const (
	DC        = "http://purl.org/dc/elements/1.1/"
	XMP       = "http://ns.adobe.com/xap/1.0/"
	TIFF      = "http://ns.adobe.com/tiff/1.0/"
	EXIF      = "http://ns.adobe.com/exif/1.0/"
	ExifEX    = "http://cipa.jp/exif/1.0/"
	Aux       = "http://ns.adobe.com/exif/1.0/aux/"
	Photoshop = "http://ns.adobe.com/photoshop/1.0/"

	rdf     = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	xmlLang = "http://www.w3.org/XML/1998/namespace"
)

// ErrNone means that there is no XMP in the bytes.
var ErrNone = errors.New("there is no XMP in it")

// A Packet holds the text of each property. Of a property with several values it
// holds the first, and of one with several languages the text for x-default
// (section 8.2.2.4), else the first.
type Packet map[xml.Name]string

// Text returns the trimmed text of a property, or "".
func (p Packet) Text(space, name string) string {
	return strings.TrimSpace(p[xml.Name{Space: space, Local: name}])
}

// Parse reads a packet. It returns what it could read, and an error when the
// packet is not well-formed or holds no RDF.
func Parse(data []byte) (Packet, error) {
	d := xml.NewDecoder(bytes.NewReader(toUTF8(data[:min(len(data), MaxSize)])))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 by now
	p := parser{decoder: d, packet: Packet{}}
	err := p.document()
	if err == nil && !p.found {
		err = ErrNone
	}
	return p.packet, err
}

type parser struct {
	decoder *xml.Decoder
	packet  Packet
	found   bool // an rdf:RDF element

	elements int // begun so far
	depth    int // of the element that the decoder is in
}

// token returns the next token, as long as the packet is within the limits.
func (p *parser) token() (xml.Token, error) {
	token, err := p.decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token.(type) {
	case xml.StartElement:
		if p.elements++; p.elements > maxElements {
			return nil, errors.New("XMP has too many elements")
		}
		if p.depth++; p.depth > maxDepth {
			return nil, errors.New("XMP is nested too deeply")
		}
	case xml.EndElement:
		p.depth--
	}
	return token, nil
}

// skip reads on to the end of the element that the decoder is in.
func (p *parser) skip() error {
	for outside := p.depth - 1; p.depth > outside; {
		if _, err := p.token(); err != nil {
			return err
		}
	}
	return nil
}

// document finds each rdf:RDF and reads its resources.
func (p *parser) document() error {
	for {
		token, err := p.token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if start, ok := token.(xml.StartElement); ok && start.Name == (xml.Name{Space: rdf, Local: "RDF"}) {
			p.found = true
			if err := p.children(p.resource); err != nil {
				return err
			}
		}
	}
}

// children calls f for each child element up to the end of the element that the
// decoder is in. f reads its element to the end.
func (p *parser) children(f func(start xml.StartElement) error) error {
	for {
		token, err := p.token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := f(t); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// resource reads an rdf:Description: each attribute and each child is a property.
func (p *parser) resource(start xml.StartElement) error {
	if start.Name != (xml.Name{Space: rdf, Local: "Description"}) {
		return p.skip()
	}
	for _, a := range start.Attr {
		p.set(a.Name, a.Value)
	}
	return p.children(p.property)
}

func (p *parser) set(name xml.Name, text string) {
	if name.Space == rdf || name.Space == xmlLang || strings.TrimSpace(text) == "" || len(p.packet) >= maxProperties {
		return
	}
	if _, has := p.packet[name]; !has {
		p.packet[name] = text[:min(len(text), maxValue)]
	}
}

// property reads the value of one property: its text, or the best item of the
// rdf:Alt, rdf:Seq or rdf:Bag inside it. Structures are passed over.
func (p *parser) property(start xml.StartElement) error {
	v := value{}
	err := p.value(&v)
	p.set(start.Name, v.best())
	return err
}

// A value gathers the texts of one property while it is read.
type value struct {
	plain strings.Builder
	items []string
	x     string // the item for x-default
}

func (v *value) best() string {
	switch {
	case v.x != "":
		return v.x
	case len(v.items) > 0:
		return v.items[0]
	}
	return v.plain.String()
}

func (p *parser) value(v *value) error {
	for {
		token, err := p.token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.CharData:
			if v.plain.Len() < maxValue {
				v.plain.Write(t)
			}
		case xml.StartElement:
			if err := p.container(v, t); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// container reads the element inside a property.
func (p *parser) container(v *value, start xml.StartElement) error {
	if start.Name.Space != rdf {
		return p.skip()
	}
	switch start.Name.Local {
	case "Alt", "Seq", "Bag":
		return p.children(func(item xml.StartElement) error { return p.item(v, item) })
	}
	return p.skip()
}

func (p *parser) item(v *value, start xml.StartElement) error {
	inner := value{}
	err := p.value(&inner)
	text := strings.TrimSpace(inner.best())
	if text == "" {
		return err
	}
	if len(v.items) == 0 {
		v.items = append(v.items, text)
	}
	for _, a := range start.Attr {
		if a.Name == (xml.Name{Space: xmlLang, Local: "lang"}) && strings.EqualFold(a.Value, "x-default") && v.x == "" {
			v.x = text
		}
	}
	return err
}

// toUTF8 decodes UTF-16 and UTF-32, which a packet may be written in, and drops a
// byte order mark and NUL bytes at the end.
func toUTF8(b []byte) []byte {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		b = b[3:]
	case bytes.HasPrefix(b, []byte("\xff\xfe\x00\x00")), len(b) > 3 && b[0] == '<' && b[1] == 0 && b[2] == 0 && b[3] == 0:
		b = fromUnits(b, 4, false)
	case bytes.HasPrefix(b, []byte("\x00\x00\xfe\xff")), len(b) > 3 && b[0] == 0 && b[1] == 0 && b[2] == 0 && b[3] == '<':
		b = fromUnits(b, 4, true)
	case bytes.HasPrefix(b, []byte("\xff\xfe")), len(b) > 1 && b[0] == '<' && b[1] == 0:
		b = fromUnits(b, 2, false)
	case bytes.HasPrefix(b, []byte("\xfe\xff")), len(b) > 1 && b[0] == 0 && b[1] == '<':
		b = fromUnits(b, 2, true)
	}
	return bytes.TrimRight(b, "\x00")
}

// fromUnits decodes code units of size bytes each, without a byte order mark.
func fromUnits(b []byte, size int, bigEndian bool) []byte {
	units := make([]uint16, 0, len(b)/2)
	var out []byte
	for ; len(b) >= size; b = b[size:] {
		var u uint32
		for i := range size {
			at := i
			if !bigEndian {
				at = size - 1 - i
			}
			u = u<<8 | uint32(b[at])
		}
		if size == 2 {
			units = append(units, uint16(u))
			continue
		}
		out = utf8.AppendRune(out, rune(min(u, utf8.MaxRune+1)))
	}
	for _, r := range utf16.Decode(units) {
		out = utf8.AppendRune(out, r)
	}
	return bytes.TrimPrefix(out, []byte("\ufeff"))
}
