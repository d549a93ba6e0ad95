// Package tag has the form in which tags are stored and compared: Holiday, HOLIDAY and
// holiday are one tag.
package tag

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"photos/internal/photo"
)

// Normalize returns the form of a tag that is stored: case-folded, with composed accents
// (NFC) and single spaces. It refuses what is not a tag, with photo.KindUsage.
func Normalize(s string) (string, error) {
	if err := photo.CheckTag(s); err != nil {
		return "", err
	}
	s = strings.Join(strings.Fields(s), " ")
	s = norm.NFC.String(foldCase(norm.NFC.String(s)))
	return s, photo.CheckTag(s) // folding may make it longer
}

// foldCase makes upper and lower case the same. ς is σ, and ß is ss.
func foldCase(s string) string {
	s = strings.Map(func(r rune) rune { return unicode.ToLower(unicode.ToUpper(r)) }, s)
	return strings.ReplaceAll(s, "ß", "ss")
}

// NormalizeAll returns the normalized tags, sorted, each of them once.
func NormalizeAll(tags []string) ([]string, error) {
	var all []string
	for _, t := range tags {
		n, err := Normalize(t)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
