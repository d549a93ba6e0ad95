package filter

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"photos/internal/photo"
)

// SyntaxError says what is wrong with a filter, and where.
type SyntaxError struct {
	Text string // the filter
	At   int    // which character of Text, from 1
	Err  *photo.Error
}

// Error returns the message with the place.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at character %d", e.Err.Msg, e.At) }

// Unwrap returns the message without the place.
func (e *SyntaxError) Unwrap() error { return e.Err }

// Parse reads a filter. Times without an offset are in the zone of now, and ages count from now.
// Its error is a *SyntaxError.
func Parse(text string, now time.Time) (Query, error) {
	p := parser{text: text, now: now}
	q, err := p.query()
	if err != nil {
		var e *photo.Error
		if !errors.As(err, &e) {
			return nil, err
		}
		return nil, &SyntaxError{Text: text, At: utf8.RuneCountInString(text[:min(p.blame, len(text))]) + 1, Err: e}
	}
	return q, nil
}

// A parser has read text up to at.
type parser struct {
	text  string
	now   time.Time
	at    int
	blame int // where the error is, if there is one
}

func (p *parser) query() (Query, error) {
	if len(p.text) > MaxText {
		return nil, p.fail(MaxText, "the filter is too long", fmt.Sprintf("a filter has at most %d bytes", MaxText))
	}
	if !utf8.ValidString(p.text) {
		bad := strings.IndexFunc(strings.ToValidUTF8(p.text, "\x00"), func(r rune) bool { return r == 0 })
		return nil, p.fail(max(bad, 0), "the filter is not valid UTF-8", "")
	}
	var q Query
	for p.skipSpace(); p.at < len(p.text); p.skipSpace() {
		if len(q) == MaxTerms {
			return nil, p.fail(p.at, "too many words to search for", fmt.Sprintf("at most %d", MaxTerms))
		}
		t, err := p.term()
		if err != nil {
			return nil, err
		}
		q = append(q, t)
	}
	if len(q) == 0 {
		return nil, p.fail(0, "the filter is empty", "write a word, or leave the filter out")
	}
	return q, nil
}

// fail says that the text is wrong at the byte at.
func (p *parser) fail(at int, msg, hint string) error {
	p.blame = at
	return invalid(msg, hint)
}

func (p *parser) skipSpace() {
	rest := strings.TrimLeftFunc(p.text[p.at:], unicode.IsSpace)
	p.at = len(p.text) - len(rest)
}

func (p *parser) term() (Term, error) {
	start := p.at
	var t Term
	if p.text[p.at] == '-' {
		t.Not = true
		p.at++
		if p.atEnd() {
			return t, p.fail(start, "a lone - excludes nothing", `write the word right after it, or "-" to search for it`)
		}
	}
	start = p.at
	name, found := keyAt(p.text[p.at:])
	if !found {
		v, err := p.value("the phrase is empty")
		t.Test = Text{Value: v}
		return t, err
	}
	for _, k := range keys() {
		if !strings.EqualFold(k.name, name) {
			continue
		}
		p.at += len(name) + 1
		start = p.at
		v, err := p.value(name + ": has no value")
		if err != nil {
			return t, err
		}
		test, problem := k.read(v, p.now)
		if problem != nil {
			return t, p.fail(start, name+": "+problem.Msg, problem.Hint)
		}
		t.Test = test
		return t, nil
	}
	return t, p.fail(start, "unknown key "+quote(name), "the keys are "+keyNames()+`; write "`+name+`:" in quotes to search for it`)
}

func keyNames() string { return strings.Join(Keys(), ", ") }

// Keys returns the words that may stand before a colon.
func Keys() []string {
	var names []string
	for _, k := range keys() {
		names = append(names, k.name)
	}
	return names
}

// keyAt returns the letters at the start of s, if a colon follows them.
func keyAt(s string) (name string, found bool) {
	i := strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) && r != '_' })
	if i < 1 || s[i] != ':' {
		return "", false
	}
	return s[:i], true
}

// atEnd reports whether white space or nothing follows.
func (p *parser) atEnd() bool {
	r, _ := utf8.DecodeRuneInString(p.text[p.at:])
	return p.at == len(p.text) || unicode.IsSpace(r)
}

// value reads a word or a quoted text. empty is the message if there is none.
func (p *parser) value(empty string) (string, error) {
	start := p.at
	if !strings.HasPrefix(p.text[p.at:], `"`) {
		rest := p.text[p.at:]
		if end := strings.IndexFunc(rest, unicode.IsSpace); end >= 0 {
			rest = rest[:end]
		}
		p.at += len(rest)
		if rest == "" {
			return "", p.fail(start, empty, "")
		}
		return rest, nil
	}
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '\\' && strings.ContainsAny(p.text[p.at+1:min(p.at+2, len(p.text))], `"\`):
			p.at++
			b.WriteByte(p.text[p.at])
		case c != '"':
			b.WriteByte(c)
		default:
			p.at++
			if !p.atEnd() {
				return "", p.fail(p.at, "a space is missing after the quote", `\" is a quote inside quotes`)
			}
			if photo.IsBlank(b.String()) {
				return "", p.fail(start, empty, "")
			}
			return b.String(), nil
		}
	}
	return "", p.fail(start, "the quote has no end", `write " after the last word`)
}
