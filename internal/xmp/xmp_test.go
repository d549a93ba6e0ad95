package xmp_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf16"

	"photos/internal/xmp"
)

func packet(body string) string {
	return `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">` +
		`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` + body + `</rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
}

func description(attributes, properties string) string {
	return `<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" ` +
		attributes + `>` + properties + `</rdf:Description>`
}

func TestText(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ packet, want string }{
		"attribute":            {packet(description(`dc:description="A"`, "")), "A"},
		"plain":                {packet(description("", "<dc:description> A </dc:description>")), "A"},
		"x-default":            {packet(description("", `<dc:description><rdf:Alt><rdf:li xml:lang="de">B</rdf:li><rdf:li xml:lang="x-default">A</rdf:li></rdf:Alt></dc:description>`)), "A"},
		"first language":       {packet(description("", `<dc:description><rdf:Alt><rdf:li xml:lang="de">A</rdf:li><rdf:li xml:lang="fr">B</rdf:li></rdf:Alt></dc:description>`)), "A"},
		"a bag":                {packet(description("", `<dc:description><rdf:Bag><rdf:li></rdf:li><rdf:li>A</rdf:li></rdf:Bag></dc:description>`)), "A"},
		"the second resource":  {packet(description(`tiff:Make="X"`, "") + description(`dc:description="A"`, "")), "A"},
		"the first value wins": {packet(description(`dc:description="A"`, "") + description(`dc:description="B"`, "")), "A"},
		"a structure":          {packet(description("", `<dc:description rdf:parseType="Resource"><dc:x>B</dc:x></dc:description>`)), ""},
		"entities":             {packet(description("", "<dc:description>A &amp; B</dc:description>")), "A & B"},
		"cut off":              {packet(description(`dc:description="A"`, ""))[:320], "A"},
		"a byte order mark":    {"\xef\xbb\xbf" + packet(description(`dc:description="A"`, "")), "A"},
		"NUL bytes at the end": {packet(description(`dc:description="A"`, "")) + "\x00\x00", "A"},
		"UTF-16":               {utf16LE("<?xml version=\"1.0\" encoding=\"UTF-16\"?>" + packet(description(`dc:description="Ä"`, ""))), "Ä"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := xmp.Parse([]byte(test.packet))
			if got := p.Text(xmp.DC, "description"); got != test.want {
				t.Errorf("description %q, want %q", got, test.want)
			}
		})
	}
}

func utf16LE(s string) string {
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

func TestErrors(t *testing.T) {
	t.Parallel()
	if _, err := xmp.Parse([]byte("<svg/>")); !errors.Is(err, xmp.ErrNone) {
		t.Errorf("a drawing: error %v, want %v", err, xmp.ErrNone)
	}
	for name, text := range map[string]string{
		"not XML":               "beach.jpg",
		"an own entity":         `<!DOCTYPE x [<!ENTITY e "A">]>` + packet(description("", "<dc:description>&e;</dc:description>")),
		"nested without end":    packet(description("", strings.Repeat("<dc:a>", 10000))),
		"nested in a structure": packet(description("", "<dc:a><dc:b>"+strings.Repeat("<a>", 10000))),
		"many elements":         packet(description("", strings.Repeat("<dc:a/>", 20000))),
		"many in a structure":   packet(description("", "<dc:a>"+strings.Repeat("<dc:b/>", 20000)+"</dc:a>")),
		"containers in depth":   packet(description("", "<dc:description>"+strings.Repeat("<rdf:Bag><rdf:li>", 10000))),
	} {
		if p, err := xmp.Parse([]byte(text)); err == nil {
			t.Errorf("%s: no error, and %v", name, p)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(packet(description(`dc:description="A"`, "<dc:description><rdf:Alt><rdf:li>A</rdf:li></rdf:Alt></dc:description>"))))
	f.Add([]byte(utf16LE(packet(description(`dc:description="A"`, "")))))
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = xmp.Parse(b) })
}
