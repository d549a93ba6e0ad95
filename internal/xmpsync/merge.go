package xmpsync

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"photos/internal/photo"
)

// Field is something that is kept equal.
type Field string

// The fields.
const (
	Description Field = "description"
	Taken       Field = "taken_at"
	Position    Field = "position"
	Tags        Field = "tags"
)

// Side is one of the two that are kept equal.
type Side string

// The sides, and None for neither of them.
const (
	None    Side = ""
	Local   Side = "local"   // the sidecar
	Service Side = "service" // the photo service
)

// scalars returns the fields that have one value.
func scalars() []Field { return []Field{Description, Taken, Position} }

// values are what one side says about a photo, in the form in which it is stored. A field without a value
// is absent.
type values struct {
	Scalars map[Field]string `json:"values,omitempty"`
	Tags    []string         `json:"tags,omitempty"` // normalized, sorted
}

// empty reports whether there is no value at all.
func (v values) empty() bool { return len(v.Scalars) == 0 && len(v.Tags) == 0 }

// equal reports whether two values of a field mean the same.
func (f Field) equal(a, b string) bool {
	if a == b || a == "" || b == "" {
		return a == b
	}
	switch f {
	case Taken:
		return sameMoment(a, b)
	case Position:
		return samePlace(a, b)
	}
	return a == b
}

// sameMoment compares to the second, as many programs write. If one side has no offset, the wall clocks are
// compared.
func sameMoment(a, b string) bool {
	var x, y photo.Moment
	if x.UnmarshalText([]byte(a)) != nil || y.UnmarshalText([]byte(b)) != nil {
		return false
	}
	_, zoned := x.Offset()
	_, zoned2 := y.Offset()
	s, t := x.Time(), y.Time()
	if !zoned || !zoned2 {
		s, t = photo.WallClock(s), photo.WallClock(t)
	}
	return s.Truncate(time.Second).Equal(t.Truncate(time.Second))
}

// closeTo is the difference of degrees that does not count: programs write four digits of a minute.
const closeTo = 5e-6

func samePlace(a, b string) bool {
	x, y := parsePlace(a), parsePlace(b)
	return x != nil && y != nil && math.Abs(x.Latitude-y.Latitude) < closeTo && math.Abs(x.Longitude-y.Longitude) < closeTo
}

func formatPlace(p photo.Position) string {
	return strconv.FormatFloat(p.Latitude, 'f', -1, 64) + "," + strconv.FormatFloat(p.Longitude, 'f', -1, 64)
}

func parsePlace(s string) *photo.Position {
	latitude, longitude, _ := strings.Cut(s, ",")
	x, err1 := strconv.ParseFloat(latitude, 64)
	y, err2 := strconv.ParseFloat(longitude, 64)
	if cmp.Or(err1, err2) != nil {
		return nil
	}
	return photo.NewPosition(x, y)
}

// erasable reports whether a side may erase the field. A program that does not write a date or a position
// may just not know it.
func (f Field) erasable() bool { return f == Description }

// A decision is what to do about a field whose sides differ.
type decision struct {
	to       Side // the side that gets the value of the other one; None: nothing is changed
	conflict bool
}

// A meeting is what is known about a field before a decision.
type meeting struct {
	field          Field
	seen           bool   // both sides had the value base before
	base           string // "" if neither had one
	local, service string
	unknown        bool // the sidecar is missing or says nothing, so it cannot have erased anything
	inPicture      bool // the service has the value from the picture itself, which needs no copy
}

// decide compares both sides with what was last seen.
func (m meeting) decide() decision {
	if m.field.equal(m.local, m.service) {
		return decision{}
	}
	if !m.seen {
		return m.first()
	}
	localChanged := m.changed(m.local, m.unknown)
	serviceChanged := m.changed(m.service, false)
	switch {
	case localChanged && serviceChanged:
		return decision{conflict: true}
	case localChanged:
		return decision{to: Service}
	case serviceChanged:
		return decision{to: Local}
	case m.unknown && m.local == "" && !m.inPicture:
		return decision{to: Local} // the sidecar is made again
	}
	return decision{}
}

// changed reports whether a side differs from the base because somebody changed it.
func (m meeting) changed(now string, unknown bool) bool {
	if now == "" && (unknown || !m.field.erasable()) {
		return false
	}
	return !m.field.equal(now, m.base)
}

// first decides about a field that was never seen equal.
func (m meeting) first() decision {
	switch {
	case m.service == "":
		return decision{to: Service}
	case m.local != "":
		return decision{conflict: true}
	case m.inPicture:
		return decision{}
	}
	return decision{to: Local}
}

// mergeTags returns the tags that both sides should have. Both sides can add and remove tags at the same
// time, so tags are never in conflict.
func mergeTags(seen bool, base, local, service []string, unknown bool) []string {
	out := slices.Concat(local, service)
	if seen {
		has := slices.Contains[[]string]
		out = slices.DeleteFunc(out, func(t string) bool {
			return has(base, t) && (!unknown && !has(local, t) || !has(service, t))
		})
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// serviceValues returns what the service says about a photo, and which values come from the picture
// itself. A date that is only that of the file counts as none.
func serviceValues(p photo.Photo) (v values, inPicture map[Field]bool) {
	v = values{Scalars: map[Field]string{}, Tags: p.Tags}
	inPicture = map[Field]bool{
		Description: p.DescriptionSource == photo.FromEmbedded,
		Taken:       p.TakenSource == photo.FactEmbedded,
		Position:    p.PositionSource == photo.FactEmbedded,
	}
	if text := cleanText(p.Description); text != "" {
		v.Scalars[Description] = text
	}
	if !p.TakenAt.IsZero() && p.TakenSource != photo.FactModified {
		v.Scalars[Taken] = p.TakenAt.String()
	}
	if p.Position != nil {
		v.Scalars[Position] = formatPlace(*p.Position)
	}
	return v, inPicture
}

// cleanText returns a text as XML keeps it.
func cleanText(s string) string {
	return strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s))
}
