package metadata

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"photos/internal/photo"
	foreign "photos/internal/text"
	"photos/internal/xmp"
)

// caption is the first text that a human wrote, in the order in which programs
// that write several keep them up to date (Metadata Working Group, Guidelines 2.0,
// section 5.3), then those of Windows and of the container. EXIF's UserComment is
// not used: cameras fill it with codes.
func (t *tags) caption() string {
	mac := strings.Contains(t.text(mainDirectory, tagSoftware), "Macintosh")
	maker, model := t.text(mainDirectory, tagMake), t.text(mainDirectory, tagModel)
	candidates := []string{
		t.property(xmp.DC, "description"),
		t.iptc.text(iptcCaption, mac),
		latin1(t.text(mainDirectory, tagDescription)),
		t.property(xmp.TIFF, "ImageDescription"),
		t.utf16Text(tagXPComment),
		t.utf16Text(tagXPSubject),
		t.utf16Text(tagXPTitle),
	}
	for _, s := range append(candidates, t.captions...) {
		s = cleaned(s, photo.MaxDescription)
		if s != "" && utf8.ValidString(s) && !strings.ContainsRune(s, utf8.RuneError) && !junk(s, maker, model) {
			return s
		}
	}
	return ""
}

// cleaned returns s as it may be kept, cut to at most limit bytes.
func cleaned(s string, limit int) string {
	s = foreign.Clean(s)
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "")
	}
	return s
}

// junk reports whether a camera of this make and model, or a program, wrote the
// caption by itself.
func junk(caption, maker, model string) bool {
	lower := strings.ToLower(strings.Join(strings.Fields(caption), " "))
	if strings.EqualFold(lower, model) || strings.EqualFold(lower, maker) || strings.EqualFold(lower, maker+" "+model) {
		return true
	}
	for _, prefix := range []string{
		`dcim\`, "dcim/", "/dcim/", // drones and action cameras write a path
		"<kenox", "<samsung", "<digimax", "exif_jpeg", "exif jpeg", "created with ", "optimized ", "software: ", "animation photofiltre", "created by imlib", "lead technologies",
		"charset=", "creator: ", "binary comment", "file written by ", "jpeg encoder ", "sony dsc",
	} {
		if strings.HasPrefix(lower, prefix) {
			return true
		}
	}
	for _, suffix := range []string{"digital camera", "digital still camera", "digital stillcamera", "dsc picture", "camera pictures"} {
		if strings.HasSuffix(lower, suffix) && allCapitalized(caption) {
			return true
		}
	}
	return slices.Contains([]string{
		"minolta", "samsung", "default", "jpeg", "image", "untitled", "screenshot", "ascii", "unicode", "picture", "photo",
		"dvc 10.1 hdmi", "iclarified", "autosave", "no description", "description", "comment", "none", "null",
	}, lower) || windowsPath(lower) || fileNumber(caption) || !strings.ContainsFunc(caption, letterOrDigit) || modeOfHuawei(caption, maker)
}

// allCapitalized reports whether every word begins with a capital, as in a name.
func allCapitalized(s string) bool {
	for word := range strings.FieldsSeq(s) {
		if r, _ := utf8.DecodeRuneInString(word); unicode.IsLower(r) {
			return false
		}
	}
	return true
}

func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// fileNumber reports whether the text is one of the names that cameras count
// through, such as DC0003M or DSC_0017: capitals and at least three digits.
func fileNumber(caption string) bool {
	digits := 0
	for i, r := range caption {
		switch {
		case r >= '0' && r <= '9' && i > 0:
			digits++
		case r >= 'A' && r <= 'Z', r == '_' && i > 0:
		default:
			return false
		}
	}
	return digits >= 3
}

// windowsPath reports whether the text is a path with a drive, such as C:\DCIM\100\1.JPG.
func windowsPath(lower string) bool {
	return len(lower) > 3 && lower[0] >= 'a' && lower[0] <= 'z' && lower[1] == ':' && lower[2] == '\\'
}

// modeOfHuawei reports whether the caption is one of the short words (cof, rhdr,
// oznor) by which phones of Huawei and Honor name their camera mode.
func modeOfHuawei(caption, maker string) bool {
	if maker = strings.ToLower(maker); maker != "huawei" && maker != "honor" {
		return false
	}
	return len(caption) <= 8 && strings.Trim(caption, "abcdefghijklmnopqrstuvwxyz") == ""
}
