package photo

import (
	"math"
	"time"
)

// FactSource says where a photo's date or position came from.
type FactSource string

// The sources of a date or a position, the best one first.
const (
	FactEmbedded FactSource = "embedded" // the picture's own metadata
	FactSidecar  FactSource = "sidecar"  // an XMP file next to it
	FactTakeout  FactSource = "takeout"  // the JSON of a Google Takeout export
	FactModified FactSource = "mtime"    // when its file was last modified; dates only
)

// Claimed reports whether a client may name s as the source of what it found outside
// the picture.
func (s FactSource) Claimed() bool { return s == FactSidecar || s == FactTakeout }

// betterThan reports whether what s says replaces what old says. A source that this
// program does not know is never replaced.
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

// Facts are what is known about a photo apart from its bytes. Without Taken, Modified
// stands for it.
type Facts struct {
	Modified       time.Time  `json:"modified,omitzero"` // of the file
	Taken          Moment     `json:"taken,omitzero"`
	TakenSource    FactSource `json:"taken_source,omitempty"`
	Position       *Position  `json:"position,omitempty"`
	PositionSource FactSource `json:"position_source,omitempty"`
}

// taken returns the date and its source, both empty when there is no plausible one.
func (f Facts) taken() (Moment, FactSource) {
	if f.Taken.Plausible() {
		return f.Taken, f.TakenSource
	}
	if m := At(f.Modified.UTC()); m.Plausible() {
		return m, FactModified
	}
	return Moment{}, ""
}

// Improve reports whether f has a better date or position than those that a photo has
// from these sources.
func (f Facts) Improve(taken, position FactSource) bool {
	_, source := f.taken()
	return source.betterThan(taken) || f.Position != nil && f.PositionSource.betterThan(position)
}

// Facts returns what p says in the form of Facts.
func (p *Photo) Facts() Facts {
	return Facts{Modified: p.ModifiedAt, Taken: p.TakenAt, TakenSource: p.TakenSource, Position: p.Position, PositionSource: p.PositionSource}
}

// Learn gives p the date and the position of f where their sources are better, and the
// time of modification if p has none. It reports whether anything changed.
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

// NewPosition returns nil for what is no place on earth, and for 0,0 in the Gulf of
// Guinea, which devices write that do not know where they are.
func NewPosition(latitude, longitude float64) *Position {
	if latitude == 0 && longitude == 0 || !(math.Abs(latitude) <= 90) || !(math.Abs(longitude) <= 180) {
		return nil
	}
	return &Position{Latitude: latitude, Longitude: longitude}
}
