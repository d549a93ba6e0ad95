package photo

import (
	"fmt"
	"slices"
)

// Edit is a change of what the user may edit of one photo. What is nil stays as it is.
type Edit struct {
	ID          ID
	Description *Text
	Name        *string
	TakenAt     *Moment    // the zero Moment erases
	Position    *PlaceEdit // where the photo was taken
	Folder      *string    // in the form of CleanFolder
	Tags        *[]string  // all of them, normalized
	AddTags     []string   // normalized
	RemoveTags  []string   // normalized
	IfVersion   *int64     // fail with KindChanged unless this is the version; nil: any
}

// Text is a description with its source. The empty one erases.
type Text struct {
	Text   string
	Source Source
}

// PlaceEdit is a position, or none.
type PlaceEdit struct{ Position *Position }

// Apply edits everything of p but the description. It reports whether anything changed, and
// refuses more than MaxTags.
func (e Edit) Apply(p *Photo) (changed bool, err error) {
	if e.Name != nil && *e.Name != p.Name {
		p.Name, changed = *e.Name, true
	}
	if e.TakenAt != nil && (e.TakenAt.String() != p.TakenAt.String() || p.TakenSource != FactUser && !p.TakenAt.IsZero()) {
		p.TakenAt, p.TakenSource, changed = *e.TakenAt, FactUser, true
		if p.TakenAt.IsZero() {
			p.TakenSource = ""
		}
	}
	if e.Position != nil && e.Position.apply(p) {
		changed = true
	}
	if e.Folder != nil && *e.Folder != p.Folder {
		p.Folder, changed = *e.Folder, true
	}
	tags := e.tags(p.Tags)
	if len(tags) > MaxTags && len(tags) > len(p.Tags) {
		return false, &Error{Kind: KindUsage, Msg: fmt.Sprintf("photo %s would have %d tags", p.ID.Short(), len(tags)), Hint: fmt.Sprintf("a photo may have %d tags", MaxTags)}
	}
	if !slices.Equal(tags, p.Tags) {
		p.Tags, changed = tags, true
	}
	return changed, nil
}

// apply reports whether it changed the position of p or where it is from.
func (e PlaceEdit) apply(p *Photo) (changed bool) {
	if e.Position == nil {
		changed = p.Position != nil
		p.Position, p.PositionSource = nil, ""
		return changed
	}
	changed = p.Position == nil || *p.Position != *e.Position || p.PositionSource != FactUser
	p.Position, p.PositionSource = e.Position, FactUser
	return changed
}

// tags returns the tags that a photo with the tags old has after the edit, sorted.
func (e Edit) tags(old []string) []string {
	tags := slices.Clone(old)
	if e.Tags != nil {
		tags = slices.Clone(*e.Tags)
	}
	tags = append(tags, e.AddTags...)
	tags = slices.DeleteFunc(tags, func(t string) bool { return slices.Contains(e.RemoveTags, t) })
	slices.Sort(tags)
	if tags = slices.Compact(tags); len(tags) == 0 {
		return nil
	}
	return tags
}

// A Tally is how many photos have something in common, for example a tag, and their bytes.
type Tally struct {
	Value  string
	Photos int64
	Bytes  int64
}

// Stats counts the live photos of an owner. Each list is in the order of its values, which are
// empty for photos of which nothing is known.
type Stats struct {
	Photos, Bytes int64
	Months        []Tally // like 2024-05, where the photo was taken
	Types         []Tally // media types
	Cameras       []Tally
}
