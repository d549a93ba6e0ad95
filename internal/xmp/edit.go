package xmp

import (
	"encoding/xml"
	"slices"
	"strings"
)

// SetText sets the text of a property that has one value, or one per language if alt is set. Of several
// languages it changes the one that [Document.Text] returns.
func (d *Document) SetText(space, local, text string, alt bool) error {
	e, a := d.property(space, local)
	switch {
	case a != nil:
		d.replace(a.value, escape(text, a.quote))
		return nil
	case e == nil:
		d.insert(space, local, text, alt)
		return nil
	}
	target := e
	if li := e.bestItem(); li != nil {
		target = li
	}
	if !target.mayHaveText() {
		return ErrForm
	}
	if target == e && (alt || len(e.children) > 0 || e.selfClosed()) {
		d.replace(span{e.start.start, e.end.end}, d.newProperty(e.parent, space, local, text, alt))
		return nil
	}
	d.replace(target.inner(), escape(text, 0))
	return nil
}

// mayHaveText reports whether the content of an element may be replaced by a text.
func (e *element) mayHaveText() bool {
	return (len(e.children) == 0 || onlyEmptyItems(e)) && !hasResource(e)
}

// onlyEmptyItems reports whether a property has a container whose items have no text.
func onlyEmptyItems(e *element) bool {
	return e.container() != nil && !slices.ContainsFunc(e.items(), func(li *element) bool {
		return strings.TrimSpace(li.text) != "" || len(li.children) > 0
	}) && len(e.items()) == len(e.container().children)
}

// hasResource reports whether an element has attributes that give it another meaning than its text.
func hasResource(e *element) bool {
	return slices.ContainsFunc(e.attrs, func(a attribute) bool { return a.Name.Space == rdf })
}

