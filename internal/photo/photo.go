// Package photo is the vocabulary both programs share: what a photo is, how it
// is named, how lists of photos are filtered and paged, and the one error type
// that crosses every layer. It knows nothing of HTTP, SQL or files and imports
// only the standard library.
package photo

import (
	"strings"
	"time"
)

// Limits of the contract. They hold on both sides, so a client can refuse
// early what the service would refuse late.
const (
	MaxDescription = 4096 // bytes of UTF-8 in a description
	MaxName        = 1024 // bytes of a file name as given at upload
	MinPrefix      = 8    // hex digits that may stand for a whole ID
	MaxCheck       = 5000 // digests in one check
	MaxDescribe    = 1000 // descriptions set in one request
)

// MaxWhole is the size in bytes up to which a photo travels in one request. The service
// keeps no row for it meanwhile: if the request is cut, it is sent again. A larger photo is
// created first and then appended to, so that it can resume.
const MaxWhole = 8 << 20

// Photo is one picture or video of one owner.
type Photo struct {
	ID                ID     // digest of the bytes
	Name              string // file name given at upload, without its folder; may hold any byte
	Size              int64  // bytes
	MediaType         string // by content, for example image/jpeg
	Width, Height     int    // pixels as displayed (orientation applied); 0 when unknown
	TakenAt           Moment // zero when unknown
	TakenSource       FactSource
	Camera            string    // make and model; empty when unknown
	Position          *Position // nil when unknown
	PositionSource    FactSource
	ModifiedAt        time.Time // when its file was last modified before the upload; zero when unknown
	Description       string    // empty when there is none
	DescriptionSource Source    // where Description came from; empty when there is none
	UploadedAt        time.Time // when this owner's photo became visible, UTC
	TrashedAt         time.Time // zero while live
	PurgeAt           time.Time // when a trashed photo's bytes go; zero while live
	Version           int64     // grows by one with each change of the description, date or position; the API's ETag
}

// Position is where a photo was taken, in degrees (WGS 84, as EXIF records it).
type Position struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// Source says where a description came from.
type Source string

// The sources of a description.
const (
	FromFlag     Source = "flag"     // --desc
	FromStdin    Source = "stdin"    // --from
	FromSidecar  Source = "sidecar"  // a file beside the photo
	FromEmbedded Source = "embedded" // the picture's own metadata
	FromWeb      Source = "web"      // the pages
)

// Valid reports whether s is one of the known sources.
func (s Source) Valid() bool {
	switch s {
	case FromFlag, FromStdin, FromSidecar, FromEmbedded, FromWeb:
		return true
	}
	return false
}

// Caption says what the caption inside a picture is worth for its description.
type Caption string

// The uses of a caption.
const (
	CaptionFallback Caption = ""      // it describes a photo that came without a description
	CaptionFirst    Caption = "first" // it goes before the description the photo came with
	CaptionNever    Caption = "never" // it is not looked at
)

// Valid reports whether c is one of the known uses.
func (c Caption) Valid() bool {
	switch c {
	case CaptionFallback, CaptionFirst, CaptionNever:
		return true
	}
	return false
}

// Order is what a list is sorted and bounded by.
type Order string

// The orders of a list; both newest first.
const (
	ByUploaded Order = "uploaded"
	ByTaken    Order = "taken" // photos that do not say come last
)

// Filter selects photos of one owner. The zero Filter selects every live one.
//
// The locations of Since and Until count: ByTaken, a moment without an offset is
// compared with the clock that the bound shows in its location, because nobody
// knows which instant the moment was. Every other moment is compared as an instant.
type Filter struct {
	Search      string    // words that all occur in name or description, case-insensitive
	Since       time.Time // at or after, by Order's time; zero: no bound
	Until       time.Time // before, by Order's time; zero: no bound
	By          Order     // empty: ByUploaded
	Undescribed bool      // only photos without a description
	Trash       bool      // only trashed photos instead of live ones
	IDPrefix    string    // lower-case hex
}

// IsBlank reports whether s holds nothing but white space. A blank filter or
// description is refused: it never means "all photos" or "erase".
func IsBlank(s string) bool { return strings.TrimSpace(s) == "" }

// Page is one stretch of a list.
type Page struct {
	Photos []Photo
	Next   string // opaque cursor of the next page; empty at the end
}

// State is what the service knows of a digest.
type State string

// The answers of a check.
const (
	Stored     State = "stored"
	Trashed    State = "trashed"
	Unfinished State = "unfinished" // an upload of it was begun and can go on
	Absent     State = "absent"
	Damaged    State = "damaged" // its row is there, its bytes are not or are others, as a verifying check found
)

// Status is the answer of a check about one digest.
type Status struct {
	ID          ID
	State       State
	Description string // of a stored or trashed photo
	// Where the date and the position of a stored or trashed photo came from; empty
	// when it has none.
	TakenSource, PositionSource FactSource
	Upload                      string // upload id when unfinished
	Offset                      int64  // bytes the service holds of it
}

// Scrutiny is how closely a check looks at the bytes of stored photos.
type Scrutiny string

// The scrutinies of a check.
const (
	LookAtRow   Scrutiny = ""     // trust the row
	LookAtSize  Scrutiny = "size" // the bytes are there, and as many as they should be
	LookAtBytes Scrutiny = "deep" // read them all again
)

// Outcome is what became of one item of an upload.
type Outcome string

// The outcomes of an upload. Every item has exactly one, so they add up to the total.
const (
	OutcomeUploaded  Outcome = "uploaded"
	OutcomeExists    Outcome = "exists"    // already there, nothing changed
	OutcomeDescribed Outcome = "described" // already there, an empty description filled
	OutcomeRestored  Outcome = "restored"  // was in the trash
	OutcomeRepaired  Outcome = "repaired"  // the service's copy was damaged, and is no more
	OutcomeSkipped   Outcome = "skipped"   // found in a folder, not a picture
	OutcomeFailed    Outcome = "failed"
	OutcomePending   Outcome = "pending" // the run was stopped before it was done
)
