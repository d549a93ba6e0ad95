package photo

import (
	"math"
	"time"
)

// FactSource says where the date or the position of a photo came from.
type FactSource string

// The sources of a date or a position, the best one first.
const (
	FactEmbedded FactSource = "embedded" // the picture's own metadata
	FactSidecar  FactSource = "sidecar"  // an XMP file next to it
	FactTakeout  FactSource = "takeout"  // the JSON of a Google Takeout export
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
		}
		return math.MaxInt
	}
	return rank(s) > rank(old)
}

// Facts are what is known about a photo apart from its bytes. Modified serves as the date if
// Taken is empty.
type Facts struct {
	Modified       time.Time  `json:"modified,omitzero"` // of the file
	Taken          Moment     `json:"taken,omitzero"`
	TakenSource    FactSource `json:"taken_source,omitempty"`
	Position       *Position  `json:"position,omitempty"`
	PositionSource FactSource `json:"position_source,omitempty"`
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

// Improve reports whether f has a better date or position than a photo whose date and
// position came from these sources.
func (f Facts) Improve(taken, position FactSource) bool {
	_, source := f.taken()
	return source.betterThan(taken) || f.Position != nil && f.PositionSource.betterThan(position)
}

// Facts returns the facts of p.
func (p *Photo) Facts() Facts {
	return Facts{Modified: p.ModifiedAt, Taken: p.TakenAt, TakenSource: p.TakenSource, Position: p.Position, PositionSource: p.PositionSource}
}

// Learn replaces the date and the position of p by those of f if their sources are better,
// and adds the time of modification if p has none. It reports whether anything changed.
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
