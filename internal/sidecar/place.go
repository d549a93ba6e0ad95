package sidecar

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"photos/internal/xmp"
)

// Names are the names of the files in a folder, by what they have before their extension, folded.
type Names map[string][]string

// NamesIn returns the names of the files in a folder. A folder that cannot be listed has none.
func NamesIn(dir string) Names {
	names := Names{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		names.Add(e.Name())
	}
	return names
}

// stemOf returns a name without its extension, whatever that is.
func stemOf(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }

// Add adds the name of a file that was made later.
func (n Names) Add(name string) {
	key := fold(stemOf(name))
	if !slices.Contains(n[key], name) {
		n[key] = append(n[key], name)
	}
}

// XMP returns the name of a photo's XMP sidecar: of the one that is there, or the name that a new one gets.
//
// Programs name sidecars in two ways: darktable and digiKam append .xmp (IMG.JPG.xmp), Adobe's programs
// replace the extension (IMG.xmp). One rule decides: the long name wins; the short name belongs to the
// photo of that name if there is only one, or only one raw photo, or else only one that is not a video; a new
// sidecar gets the long name. about returns the extension that a sidecar says it is about, or "".
func (n Names) XMP(name string, about func(sidecar string) string) string {
	long := name + ".xmp"
	if found := n.xmp(name, name); found != "" {
		return found
	}
	ext, stem := filepath.Ext(name), stemOf(name)
	short := n.xmp(stem, name)
	if ext == "" || short == "" {
		return long
	}
	if kind := about(short); kind != "" {
		if strings.EqualFold("."+strings.TrimPrefix(kind, "."), ext) {
			return short
		}
		return long
	}
	if n.owner(stem) == name {
		return short
	}
	return long
}

// xmp returns the name of the sidecar with this name before its extension: exactly, or in another case. A
// sidecar in another case may be that of another photo, which is there too.
func (n Names) xmp(base, photo string) string {
	found := ""
	for _, file := range n[fold(base)] {
		if !strings.EqualFold(filepath.Ext(file), ".xmp") {
			continue
		}
		about := stemOf(file)
		if about == base {
			return file
		}
		if found == "" && (about == photo || !n.has(about)) {
			found = file
		}
	}
	return found
}

// has reports whether there is a file of exactly this name.
func (n Names) has(name string) bool {
	return slices.Contains(n[fold(stemOf(name))], name)
}

// owner returns the photo that a sidecar without an extension belongs to, or "" if that is doubtful.
func (n Names) owner(stem string) string {
	best, owner := 0, ""
	for _, file := range n[fold(stem)] {
		switch rank := rankOf(filepath.Ext(file)); {
		case rank == 0:
		case rank > best:
			best, owner = rank, file
		case rank == best:
			owner = ""
		}
	}
	return owner
}

// rankOf orders the kinds of files that a sidecar can be about. It is 0 for other files.
func rankOf(ext string) int {
	switch strings.ToLower(ext) {
	case ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".iiq", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf",
		".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f":
		return 3
	case ".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".webm", ".wmv":
		return 1
	case ".avif", ".bmp", ".gif", ".heic", ".heif", ".jp2", ".jpeg", ".jpg", ".jxl", ".png", ".psd", ".tif", ".tiff", ".webp":
		return 2
	}
	return 0
}

// ExtensionIn returns the extension of the photo that an XMP sidecar says it is about, or "".
func ExtensionIn(content []byte) string {
	p, _ := xmp.Parse(content) // a broken one says nothing
	return p.Text(xmp.Photoshop, "SidecarForExtension")
}
