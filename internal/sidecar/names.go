package sidecar

import (
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"
)

// How Takeout names a photo's JSON is documented nowhere. These rules are what
// users report (immich-go issues 35, 405, 613, 652, 674; ente issues 4875 and 4953
// and pull request 4956; GooglePhotosTakeoutHelper issues 59, 180, 204):
//
//   - IMG.jpg.json until 2024, IMG.jpg.supplemental-metadata.json since, and of the
//     long suffix as much as the limit leaves: .supplemental-met, .suppl, .s, or a
//     dot. Some exports cut it though there is room, some do not cut at all.
//   - The limit is 51 UTF-16 units with .json. A longer photo name loses its own end,
//     and the photo's file is cut a little later than its JSON.
//   - Photos of one name are numbered before the extension, their JSON at the end:
//     IMG(1).jpg and IMG.jpg(1).json or IMG.jpg.supplemental-metadata(1).json. The
//     limit does not count the number. A number may also be part of the name from
//     the start.
//   - Edited copies and the moving part of a live photo have no JSON of their own: the
//     original's is theirs.
//   - Now and then the photo's extension is missing: IMG.supplemental-metadata.json.
//   - macOS takes accented letters apart. Names are the same however they are composed.
//
// A number must always agree, though exports are known that give numbered edited
// copies none: those photos are different ones as often as not. See also
// folder.unnumbered.
const (
	supplement = ".supplemental-metadata"
	maxUnits   = 51 - len(".json")
)

// A want is a name that a photo's JSON may have: base, all or some of the long suffix,
// number, .json.
type want struct {
	base, number string

	// title is the name of the photo that the JSON must be about, because the file
	// name alone proves nothing; "" when it does.
	title string
	cut   bool // the limit has cut base, so that no suffix follows
	same  bool // the JSON is about this very file, so its title has no other extension
}

// takeoutNames are the names that the JSON of a photo may have, the likeliest first.
func takeoutNames(name string) iter.Seq[want] {
	return func(yield func(want) bool) {
		for _, w := range splitName(name).own() {
			if !yield(w) {
				return
			}
		}
		for _, form := range forms(name) {
			for _, w := range splitName(form).guesses() {
				if !yield(w) {
					return
				}
			}
		}
	}
}

// forms are the ways to compose a name: the limit cuts them differently.
func forms(name string) []string {
	composed, apart := norm.NFC.String(name), norm.NFD.String(name)
	if composed == apart {
		return []string{composed}
	}
	return []string{composed, apart}
}

// A photoName is IMG, (1) and .jpg; the number may be "".
type photoName struct{ stem, number, ext string }

func splitName(name string) photoName {
	ext := filepath.Ext(name)
	stem, number := splitNumber(strings.TrimSuffix(name, ext))
	return photoName{stem, number, ext}
}

// splitNumber cuts a (12) off the end.
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

// own are the names that hold all of the photo's. A number may be Takeout's, or have
// been in the photo's name from the start.
func (p photoName) own() []want {
	whole := p.stem + p.number + p.ext
	if p.number == "" {
		return []want{{base: whole}}
	}
	return []want{{base: whole}, {base: p.stem + p.ext, number: p.number}, {base: whole, number: p.number}}
}

// readings are p with its number as Takeout's, and as part of the name, unless the
// limit would cut it there: a JSON without the number may be another photo's.
func (p photoName) readings() []photoName {
	whole := p.stem + p.number
	if p.number == "" || len(clip(whole)) < len(whole) {
		return []photoName{p}
	}
	return []photoName{p, {whole, "", p.ext}}
}

// guesses are the names of JSON that may be about p, or about a photo that p was made
// of: p with a name that was cut or without its extension, then its original.
func (p photoName) guesses() []want {
	var out []want
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

// stills are the photos that p can be an edited copy or the motion part of, whatever
// they are: an edited copy is a JPEG, and a motion part is IMG.MP4 next to IMG.HEIC, or
// PXL.MP next to PXL.MP.jpg.
func (p photoName) stills(motion bool) []want {
	var out []want
	for _, ext := range []string{".heic", ".jpg", ".jpeg", ".heif", ".png", ".dng"} {
		out = append(out, photoName{p.stem, p.number, ext}.guess(false))
		if motion {
			out = append(out, photoName{p.stem + p.ext, p.number, ext}.guess(false))
		}
	}
	return out
}

// cut reports whether the limit cuts more than the long suffix.
func (p photoName) cut() bool { return clip(p.stem+p.ext) != p.stem+p.ext }

// guess is the name of the JSON of p when p may be another photo than the one that is
// looked for.
func (p photoName) guess(same bool) want {
	title := p.stem + p.ext
	return want{base: clip(title), number: p.number, title: title, cut: p.cut(), same: same}
}

// A jsonName is one way to read the name of a JSON: which photo it is about, and how
// much of the long suffix it has.
type jsonName struct {
	base, number string
	suffix       int // bytes of supplement
}

// jsonNames are all ways to read a name that ends with .json.
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

// fold makes names comparable that differ in case or in how letters are composed.
func fold(name string) string { return strings.ToLower(norm.NFC.String(name)) }

// clip is what the limit leaves of a name.
func clip(s string) string {
	units := 0
	for i, r := range s {
		units += max(utf16.RuneLen(r), 1)
		if units > maxUnits {
			return s[:i]
		}
	}
	return s
}

// editedMarks are what ends the names of edited copies, each in the language of the account. A
// mark that no export has does no harm, because the title in the JSON has to agree.
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

// unedited are the names of the photo that p may be an edited copy of. A long name may
// have lost the end of its mark.
func (p photoName) unedited() (originals []photoName, edited bool) {
	at := strings.LastIndexByte(p.stem, '-')
	if at <= 0 {
		return nil, false
	}
	mark, long := fold(p.stem[at:]), clip(p.stem+"x") != p.stem+"x"
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

// IsSidecar reports whether a file of this name says something about a photo next to
// it. It goes by the name alone.
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
	if withoutExtension(base) != base || slices.ContainsFunc(forms(base), func(form string) bool { return clip(form+"x") == form }) {
		return true // IMG.jpg.json, or cut at the limit
	}
	return last != "" && strings.HasPrefix(supplement, last)
}

// withoutExtension cuts the extension of a picture or video off, and no other: what
// follows the last dot of 2013.12.23 is a day.
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
