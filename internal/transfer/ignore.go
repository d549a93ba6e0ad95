package transfer

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"photos/internal/photo"
	"photos/internal/text"
)

// IgnoreFile is the name of the files that say what an upload leaves out of their folder.
const IgnoreFile = ".photosignore"

// maxIgnoreFile limits the bytes of a file of rules.
const maxIgnoreFile = 1 << 20

// Ignore has the rules of one file. They are written as in .gitignore, and match in the same way,
// except that case does not matter.
type Ignore struct{ rules []ignoreRule }

// ignoreRule is one line of a file of rules.
type ignoreRule struct {
	place    string   // the file and the line, for messages
	negated  bool     // what it matches is not left out
	folders  bool     // it matches only folders
	anchored bool     // it is matched with the whole path below the folder of its file
	segments []string // the pattern, split at slashes
}

// ReadIgnore reads a file of rules.
func ReadIgnore(file string) (*Ignore, error) {
	f, _, err := openRegular(file)
	if errors.Is(err, errNotRegular) {
		return nil, &photo.Error{Kind: photo.KindUnreadable, Err: err}
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	ignore := &Ignore{}
	lines := bufio.NewScanner(text.UTF8(io.LimitReader(f, maxIgnoreFile+1)))
	for n, read := 1, 0; lines.Scan(); n++ {
		if read += len(lines.Bytes()) + 1; read > maxIgnoreFile {
			return nil, &photo.Error{Kind: photo.KindTooLarge, Msg: fmt.Sprintf("it has more than %d bytes", maxIgnoreFile)}
		}
		line := lines.Text()
		rule, err := parseRule(line)
		if err != nil {
			return nil, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("line %d: %.80q is not a valid pattern", n, line), Err: err}
		}
		if rule.segments != nil {
			rule.place = fmt.Sprintf("%s:%d", file, n)
			ignore.rules = append(ignore.rules, rule)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, unreadable(file, err)
	}
	return ignore, nil
}

// parseRule reads a line. A blank line and a comment have no segments.
func parseRule(line string) (r ignoreRule, err error) {
	line = trimBlanks(strings.TrimSuffix(line, "\r"))
	if line == "" || line[0] == '#' {
		return r, nil
	}
	line, r.negated = strings.CutPrefix(line, "!")
	line, r.folders = strings.CutSuffix(line, "/")
	r.anchored = strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	if line == "" {
		return ignoreRule{}, nil
	}
	for segment := range strings.SplitSeq(folded(line), "/") {
		segment = strings.ReplaceAll(segment, "[!", "[^")
		if _, err := path.Match(segment, ""); err != nil {
			return r, err
		}
		r.segments = append(r.segments, segment)
	}
	return r, nil
}

// trimBlanks removes the blanks at the end of a line, except a blank that follows a backslash.
func trimBlanks(line string) string {
	trimmed := strings.TrimRight(line, " ")
	if strings.HasSuffix(trimmed, "\\") && len(trimmed) < len(line) {
		return trimmed + " "
	}
	return trimmed
}

// match reports whether the rule matches the path of a file or folder below the folder of its file.
func (r ignoreRule) match(segments []string, folder bool) bool {
	switch {
	case r.folders && !folder:
		return false
	case !r.anchored:
		return matchInside(r.segments, segments[len(segments)-1:])
	}
	return matchInside(r.segments, segments)
}

// matchInside is like matchSegments, except that ** at the end does not match a folder itself.
func matchInside(pattern, segments []string) bool {
	if last := len(pattern) - 1; pattern[last] == "**" {
		pattern = slices.Concat(pattern[:last], []string{"*", "**"})
	}
	return matchSegments(pattern, segments)
}

// verdict returns the last rule that matches a path, or nil. The path is below the folder of the
// rules, and its separators are slashes.
func (i *Ignore) verdict(rel string, folder bool) *ignoreRule {
	segments := strings.Split(folded(rel), "/")
	for n := range slices.Backward(i.rules) {
		if r := &i.rules[n]; r.match(segments, folder) {
			return r
		}
	}
	return nil
}

// ignoreStack has the rules of the folders around the place where a walk is, the outermost first.
type ignoreStack []struct {
	folder string // below the folder that is walked, with slashes; empty for that one itself
	*Ignore
}

// enter reads the rules of a folder, if it has any.
func (s *ignoreStack) enter(dir, rel string) error {
	file := filepath.Join(dir, IgnoreFile)
	if _, err := os.Lstat(file); err != nil {
		return nil //nolint:nilerr // if the reason is that the folder cannot be entered, its files cannot be read either
	}
	rules, err := ReadIgnore(file)
	if err != nil {
		return err
	}
	if rel == "." {
		rel = ""
	}
	*s = append(*s, struct {
		folder string
		*Ignore
	}{rel, rules})
	return nil
}

// leave forgets the rules of folders that a path is not in.
func (s *ignoreStack) leave(rel string) {
	for n := len(*s); n > 0; n-- {
		if folder := (*s)[n-1].folder; folder == "" || strings.HasPrefix(rel, folder+"/") {
			return
		}
		*s = (*s)[:n-1]
	}
}

// leftOut returns the rule that leaves a path out, or nil. Rules of inner folders come first.
func (s ignoreStack) leftOut(rel string, folder bool) *ignoreRule {
	for _, level := range slices.Backward(s) {
		below := strings.TrimPrefix(strings.TrimPrefix(rel, level.folder), "/")
		if r := level.verdict(below, folder); r != nil {
			if r.negated {
				return nil
			}
			return r
		}
	}
	return nil
}
