package api

import (
	"encoding/json"

	"photos/internal/photo"
)

// PhotoPatch is the body of PATCH /v1/photos/{id}. What is absent stays as it is. An empty
// description erases it, and so does null for a date or a position.
type PhotoPatch struct {
	Description *string                `json:"description,omitempty"`
	Source      photo.Source           `json:"description_source,omitempty"` // default: flag
	Name        *string                `json:"name,omitempty"`
	TakenAt     Nullable[photo.Moment] `json:"taken_at,omitzero"`
	Position    Nullable[Position]     `json:"position,omitzero"`
	Folder      *string                `json:"folder,omitempty"`
	Tags        *[]string              `json:"tags,omitempty"` // all tags of the photo
}

// Nullable is a member of a body that may be absent or null. Value is nil in both cases.
type Nullable[T any] struct {
	Given bool
	Value *T
}

// IsZero reports whether the member is absent.
func (n Nullable[T]) IsZero() bool { return !n.Given }

// MarshalJSON implements json.Marshaler.
func (n Nullable[T]) MarshalJSON() ([]byte, error) { return json.Marshal(n.Value) }

// UnmarshalJSON implements json.Unmarshaler.
func (n *Nullable[T]) UnmarshalJSON(b []byte) error {
	n.Given = true
	return json.Unmarshal(b, &n.Value)
}

// Position is a position in a PhotoPatch. Both numbers are needed.
type Position struct {
	Latitude  *float64 `json:"latitude"`
	Longitude *float64 `json:"longitude"`
}

// TagPatch is the body of PATCH /v1/tags: tags that at most photo.MaxDescribe photos get or lose,
// in one transaction.
type TagPatch struct {
	IDs    []photo.ID `json:"ids"`
	Add    []string   `json:"add,omitempty"`
	Remove []string   `json:"remove,omitempty"`
}

// PhotoTags are the tags of one photo: the answer of GET /v1/photos/{id}/tags and the body of PUT.
type PhotoTags struct {
	Tags []string `json:"tags"`
}

// Tags is the answer of GET /v1/tags, in the order of the tags.
type Tags struct {
	Tags []Tag  `json:"tags"`
	Next string `json:"next,omitempty"` // the cursor of the next page
}

// Tag is a tag and how many photos have it.
type Tag struct {
	Tag    string `json:"tag"`
	Photos int64  `json:"photos"`
	Bytes  int64  `json:"bytes"`
}

// FromTags returns the form of tags on the wire.
func FromTags(tags []photo.Tally, next string) Tags {
	w := Tags{Tags: make([]Tag, len(tags)), Next: next}
	for i, t := range tags {
		w.Tags[i] = Tag{Tag: t.Value, Photos: t.Photos, Bytes: t.Bytes}
	}
	return w
}

// Stats is the answer of GET /v1/stats. Photos in the trash do not count.
type Stats struct {
	Photos  int64   `json:"photos"`
	Bytes   int64   `json:"bytes"`
	Months  []Count `json:"months"`  // like 2024-05, the earliest first; empty for photos without a date
	Types   []Count `json:"types"`   // media types
	Cameras []Count `json:"cameras"` // the photo.MaxCameras with the most photos; empty for photos that do not name one
}

// Count is how many photos have a value in common.
type Count struct {
	Value  string `json:"value"`
	Photos int64  `json:"photos"`
	Bytes  int64  `json:"bytes"`
}

// FromStats returns the form of s on the wire.
func FromStats(s photo.Stats) Stats {
	return Stats{Photos: s.Photos, Bytes: s.Bytes, Months: fromTallies(s.Months), Types: fromTallies(s.Types), Cameras: fromTallies(s.Cameras)}
}

func fromTallies(tallies []photo.Tally) []Count {
	counts := make([]Count, len(tallies))
	for i, t := range tallies {
		counts[i] = Count{Value: t.Value, Photos: t.Photos, Bytes: t.Bytes}
	}
	return counts
}
