package xmp_test

import (
	"bytes"
	"encoding/xml"
	"maps"
	"slices"
	"strings"
	"testing"

	"photos/internal/xmp"
)

// packets are sidecars as programs write them: Lightroom, darktable, digiKam, exiftool, and photos itself.
func packets() map[string]string {
	const rdf = `xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"`
	return map[string]string{
		"Lightroom": `<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0-c000">
 <rdf:RDF ` + rdf + `>
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmp:Rating="3"
   exif:DateTimeOriginal="2024-05-31T18:00:00.45"
   crs:Version="15.0">
   <dc:description>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">old</rdf:li>
    </rdf:Alt>
   </dc:description>
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Lake</rdf:li>
     <rdf:li>summer</rdf:li>
    </rdf:Bag>
   </dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>`,
		"darktable": `<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF ` + rdf + `>
  <rdf:Description rdf:about=""
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:darktable="http://darktable.sf.net/"
   exif:DateTimeOriginal="2024:05:31 18:00:00.000"
   darktable:xmp_version="5"
   darktable:raw_params="0">
   <darktable:history>
    <rdf:Seq>
     <rdf:li darktable:num="0" darktable:operation="exposure"/>
    </rdf:Seq>
   </darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
`,
		"digiKam": `<?xpacket begin="` + "\ufeff" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ` + rdf + `><rdf:Description rdf:about="" xmlns:digiKam="http://www.digikam.org/ns/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"><digiKam:TagsList><rdf:Seq><rdf:li>Places/Lake</rdf:li></rdf:Seq></digiKam:TagsList><dc:subject><rdf:Bag/></dc:subject><dc:description/></rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>`,
		"exiftool": `<?xpacket begin='` + "\ufeff" + `' id='W5M0MpCehiHzreSzNTczkc9d'?>
<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='Image::ExifTool 12.57'>
<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>

 <rdf:Description rdf:about=''
  xmlns:dc='http://purl.org/dc/elements/1.1/'>
  <dc:description>
   <rdf:Alt>
    <rdf:li xml:lang='de'>alt</rdf:li>
    <rdf:li xml:lang='x-default'>old</rdf:li>
   </rdf:Alt>
  </dc:description>
 </rdf:Description>

 <rdf:Description rdf:about=''
  xmlns:exif='http://ns.adobe.com/exif/1.0/'>
  <exif:GPSLatitude>48,15N</exif:GPSLatitude>
 </rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end='w'?>`,
		"attributes":       `<rdf:RDF ` + rdf + `><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:description='old'/></rdf:RDF>`,
		"nothing":          `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF ` + rdf + `/></x:xmpmeta>`,
		"other prefixes":   `<RDF xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><Description xmlns:d="http://purl.org/dc/elements/1.1/" xmlns:dc="urn:other" dc:x="1"><d:title><Alt><li xml:lang="x-default">t</li></Alt></d:title></Description></RDF>`,
		"a taken prefix":   `<rdf:RDF ` + rdf + `><rdf:Description rdf:about="" xmlns:dc="urn:other" dc:description="not this one"/></rdf:RDF>`,
		"a byte mark":      "\ufeff<rdf:RDF " + rdf + "><rdf:Description rdf:about=\"\"></rdf:Description></rdf:RDF>",
		"lines of Windows": strings.ReplaceAll("<rdf:RDF "+rdf+">\n <rdf:Description rdf:about=\"\">\n  <p:q xmlns:p=\"urn:p\">1</p:q>\n </rdf:Description>\n</rdf:RDF>\n", "\n", "\r\n"),
	}
}

func parse(t *testing.T, packet string) *xmp.Document {
	t.Helper()
	d, err := xmp.ParseDocument([]byte(packet))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestSetText sets a text in each packet. It can be read again, and everything else keeps its bytes.
func TestSetText(t *testing.T) {
	t.Parallel()
	for name, packet := range packets() {
		for _, text := range []string{"new", "quotes ' \" & <b> ]]>", "two\nlines\ttab", "山 🙂"} {
			d := parse(t, packet)
			before := d.Text(xmp.DC, "description")
			if err := d.SetText(xmp.DC, "description", text, true); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			out := string(d.Bytes())
			if got := parse(t, out).Text(xmp.DC, "description"); got != text {
				t.Errorf("%s: the text is %q, want %q", name, got, text)
			}
			if p, err := xmp.Parse([]byte(out)); err != nil || p.Text(xmp.DC, "description") != text {
				t.Errorf("%s: read again: %q, %v", name, p.Text(xmp.DC, "description"), err)
			}
			again := parse(t, out)
			if before == "" {
				continue
			}
			if err := again.SetText(xmp.DC, "description", before, true); err != nil {
				t.Fatal(err)
			}
			if got := string(again.Bytes()); got != packet {
				t.Errorf("%s: set back, it is\n%s\nand was\n%s", name, got, packet)
			}
		}
	}
}

// TestAddAndRemove adds what a packet does not have and removes it again.
func TestAddAndRemove(t *testing.T) {
	t.Parallel()
	for name, packet := range packets() {
		d := parse(t, packet)
		if d.Has(xmp.Photoshop, "DateCreated") {
			t.Fatal("the test needs a property that no packet has")
		}
		if err := d.SetText(xmp.Photoshop, "DateCreated", "2024", false); err != nil {
			t.Fatal(err)
		}
		out := string(d.Bytes())
		if parse(t, out).Text(xmp.Photoshop, "DateCreated") != "2024" || len(out) <= len(packet) {
			t.Errorf("%s: nothing was added:\n%s", name, out)
		}
		again := parse(t, out)
		if err := again.Remove(xmp.Photoshop, "DateCreated"); err != nil {
			t.Fatal(err)
		}
		if got := string(again.Bytes()); strings.Join(strings.Fields(got), "") != strings.Join(strings.Fields(packet), "") && !strings.Contains(packet, "/>") && name != "nothing" {
			t.Errorf("%s: after the removal it is\n%s\nand was\n%s", name, got, packet)
		}
	}
}

func TestItems(t *testing.T) {
	t.Parallel()
	for name, packet := range packets() {
		d := parse(t, packet)
		had := d.Items(xmp.DC, "subject")
		if err := d.AddItems(xmp.DC, "subject", []string{"a & b", "c"}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := d.RemoveItems(xmp.DC, "subject", func(s string) bool { return s == "summer" }); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := append(slices.DeleteFunc(had, func(s string) bool { return s == "summer" }), "a & b", "c")
		if got := parse(t, string(d.Bytes())).Items(xmp.DC, "subject"); !slices.Equal(got, want) {
			t.Errorf("%s: the items are %q, want %q\n%s", name, got, want, d.Bytes())
		}
	}
}

func TestUnchangedDocument(t *testing.T) {
	t.Parallel()
	for name, packet := range packets() {
		if got := string(parse(t, packet).Bytes()); got != packet {
			t.Errorf("%s: it is\n%s", name, got)
		}
	}
}

func TestRefusedForms(t *testing.T) {
	t.Parallel()
	d := parse(t, packets()["exiftool"])
	if err := d.Remove(xmp.DC, "description"); err == nil {
		t.Error("texts in two languages were removed")
	}
	for _, bad := range []string{"", "<a/>", "<!DOCTYPE x [<!ENTITY e 'x'>]><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\"/>", "<rdf:RDF", `<?xml version="1.0" encoding="ISO-8859-1"?><a/>`} {
		if _, err := xmp.ParseDocument([]byte(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// FuzzEdit changes any packet. The change can be read again, and no other property changes.
func FuzzEdit(f *testing.F) {
	for _, packet := range packets() {
		f.Add([]byte(packet), "new & <text>", "tag")
	}
	f.Fuzz(func(t *testing.T, data []byte, text, item string) {
		d, err := xmp.ParseDocument(data)
		if err != nil {
			return
		}
		if !bytes.Equal(d.Bytes(), data) {
			t.Fatal("a document without changes has other bytes")
		}
		text, item = strings.TrimSpace(text), strings.TrimSpace(item)
		if text == "" || item == "" || !validXML(text) || !validXML(item) {
			return
		}
		had := d.Items(xmp.DC, "subject")
		if d.SetText(xmp.DC, "description", text, true) != nil || d.AddItems(xmp.DC, "subject", []string{item}) != nil {
			return
		}
		out := d.Bytes()
		again, err := xmp.ParseDocument(out)
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, data, out)
		}
		if got := again.Text(xmp.DC, "description"); got != text {
			t.Errorf("the text is %q, want %q\n%s\n%s", got, text, data, out)
		}
		if got := again.Items(xmp.DC, "subject"); !slices.Equal(got, append(had, item)) {
			t.Errorf("the items are %q, want %q and %q\n%s\n%s", got, had, item, data, out)
		}
		before, _ := xmp.Parse(data)
		after, _ := xmp.Parse(out)
		for _, p := range []xmp.Packet{before, after} {
			maps.DeleteFunc(p, func(n xml.Name, _ string) bool { return n.Space == xmp.DC })
		}
		if !maps.Equal(before, after) {
			t.Errorf("other properties changed from %v to %v", before, after)
		}
	})
}

// validXML reports whether XML can have all characters of a text.
func validXML(s string) bool {
	var b bytes.Buffer
	return xml.EscapeText(&b, []byte(s)) == nil && !strings.Contains(b.String(), "\ufffd") && !strings.Contains(s, "\r")
}
