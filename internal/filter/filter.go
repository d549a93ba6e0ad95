// Package filter is the language in which users say which photos they mean: the value of
// --search, and the parameter search of the API. [Parse] reads a text and returns a [Query],
// whose String is a text that means the same everywhere: its times have offsets, and an age
// has become a time. So a client checks a filter before it asks, and the service reads the
// text with the same parser. docs/filters.md explains the language to users.
//
// A Query is one tree for all: the store compiles it to SQL, and its tests evaluate it in Go.
package filter

import (
	"math"
	"slices"
	"strings"
	"time"

	"photos/internal/photo"
)

// Limits of a filter.
const (
	MaxText  = 2048 // bytes
	MaxTerms = 32
)

// A Query selects the photos that pass all its terms. A query without terms selects all.
type Query []Term

// A Term is one condition, which Not reverses.
type Term struct {
	Not  bool
	Test Test
}

// A Test is what a term asks about a photo. It is one of the types below.
type Test interface {
	key() string   // empty: the value stands alone
	value() string // as the parser reads it, not quoted
}

// Text asks whether a field has Value somewhere, in upper or lower case, with or without
// accents (package fold). Value may have spaces.
type Text struct {
	In    Field
	Value string
}

// Field is where Text looks.
type Field string

// The fields of Text.
const (
	Anywhere Field = "" // name, description, tags
	Camera   Field = "camera"
	Lens     Field = "lens"
)

// Type asks for a kind of media.
type Type string

// The kinds of media. A raw photo is also a photo.
const (
	Photo Type = "photo"
	Video Type = "video"
	Raw   Type = "raw"
)

// IsRaw reports whether a media type is of a raw format. Those are the pictures whose media
// types are not registered.
func IsRaw(mediaType string) bool { return strings.HasPrefix(mediaType, RawPrefix) }

// RawPrefix is the beginning of the media types of raw formats.
const RawPrefix = "image/x-"

// Ext asks for the extension of the file name, in lower case, without the dot.
type Ext string

// Time asks for photos of a time: at or after From, and before To. A zero bound is open. The
// locations of the bounds matter as those of photo.Filter do.
type Time struct {
	By       photo.Order
	From, To time.Time
}

// Size asks for a number of bytes: from Least to Most, both included. MaxSize is open.
type Size struct{ Least, Most int64 }

// MaxSize is the Most of a Size without an upper bound.
const MaxSize = math.MaxInt64

// Tag asks for a tag, all of it, whatever its case and accents.
type Tag string

// Folder asks for photos in a folder and below it, whatever the case and accents of its names.
type Folder string

// Has asks whether something is known about a photo.
type Has string

// What can be known about a photo.
const (
	HasDescription Has = "description"
	HasPosition    Has = "position"
	HasDate        Has = "date"
	HasCamera      Has = "camera"
	HasTag         Has = "tag"
	HasFolder      Has = "folder"
)

// Near asks for a position within Radius metres of a place, on a sphere.
type Near struct{ Latitude, Longitude, Radius float64 }

// Is asks for a state.
type Is string

// The states of a photo.
const (
	Described   Is = "described"
	Undescribed Is = "undescribed"
	Trashed     Is = "trashed"
)

// Of returns the query of f: its text and its fields in one tree. The text must have
// no time without an offset, and no age; in one from elsewhere, both are read as UTC and now.
func Of(f photo.Filter) (Query, error) {
	var q Query
	if f.Search != "" {
		var err error
		if q, err = Parse(f.Search, time.Now().UTC()); err != nil {
			return nil, err
		}
	}
	if !f.Since.IsZero() || !f.Until.IsZero() {
		by := f.By
		if by == "" {
			by = photo.ByUploaded
		}
		q = append(q, Term{Test: Time{By: by, From: f.Since, To: f.Until}})
	}
	if f.Undescribed {
		q = append(q, Term{Test: Undescribed})
	}
	if f.Trash {
		q = append(q, Term{Test: Trashed})
	}
	return q, nil
}

// InTrash reports whether the query asks for photos in the trash. Every other query is about
// live photos.
func (q Query) InTrash() bool { return slices.Contains(q, Term{Test: Trashed}) }

// OnlyExcludes reports whether all terms are negations. Such a query selects nearly
// everything, which is seldom what is to be deleted.
func (q Query) OnlyExcludes() bool {
	return len(q) > 0 && !slices.ContainsFunc(q, func(t Term) bool { return !t.Not })
}
