package sqldb

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// A gram is three letters that follow each other in a folded text, 21 bits each, the first one
// in the highest bits. At the end of a text there are grams with zeros. So the grams that
// begin with the letters of a word of one or two letters are a range, and whoever has the word
// has one of them.
type gram int64

const letterBits = 21 // enough for every character of Unicode

func newGram(a, b, c rune) gram { return gram(a)<<(2*letterBits) | gram(b)<<letterBits | gram(c) }

// gramsOf returns the grams of a text, each once, in order.
func gramsOf(text string) []gram {
	grams := make([]gram, 0, len(text))
	var a, b rune
	n := 0
	for _, c := range text {
		if n++; n > 2 {
			grams = append(grams, newGram(a, b, c))
		}
		a, b = b, c
	}
	if n > 1 {
		grams = append(grams, newGram(a, b, 0))
	}
	if n > 0 {
		grams = append(grams, newGram(b, 0, 0))
	}
	slices.Sort(grams)
	return slices.Compact(grams)
}

// A gramRange is the grams that a text with a word has at least one of.
type gramRange struct{ first, last gram }

func (r gramRange) isOne() bool { return r.first == r.last }

// maxGrams is how many grams of one word a search looks up. A longer word is rare enough by then.
const maxGrams = 12

// rangesOf returns ranges for a word: a text that has the word has a gram of each of them.
func rangesOf(word string) []gramRange {
	letters := []rune(word)
	switch len(letters) {
	case 0:
		return nil
	case 1:
		return []gramRange{{newGram(letters[0], 0, 0), newGram(letters[0]+1, 0, 0) - 1}}
	case 2:
		return []gramRange{{newGram(letters[0], letters[1], 0), newGram(letters[0], letters[1]+1, 0) - 1}}
	}
	var ranges []gramRange
	for i := 0; i+2 < len(letters) && i < maxGrams; i++ {
		g := newGram(letters[i], letters[i+1], letters[i+2])
		ranges = append(ranges, gramRange{g, g})
	}
	return ranges
}

// rangesOfAll returns ranges for a text that has all words. If one of the words has three letters or more,
// the shorter ones are left out: they have many grams and exclude few photos.
func rangesOfAll(words []string) []gramRange {
	var ranges []gramRange
	for _, w := range words {
		ranges = append(ranges, rangesOf(w)...)
	}
	if slices.ContainsFunc(ranges, gramRange.isOne) {
		ranges = slices.DeleteFunc(ranges, func(r gramRange) bool { return !r.isOne() })
	}
	slices.SortFunc(ranges, func(a, b gramRange) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last)) })
	return slices.Compact(ranges)
}

// postings are the numbers of photos, ascending.
type postings []int64

// encode returns p as search_gram has it: the first number and the differences, as varints.
func (p postings) encode() []byte {
	b := make([]byte, 0, len(p)+binary.MaxVarintLen64)
	before := int64(0)
	for _, n := range p {
		b = binary.AppendUvarint(b, uint64(n-before))
		before = n
	}
	return b
}

var errPostings = errors.New("damaged postings in the index of search")

// decodePostings is the inverse of encode.
func decodePostings(b []byte) (postings, error) {
	p := make(postings, 0, len(b))
	number := int64(0)
	for len(b) > 0 {
		d, size := binary.Uvarint(b)
		if size <= 0 || d > math.MaxInt64-uint64(number) {
			return nil, errPostings
		}
		number += int64(d)
		p, b = append(p, number), b[size:]
	}
	return p, nil
}

// and returns the numbers that are in both.
func (p postings) and(other postings) postings {
	var both postings
	for i, j := 0, 0; i < len(p) && j < len(other); {
		switch {
		case p[i] < other[j]:
			i++
		case p[i] > other[j]:
			j++
		default:
			both = append(both, p[i])
			i++
			j++
		}
	}
	return both
}

// or returns the numbers that are in any of all.
func or(all []postings) postings {
	if len(all) == 1 {
		return all[0]
	}
	union := slices.Concat(all...)
	slices.Sort(union)
	return slices.Compact(union)
}
