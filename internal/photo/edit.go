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

// Empty reports whether e changes nothing of any photo.
func (e Edit) Empty() bool {
	return e.Description == nil && e.Name == nil && e.TakenAt == nil && e.Position == nil && e.Folder == nil && e.Tags == nil &&
		len(e.AddTags)+len(e.RemoveTags) == 0
}

// Apply edits everything of p but the description. It reports whether anything changed, and
// refuses more than MaxTags.
func (e Edit) Apply(p *Photo) (changed bool, err error) {
	tags := e.tags(p.Tags)
	if len(tags) > MaxTags && len(tags) > len(p.Tags) {
		return false, &Error{Kind: KindUsage, Msg: fmt.Sprintf("photo %s would have %d tags", p.ID.Short(), len(tags)), Hint: fmt.Sprintf("a photo may have %d tags", MaxTags)}
	}
	changes := []bool{set(&p.Name, e.Name), set(&p.Folder, e.Folder), e.applyDate(p), e.applyPlace(p), !slices.Equal(tags, p.Tags)}
	p.Tags = tags
	return slices.Contains(changes, true), nil
}

// set makes *s the text to, unless that is nil. It reports whether *s changed.
func set(s, to *string) bool {
	if to == nil || *to == *s {
		return false
	}
	*s = *to
	return true
}

// applyDate reports whether it changed when p was taken, or who said so.
func (e Edit) applyDate(p *Photo) bool {
	if e.TakenAt == nil {
		return false
	}
	before, source := p.TakenAt, p.TakenSource
	p.TakenAt, p.TakenSource = *e.TakenAt, FactUser
	if p.TakenAt.IsZero() {
		p.TakenSource = ""
	}
	return before.String() != p.TakenAt.String() || source != p.TakenSource
}

// applyPlace reports whether it changed where p was taken, or who said so.
func (e Edit) applyPlace(p *Photo) bool {
	if e.Position == nil {
		return false
	}
	before, source := p.Position, p.PositionSource
	p.Position, p.PositionSource = e.Position.Position, FactUser
	if p.Position == nil {
		p.PositionSource = ""
		return before != nil
	}
	return before == nil || *before != *p.Position || source != FactUser
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
	Cameras       []Tally // the MaxCameras with the most photos
}

// MaxCameras is how many cameras are counted. Any text in a file may be the name of one.
const MaxCameras = 1000
