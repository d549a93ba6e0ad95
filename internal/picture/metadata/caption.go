package metadata

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"photos/internal/photo"
)

// caption is the first text by a person, in the order in which programs that
// write several keep them up to date (Metadata Working Group, Guidelines 2.0,
// section 5.3). EXIF's UserComment is no source: cameras fill it with codes, and
// the library garbles what is not ASCII in it.
func (t *tags) caption() string {
	for _, s := range []string{
		text(t.xmp, "Description"),
		repairUTF8(text(t.iptc, "Caption-Abstract")),
		text(t.exif, "ImageDescription"),
	} {
		s = printable(s, photo.MaxDescription)
		if s != "" && !strings.ContainsRune(s, utf8.RuneError) && !junk(s, text(t.exif, "Make")) {
			return s
		}
	}
	return ""
}

// printable is s without control characters other than line ends and tabs, white
// space at its ends, or anything beyond limit bytes.
func printable(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r == '\r' || unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}

// junk reports whether a camera made of this maker, or a program, wrote the
// caption by itself.
func junk(caption, maker string) bool {
	lower := strings.ToLower(caption)
	for _, prefix := range []string{
		`dcim\`, "dcim/", // drones and action cameras write a path
		"<kenox", "<samsung", "<digimax",
	} {
		if strings.HasPrefix(lower, prefix) {
			return true
		}
	}
	if slices.Contains([]string{
		"olympus digital camera", "sony dsc", "konica minolta digital camera", "minolta digital camera", "minolta",
		"kodak digital still camera", "pentax digital camera", "vivitar digital camera", "samsung digital camera",
		"samsung camera pictures", "samsung", "digital camera", "digital still camera", "default", "exif_jpeg_picture",
		"exif jpeg picture", "jpeg", "image", "untitled", "screenshot", "created with gimp", "charset=ascii",
	}, lower) {
		return true
	}
	return !strings.ContainsFunc(caption, unicode.IsLetter) && !strings.ContainsFunc(caption, unicode.IsDigit) || modeOfHuawei(caption, maker)
}

// modeOfHuawei reports whether the caption is one of the short words (cof, rhdr,
// oznor) by which phones of Huawei and Honor name their camera mode.
func modeOfHuawei(caption, maker string) bool {
	if maker = strings.ToLower(maker); maker != "huawei" && maker != "honor" {
		return false
	}
	return len(caption) <= 8 && strings.Trim(caption, "abcdefghijklmnopqrstuvwxyz") == ""
}

// repairUTF8 undoes what the library does to IPTC texts that do not declare
// their character set: it takes them for Latin-1, while programs write UTF-8.
func repairUTF8(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > unicode.MaxLatin1 {
			return s
		}
		b = append(b, byte(r))
	}
	if !utf8.Valid(b) {
		return s
	}
	return string(b)
}
