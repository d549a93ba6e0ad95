// Package fold makes texts comparable whatever their case and accents: été is ete, STRASSE is
// straße, and İ is i. Databases disagree about that, so it is decided here, and a store keeps the
// folded text. When the rules change, stores have to fold their texts again.
package fold

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// String returns s in lower case, without accents, and with one space for each run of white
// space. What is not a text becomes U+FFFD. The result is empty only if s is blank, so that a
// filter never matches everything by accident.
func String(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	s = strings.Join(strings.Fields(s), " ")
	if isPlain(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		write(&b, r)
	}
	folded := strings.Join(strings.Fields(norm.NFC.String(b.String())), " ")
	if folded == "" {
		return s // accents alone
	}
	return folded
}

func isPlain(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// write adds a letter in its plain form. Letters that have a stroke or are joined are not taken
// apart by Unicode.
func write(b *strings.Builder, r rune) {
	r = unicode.ToLower(unicode.ToUpper(r)) // ς becomes σ, and ı becomes i
	switch {
	case isAccent(r):
	case r == 'ß':
		b.WriteString("ss")
	case r == 'æ':
		b.WriteString("ae")
	case r == 'œ':
		b.WriteString("oe")
	case r == 'ø':
		b.WriteByte('o')
	case r == 'ł':
		b.WriteByte('l')
	case r == 'đ':
		b.WriteByte('d')
	case r == 'ħ':
		b.WriteByte('h')
	default:
		b.WriteRune(r)
	}
}

// isAccent reports whether r is a mark that may be left out. Marks that belong to one script, such as
// vowels of Indian languages, are letters to their readers, and so are the voiced marks of kana.
func isAccent(r rune) bool {
	const voiced, semiVoiced = '\u3099', '\u309A'
	return unicode.Is(unicode.Mn, r) && unicode.Is(unicode.Inherited, r) && r != voiced && r != semiVoiced
}
