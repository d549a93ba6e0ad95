package term

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"photos/internal/text"
)

// JSONLine returns v as one JSON object on one line. With fields, the object has these keys
// only, in this order.
func JSONLine(v any, fields []string) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	if len(fields) == 0 {
		return text.JSON(buf.Bytes()), nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(buf.Bytes(), &all); err != nil {
		return nil, fmt.Errorf("json: %w", err)
	}
	line := []byte{'{'}
	for i, key := range fields {
		value, ok := all[key]
		if !ok {
			value = json.RawMessage("null")
		}
		if i > 0 {
			line = append(line, ',')
		}
		line = append(fmt.Appendf(line, "%q:", key), value...)
	}
	return text.JSON(append(line, '}', '\n')), nil
}

// appendCSV appends a record of RFC 4180. It ends with a newline alone, as the tools of Unix want it.
func appendCSV(b []byte, values []string) []byte {
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		if v == "" && len(values) == 1 || strings.ContainsAny(v, "\",\r\n") || strings.HasPrefix(v, " ") {
			v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
		b = append(b, v...)
	}
	return append(b, '\n')
}

// checksumEscapes are the escapes that sha256sum has in names.
func checksumEscapes() *strings.Replacer {
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)
}

// lineSHA256 returns a line as sha256sum prints it. It begins with a backslash if the name has
// escapes.
func lineSHA256(id, name string) []byte {
	escaped := checksumEscapes().Replace(name)
	if escaped != name {
		id = `\` + id
	}
	return []byte(id + "  " + escaped)
}

// ParseSHA256 reads a line as sha256sum prints it.
func ParseSHA256(line string) (id, name string, err error) {
	line, escaped := strings.CutPrefix(line, `\`)
	id, rest, ok := strings.Cut(line, " ")
	if !ok || rest == "" || rest[0] != ' ' && rest[0] != '*' {
		return "", "", errors.New("want a digest, two spaces and a name")
	}
	name = rest[1:]
	if escaped {
		name = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\r`, "\r").Replace(name)
	}
	if name == "" {
		return "", "", errors.New("names nothing")
	}
	return id, name, nil
}

// cellTSV returns a value as TSV prints it. last says that it is the last cell of its line.
func cellTSV(s string, last bool) string {
	switch {
	case s == "" && !last:
		return "-"
	case s == "-":
		return `\-`
	}
	return EscapeTSV(s)
}

// EscapeTSV returns a value that stays in its cell: tab, newline, carriage return, backslash
// and all other control characters become backslash escapes. Bytes that are not UTF-8
// stay as they are, since a pipe is not a terminal.
func EscapeTSV(s string) string {
	if strings.IndexFunc(s, needsEscape) < 0 {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteByte(s[0])
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\\':
			b.WriteString(`\\`)
		case unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
		s = s[n:]
	}
	return b.String()
}

func needsEscape(r rune) bool { return r == '\\' || unicode.IsControl(r) }

// UnescapeTSV undoes EscapeTSV, and reads \- as a dash.
func UnescapeTSV(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for len(s) > 0 {
		if s[0] != '\\' {
			_, n := utf8.DecodeRuneInString(s)
			b.WriteString(s[:n])
			s = s[n:]
			continue
		}
		if len(s) > 1 {
			if c, ok := map[byte]byte{'t': '\t', 'n': '\n', 'r': '\r', '\\': '\\', '-': '-'}[s[1]]; ok {
				b.WriteByte(c)
				s = s[2:]
				continue
			}
		}
		if len(s) < 4 || s[1] != 'x' {
			return "", errors.New(`a backslash is written \\`)
		}
		code, err := strconv.ParseUint(s[2:4], 16, 8)
		if err != nil {
			return "", fmt.Errorf(`%q is not a valid escape`, s[:4])
		}
		b.WriteRune(rune(code))
		s = s[4:]
	}
	return b.String(), nil
}
