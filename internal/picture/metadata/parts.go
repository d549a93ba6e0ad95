package metadata

import (
	"encoding/binary"
	"io"

	"github.com/bep/imagemeta"

	"photos/internal/picture"
)

// A part is a stretch of a file that the metadata library understands.
type part struct {
	r       io.ReadSeeker
	format  imagemeta.ImageFormat
	root    string           // the directory that the part's first one stands for; "" for IFD0
	without imagemeta.Source // sources in it that say something about another picture
}

// parts finds what to read in a file of this type: nearly always all of it.
func parts(mediaType string, file *io.SectionReader) []part {
	switch mediaType {
	case picture.RAF:
		return rafParts(file)
	case picture.CR3:
		return cr3Parts(file)
	case picture.ORF, picture.RW2:
		return []part{{r: plainTIFF(file), format: imagemeta.DNG}}
	case picture.HEIC, picture.HEIF, picture.AVIF:
		if !soundLocations(file) {
			return nil
		}
	}
	format, known := formats(mediaType)
	if !known {
		return nil
	}
	return []part{{r: file, format: format}}
}

func formats(mediaType string) (imagemeta.ImageFormat, bool) {
	switch mediaType {
	case picture.JPEG:
		return imagemeta.JPEG, true
	case picture.PNG:
		return imagemeta.PNG, true
	case picture.WebP:
		return imagemeta.WebP, true
	case picture.TIFF:
		return imagemeta.TIFF, true
	case picture.HEIC, picture.HEIF:
		return imagemeta.HEIF, true
	case picture.AVIF:
		return imagemeta.AVIF, true
	case picture.CR2:
		return imagemeta.CR2, true
	case picture.NEF:
		return imagemeta.NEF, true
	case picture.ARW:
		return imagemeta.ARW, true
	case picture.PEF:
		return imagemeta.PEF, true
	case picture.DNG, picture.SRW:
		return imagemeta.DNG, true
	}
	return imagemeta.ImageFormatAuto, false
}

// rafParts is the JPEG that a Fujifilm RAW embeds; its place is in the header, at
// byte 84. The JPEG's size in pixels is not the picture's.
func rafParts(file *io.SectionReader) []part {
	var header [8]byte
	if _, err := file.ReadAt(header[:], 84); err != nil {
		return nil
	}
	at := int64(binary.BigEndian.Uint32(header[:]))
	size := int64(binary.BigEndian.Uint32(header[4:]))
	return []part{{
		r:       io.NewSectionReader(file, at, size),
		format:  imagemeta.JPEG,
		without: imagemeta.CONFIG,
	}}
}

// cr3Parts are the three TIFFs in which a Canon CR3 keeps what other files keep in
// three directories of one (https://github.com/lclevy/canon_cr3).
func cr3Parts(file *io.SectionReader) []part {
	const canonUUID = "\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48"
	var found []part
	for b := range boxes(find(file, "moov")) {
		if b.kind != "uuid" || readString(b.body, 0, len(canonUUID)) != canonUUID {
			continue
		}
		for b := range boxes(after(b.body, int64(len(canonUUID)))) {
			switch b.kind {
			case "CMT1":
				found = append(found, part{r: b.body, format: imagemeta.DNG})
			case "CMT2":
				found = append(found, part{r: b.body, format: imagemeta.TIFF, root: exifDirectory, without: imagemeta.CONFIG})
			case "CMT4":
				found = append(found, part{r: b.body, format: imagemeta.TIFF, root: gpsDirectory, without: imagemeta.CONFIG})
			}
		}
	}
	return found
}

// plainTIFF shows Olympus's and Panasonic's RAW as what they are but for a number
// of their own where TIFF has 42.
func plainTIFF(file *io.SectionReader) io.ReadSeeker {
	return io.NewSectionReader(overlay42{file}, 0, file.Size())
}

type overlay42 struct{ r io.ReaderAt }

func (o overlay42) ReadAt(p []byte, off int64) (int, error) {
	n, err := o.r.ReadAt(p, off)
	if off == 0 && n >= 4 {
		var order binary.ByteOrder = binary.LittleEndian
		if p[0] == 'M' {
			order = binary.BigEndian
		}
		order.PutUint16(p[2:], 42)
	}
	return n, err
}
