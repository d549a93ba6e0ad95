package sidecar

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/text"
	"photos/internal/xmp"
)

// A File is a sidecar of a photo.
type File struct {
	Path  string
	Info  fs.FileInfo // as it was before it was read
	Taken bool        // the photo has every value that is in it
}

// Of returns the sidecars in the folder of the photo at path, and whether the photo, as the
// service has it, has taken all their values. A value that photos does not know is not taken.
func Of(path string, p photo.Photo) []File {
	dir, name := filepath.Split(path)
	b, err := New(nil).readFolder(dir)
	if err != nil || IsSidecar(name) {
		return nil
	}
	var files []File
	for _, file := range b.xmpNames(name) {
		files = append(files, examine(b.files, b.dir+file, func(data []byte) bool { return tookXMP(data, p) }))
	}
	if _, at, _ := b.takeout(name); at != "" {
		files = append(files, examine(b.files, at, func(data []byte) bool { return tookTakeout(data, p) }))
	}
	return files
}

// NeededIn returns the paths of the sidecars in a folder that belong to a file in it. dir ends with a
// separator, or is empty.
func NeededIn(dir string) (map[string]bool, error) {
	f := New(nil)
	b, err := f.readFolder(dir)
	if err != nil {
		return nil, err
	}
	names, err := f.files.Names(cmp.Or(dir, "."))
	if err != nil {
		return nil, err
	}
	needed := map[string]bool{}
	for _, name := range names {
		if IsSidecar(name) {
			continue
		}
		for _, file := range b.xmpNames(name) {
			needed[b.dir+file] = true
		}
		if _, at, _ := b.takeout(name); at != "" {
			needed[at] = true
		}
	}
	return needed, nil
}

// xmpNames returns the names of the XMP sidecars of a photo.
func (b *folder) xmpNames(name string) []string {
	var names []string
	for _, wanted := range []string{name + ".xmp", strings.TrimSuffix(name, filepath.Ext(name)) + ".xmp"} {
		if file := bestName(b.xmps[fold(wanted)], wanted); file != "" && !slices.Contains(names, file) {
			names = append(names, file)
		}
	}
	return names
}

// examine reads a sidecar. One that cannot be read, or changes meanwhile, is not taken.
func examine(files Files, path string, took func([]byte) bool) File {
	f := File{Path: path}
	before, err := os.Lstat(path)
	if err != nil || !before.Mode().IsRegular() {
		return f
	}
	f.Info = before
	data, err := files.Read(path)
	after, statErr := os.Lstat(path)
	f.Taken = errors.Join(err, statErr) == nil && os.SameFile(before, after) &&
		after.Size() == before.Size() && after.ModTime().Equal(before.ModTime()) && took(data)
	return f
}

// tookXMP reports whether the photo has every value of an XMP sidecar.
func tookXMP(data []byte, p photo.Photo) bool {
	packet, err := xmp.Parse(data)
	if err != nil || !onlyKnownXMP(data) {
		return false
	}
	for _, name := range []xml.Name{{Space: xmp.EXIF, Local: "DateTimeOriginal"}, {Space: xmp.Photoshop, Local: "DateCreated"}, {Space: xmp.XMP, Local: "CreateDate"}} {
		if date := packet.Text(name.Space, name.Local); date != "" && picture.ParseDate(date).String() != p.TakenAt.String() {
			return false
		}
	}
	return packetNote(packet).tookBy(p)
}

// tookBy reports whether the photo has the values of a note.
func (n note) tookBy(p photo.Photo) bool {
	return (n.text == "" || text.Clean(n.text) == p.Description) &&
		(n.taken.IsZero() || n.taken.String() == p.TakenAt.String()) &&
		(n.position == nil || samePosition(n.position, p.Position))
}

// samePosition reports whether two positions are less than a meter apart.
func samePosition(a, b *photo.Position) bool {
	const degrees = 1e-5
	return b != nil && math.Abs(a.Latitude-b.Latitude) < degrees && math.Abs(a.Longitude-b.Longitude) < degrees
}

// onlyKnownXMP reports whether a packet has nothing but values that are taken: no other property, and
// no second language of a description.
func onlyKnownXMP(data []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(data))
	items := 0
	for {
		token, err := d.Token()
		if err != nil {
			return errors.Is(err, io.EOF)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name == (xml.Name{Space: rdfSpace, Local: "li"}) {
			items++
		}
		names := []xml.Name{start.Name}
		for _, a := range start.Attr {
			names = append(names, a.Name)
		}
		if items > 1 || slices.ContainsFunc(names, func(n xml.Name) bool { return !isKnownXMP(n) }) {
			return false
		}
	}
}

// isKnownXMP reports whether a name in a packet belongs to its frame or to a value that is taken.
func isKnownXMP(n xml.Name) bool {
	if n.Space == "xmlns" || n.Space == "" && n.Local == "xmlns" {
		return true
	}
	known := map[string][]string{
		"adobe:ns:meta/":                       {"xmpmeta", "xmptk"},
		rdfSpace:                               {"RDF", "Description", "about", "Alt", "li"},
		"http://www.w3.org/XML/1998/namespace": {"lang"}, "xml": {"lang"},
		xmp.DC:        {"description"},
		xmp.EXIF:      {"DateTimeOriginal", "GPSLatitude", "GPSLongitude", "GPSVersionID"},
		xmp.XMP:       {"CreateDate"},
		xmp.Photoshop: {"DateCreated", "SidecarForExtension"},
	}
	return slices.Contains(known[n.Space], n.Local)
}

// tookTakeout reports whether the photo has every value of a JSON of Takeout. What Google notes there
// about its own service, such as the number of views, does not count.
func tookTakeout(data []byte, p photo.Photo) bool {
	var members map[string]json.RawMessage
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if json.Unmarshal(data, &members) != nil {
		return false
	}
	for name := range members {
		switch name {
		case "title", "description", "photoTakenTime", "geoData", "geoDataExif", "photosSeal",
			"imageViews", "creationTime", "modificationTime", "photoLastModifiedTime", "url", "googlePhotosOrigin":
		default:
			return false
		}
	}
	about, err := readTakeout(data)
	return err == nil && (about.Title == "" || about.Title == p.Name) && about.note().tookBy(p)
}
