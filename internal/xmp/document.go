package xmp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// A Document is an XMP packet that can be changed without touching anything else in it: what is not
// changed keeps its exact bytes. It has the first rdf:RDF of the packet.
type Document struct {
	data    []byte
	rdf     *element
	edits   []splice
	inserts map[*element][]string // new children, in order
}

// ErrForm is the error of a packet, or of a property in it, whose form cannot be changed safely.
var ErrForm = errors.New("it has a form that photos does not change")

// A span is a part of the bytes of a document.
type span struct{ start, end int }

// A splice replaces a part of the bytes.
type splice struct {
	span
	with string
}

// An element is an XML element with the places of its parts.
type element struct {
	xml.Name

	raw      string // the name as it is written, with its prefix
	parent   *element
	attrs    []attribute
	children []*element
	text     string // of the element itself, decoded
	start    span   // the start tag
	end      span   // the end tag; empty if the start tag is one as well
}

// An attribute is an attribute with the places of its parts.
type attribute struct {
	xml.Attr

	whole span // with the white space before it
	value span // between the quotes
	quote byte
}

const emptyPacket = "<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
	"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n <rdf:RDF xmlns:rdf=\"" + rdf + "\">\n" +
	"  <rdf:Description rdf:about=\"\">\n  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>\n"

// NewDocument returns a packet without properties.
func NewDocument() *Document {
	d, err := ParseDocument([]byte(emptyPacket))
	if err != nil {
		panic("the empty packet is not XMP: " + err.Error()) // a constant
	}
	return d
}

// ParseDocument reads a packet in UTF-8. It refuses what [Parse] would read only in part.
func ParseDocument(data []byte) (*Document, error) {
	if len(data) > MaxSize {
		return nil, errors.New("XMP is too large")
	}
	r := treeReader{data: data, decoder: xml.NewDecoder(bytes.NewReader(data))}
	if err := r.read(); err != nil {
		return nil, err
	}
	if r.rdf == nil {
		return nil, ErrNone
	}
	return &Document{data: data, rdf: r.rdf, inserts: map[*element][]string{}}, nil
}

// treeReader makes the elements of a document.
type treeReader struct {
	data     []byte
	decoder  *xml.Decoder
	at       *element // the element that the decoder is in
	rdf      *element
	elements int
	depth    int
}

func (r *treeReader) read() error {
	for {
		before := int(r.decoder.InputOffset())
		token, err := r.decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		where := span{before, int(r.decoder.InputOffset())}
		switch t := token.(type) {
		case xml.StartElement:
			if err := r.begin(t, where); err != nil {
				return err
			}
		case xml.EndElement:
			r.at.end = where
			r.at = r.at.parent
			r.depth--
		case xml.CharData:
			if r.at != nil {
				r.at.text += string(t)
			}
		case xml.Directive:
			return ErrForm // it may declare entities
		}
	}
}

func (r *treeReader) begin(t xml.StartElement, where span) error {
	r.elements++
	r.depth++
	if r.elements > maxElements || r.depth > maxDepth {
		return errors.New("XMP is nested too deeply or has too many elements")
	}
	e := &element{Name: t.Name, parent: r.at, start: where, end: span{where.end, where.end}}
	var err error
	if e.raw, e.attrs, err = scanTag(r.data[where.start:where.end], where.start, t.Attr); err != nil {
		return err
	}
	if r.at != nil {
		r.at.children = append(r.at.children, e)
	}
	if r.rdf == nil && t.Name == (xml.Name{Space: rdf, Local: "RDF"}) {
		r.rdf = e
	}
	r.at = e
	return nil
}

// scanTag finds the name and the attributes in the bytes of a start tag that the decoder has read. at is where
// the tag begins.
func scanTag(tag []byte, at int, attrs []xml.Attr) (name string, found []attribute, err error) {
	s := tagScanner{tag: tag, i: 1}
	s.skip(func(c byte) bool { return !isSpace(c) && c != '>' && c != '/' })
	name = string(tag[1:s.i])
	for _, a := range attrs {
		before := s.i
		s.skip(isSpace)
		s.skip(func(c byte) bool { return !isSpace(c) && c != '=' })
		s.skip(func(c byte) bool { return isSpace(c) || c == '=' })
		value, quote, ok := s.quoted()
		if !ok {
			return "", nil, ErrForm
		}
		found = append(found, attribute{a, span{at + before, at + s.i}, span{at + value.start, at + value.end}, quote})
	}
	return name, found, nil
}

// tagScanner reads a start tag from the left.
type tagScanner struct {
	tag []byte
	i   int
}

