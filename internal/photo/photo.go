// Package photo has the types that both programs share: what a photo is, how it is named,
// how lists of photos are filtered and paged, and the error type that all layers use. It
// knows nothing about HTTP, SQL or files, and imports only the standard library.
package photo

import (
	"strings"
	"time"
)

// Limits that both programs check. A client can refuse early what the service would refuse
// later.
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
	Name              string // file name given at upload, without its folder; may have any byte
	Size              int64  // bytes
	MediaType         string // by content, for example image/jpeg
	Width, Height     int    // pixels as displayed (orientation applied); 0 when unknown
	TakenAt           Moment // zero when unknown
	TakenSource       FactSource
	Camera            string    // make and model; empty when unknown
	Shot              Shot      // exposure, lens, duration
	Look              Look      // small pictures, average color
	Reader            int       // version of the reader that found the values of the picture itself
	Position          *Position // nil when unknown
	PositionSource    FactSource
	ModifiedAt        time.Time // when its file was last modified before the upload; zero when unknown
	Description       string    // empty when there is none
	DescriptionSource Source    // where Description came from; empty when there is none
	Folder            string    // below the folder that was uploaded, in the form of CleanFolder
	Tags              []string  // normalized, sorted, each once; nil when there are none
	UploadedAt        time.Time // when the photo became visible to its owner, UTC
	TrashedAt         time.Time // zero for a live photo
	PurgeAt           time.Time // when a trashed photo is purged; zero for a live photo
	Version           int64     // grows by one with each change of what the user may edit; the ETag of the API
}

// TextSize returns how many bytes the texts of the photo have that may be long. Everything else takes
// little space.
func (p Photo) TextSize() int {
	n := len(p.Name) + len(p.Description) + len(p.Folder)
	for _, tag := range p.Tags {
		n += len(tag)
	}
	return n
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
	FromSidecar  Source = "sidecar"  // a file next to the photo
	FromEmbedded Source = "embedded" // the picture's own metadata
	FromWeb      Source = "web"      // the pages in the browser
)

// FromCommand returns the source of a description that a program wrote. Its name has at most
// MaxCommandName characters, for which IsCommandRune holds.
func FromCommand(name string) Source { return Source(commandPrefix + name) }

const commandPrefix = "command:"

// MaxCommandName limits the name of a program in the source of a description. The whole source has
// at most 63 characters, so that MySQL needs one byte for its length, as before there were commands.
const MaxCommandName = 63 - len(commandPrefix)

// IsCommandRune reports whether the name of a program in a source may have r.
func IsCommandRune(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' || r == '_' || r == '+' || r == '-'
}

// Valid reports whether s is one of the known sources.
func (s Source) Valid() bool {
	switch s {
	case FromFlag, FromStdin, FromSidecar, FromEmbedded, FromWeb:
		return true
	}
	name, found := strings.CutPrefix(string(s), commandPrefix)
	return found && name != "" && len(name) <= MaxCommandName && !strings.ContainsFunc(name, func(r rune) bool { return !IsCommandRune(r) })
}

// Caption says how the caption inside a picture is used for its description.
type Caption string

// The uses of a caption.
const (
	CaptionFallback Caption = ""      // it becomes the description of a photo without another one
	CaptionFirst    Caption = "first" // it is preferred to the description that came with the photo
	CaptionNever    Caption = "never" // it is ignored
)

// Valid reports whether c is one of the known uses.
func (c Caption) Valid() bool {
	switch c {
	case CaptionFallback, CaptionFirst, CaptionNever:
		return true
	}
	return false
}

// Order is the time by which a list is sorted and bounded.
type Order string

// The orders of a list. Both have the newest photo first.
const (
	ByUploaded Order = "uploaded"
	ByTaken    Order = "taken" // photos without a date come last
)

// Filter selects photos of one owner. The zero Filter selects every live one.
//
// The locations of Since and Until matter. With ByTaken, a moment without an offset is compared
// with the wall clock of the bound in its location, because nobody knows which instant the
// moment was. Every other moment is compared as an instant.
type Filter struct {
	Search      string    // a text of package filter
	Since       time.Time // at or after, by the time of Order; zero: no bound
	Until       time.Time // before, by the time of Order; zero: no bound
	By          Order     // empty: ByUploaded
	Undescribed bool      // only photos without a description
	Trash       bool      // only trashed photos instead of live ones
	IDPrefix    string    // lower-case hex
}

// IsBlank reports whether s is empty or has only white space. A blank filter or description
// is refused. It never means "all photos" or "erase".
func IsBlank(s string) bool { return strings.TrimSpace(s) == "" }

// Page is one page of a list.
type Page struct {
	Photos []Photo
	Next   string // opaque cursor of the next page; empty at the end
	Prev   string // opaque cursor of the page before; empty at the start
}

// State is what the service knows about a digest.
type State string

// The answers of a check.
const (
	Stored     State = "stored"
	Trashed    State = "trashed"
	Unfinished State = "unfinished" // an upload of it was begun and can be resumed
	Absent     State = "absent"
	Damaged    State = "damaged" // a check found that its bytes are missing or changed
)

// Status is the answer of a check about one digest.
type Status struct {
	ID          ID
	State       State
	Description string // of a stored or trashed photo
	// Where the date and the position of a stored or trashed photo came from. They are
	// empty if it has none.
	TakenSource, PositionSource FactSource
	Folder                      string   // of a stored or trashed photo
	Tags                        []string // of a stored or trashed photo
	Upload                      string   // upload id when unfinished
	Offset                      int64    // how many bytes of it the service has
}

// Scrutiny says how a check examines the bytes of stored photos.
type Scrutiny string

// The scrutinies of a check.
const (
	LookAtRow   Scrutiny = ""     // not at all: the row is trusted
	LookAtSize  Scrutiny = "size" // whether they exist and have the right length
	LookAtBytes Scrutiny = "deep" // whether they have the right digest
)

// Outcome is the result of one item of an upload.
type Outcome string

// The outcomes of an upload. Every item has exactly one of them.
const (
	OutcomeUploaded  Outcome = "uploaded"
	OutcomeExists    Outcome = "exists"    // already stored, nothing changed
	OutcomeDescribed Outcome = "described" // already stored, an empty description was filled
	OutcomeRestored  Outcome = "restored"  // was in the trash
	OutcomeRepaired  Outcome = "repaired"  // the stored bytes were damaged and have been replaced
	OutcomeSkipped   Outcome = "skipped"   // found in a folder, and not a picture
	OutcomeFailed    Outcome = "failed"
	OutcomePending   Outcome = "pending" // the run was stopped before it was done
)
