package sidecar

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strconv"

	"photos/internal/photo"
)

// A Writer makes the file that says beside a photo how it is described, and what
// to append to the photo's name for the file's. A photo that is not described has
// none: content is nil then.
type Writer func(photo.Photo) (suffix string, content []byte)

// WriterOf is the Writer of a format: xmp or json. Its errors are of photo.KindUsage.
func WriterOf(format string) (Writer, error) {
	switch format {
	case "xmp":
		return writeXMP, nil
	case "json":
		return writeTakeout, nil
	}
	return nil, usage(fmt.Sprintf("%.40q is no kind of sidecar", format), "it is xmp or json")
}

// writeXMP is the least packet that photo editors read (XMP specification part 1,
// 7.3 and 8.2.2.4).
func writeXMP(p photo.Photo) (string, []byte) {
	if p.Description == "" {
		return "", nil
	}
	var b bytes.Buffer
	b.WriteString("<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n" +
		"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n <rdf:RDF xmlns:rdf=\"" + rdfSpace + "\">\n" +
		"  <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n" +
		"   <dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">")
	_ = xml.EscapeText(&b, []byte(p.Description)) // a Buffer takes everything
	b.WriteString("</rdf:li></rdf:Alt></dc:description>\n  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>\n")
	return ".xmp", b.Bytes()
}

// writeTakeout has the form of Google Takeout's JSON, because every program that
// takes photos over reads it.
func writeTakeout(p photo.Photo) (string, []byte) {
	if p.Description == "" {
		return "", nil
	}
	type moment struct {
		Timestamp string `json:"timestamp"` // seconds since 1970
	}
	about := struct {
		Title       string  `json:"title"`
		Description string  `json:"description"`
		Taken       *moment `json:"photoTakenTime,omitempty"`
	}{Title: p.Name, Description: p.Description}
	if !p.TakenAt.IsZero() {
		about.Taken = &moment{strconv.FormatInt(p.TakenAt.Time().Unix(), 10)}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(about) // strings and a Buffer: nothing that can fail
	return ".json", b.Bytes()
}
