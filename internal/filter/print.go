package filter

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"photos/internal/photo"
)

// String returns a text that Parse reads as q, whatever the time and the zone.
func (q Query) String() string {
	var terms []string
	for _, t := range q {
		terms = append(terms, t.String())
	}
	return strings.Join(terms, " ")
}

// String returns the term as Parse reads it.
func (t Term) String() string {
	s := quoteIfNeeded(t.Test.value())
	if k := t.Test.key(); k != "" {
		s = k + ":" + s
	} else if _, looksLikeKey := keyAt(s); looksLikeKey || s[0] == '-' {
		s = quoted(s)
	}
	if t.Not {
		return "-" + s
	}
	return s
}

func quoteIfNeeded(s string) string {
	if s == "" || s[0] == '"' || strings.ContainsFunc(s, unicode.IsSpace) {
		return quoted(s)
	}
	return s
}

func quoted(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }

func (t Text) key() string   { return string(t.In) }
func (t Text) value() string { return t.Value }

func (Type) key() string     { return "type" }
func (t Type) value() string { return string(t) }

func (Ext) key() string     { return "ext" }
func (e Ext) value() string { return string(e) }

func (t Time) key() string {
	if t.By == photo.ByTaken {
		return "taken"
	}
	return "uploaded"
}

func (t Time) value() string {
	var from, to string
	if !t.From.IsZero() {
		from = t.From.Format("2006-01-02T15:04:05.999999Z07:00")
	}
	if !t.To.IsZero() { // the end of a range is included, at the precision written
		to = t.To.Add(-time.Microsecond).Format("2006-01-02T15:04:05.000000Z07:00")
	}
	return from + ".." + to
}

func (Size) key() string { return "size" }

func (s Size) value() string {
	to := ""
	if s.Most != MaxSize {
		to = photo.Size(s.Most).String()
	}
	return photo.Size(s.Least).String() + ".." + to
}

func (Tag) key() string     { return "tag" }
func (t Tag) value() string { return string(t) }

func (Folder) key() string     { return "folder" }
func (f Folder) value() string { return string(f) }

func (Has) key() string     { return "has" }
func (h Has) value() string { return string(h) }

func (Near) key() string { return "near" }

func (n Near) value() string {
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	return number(n.Latitude) + "," + number(n.Longitude) + "," + number(n.Radius) + "m"
}

func (Is) key() string     { return "is" }
func (i Is) value() string { return string(i) }
