package sqldb

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"photos/internal/photo"
)

// maxWords is how many words a search may have.
const maxWords = 32

// folded returns a photo's name and description in the form that search compares. Case is
// folded here because databases disagree about it: SQLite's LIKE folds only A to Z.
func folded(name, description string) string {
	return fold(name) + "\n" + fold(description)
}

// fold removes differences of case from s, and of how accents are composed (macOS decomposes
// file names). Bytes that are not UTF-8, and NUL, become U+FFFD.
func fold(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(s)))
}

// likeWords returns LIKE patterns, one per word of search.
func likeWords(search string) ([]string, error) {
	words := strings.Fields(fold(search))
	if len(words) > maxWords {
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: "the search has too many words", Hint: "at most 32 are allowed"}
	}
	words = decisive(words)
	escape := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")
	for i, w := range words {
		words[i] = "%" + escape.Replace(w) + "%"
	}
	return words, nil
}

// decisive leaves out words that are part of other words. It puts the longest word first, because
// that is likely the rarest: the database does not look for the others in a row that lacks it.
func decisive(words []string) []string {
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var needed []string
	for _, w := range words {
		if !slices.ContainsFunc(needed, func(longer string) bool { return strings.Contains(longer, w) }) {
			needed = append(needed, w)
		}
	}
	return needed
}
