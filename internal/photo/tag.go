package photo

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of tags and folders.
const (
	MaxTag    = 100  // bytes of a tag
	MaxTags   = 100  // tags of one photo
	MaxFolder = 4096 // bytes of a folder
)

// CheckTag refuses what cannot be a tag, with KindUsage. A tag is a word or a few, on one line.
// Upper and lower case make no difference; package tag has the form in which tags are stored.
func CheckTag(s string) error {
	const hint = "a tag is a word or a few, for example holiday"
	switch {
	case !utf8.ValidString(s):
		return &Error{Kind: KindUsage, Msg: fmt.Sprintf("the tag %.40q is not UTF-8", s), Hint: hint}
	case IsBlank(s):
		return &Error{Kind: KindUsage, Msg: "a tag is empty", Hint: hint}
	case strings.ContainsFunc(s, unicode.IsControl):
		return &Error{Kind: KindUsage, Msg: fmt.Sprintf("the tag %.40q has a line break or another control character", s), Hint: hint}
	case len(s) > MaxTag:
		return &Error{Kind: KindUsage, Msg: fmt.Sprintf("the tag %.40q… has %d bytes", s, len(s)), Hint: fmt.Sprintf("a tag may have %d bytes", MaxTag)}
	}
	return nil
}

// CleanFolder returns the folder in its one form: names separated by single slashes, without
// "." and without a slash at either end. The empty folder is the one that was uploaded itself. It
// refuses ".." and what is too long, with KindUsage. Bytes that are not UTF-8 become U+FFFD.
func CleanFolder(s string) (string, error) {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	var names []string
	for name := range strings.SplitSeq(s, "/") {
		switch name {
		case "", ".":
		case "..":
			return "", &Error{Kind: KindUsage, Msg: fmt.Sprintf("the folder %.60q has .. in it", s), Hint: "a folder is a path below the folder that was uploaded, for example 2024/holiday"}
		default:
			names = append(names, name)
		}
	}
	s = strings.Join(names, "/")
	if len(s) > MaxFolder {
		return "", &Error{Kind: KindUsage, Msg: fmt.Sprintf("the folder %.60q… has %d bytes", s, len(s)), Hint: fmt.Sprintf("a folder may have %d bytes", MaxFolder)}
	}
	return s, nil
}
