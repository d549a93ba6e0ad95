package sqldb

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"photos/internal/filter"
	"photos/internal/filter/fold"
	"photos/internal/photo"
)

// earth is the radius of the sphere on which distances are measured, in metres.
const earth = 6_371_000

// folded returns the text in which words are looked for: description, tags and name. Line ends
// separate its parts: none of them has one, so no word reaches from one part into another. The
// name is last, so that the text ends with its extension.
func folded(p photo.Photo) string {
	text := fold.String(p.Description) + "\n"
	for _, tag := range p.Tags {
		text += fold.String(tag) + "\n"
	}
	return text + fold.String(p.Name)
}

// gear returns the text in which folder:, camera: and lens: look, a line for each.
func gear(p photo.Photo) string {
	folder := ""
	if p.Folder != "" {
		folder = fold.String(p.Folder) + "/"
	}
	return folder + "\n" + fold.String(p.Camera) + "\n" + fold.String(p.Shot.Lens)
}

// terms adds the conditions of a filter. Each is true or false and never NULL, so that NOT
// reverses it.
func (l *listing) terms(terms filter.Query) {
	l.state = stateOf(terms)
	for _, t := range cheapestFirst(terms) {
		if t.Test == filter.Trashed && !t.Not {
			continue // the state says so
		}
		condition, args := l.condition(t)
		if t.Not {
			condition = "NOT (" + condition + ")"
		}
		l.rest.where(condition, args...)
		if !t.Not {
			l.words = append(l.words, indexedWords(t.Test)...)
		}
	}
}

// indexedText returns the text of a photo that the index has.
func indexedText(folded, gear string) string { return folded + "\n" + gear }

// indexedWords returns what is in the indexed text of every photo that passes the test.
func indexedWords(test filter.Test) []string {
	switch t := test.(type) {
	case filter.Text:
		return []string{fold.String(t.Value)}
	case filter.Tag:
		return []string{"\n" + fold.String(string(t)) + "\n"}
	case filter.Folder:
		return []string{"\n" + fold.String(string(t)) + "/"}
	case filter.Ext:
		return []string{"." + string(t) + "\n"}
	}
	return nil
}

// cheapestFirst puts the terms that look into a text last, and of those the longest first: it is
// the rarest, and where it is missing the database looks for no other.
func cheapestFirst(terms filter.Query) filter.Query {
	length := func(t filter.Term) int {
		if text, ok := t.Test.(filter.Text); ok {
			return len(text.Value)
		}
		return math.MaxInt
	}
	terms = slices.Clone(terms)
	slices.SortStableFunc(terms, func(a, b filter.Term) int { return cmp.Compare(length(b), length(a)) })
	return terms
}

func stateOf(terms filter.Query) int {
	if terms.InTrash() {
		return trashed
	}
	return live
}

func (l *listing) condition(term filter.Term) (string, []any) {
	switch t := term.Test.(type) {
	case filter.Text:
		return textCondition(t)
	case filter.Type:
		return typeCondition(t)
	case filter.Tag:
		return `folded LIKE ? ESCAPE '!'`, []any{"%\n" + escapeLike(fold.String(string(t))) + "\n%"}
	case filter.Folder:
		return `gear LIKE ? ESCAPE '!'`, []any{escapeLike(fold.String(string(t))) + "/%"}
	case filter.Ext:
		return `folded LIKE ? ESCAPE '!'`, []any{"%." + escapeLike(string(t))}
	case filter.Time:
		// From the second page on the cursor is the bound that the index is to use, so the bound on
		// its side is hidden from it. So is every bound that cannot end the walk.
		index := t.By == l.by && !term.Not
		return timeCondition(t, index && l.before == nil, index && l.after == nil)
	case filter.Size:
		return `size BETWEEN ? AND ?`, []any{t.Least, t.Most}
	case filter.Has:
		return hasCondition(t), nil
	case filter.Near:
		return nearCondition(t)
	case filter.Is:
		switch t {
		case filter.Described:
			return hasCondition(filter.HasDescription), nil
		case filter.Undescribed:
			return `LENGTH(description) = 0`, nil
		case filter.Trashed:
			return `state = ?`, []any{trashed}
		}
	}
	panic(fmt.Sprintf("no condition for %T", term.Test))
}