// Remove removes a property. It refuses to remove texts in several languages.
func (d *Document) Remove(space, local string) error {
	for _, r := range d.resources() {
		for _, a := range r.attrs {
			if a.Name.Space == space && a.Name.Local == local {
				d.replace(a.whole, "")
			}
		}
		for _, e := range r.children {
			if err := d.removeElement(e, xml.Name{Space: space, Local: local}); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeElement removes an element if it has this name.
func (d *Document) removeElement(e *element, name xml.Name) error {
	if e.Name != name {
		return nil
	}
	if len(e.items()) > 1 || e.container() == nil && len(e.children) > 0 {
		return ErrForm
	}
	d.replace(span{d.lineStart(e.start.start), e.end.end}, "")
	return nil
}

// lineStart returns where the white space before a tag begins.
func (d *Document) lineStart(at int) int {
	return len(strings.TrimRight(string(d.data[:at]), " \t\r\n"))
}

// AddItems adds values to a property that is an unordered list.
func (d *Document) AddItems(space, local string, texts []string) error {
	if len(texts) == 0 {
		return nil
	}
	e, a := d.property(space, local)
	switch {
	case a != nil:
		return ErrForm
	case e == nil:
		at, before := d.resource(space)
		d.inserts[at] = append(d.inserts[at], before+d.newList(at, space, local, texts))
		return nil
	case e.isEmpty():
		d.replace(span{e.start.start, e.end.end}, d.newList(e.parent, space, local, texts))
		return nil
	}
	return d.addTo(e.container(), texts)
}

// isEmpty reports whether a property has no value.
func (e *element) isEmpty() bool {
	return len(e.children) == 0 && strings.TrimSpace(e.text) == "" && !hasResource(e)
}

// addTo adds items to a container.
func (d *Document) addTo(c *element, texts []string) error {
	if c == nil {
		return ErrForm
	}
	li := strings.TrimSuffix(c.raw, c.Local) + "li"
	before := ""
	if len(c.children) > 0 {
		last := c.children[len(c.children)-1]
		before = string(d.data[d.lineStart(last.start.start):last.start.start])
	}
	for _, text := range texts {
		d.inserts[c] = append(d.inserts[c], before+"<"+li+">"+escape(text, 0)+"</"+li+">")
	}
	return nil
}

// RemoveItems removes the values that match from a property that is a list.
func (d *Document) RemoveItems(space, local string, match func(string) bool) error {
	e, a := d.property(space, local)
	switch {
	case a != nil && match(strings.TrimSpace(a.Value)):
		d.replace(a.whole, "")
		return nil
	case e == nil:
		return nil
	case e.container() == nil && match(strings.TrimSpace(e.text)):
		return ErrForm
	}
	for _, li := range e.items() {
		if match(strings.TrimSpace(li.text)) {
			d.replace(span{d.lineStart(li.start.start), li.end.end}, "")
		}
	}
	return nil
}

func (d *Document) replace(at span, with string) { d.edits = append(d.edits, splice{at, with}) }

// insert adds a property that is not there.
func (d *Document) insert(space, local, text string, alt bool) {
	at, before := d.resource(space)
	d.inserts[at] = append(d.inserts[at], before+d.newProperty(at, space, local, text, alt))
}

// resource returns the rdf:Description that gets a new property, and the white space before the property. It is the
// one that knows the namespace, otherwise the first. If there is none, it is the rdf:RDF.
func (d *Document) resource(space string) (at *element, before string) {
	all := d.resources()
	if len(all) == 0 {
		return d.rdf, ""
	}
	at = all[0]
	for _, r := range all {
		if _, known := r.prefix(space); known {
			at = r
			break
		}
	}
	switch {
	case len(at.children) > 0:
		first := at.children[0].start.start
		before = string(d.data[d.lineStart(first):first])
	case !at.selfClosed():
		before = string(d.data[d.lineStart(at.end.start):at.end.start])
		if strings.Contains(before, "\n") {
			before += " "
		}
	}
	return at, before
}

// newProperty returns a property as XML. It declares its namespace if that is not known where it will be.
func (d *Document) newProperty(at *element, space, local, text string, alt bool) string {
	if !alt {
		return d.wrap(at, space, local, escape(text, 0))
	}
	r, _ := d.rdf.prefix(rdf)
	return d.wrap(at, space, local, "<"+r+"Alt><"+r+`li xml:lang="x-default">`+escape(text, 0)+"</"+r+"li></"+r+"Alt>")
}

// newList returns a property with an unordered list.
func (d *Document) newList(at *element, space, local string, texts []string) string {
	r, _ := d.rdf.prefix(rdf)
	var b strings.Builder
	b.WriteString("<" + r + "Bag>")
	for _, text := range texts {
		b.WriteString("<" + r + "li>" + escape(text, 0) + "</" + r + "li>")
	}
	b.WriteString("</" + r + "Bag>")
	return d.wrap(at, space, local, b.String())
}

// wrap puts content into an element of a property, which is inside at.
func (d *Document) wrap(at *element, space, local, content string) string {
	prefix, known := at.prefix(space)
	declare := ""
	if !known {
		prefix = usualPrefix(space)
		declare = " xmlns:" + strings.TrimSuffix(prefix, ":") + `="` + space + `"`
	}
	whole := "<" + prefix + local + declare + ">" + content + "</" + prefix + local + ">"
	if at != d.rdf {
		return whole
	}
	r, _ := d.rdf.prefix(rdf)
	about := ""
	if r != "" { // an attribute without a prefix has no namespace
		about = " " + r + `about=""`
	}
	return "<" + r + "Description" + about + ">" + whole + "</" + r + "Description>"
}

func usualPrefix(space string) string {
	switch space {
	case DC:
		return "dc:"
	case EXIF:
		return "exif:"
	case Photoshop:
		return "photoshop:"
	}
	return "p:"
}

// Bytes returns the packet with all changes.
func (d *Document) Bytes() []byte {
	edits := slices.Clone(d.edits)
	for e, texts := range d.inserts {
		edits = append(edits, d.insertion(e, strings.Join(texts, "")))
	}
	slices.SortStableFunc(edits, func(a, b splice) int { return a.start - b.start })
	var out []byte
	at := 0
	for _, s := range edits {
		if s.start < at { // inside of what is replaced
			continue
		}
		out = append(append(out, d.data[at:s.start]...), s.with...)
		at = s.end
	}
	return append(out, d.data[at:]...)
}

// insertion returns the splice that adds children to an element: behind its last child, or before the white
// space at its end.
func (d *Document) insertion(e *element, children string) splice {
	if e.selfClosed() {
		slash := e.start.end - len("/>")
		return splice{span{slash, e.start.end}, ">" + children + "</" + e.raw + ">"}
	}
	at := e.start.end
	if len(e.children) > 0 {
		at = e.children[len(e.children)-1].end.end
	}
	return splice{span{at, at}, children}
}

// escape returns a text as the content of an element, or of an attribute in this kind of quotes.
func escape(text string, quote byte) string {
	pairs := []string{"&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;"}
	if quote != 0 {
		pairs = append(pairs, "\n", "&#xA;", "\t", "&#x9;")
	}
	switch quote {
	case '"':
		pairs = append(pairs, `"`, "&quot;")
	case '\'':
		pairs = append(pairs, "'", "&apos;")
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
