package command

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
)

// blanks separate words.
const blanks = " \t\r\n"

// operators mean something to a shell. No shell runs the words, so operators outside quotes are refused.
const operators = "|&;<>()"

// Split returns the words of a line. Quotes work as in a POSIX shell, and so do backslashes, except on Windows, where
// they separate folders. Nothing is expanded: $HOME, *.jpg and ~ stay as they are.
func Split(line string) ([]string, error) { return split(line, runtime.GOOS != "windows") }

// Program returns the words of a setting such as EDITOR where no shell reads it. A line that is the path of a program is
// one word, even if it has blanks.
func Program(line string) ([]string, error) {
	if _, err := exec.LookPath(line); err == nil {
		return []string{line}, nil
	}
	words, err := Split(line)
	if err == nil && len(words) == 0 {
		err = errors.New("it is empty")
	}
	return words, err
}

// split is Split. escapes says that a backslash gives the next character its plain meaning.
func split(line string, escapes bool) ([]string, error) {
	var words []string
	var word strings.Builder
	started := false // word is a word, which may be empty
	for line != "" {
		switch c := line[0]; {
		case strings.IndexByte(blanks, c) >= 0:
			if started {
				words = append(words, word.String())
			}
			word.Reset()
			started, line = false, line[1:]
		case escapes && strings.HasPrefix(line, "\\\n"): // a line that continues
			line = line[2:]
		case strings.IndexByte(operators, c) >= 0:
			return nil, fmt.Errorf("%q needs quotes", c)
		default:
			piece, rest, err := cutPiece(line, escapes)
			if err != nil {
				return nil, err
			}
			word.WriteString(piece)
			started, line = true, rest
		}
	}
	if started {
		words = append(words, word.String())
	}
	return words, nil
}

// cutPiece returns what the beginning of a text means inside a word, and the text after it.
func cutPiece(s string, escapes bool) (piece, rest string, err error) {
	switch s[0] {
	case '\'':
		piece, rest, closed := strings.Cut(s[1:], "'")
		if !closed {
			return "", "", errors.New("a single quote is not closed")
		}
		return piece, rest, nil
	case '"':
		return cutQuoted(s[1:], escapes)
	case '\\':
		if !escapes {
			break
		}
		if len(s) == 1 {
			return "", "", errors.New("nothing follows the backslash at the end")
		}
		return s[1:2], s[2:], nil
	}
	return s[:1], s[1:], nil
}

// cutQuoted returns what a text means up to the next double quote, and the text after that quote.
func cutQuoted(s string, escapes bool) (piece, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], nil
		case escapes && s[i] == '\\' && i+1 < len(s) && strings.IndexByte("$`\"\\\n", s[i+1]) >= 0:
			if i++; s[i] != '\n' {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", errors.New("a double quote is not closed")
}
