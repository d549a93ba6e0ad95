package photo

import (
	"math"
	"slices"
	"time"
)

// FactSource says where the date or the position of a photo came from.
type FactSource string

// The sources of a date or a position, the best one first.
const (
	FactUser     FactSource = "user"     // the user edited it
	FactEmbedded FactSource = "embedded" // the picture's own metadata
	FactSidecar  FactSource = "sidecar"  // an XMP file next to it
	FactTakeout  FactSource = "takeout"  // an export of Google Takeout or iCloud
	FactModified FactSource = "mtime"    // when its file was last modified; dates only
)

// Claimable reports whether a client may name s as the source of what it found outside the
// picture.
func (s FactSource) Claimable() bool { return s == FactSidecar || s == FactTakeout }

// betterThan reports whether a fact from s replaces one from old. A source that this program
// does not know is never replaced.
func (s FactSource) betterThan(old FactSource) bool {
	rank := func(s FactSource) int {
		switch s {
		case "":
			return 0
		case FactModified:
			return 1
		case FactTakeout:
			return 2
		case FactSidecar:
			return 3
		case FactEmbedded:
			return 4
		case FactUser:
			return 5
		}
		return math.MaxInt
	}
	return rank(s) > rank(old)
}

// Facts are what is known about a photo apart from its bytes. Modified serves as the date if
// Taken is empty. Folder and Tags are as in Photo.
type Facts struct {
	Modified       time.Time  `json:"modified,omitzero"` // of the file
	Taken          Moment     `json:"taken,omitzero"`
	TakenSource    FactSource `json:"taken_source,omitempty"`
	Position       *Position  `json:"position,omitempty"`
	PositionSource FactSource `json:"position_source,omitempty"`
	Folder         string     `json:"folder,omitempty"`
	Tags           []string   `json:"tags,omitempty"`
}

// IsZero reports whether nothing is known.
func (f Facts) IsZero() bool {
	return f.Modified.IsZero() && f.Taken.IsZero() && f.Position == nil && f.Folder == "" && len(f.Tags) == 0
}

// taken returns the date and its source. Both are empty if there is no plausible date.
func (f Facts) taken() (Moment, FactSource) {
	if f.Taken.Plausible() {
		return f.Taken, f.TakenSource
	}
	if m := At(f.Modified.UTC()); m.Plausible() {
		return m, FactModified
	}
	return Moment{}, ""
}

// Improve reports whether f has something for the photo of a check: a date or a position from a
// better source, a folder if the photo has none, or tags that it does not have.
func (f Facts) Improve(s Status) bool {
	_, source := f.taken()
	return source.betterThan(s.TakenSource) || f.Position != nil && f.PositionSource.betterThan(s.PositionSource) ||
		f.Folder != "" && s.Folder == "" || len(addTags(s.Tags, f.Tags)) > len(s.Tags)
}

// addTags returns the tags with more added, sorted, up to MaxTags. It returns the tags
// themselves if more has no others.
func addTags(tags, more []string) []string {
	all := tags
	for _, t := range more {
		if at, found := slices.BinarySearch(all, t); !found && len(all) < MaxTags {
			all = slices.Insert(slices.Clip(all), at, t)
		}
	}
	return all
}

// Facts returns the facts of p.
func (p *Photo) Facts() Facts {
	return Facts{Modified: p.ModifiedAt, Taken: p.TakenAt, TakenSource: p.TakenSource, Position: p.Position, PositionSource: p.PositionSource, Folder: p.Folder, Tags: p.Tags}
}

// Learn replaces the date and the position of p by those of f if their sources are better. It
// adds the time of modification and the folder if p has none, and the tags that p does not have.
// It reports whether anything changed.
func (p *Photo) Learn(f Facts) (changed bool) {
	if m, source := f.taken(); source.betterThan(p.TakenSource) {
		p.TakenAt, p.TakenSource, changed = m, source, true
	}
	if f.Position != nil && f.PositionSource.betterThan(p.PositionSource) {
		p.Position, p.PositionSource, changed = f.Position, f.PositionSource, true
	}
	if p.ModifiedAt.IsZero() && !f.Modified.IsZero() {
		p.ModifiedAt, changed = f.Modified.UTC().Truncate(time.Microsecond), true
	}
	if p.Folder == "" && f.Folder != "" {
		p.Folder, changed = f.Folder, true
	}
	if all := addTags(p.Tags, f.Tags); len(all) > len(p.Tags) {
		p.Tags, changed = all, true
	}
	return changed
}

// Relearn replaces what p has from the picture itself by what is read from the picture now,
// and what it has from a worse source too. It reports whether anything changed.
func (p *Photo) Relearn(taken Moment, position *Position) (changed bool) {
	before := *p
	if p.TakenSource == FactEmbedded {
		p.TakenAt, p.TakenSource = Moment{}, ""
	}
	if p.PositionSource == FactEmbedded {
		p.Position, p.PositionSource = nil, ""
	}
	p.Learn(Facts{Modified: p.ModifiedAt, Taken: taken, TakenSource: FactEmbedded, Position: position, PositionSource: FactEmbedded})
	same := before.Position == nil && p.Position == nil || before.Position != nil && p.Position != nil && *before.Position == *p.Position
	return !same || before.TakenAt.String() != p.TakenAt.String() || before.TakenSource != p.TakenSource || before.PositionSource != p.PositionSource
}

// NewPosition returns a position, or nil if there is no such place on earth. It also returns
// nil for 0,0 in the Gulf of Guinea: devices that do not know their position write that.
func NewPosition(latitude, longitude float64) *Position {
	if latitude == 0 && longitude == 0 || !(math.Abs(latitude) <= 90) || !(math.Abs(longitude) <= 180) {
		return nil
	}
	return &Position{Latitude: latitude, Longitude: longitude}
}
