// Package text decides what foreign text may reach a terminal. File names,
// descriptions, answers of services and errors of libraries pass through it on their
// way to a person, so that none of them can move the cursor, rename the window,
// reverse the reading direction or pretend to be a line of its own.
//
// Every program of this module uses these functions and has none of its own. A value
// that goes to another program is not changed: [JSON] and [Escape] only write it in
// another way.
package text

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// The joiners of U+200C and U+200D have no width and no effect on a terminal, but
// some Persian words and the emoji of a family are displayed wrongly without them.
const (
	nonJoiner = '\u200c'
	joiner    = '\u200d'
)

// Safe reports whether a terminal shows r as a character and does nothing else:
// letters, marks, numbers, punctuation, symbols, spaces and joiners. Controls of C0 and
// C1, DEL, line and paragraph separators, direction controls, tags and code points that
// mean nothing yet are not safe.
func Safe(r rune) bool {
	return unicode.IsPrint(r) || unicode.Is(unicode.Zs, r) || r == joiner || r == nonJoiner
}

// safe reports whether s is valid UTF-8 of safe characters.
func safe(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unsafe) < 0
}

func unsafe(r rune) bool { return !Safe(r) }

// Line returns s as one line for a terminal. Line ends and tabs become one space, and
// what is not safe or not UTF-8 becomes U+FFFD.
func Line(s string) string {
	if safe(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if Safe(r) {
			return r
		}
		return utf8.RuneError
	}, strings.Join(strings.FieldsFunc(s, separates), " "))
}

// separates reports whether r ends a line or a field.
func separates(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', '\u0085', '\u2028', '\u2029':
		return true
	}
	return false
}

// Cut returns [Line] of s, and of a longer one only the first limit characters and an
// ellipsis.
func Cut(s string, limit int) string {
	s = Line(s)
	n := 0
	for i := range s {
		if n == limit {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// quoteLimit is how many characters of a foreign word a message repeats.
const quoteLimit = 200

// Quote returns s between double quotes, on one line, with everything that is not safe
// as an escape. A long one is cut.
func Quote(s string) string {
	n := 0
	for i := range s {
		if n == quoteLimit {
			return strconv.Quote(s[:i]) + "…"
		}
		n++
	}
	return strconv.Quote(s)
}

// Clean returns a text of a file or a user in the form that is stored: valid UTF-8
// without controls other than tabs and line ends, with each line end as one newline, and
// without white space at its ends.
func Clean(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

// Sprintf formats a message for a terminal. The line ends of the format stay; the text of
// every argument passes through [Line].
func Sprintf(format string, args ...any) string {
	if false {
		_ = fmt.Sprintf(format, args...) // go vet checks the callers because of this line
	}
	clean := make([]any, len(args))
	for i, a := range args {
		clean[i] = argument(a)
	}
	return fmt.Sprintf(format, clean...)
}

// argument returns numbers and truth values as they are, and the text of all others.
func argument(a any) any {
	switch a.(type) {
	case nil:
		return nil
	case error, fmt.Stringer:
		return Line(fmt.Sprint(a))
	}
	switch reflect.TypeOf(a).Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return a
	}
	return Line(fmt.Sprint(a))
}

// JSON returns a JSON document with every unsafe character in its strings as a \u
// escape. The values stay the same: encoding/json leaves DEL, the controls of C1 and
// direction controls as they are, and a terminal may obey them.
func JSON(doc []byte) []byte {
	if !slices.ContainsFunc(doc, func(b byte) bool { return b >= 0x7f }) {
		return doc
	}
	special := func(r rune) bool { return r >= utf8.RuneSelf && !Safe(r) || r == 0x7f }
	if bytes.IndexFunc(doc, special) < 0 {
		return doc
	}
	out := make([]byte, 0, len(doc)+64)
	for _, r := range string(doc) {
		switch {
		case !special(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// Escape returns s as one line that shows exactly what it holds: backslashes are doubled,
// and each unsafe character or byte that is not UTF-8 becomes a backslash escape.
func Escape(s string) string {
	if safe(s) && strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var out []byte
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			out = fmt.Appendf(out, `\x%02x`, s[0])
		case r == '\\':
			out = append(out, `\\`...)
		case Safe(r):
			out = append(out, s[:n]...)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			out = append(out, quoted[1:len(quoted)-1]...)
		}
		s = s[n:]
	}
	return string(out)
}

// Bytes returns a number of bytes for people, in powers of 1,000: "1.23 MB".
func Bytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value := float64(n)
	for _, unit := range []string{"kB", "MB", "GB"} {
		if value /= 1000; value < 999.5 {
			return fmt.Sprintf("%.3g %s", value, unit)
		}
	}
	return fmt.Sprintf("%.3g TB", value/1000)
}
