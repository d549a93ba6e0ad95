package transfer

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/text/unicode/norm"

	"photos/internal/photo"
)

// A Pattern chooses files and folders by name, as in rsync and git. Case does not matter.
// {a,b} means either. Without a slash, a pattern is matched with the last element of a path;
// with one, with the whole path below the folder, where ** stands for any number of folders.
// With a slash at its end it matches folders only, and everything below them.
type Pattern struct {
	text     string
	anchored bool       // it is matched with the whole path
	folders  bool       // it matches folders only
	choices  [][]string // its alternatives without braces, each split at slashes
	matched  atomic.Bool
}

// ParsePattern reads a pattern. Its errors are of photo.KindUsage.
func ParsePattern(text string) (*Pattern, error) {
	body := strings.TrimPrefix(text, "./")
	p := &Pattern{text: text, folders: strings.HasSuffix(body, "/")}
	body = strings.TrimRight(body, "/")
	p.anchored = strings.Contains(body, "/")
	choices, err := expandBraces(folded(strings.TrimPrefix(body, "/")))
	if err == nil && strings.Trim(text, "/ ") == "" {
		err = errors.New("it is empty")
	}
	for _, c := range choices {
		if _, bad := path.Match(c, ""); bad != nil {
			err = bad
		}
		p.choices = append(p.choices, strings.Split(c, "/"))
	}
	if err != nil {
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.80q is not a valid pattern", text), Hint: "for example *.jpg, *.{jpg,png}, names/ or 2024/**", Err: err}
	}
	return p, nil
}

// String returns the pattern as it was given.
func (p *Pattern) String() string { return p.text }

// match reports whether the pattern matches the path of a folder or a file, whose separators are
// slashes. It remembers that it matched something.
func (p *Pattern) match(rel string, folder bool) bool {
	if p.folders && !folder {
		return false
	}
	segments := strings.Split(folded(rel), "/")
	if !p.anchored {
		segments = segments[len(segments)-1:]
	}
	if !slices.ContainsFunc(p.choices, func(c []string) bool { return matchSegments(c, segments) }) {
		return false
	}
	p.matched.Store(true)
	return true
}

// matchFile reports whether the pattern matches a file. If the pattern is for folders, it
// reports whether it matches a folder that the file is in.
func (p *Pattern) matchFile(rel string) bool {
	if !p.folders {
		return p.match(rel, false)
	}
	for dir := path.Dir(rel); dir != "."; dir = path.Dir(dir) {
		if p.match(dir, true) {
			return true
		}
	}
	return false
}

// matching returns the first pattern that matches, or nil. It asks all of them, because each remembers
// its matches.
func matching(patterns []*Pattern, match func(*Pattern) bool) (first *Pattern) {
	for _, p := range patterns {
		if match(p) && first == nil {
			first = p
		}
	}
	return first
}

// folded returns a form of the name that is equal for all names that look the same to the user.
func folded(s string) string { return strings.ToLower(norm.NFC.String(s)) }

func matchSegments(pattern, segments []string) bool {
	if len(pattern) == 0 {
		return len(segments) == 0
	}
	if pattern[0] == "**" {
		for i := range len(segments) + 1 {
			if matchSegments(pattern[1:], segments[i:]) {
				return true
			}
		}
		return false
	}
	if len(segments) == 0 {
		return false
	}
	ok, _ := path.Match(pattern[0], segments[0])
	return ok && matchSegments(pattern[1:], segments[1:])
}

// maxChoices limits how many patterns the braces of one pattern stand for.
const maxChoices = 1024

// expandBraces returns the patterns without braces that one with braces stands for. A
// backslash before a brace makes it an ordinary character.
func expandBraces(pattern string) ([]string, error) {
	open, commas, end := firstBraces(pattern)
	if end < 0 {
		if open >= 0 {
			return nil, errors.New("a brace is not closed")
		}
		return []string{pattern}, nil
	}
	tails, err := expandBraces(pattern[end+1:])
	if err != nil {
		return nil, err
	}
	var out []string
	for i, start := range commas {
		stop := end
		if i+1 < len(commas) {
			stop = commas[i+1]
		}
		inner, err := expandBraces(pattern[start+1 : stop])
		if err != nil {
			return nil, err
		}
		for _, choice := range inner {
			for _, tail := range tails {
				out = append(out, pattern[:open]+choice+tail)
			}
		}
		if len(out) > maxChoices {
			return nil, fmt.Errorf("its braces stand for more than %d patterns", maxChoices)
		}
	}
	return out, nil
}

// firstBraces returns the positions of the first pair of braces and those just before each of
// its choices. end is -1 if there is no such pair.
func firstBraces(pattern string) (open int, commas []int, end int) {
	open, depth := -1, 0
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '{':
			if depth++; depth == 1 {
				open, commas = i, []int{i}
			}
		case ',':
			if depth == 1 {
				commas = append(commas, i)
			}
		case '}':
			if depth--; depth == 0 {
				return open, commas, i
			}
			depth = max(depth, 0)
		}
	}
	return open, commas, -1
}
