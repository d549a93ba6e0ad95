package sidecar_test

import (
	"encoding/binary"
	"testing"
	"unicode/utf16"

	"photos/internal/photo"
	"photos/internal/sidecar"
)

const (
	packetStart = `<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="a test">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
`
	namespaces = `xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
    xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"`
	packetEnd = `
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>`
)

// xmp returns a sidecar with one resource that has these properties.
func xmp(properties string) string {
	return packetStart + `<rdf:Description rdf:about="" ` + namespaces + `>` + properties + `</rdf:Description>` + packetEnd
}

// wide returns s in UTF-16, the low byte first.
func wide(s string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return string(b)
}

func alt(property, items string) string {
	return "<" + property + ">\n   <rdf:Alt>" + items + "</rdf:Alt>\n  </" + property + ">"
}

func TestXMP(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ content, want string }{
		"an alternative": {xmp(alt("dc:description", `<rdf:li xml:lang="x-default">At the lake</rdf:li>`)), "At the lake"},
		"the default language among others": {
			xmp(alt("dc:description", `<rdf:li xml:lang="de-DE">Am See</rdf:li><rdf:li xml:lang="x-default">At the lake</rdf:li>`)), "At the lake"},
		"no default language":     {xmp(alt("dc:description", `<rdf:li xml:lang="de-DE">Am See</rdf:li><rdf:li xml:lang="fr">Au lac</rdf:li>`)), "Am See"},
		"an empty default":        {xmp(alt("dc:description", `<rdf:li xml:lang="x-default"/><rdf:li xml:lang="fr">Au lac</rdf:li>`)), "Au lac"},
		"plain text":              {xmp(`<dc:description>At the lake</dc:description>`), "At the lake"},
		"a list":                  {xmp(`<dc:description><rdf:Seq><rdf:li>At the lake</rdf:li></rdf:Seq></dc:description>`), "At the lake"},
		"an attribute":            {packetStart + `<rdf:Description ` + namespaces + ` dc:description="At the lake"/>` + packetEnd, "At the lake"},
		"another prefix":          {packetStart + `<rdf:Description xmlns:a="http://purl.org/dc/elements/1.1/"><a:description>At the lake</a:description></rdf:Description>` + packetEnd, "At the lake"},
		"another namespace":       {packetStart + `<rdf:Description xmlns:dc="http://example.com/"><dc:description>x</dc:description></rdf:Description>` + packetEnd, ""},
		"several resources":       {packetStart + `<rdf:Description ` + namespaces + `><tiff:ImageDescription>second</tiff:ImageDescription></rdf:Description><rdf:Description ` + namespaces + `><dc:description>first</dc:description></rdf:Description>` + packetEnd, "first"},
		"TIFF's":                  {xmp(`<photoshop:Headline>last</photoshop:Headline>` + alt("tiff:ImageDescription", `<rdf:li xml:lang="x-default">At the lake</rdf:li>`)), "At the lake"},
		"EXIF's":                  {xmp(alt("exif:ImageDescription", `<rdf:li xml:lang="x-default">At the lake</rdf:li>`)), "At the lake"},
		"a headline":              {xmp(`<photoshop:Headline>At the lake</photoshop:Headline>`), "At the lake"},
		"of an ingredient":        {xmp(`<xmpMM:Pantry><rdf:Bag><rdf:li><rdf:Description><dc:description>x</dc:description></rdf:Description></rdf:li></rdf:Bag></xmpMM:Pantry>`), ""},
		"nothing":                 {xmp(``), ""},
		"white space":             {xmp(alt("dc:description", "<rdf:li xml:lang=\"x-default\">\n  At the lake\r\nin the rain \n</rdf:li>")), "At the lake\nin the rain"},
		"escapes":                 {xmp(`<dc:description>Tom &amp; Ann &lt;3 &#x1F600; <![CDATA[<b>]]></dc:description>`), "Tom & Ann <3 😀 <b>"},
		"control characters":      {xmp("<dc:description>a\u0085b\tc</dc:description>"), "ab\tc"},
		"without a wrapper":       {`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description ` + namespaces + `><dc:description>At the lake</dc:description></rdf:Description></rdf:RDF>`, "At the lake"},
		"a mark of UTF-8 first":   {"\ufeff" + xmp(`<dc:description>At the lake</dc:description>`), "At the lake"},
		"as long as may be":       {xmp(`<dc:description>` + repeat("é", photo.MaxDescription/2) + `</dc:description>`), repeat("é", photo.MaxDescription/2)},
		"in UTF-16":               {"\xff\xfe" + wide(xmp(`<dc:description>At the lake</dc:description>`)), "At the lake"},
		"declared to be of UTF-8": {`<?xml version="1.0" encoding="utf-8"?>` + xmp(`<dc:description>At the lake</dc:description>`), "At the lake"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{"a.jpg.xmp": c.content})
			text, err := describe(sidecar.New([]sidecar.Kind{sidecar.XMP}), dir+"a.jpg")
			if text != c.want || err != nil {
				t.Errorf("%.60q, %v, want %.60q", text, err, c.want)
			}
		})
	}
}

