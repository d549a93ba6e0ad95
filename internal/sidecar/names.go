package sidecar

import (
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"
)

// No document says how Takeout names a photo's JSON. These rules come from reports of
// users (immich-go issues 35, 405, 613, 652, 674; ente issues 4875 and 4953
// and pull request 4956; GooglePhotosTakeoutHelper issues 59, 180, 204):
//
//   - The name is IMG.jpg.json until 2024 and IMG.jpg.supplemental-metadata.json since.
//     A limit can cut the long suffix to .supplemental-met, .suppl, .s or a dot. Some
//     exports cut it although there is room, and some do not cut it at all.
//   - The limit is 51 UTF-16 units with .json. It cuts the end of a longer photo name. The
//     name of the photo's file is cut a little later than that of its JSON.
//   - Several photos of one name get numbers: before the extension of the photo and at
//     the end of its JSON, as in IMG(1).jpg and IMG.jpg(1).json or
//     IMG.jpg.supplemental-metadata(1).json. The limit does not count the number. A
//     number can also be part of the photo's original name.
//   - Edited copies and the moving part of a live photo have no JSON of their own. They
//     share that of the original.
//   - Sometimes the photo's extension is missing: IMG.supplemental-metadata.json.
//   - macOS decomposes accented letters. Names are equal whether they are composed or not.
//
// Numbers must always agree. Some exports give numbered edited copies no number, but as
// often those are different photos. See also folder.unnumbered.
const (
	supplement = ".supplemental-metadata"
	maxUnits   = 51 - len(".json")
)

// A candidate is a name that a photo's JSON may have: base, all or part of the long suffix,
// number, .json.
type candidate struct {
	base, number string

	// title is the name of the photo that the JSON must be about. It is "" if the file name
	// alone proves that.
	title string
	cut   bool // the limit has cut base, so that no suffix follows
	same  bool // the JSON is about this file, so its title has no other extension
}

// candidateNames yields the names that the JSON of a photo may have, the likeliest first.
func candidateNames(name string) iter.Seq[candidate] {
	return func(yield func(candidate) bool) {
		for _, w := range splitName(name).own() {
			if !yield(w) {
				return
			}
		}
		for _, form := range compositions(name) {
			for _, w := range splitName(form).guesses() {
				if !yield(w) {
					return
				}
			}
		}
	}
}

// compositions returns the composed and the decomposed form of a name. The limit cuts them differently.
func compositions(name string) []string {
	composed, apart := norm.NFC.String(name), norm.NFD.String(name)
	if composed == apart {
		return []string{composed}
	}
	return []string{composed, apart}
}

// A photoName is the parts IMG, (1) and .jpg of a name. The number may be "".
type photoName struct{ stem, number, ext string }

func splitName(name string) photoName {
	ext := filepath.Ext(name)
	stem, number := splitNumber(strings.TrimSuffix(name, ext))
	return photoName{stem, number, ext}
}

// splitNumber splits a number such as (12) from the end.
func splitNumber(s string) (rest, number string) {
	i := strings.LastIndexByte(s, '(')
	if i <= 0 || !strings.HasSuffix(s, ")") {
		return s, ""
	}
	digits := s[i+1 : len(s)-1]
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return s, ""
	}
	return s[:i], s[i:]
}

// own returns the candidates that contain the whole name of the photo. A number may be
// Takeout's, or part of the photo's original name.
func (p photoName) own() []candidate {
	whole := p.stem + p.number + p.ext
	if p.number == "" {
		return []candidate{{base: whole}}
	}
	return []candidate{{base: whole}, {base: p.stem + p.ext, number: p.number}, {base: whole, number: p.number}}
}

// readings returns p with its number as Takeout's and as part of the name. It omits the second
// if the limit would cut the number there, since a JSON without the number may be another
// photo's.
func (p photoName) readings() []photoName {
	whole := p.stem + p.number
	if p.number == "" || len(truncate(whole)) < len(whole) {
		return []photoName{p}
	}
	return []photoName{p, {whole, "", p.ext}}
}

// guesses returns the candidates that may be about p or about the photo that p was made from.
// First comes p with a name that was cut or has no extension, then its original.
func (p photoName) guesses() []candidate {
	var out []candidate
	for _, r := range p.readings() {
		out = append(out, photoName{r.stem, r.number, ""}.guess(true))
		if r.cut() {
			out = append(out, r.guess(true))
		}
	}
	originals, edited := p.unedited()
	if !edited {
		originals = p.readings()
	}
	for _, o := range originals {
		if edited {
			out = append(out, o.guess(false), photoName{o.stem, o.number, ""}.guess(false))
		}
		if edited || moves(p.ext) {
			out = append(out, o.stills(moves(p.ext))...)
		}
	}
	return out
}

// stills returns the candidates of photos that p may be an edited copy or the motion part of.
// They may be of another kind: an edited copy is a JPEG, and a motion part is IMG.MP4 next
// to IMG.HEIC, or PXL.MP next to PXL.MP.jpg.
func (p photoName) stills(motion bool) []candidate {
	var out []candidate
	for _, ext := range []string{".heic", ".jpg", ".jpeg", ".heif", ".png", ".dng"} {
		out = append(out, photoName{p.stem, p.number, ext}.guess(false))
		if motion {
			out = append(out, photoName{p.stem + p.ext, p.number, ext}.guess(false))
		}
	}
	return out
}

