package metadata

import (
	"strings"

	"github.com/bep/imagemeta"
)

// Directories of EXIF as the library names them, and the namespace of XMP that
// has a description.
const (
	mainDirectory = "IFD0"
	exifDirectory = "IFD0/ExifIFDP"
	gpsDirectory  = "IFD0/GPSInfoIFD"
	dublinCore    = "http://purl.org/dc/elements/1.1/"
)

// tags are the few of a picture's tags that we use. Of two of one name the first
// one counts: a later one describes a thumbnail or an edit.
type tags struct {
	exif, iptc, xmp map[string]any
	width, height   int // as stored
}

// collect adds a part's tags. A broken source ends the library's walk, so then
// each is tried alone: a bad EXIF block must not cost the caption in XMP.
func (t *tags) collect(p part) {
	sources := (imagemeta.EXIF | imagemeta.IPTC | imagemeta.XMP | imagemeta.CONFIG).Remove(p.without)
	if t.collectSources(p, sources) == nil {
		return
	}
	for s := imagemeta.EXIF; s <= imagemeta.CONFIG; s <<= 1 {
		if sources.Has(s) {
			_ = t.collectSources(p, s) // broken: what it gave is all there is
		}
	}
}

func (t *tags) collectSources(p part, sources imagemeta.Source) error {
	if _, err := p.r.Seek(0, 0); err != nil {
		return err
	}
	recorder := &blockRecorder{ReadSeeker: p.r}
	result, err := imagemeta.Decode(imagemeta.Options{
		R:           recorder,
		ImageFormat: p.format,
		Sources:     sources,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool {
			return wanted(p.inFile(tag))
		},
		HandleTag: func(tag imagemeta.TagInfo) error {
			t.add(tag)
			return nil
		},
		LimitNumTags: 5000,
		LimitTagSize: 8192,
		// No Timeout: when it strikes, the library's buffers go back to its pool
		// while still in use. The guard bounds its time.
	})
	if sources.Has(imagemeta.EXIF) {
		t.addDigits(subSeconds(recorder.tiff(p)))
	}
	if t.width == 0 {
		t.width, t.height = result.ImageConfig.Width, result.ImageConfig.Height
	}
	return err
}

// addDigits adds fractions of a second.
func (t *tags) addDigits(found map[string]string) {
	for name, digits := range found {
		t.add(imagemeta.TagInfo{Source: imagemeta.EXIF, Tag: name, Value: digits})
	}
}

// inFile is tag with the directory it would have in an ordinary file.
func (p part) inFile(tag imagemeta.TagInfo) imagemeta.TagInfo {
	if rest, ok := strings.CutPrefix(tag.Namespace, mainDirectory); ok && p.root != "" && tag.Source == imagemeta.EXIF {
		tag.Namespace = p.root + rest
	}
	return tag
}

func (t *tags) add(tag imagemeta.TagInfo) {
	m := &t.exif
	switch tag.Source {
	case imagemeta.IPTC:
		m = &t.iptc
	case imagemeta.XMP:
		m = &t.xmp
	}
	if *m == nil {
		*m = make(map[string]any)
	}
	if _, has := (*m)[tag.Tag]; !has {
		(*m)[tag.Tag] = tag.Value
	}
}

func wanted(tag imagemeta.TagInfo) bool {
	switch tag.Source {
	case imagemeta.EXIF:
		return wantedEXIF(tag.Namespace, tag.Tag)
	case imagemeta.IPTC:
		switch tag.Tag {
		case "CodedCharacterSet", // not for us: the library decodes the others by it
			"Caption-Abstract", "DateCreated", "TimeCreated":
			return true
		}
	case imagemeta.XMP:
		switch tag.Tag {
		case "Description":
			return tag.Namespace == dublinCore
		case "DateTimeOriginal", "DateCreated", "CreateDate", "GPSLatitude", "GPSLongitude", "Make", "Model":
			return true
		}
	}
	return false
}

// wantedEXIF minds the directory: the library names a tag by its number alone,
// and numbers mean other things elsewhere.
func wantedEXIF(directory, tag string) bool {
	switch directory {
	case mainDirectory:
		switch tag {
		case "Make", "Model", "Orientation", "ImageDescription", "ModifyDate", "OffsetTime",
			"DateTimeOriginal", "OffsetTimeOriginal", "CreateDate", "OffsetTimeDigitized": // TIFF/EP has them here
			return true
		}
	case exifDirectory:
		switch tag {
		case "DateTimeOriginal", "OffsetTimeOriginal", "CreateDate", "OffsetTimeDigitized", "OffsetTime",
			"ExifImageWidth", "ExifImageHeight",
			"Make", "Model": // misplaced by phones of HTC
			return true
		}
	case gpsDirectory:
		switch tag {
		case "GPSLatitude", "GPSLatitudeRef", "GPSLongitude", "GPSLongitudeRef":
			return true
		}
	}
	return false
}

// text is a value that is a string or a list that begins with one, trimmed.
func text(values map[string]any, name string) string {
	switch v := values[name].(type) {
	case string:
		return strings.TrimSpace(v)
	case []string:
		if len(v) > 0 {
			return strings.TrimSpace(v[0])
		}
	}
	return ""
}

// number is a value that is a whole number, whichever width the camera chose.
func number(values map[string]any, name string) int {
	switch v := values[name].(type) {
	case uint16:
		return int(v)
	case uint32:
		return int(v)
	case int32:
		return int(v)
	case uint8:
		return int(v)
	}
	return 0
}