func (s *tagScanner) skip(while func(byte) bool) {
	for s.i < len(s.tag) && while(s.tag[s.i]) {
		s.i++
	}
}

// quoted reads a value in quotes, and returns what is between them.
func (s *tagScanner) quoted() (value span, quote byte, ok bool) {
	if s.i >= len(s.tag) || s.tag[s.i] != '"' && s.tag[s.i] != '\'' {
		return span{}, 0, false
	}
	quote = s.tag[s.i]
	s.i++
	value.start = s.i
	s.skip(func(c byte) bool { return c != quote })
	value.end = s.i
	s.i++
	return value, quote, s.i <= len(s.tag)
}

func isSpace(c byte) bool { return strings.IndexByte(" \t\r\n", c) >= 0 }

// selfClosed reports whether the start tag is the end tag as well.
func (e *element) selfClosed() bool { return e.end.start == e.end.end }

// inner returns the span between the tags.
func (e *element) inner() span { return span{e.start.end, e.end.start} }

// prefix returns the prefix of a namespace where e is, with a colon. An empty one is the default namespace.
func (e *element) prefix(space string) (string, bool) {
	hidden := map[string]bool{}
	for at := e; at != nil; at = at.parent {
		for _, a := range at.attrs {
			name, declares := "", a.Name == xml.Name{Local: "xmlns"}
			if a.Name.Space == "xmlns" {
				name, declares = a.Name.Local+":", true
			}
			if declares && !hidden[name] && a.Value == space {
				return name, true
			}
			hidden[name] = hidden[name] || declares
		}
	}
	return "", false
}

// resources returns the rdf:Description elements.
func (d *Document) resources() []*element {
	var out []*element
	for _, e := range d.rdf.children {
		if e.Name == (xml.Name{Space: rdf, Local: "Description"}) {
			out = append(out, e)
		}
	}
	return out
}

// property returns the first element or attribute of a property, or nil for both.
func (d *Document) property(space, local string) (*element, *attribute) {
	name := xml.Name{Space: space, Local: local}
	for _, r := range d.resources() {
		for i := range r.attrs {
			if r.attrs[i].Name == name {
				return nil, &r.attrs[i]
			}
		}
		for _, e := range r.children {
			if e.Name == name {
				return e, nil
			}
		}
	}
	return nil, nil
}

// Has reports whether the packet has the property, even if it is empty.
func (d *Document) Has(space, local string) bool {
	e, a := d.property(space, local)
	return e != nil || a != nil
}

// Text returns the trimmed text of a property, as [Packet.Text] does.
func (d *Document) Text(space, local string) string {
	e, a := d.property(space, local)
	switch {
	case a != nil:
		return strings.TrimSpace(a.Value)
	case e == nil:
		return ""
	}
	if li := e.bestItem(); li != nil {
		return strings.TrimSpace(li.text)
	}
	if len(e.children) > 0 {
		return ""
	}
	return strings.TrimSpace(e.text)
}

// Items returns the texts of a property with several values.
func (d *Document) Items(space, local string) []string {
	e, _ := d.property(space, local)
	if e == nil {
		if text := d.Text(space, local); text != "" {
			return []string{text}
		}
		return nil
	}
	var out []string
	for _, li := range e.items() {
		if text := strings.TrimSpace(li.text); text != "" {
			out = append(out, text)
		}
	}
	if len(e.children) == 0 && strings.TrimSpace(e.text) != "" {
		out = append(out, strings.TrimSpace(e.text))
	}
	return out
}

// container returns the rdf:Alt, rdf:Bag or rdf:Seq in a property.
func (e *element) container() *element {
	if len(e.children) != 1 || e.children[0].Space != rdf || !slices.Contains([]string{"Alt", "Bag", "Seq"}, e.children[0].Local) {
		return nil
	}
	return e.children[0]
}

// items returns the rdf:li elements in a property.
func (e *element) items() []*element {
	c := e.container()
	if c == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.children), func(li *element) bool { return li.Name != xml.Name{Space: rdf, Local: "li"} })
}

// bestItem returns the item for x-default that has a text, or the first one that has.
func (e *element) bestItem() *element {
	var first *element
	for _, li := range e.items() {
		if strings.TrimSpace(li.text) == "" || len(li.children) > 0 {
			continue
		}
		for _, a := range li.attrs {
			if a.Name == (xml.Name{Space: xmlLang, Local: "lang"}) && strings.EqualFold(a.Value, "x-default") {
				return li
			}
		}
		if first == nil {
			first = li
		}
	}
	return first
}