// cut reports whether the limit cuts more than the long suffix.
func (p photoName) cut() bool { return truncate(p.stem+p.ext) != p.stem+p.ext }

// guess returns the candidate of p, where p may be another photo than the one whose JSON is
// wanted.
func (p photoName) guess(same bool) candidate {
	title := p.stem + p.ext
	return candidate{base: truncate(title), number: p.number, title: title, cut: p.cut(), same: same}
}

// A jsonName is one way to read the name of a JSON: the photo that it is about, and how much
// of the long suffix it has.
type jsonName struct {
	base, number string
	suffix       int // bytes of supplement
}

// jsonNames returns all ways to read a name that ends with .json.
func jsonNames(name string) []jsonName {
	whole := name[:len(name)-len(".json")]
	out := suffixes(whole, "")
	if rest, number := splitNumber(whole); number != "" {
		out = append(out, suffixes(rest, number)...)
	}
	return out
}

func suffixes(s, number string) []jsonName {
	var out []jsonName
	for n := range len(supplement) + 1 {
		if strings.HasSuffix(strings.ToLower(s), supplement[:n]) {
			out = append(out, jsonName{s[:len(s)-n], number, n})
		}
	}
	return out
}

// fold returns a form of the name that does not depend on case or on how letters are composed.
func fold(name string) string { return strings.ToLower(norm.NFC.String(name)) }

// truncate returns what the limit leaves of a name.
func truncate(s string) string {
	units := 0
	for i, r := range s {
		units += max(utf16.RuneLen(r), 1)
		if units > maxUnits {
			return s[:i]
		}
	}
	return s
}

// editedMarks returns the endings of the names of edited copies, in the languages of accounts. A
// mark that no export uses does no harm, because the title in the JSON must agree.
func editedMarks() []string {
	return []string{
		"-edited", "-effects", "-smile", "-mix",
		"-bearbeitet", "-bewerkt", "-edytowane", "-editat", "-ha editado", "-modificato", "-modifié", "-編集済み", //nolint:misspell // Italian
		"-editado", "-editada", // Portuguese, Spanish
		"-redigerad", "-redigeret", "-redigert", // Swedish, Danish, Norwegian
		"-muokattu",              // Finnish
		"-upravené", "-upraveno", // Slovak, Czech
		"-szerkesztett",                   // Hungarian
		"-düzenlendi",                     // Turkish
		"-отредактировано", "-измененный", // Russian
		"-відредаговано", // Ukrainian
		"-편집됨", "-수정됨",   // Korean
		"-编辑", "-已编辑", "-已修改", "-已編輯", "-編輯後", // Chinese
	}
}

// unedited returns the names of the photo that p may be an edited copy of. In a long name, the
// end of the mark may be cut.
func (p photoName) unedited() (originals []photoName, edited bool) {
	at := strings.LastIndexByte(p.stem, '-')
	if at <= 0 {
		return nil, false
	}
	mark, long := fold(p.stem[at:]), truncate(p.stem+"x") != p.stem+"x"
	if !slices.ContainsFunc(editedMarks(), func(known string) bool { return mark == known || long && strings.HasPrefix(known, mark) }) {
		return nil, false
	}
	if p.number != "" {
		return []photoName{{p.stem[:at], p.number, p.ext}}, true
	}
	stem, number := splitNumber(p.stem[:at])
	return photoName{stem, number, p.ext}.readings(), true
}

// moves reports whether files of this kind can be the motion part of a photo.
func moves(ext string) bool {
	return slices.Contains([]string{".mp4", ".mov", ".mp", ".mv"}, strings.ToLower(ext))
}

// IsSidecar reports whether a file of this name is about a photo next to it. It looks only at
// the name.
func IsSidecar(name string) bool {
	ext := filepath.Ext(name)
	if strings.EqualFold(ext, ".xmp") {
		return true
	}
	if !strings.EqualFold(ext, ".json") {
		return false
	}
	base, _ := splitNumber(strings.TrimSuffix(name, ext))
	last := strings.ToLower(filepath.Ext(base))
	if withoutExtension(base) != base || slices.ContainsFunc(compositions(base), func(form string) bool { return truncate(form+"x") == form }) {
		return true // IMG.jpg.json, or cut at the limit
	}
	return last != "" && strings.HasPrefix(supplement, last)
}

// withoutExtension removes the extension of a picture or video, and no other one: the last part
// of 2013.12.23 is a day.
func withoutExtension(name string) string {
	ext := filepath.Ext(name)
	if slices.Contains([]string{
		".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".bmp",
		".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2",
		".mp4", ".mov", ".m4v", ".mp", ".mv", ".avi", ".mkv", ".webm", ".3gp", ".mpg", ".mpeg", ".wmv", ".mts", ".m2ts",
	}, strings.ToLower(ext)) {
		return strings.TrimSuffix(name, ext)
	}
	return name
}
