package sqldb

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"photos/internal/photo"
)

// maxWords bounds what one search asks for.
const maxWords = 32

// folded is a photo's name and description as search compares them. Databases
// disagree on what the same letter is (SQLite's LIKE knows A to Z), so it is
// decided here.
func folded(name, description string) string {
	return fold(name) + "\n" + fold(description)
}

// fold makes s comparable whatever its case and however its accents are composed
// (macOS takes file names apart). What is no text becomes U+FFFD.
func fold(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(s)))
}

// likeWords returns LIKE patterns, one per word of search.
func likeWords(search string) ([]string, error) {
	words := strings.Fields(fold(search))
	if len(words) > maxWords {
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: "too many words to search for", Hint: "at most 32"}
	}
	words = decisive(words)
	escape := strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")
	for i, w := range words {
		words[i] = "%" + escape.Replace(w) + "%"
	}
	return words, nil
}

// decisive leaves out the words that occur in others, and puts the longest first: it is the rarest,
// and where it is missing the database looks for no other.
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
