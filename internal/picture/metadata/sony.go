package metadata

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"io"

	"photos/internal/picture"
)

// addSony reads the XML that cameras of Sony add to a recording, which they call non-real-time metadata: the local
// time, the camera and the lens. meta is the box that holds it, or nil.
func (t *tags) addSony(meta *io.SectionReader) {
	const maxXML = 256 << 10
	if meta == nil {
		return
	}
	box := find(after(meta, 4), "xml ")
	if box == nil {
		return
	}
	text := readAll(box, maxXML)
	d := xml.NewDecoder(bytes.NewReader(text[max(bytes.IndexByte(text, '<'), 0):])) // version and flags stand in front
	for {
		token, err := d.Token()
		if err != nil { // the end, or a fault
			return
		}
		if element, is := token.(xml.StartElement); is {
			t.addSonyElement(element)
		}
	}
}

func (t *tags) addSonyElement(element xml.StartElement) {
	value := func(name string) string {
		for _, a := range element.Attr {
			if a.Name.Local == name {
				return a.Value
			}
		}
		return ""
	}
	switch element.Name.Local {
	case "CreationDate":
		t.addDate(picture.ParseDate(value("value")))
	case "Device":
		t.camera = cmp.Or(t.camera, camera(value("manufacturer"), value("modelName")))
	case "Lens":
		t.lensModel = cmp.Or(t.lensModel, value("modelName"))
	}
}
