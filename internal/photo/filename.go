package photo

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxFileName is the length in bytes of a file name. File systems allow 255; the rest is for
// a suffix that tells photos of one name apart.
const maxFileName = 200

// FileName returns a name for a file with the photo, in the form of SafeName. It is never empty.
func (p Photo) FileName() string {
	if name := SafeName(p.Name); name != "" {
		return name
	}
	return p.ID.Short()
}

// SafeName returns a name for a file or a folder that is safe on every system: it has no
// folder and no control characters, and Windows does not reserve it; it is not hidden, and not
// an option of a command. An extension stays. If nothing of the name is left, it is empty.
func SafeName(s string) string {
	name := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(s, "_"))
	name = strings.TrimRight(name, ". ")
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "-") || isDeviceName(name) {
		name = "_" + name
	}
	if len(name) > maxFileName {
		ext := path.Ext(name)
		if len(ext) > 16 {
			ext = ""
		}
		name = strings.TrimRight(strings.ToValidUTF8(name[:maxFileName-len(ext)], ""), ". ") + ext
	}
	return name
}

// isDeviceName reports whether Windows takes the name for that of a device, whatever its
// extension (learn.microsoft.com, "Naming Files, Paths, and Namespaces").
func isDeviceName(name string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(name), ".")
	base = strings.TrimRight(base, " ")
	for _, port := range []string{"COM", "LPT"} {
		if digit, ok := strings.CutPrefix(base, port); ok && digit != "" && strings.Trim(digit, "0123456789¹²³") == "" && utf8.RuneCountInString(digit) == 1 {
			return true
		}
	}
	return slices.Contains([]string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}, base)
}
