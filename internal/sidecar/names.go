package sidecar

import (
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf16"
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
//     limit does not count the number.
//   - Edited copies and the moving part of a live photo have no JSON of their own: the
//     original's is theirs.
//   - Now and then the photo's extension is missing: IMG.supplemental-metadata.json.
//
// A number must always agree, though exports are known that give numbered edited
// copies none: those photos are different ones as often as not.
const (
	supplement = ".supplemental-metadata"
	maxUnits   = 51 - len(".json")
)

// A want is a name that a photo's JSON may have. When title is not "" the file name
// alone proves nothing, and the JSON has to say that it is about a photo of that name.
type want struct{ name, title string }

// takeoutNames are the names that the JSON of a photo may have, the likeliest first.
func takeoutNames(name string) iter.Seq[want] {
	return func(yield func(want) bool) {
		p := splitName(name)
		if !p.own(yield) {
			return
		}
		for _, base := range p.guesses() {
			if !base.guess(yield) {
				return
			}
		}
	}
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

// own yields the names that hold all of the photo's. A number may be Takeout's, or
// have been in the photo's name from the start.
func (p photoName) own(yield func(want) bool) bool {
	whole := p.stem + p.number + p.ext
	if !supplemented(whole, "", "", yield) {
		return false
	}
	return p.number == "" || supplemented(p.stem+p.ext, p.number, "", yield) && supplemented(whole, p.number, "", yield)
}

// guesses are photos whose JSON may be p's too: p itself with a name that was cut or
// without its extension, then its original.
func (p photoName) guesses() []photoName {
	out := []photoName{{p.stem, p.number, ""}}
	if p.cut() {
		out = append(out, p)
	}
	original, edited := p.unedited()
	if edited {
		out = append(out, original, photoName{original.stem, original.number, ""})
	}
	motion := moves(p.ext)
	if !edited && !motion {
		return out
	}
	// An edited copy is a JPEG, whatever the original; a motion part is IMG.MP4
	// beside IMG.HEIC, or PXL.MP beside PXL.MP.jpg.
	for _, still := range []string{".heic", ".jpg", ".jpeg", ".heif", ".png", ".dng"} {
		out = append(out, photoName{original.stem, original.number, still})
		if motion {
			out = append(out, photoName{original.stem + original.ext, original.number, still})
		}
	}
	return out
}

// cut reports whether the limit cuts more than the long suffix.
func (p photoName) cut() bool { return clip(p.stem+p.ext) != p.stem+p.ext }

// guess yields the names of the JSON of a photo that may be another.
func (p photoName) guess(yield func(want) bool) bool {
	title := p.stem + p.ext
	if p.cut() {
		return yield(want{clip(title) + p.number + ".json", title})
	}
	return supplemented(title, p.number, title, yield)
}

// supplemented yields base and number with .json, and with all or some of the long
// suffix between them.
func supplemented(base, number, title string, yield func(want) bool) bool {
	for n := len(supplement); n >= 0; n-- {
		if !yield(want{base + supplement[:n] + number + ".json", title}) {
			return false
		}
	}
	return true
}

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

// unedited is the name of the photo that p is an edited copy of. The mark of one
// is in the language of the account; only marks that were seen in exports are here.
// A long name may have lost the end of its mark.
func (p photoName) unedited() (original photoName, edited bool) {
	at := strings.LastIndexByte(p.stem, '-')
	if at <= 0 {
		return p, false
	}
	mark, long := strings.ToLower(p.stem[at:]), clip(p.stem+"x") != p.stem+"x"
	if !slices.ContainsFunc([]string{
		"-edited", "-effects", "-smile", "-mix", "-bearbeitet", "-bewerkt", "-edytowane", "-editat", "-ha editado", "-modificato", //nolint:misspell // Italian
		"-modifié", "-modifie\u0301", // macOS may take letters apart
		"-編集済み",
	}, func(known string) bool { return mark == known || long && strings.HasPrefix(known, mark) }) {
		return p, false
	}
	stem, number := splitNumber(p.stem[:at])
	if p.number != "" {
		stem, number = stem+number, p.number
	}
	return photoName{stem, number, p.ext}, true
}

// moves reports whether files of this kind can be the motion part of a photo.
func moves(ext string) bool {
	return slices.Contains([]string{".mp4", ".mov", ".mp", ".mv"}, strings.ToLower(ext))
}

// IsSidecar reports whether a file of this name says something about a photo beside
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
	if clip(base+"x") == base || withoutExtension(base) != base {
		return true // cut at the limit, or IMG.jpg.json
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