// escapeLike returns s as a part of a pattern of LIKE ? ESCAPE '!'.
func escapeLike(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

func textCondition(t filter.Text) (string, []any) {
	value := "%" + escapeLike(fold.String(t.Value)) + "%"
	switch t.In {
	case filter.Camera:
		return `gear LIKE ? ESCAPE '!'`, []any{"%\n" + value + "\n%"}
	case filter.Lens:
		return `gear LIKE ? ESCAPE '!'`, []any{"%\n%\n" + value}
	}
	return `folded LIKE ? ESCAPE '!'`, []any{value}
}

func typeCondition(t filter.Type) (string, []any) {
	prefix := "image/"
	switch t {
	case filter.Video:
		prefix = "video/"
	case filter.Raw:
		prefix = filter.RawPrefix
	}
	return `media_type LIKE ?`, []any{prefix + "%"}
}

// hasCondition compares lengths, as MariaDB takes spaces for nothing when it compares texts.
func hasCondition(h filter.Has) string {
	switch h {
	case filter.HasPosition:
		return `latitude IS NOT NULL AND longitude IS NOT NULL`
	case filter.HasDate:
		return `taken_at > ` + takenBeforeText
	case filter.HasCamera:
		return `LENGTH(camera) > 0`
	case filter.HasTag:
		return `LENGTH(tags) > 0`
	case filter.HasFolder:
		return `LENGTH(folder) > 0`
	}
	return `LENGTH(description) > 0`
}

// nearCondition compares the haversine of the angle between two places.
func nearCondition(n filter.Near) (string, []any) {
	half := math.Sin(min(n.Radius/earth/2, math.Pi/2))
	return hasCondition(filter.HasPosition) + ` AND
			POWER(SIN(RADIANS(latitude - ?) / 2), 2) +
			COS(RADIANS(latitude)) * ? * POWER(SIN(RADIANS(longitude - ?) / 2), 2) <= ?`,
		[]any{n.Latitude, math.Cos(n.Latitude * math.Pi / 180), n.Longitude, half * half}
}

// timeCondition bounds a time. lower and upper say whether the index may use that bound.
//
// A moment without an offset is compared with the clock of a bound and any other
// one with its instant. The wider of the two comes first, because the index has it:
// a page then reads no more than a day of photos that it does not list. A photo
// without a moment is within no bounds.
func timeCondition(t filter.Time, lower, upper bool) (string, []any) {
	column := func(name string, indexed bool) string {
		if indexed {
			return name
		}
		return "+" + name
	}
	var all []string
	var args []any
	and := func(condition string, a ...any) {
		all, args = append(all, condition), append(args, a...)
	}
	if t.By == photo.ByUploaded {
		if !t.From.IsZero() {
			and(column("uploaded_at", lower)+` >= ?`, t.From.UnixMicro())
		}
		if !t.To.IsZero() {
			and(column("uploaded_at", upper)+` < ?`, t.To.UnixMicro())
		}
		return strings.Join(all, " AND "), args
	}
	if !t.From.IsZero() {
		wall, instant := photo.WallClock(t.From).UnixMicro(), t.From.UnixMicro()
		and(column("taken_at", lower)+` >= ?`, min(wall, instant))
		and(`(+taken_at >= ? OR taken_offset IS NOT NULL) AND (+taken_at >= ? OR taken_offset IS NULL)`, wall, instant)
	} else {
		and(column("taken_at", lower) + ` > ` + takenBeforeText)
	}
	if !t.To.IsZero() {
		wall, instant := photo.WallClock(t.To).UnixMicro(), t.To.UnixMicro()
		and(column("taken_at", upper)+` < ?`, max(wall, instant))
		and(`(+taken_at < ? OR taken_offset IS NOT NULL) AND (+taken_at < ? OR taken_offset IS NULL)`, wall, instant)
	}
	return strings.Join(all, " AND "), args
}