func TestBrokenXMP(t *testing.T) {
	t.Parallel()
	bomb := `<!DOCTYPE x [<!ENTITY a "` + repeat("a", 1000) + `"><!ENTITY b "` + repeat("&a;", 1000) + `">]>`
	for name, c := range map[string]struct {
		content string
		kind    photo.Kind
	}{
		"empty":                  {"", photo.KindUnreadable},
		"a picture":              {"\xff\xd8\xff\xe0\x00\x10JFIF", photo.KindUnreadable},
		"another document":       {`<html><body>no XMP</body></html>`, photo.KindUnreadable},
		"torn":                   {xmp(alt("dc:description", `<rdf:li>At the lake</rdf:li>`))[:500], photo.KindUnreadable},
		"not UTF-8":              {xmp("<dc:description>\xe9t\xe9</dc:description>"), photo.KindUnreadable},
		"another character set":  {`<?xml version="1.0" encoding="iso-8859-1"?>` + xmp("<dc:description>\xe9t\xe9</dc:description>"), photo.KindUnreadable},
		"entities of its own":    {bomb + xmp(`<dc:description>&b;</dc:description>`), photo.KindUnreadable},
		"an entity that is file": {`<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>` + xmp(`<dc:description>&f;</dc:description>`), photo.KindUnreadable},
		"nested without end":     {packetStart + repeat("<rdf:Description>", 50000), photo.KindUnreadable},
		"too large":              {xmp(`<dc:description>x</dc:description>`) + repeat(" ", 1<<20), photo.KindUnreadable},
		"too long a description": {xmp(`<dc:description>` + repeat("x", photo.MaxDescription+1) + `</dc:description>`), photo.KindTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, map[string]string{"a.jpg.xmp": c.content})
			text, err := describe(sidecar.New([]sidecar.Kind{sidecar.XMP}), dir+"a.jpg")
			if text != "" {
				t.Errorf("text %.60q", text)
			}
			checkKind(t, joined(err), c.kind)
		})
	}
}

func TestNamesOfXMPSidecars(t *testing.T) {
	t.Parallel()
	says := func(s string) string { return xmp(`<dc:description>` + s + `</dc:description>`) }
	dir := folder(t, map[string]string{
		"appended.jpg.xmp": says("appended"), "replaced.xmp": says("replaced"), "CAPITAL.JPG.XMP": says("capital"),
		"two.jpg.xmp": says("of the JPEG"), "two.xmp": says("of the shot"),
		"fallback.jpg.xmp": "<x", "fallback.xmp": says("fallback"),
	})
	f := sidecar.New([]sidecar.Kind{sidecar.XMP})
	for name, want := range map[string]string{
		"appended.jpg": "appended", "appended.cr2": "", "replaced.jpg": "replaced", "replaced.CR2": "replaced", "replaced": "replaced",
		"capital.jpg": "capital", "two.jpg": "of the JPEG", "two.cr2": "of the shot", "fallback.jpg": "fallback",
		"replaced.xmp": "", "other.jpg": "",
	} {
		text, err := describe(f, dir+name)
		if text != want || (err != nil) != (name == "fallback.jpg") {
			t.Errorf("%s: %q, %v, want %q", name, text, err, want)
		}
	}
}
