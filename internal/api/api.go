// Package api is the HTTP contract that photos and photosd share: paths, JSON bodies, problem
// documents, and the headers of the tus upload protocol. api/openapi.yaml is the description
// for other programs. A test compares the handlers with it.
package api

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"photos/internal/httpkit"
	"photos/internal/photo"
)

// Photo is a photo on the wire, in the API and in the JSON output of the command line.
type Photo struct {
	ID                photo.ID         `json:"id"`
	Name              string           `json:"name"`
	NameBase64        string           `json:"name_base64,omitempty"` // the exact bytes, when Name is not UTF-8
	Bytes             int64            `json:"bytes"`
	MediaType         string           `json:"media_type"`
	Width             int              `json:"width,omitempty"`
	Height            int              `json:"height,omitempty"`
	TakenAt           photo.Moment     `json:"taken_at,omitzero"`
	TakenSource       photo.FactSource `json:"taken_source,omitempty"`
	Camera            string           `json:"camera,omitempty"`
	ExposureTime      float64          `json:"exposure_seconds,omitempty"`
	Aperture          float64          `json:"aperture,omitempty"`
	ISO               int              `json:"iso,omitempty"`
	FocalLength       float64          `json:"focal_length_mm,omitempty"`
	Lens              string           `json:"lens,omitempty"`
	Duration          float64          `json:"duration_seconds,omitempty"` // of a video
	Position          *photo.Position  `json:"position,omitempty"`
	PositionSource    photo.FactSource `json:"position_source,omitempty"`
	Rendition         string           `json:"rendition"`            // pending, ready or none
	Color             string           `json:"color,omitempty"`      // average color, such as #a0b1c2
	ModifiedAt        Time             `json:"modified_at,omitzero"` // of the file, before the upload
	Description       string           `json:"description"`
	DescriptionSource photo.Source     `json:"description_source,omitempty"`
	Folder            string           `json:"folder,omitempty"`
	Tags              []string         `json:"tags,omitempty"`
	UploadedAt        Time             `json:"uploaded_at"`
	TrashedAt         Time             `json:"trashed_at,omitzero"`
	PurgeAt           Time             `json:"purge_at,omitzero"`
	Version           int64            `json:"version"`
}

// Time is an instant on the wire. It is written in UTC with six decimals, so that sorting
// times as text sorts them by time.
type Time struct{ time.Time }

// String returns the form of t on the wire, and "" for the zero Time.
func (t Time) String() string {
	if t.IsZero() {
		return ""
	}
	return string(t.appendTo(nil))
}

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, len(`"2006-01-02T15:04:05.000000Z"`))
	return append(t.appendTo(append(b, '"')), '"'), nil
}

// appendTo appends the form of t on the wire. Package time writes RFC 3339 many times faster than
// layouts with decimals.
func (t Time) appendTo(b []byte) []byte {
	const million = 1_000_000
	b = t.UTC().AppendFormat(b, time.RFC3339)
	b = strconv.AppendInt(b[:len(b)-1], int64(million+t.Nanosecond()/1000), 10) // 1 and six digits, in place of Z
	b[len(b)-7] = '.'
	return append(b, 'Z')
}

// FromPhoto returns the form of p on the wire.
func FromPhoto(p photo.Photo) Photo {
	w := Photo{
		ID: p.ID, Name: p.Name, Bytes: p.Size, MediaType: p.MediaType, Width: p.Width, Height: p.Height,
		TakenAt: p.TakenAt, TakenSource: p.TakenSource, Camera: p.Camera, Position: p.Position, PositionSource: p.PositionSource,
		ExposureTime: p.Shot.ExposureTime, Aperture: p.Shot.Aperture, ISO: p.Shot.ISO, FocalLength: p.Shot.FocalLength, Lens: p.Shot.Lens,
		Duration: p.Shot.Duration.Seconds(), Rendition: string(p.Look.Rendition), ModifiedAt: Time{p.ModifiedAt}, Description: p.Description, DescriptionSource: p.DescriptionSource, Folder: p.Folder, Tags: p.Tags,
		UploadedAt: Time{p.UploadedAt}, TrashedAt: Time{p.TrashedAt}, PurgeAt: Time{p.PurgeAt}, Version: p.Version,
	}
	switch p.Look.Rendition {
	case photo.RenditionPending:
		w.Rendition = renditionPending
	case photo.RenditionReady:
		w.Color = p.Look.Color.String()
	case photo.RenditionNone:
	}
	if !utf8.ValidString(p.Name) {
		w.NameBase64 = base64.StdEncoding.EncodeToString([]byte(p.Name))
	}
	return w
}

// Photo returns the photo that w describes.
func (w Photo) Photo() photo.Photo {
	p := photo.Photo{
		ID: w.ID, Name: w.Name, Size: w.Bytes, MediaType: w.MediaType, Width: w.Width, Height: w.Height,
		TakenAt: w.TakenAt, TakenSource: w.TakenSource, Camera: w.Camera, Position: w.Position, PositionSource: w.PositionSource,
		Shot: w.shot(), Look: w.look(),
		ModifiedAt: w.ModifiedAt.Time, Description: w.Description, DescriptionSource: w.DescriptionSource, Folder: w.Folder, Tags: w.Tags,
		UploadedAt: w.UploadedAt.Time, TrashedAt: w.TrashedAt.Time, PurgeAt: w.PurgeAt.Time, Version: w.Version,
	}
	if name, err := base64.StdEncoding.DecodeString(w.NameBase64); err == nil && len(name) > 0 {
		p.Name = string(name)
	}
	return p
}

func (w Photo) shot() photo.Shot {
	return photo.Shot{
		ExposureTime: w.ExposureTime, Aperture: w.Aperture, ISO: w.ISO, FocalLength: w.FocalLength, Lens: w.Lens,
		Duration: time.Duration(w.Duration * float64(time.Second)).Round(time.Microsecond),
	}
}

// renditionPending is how the state of a photo without renditions is written.
const renditionPending = "pending"

func (w Photo) look() photo.Look {
	l := photo.Look{Rendition: photo.Rendition(w.Rendition)}
	if w.Rendition == renditionPending {
		l.Rendition = photo.RenditionPending
	}
	l.Color, _ = photo.ParseColor(w.Color) // black, if it is not a color
	return l
}

// PhotoPage is the answer of GET /v1/photos.
type PhotoPage struct {
	Photos []Photo `json:"photos"`
	Next   string  `json:"next,omitempty"` // the cursor of the next page
}

// CheckRequest is the body of POST /v1/photos/check: at most photo.MaxCheck digests.
type CheckRequest struct {
	IDs    []photo.ID     `json:"ids"`
	Verify photo.Scrutiny `json:"verify,omitempty"`
}

// CheckResponse has one result per digest, in the order of the request.
type CheckResponse struct {
	Results []CheckResult `json:"results"`
}

// CheckResult is what the service knows about one digest.
type CheckResult struct {
	ID             photo.ID         `json:"id"`
	State          photo.State      `json:"state"`
	Description    string           `json:"description,omitempty"`
	TakenSource    photo.FactSource `json:"taken_source,omitempty"` // as in Photo
	PositionSource photo.FactSource `json:"position_source,omitempty"`
	Folder         string           `json:"folder,omitempty"`
	Tags           []string         `json:"tags,omitempty"`
	Upload         string           `json:"upload,omitempty"` // ID of the unfinished upload
	Offset         int64            `json:"offset,omitempty"` // how many bytes of it the service has
}

// DescriptionsPatch is the body of PATCH /v1/photos: at most photo.MaxDescribe items, applied in one transaction.
type DescriptionsPatch struct {
	Items []DescriptionItem `json:"items"`
}

// DescriptionItem describes one photo of a DescriptionsPatch.
type DescriptionItem struct {
	ID          photo.ID     `json:"id"`
	Description string       `json:"description"`
	Source      photo.Source `json:"description_source,omitempty"`
	// OnlyIfEmpty says not to change a photo that already has a description.
	OnlyIfEmpty bool `json:"only_if_empty,omitempty"`
	// Version is the version of the photo that the client has seen. The item fails if the
	// photo has changed since then. Nil: the item applies to any version.
	Version *int64 `json:"version,omitempty"`
}

// History is the answer of GET /v1/photos/{id}/history.
type History struct {
	ID        photo.ID   `json:"id"`
	Version   int64      `json:"version"`   // of the photo
	Revisions []Revision `json:"revisions"` // the current one, then the others with the newest first
}

// Revision is a description that a photo has or had.
type Revision struct {
	Number            int64        `json:"number"`
	Description       string       `json:"description"`
	DescriptionSource photo.Source `json:"description_source,omitempty"`
	SetAt             Time         `json:"set_at"`
	Current           bool         `json:"current"`
	Undo              bool         `json:"undo"` // an undo restores this one
}

// FromHistory returns the form of h on the wire.
func FromHistory(h photo.History) History {
	w := History{ID: h.Photo.ID, Version: h.Photo.Version, Revisions: make([]Revision, len(h.Revisions))}
	for i, v := range h.Revisions {
		w.Revisions[i] = Revision{
			Number: v.Number, Description: v.Text, DescriptionSource: v.Source,
			SetAt: Time{v.SetAt.UTC()}, Current: v.Current, Undo: v.Undo,
		}
	}
	return w
}

// Undo is the body of POST /v1/photos/{id}/undo.
type Undo struct {
	To int64 `json:"to"` // the number of the revision that the photo gets
}

// DescriptionsResponse has one result per item, in the order of the request.
type DescriptionsResponse struct {
	Results []DescriptionResult `json:"results"`
}

// DescriptionResult is the photo as it is now, or the reason why it was not described.
type DescriptionResult struct {
	ID      photo.ID `json:"id"`
	Photo   *Photo   `json:"photo,omitempty"`
	Changed bool     `json:"changed"`
	Problem *Problem `json:"problem,omitempty"`
}

// Me is the answer of GET /v1/me.
type Me struct {
	Owner     string    `json:"owner"`  // the service's own UUID of the account
	Issuer    string    `json:"issuer"` // the issuer of the tokens of the account
	Photos    int64     `json:"photos"`
	Bytes     int64     `json:"bytes"`
	Trashed   Used      `json:"trash"`
	Uploads   Used      `json:"unfinished_uploads"`
	Quota     Quota     `json:"quota"`
	ExpiresAt time.Time `json:"token_expires_at,omitzero"` // zero for an access key that does not expire
}

// Used is how many things there are, and how many bytes they have.
type Used struct {
	Number int64 `json:"number"`
	Bytes  int64 `json:"bytes"`
}

// Quota is what an owner may have. What is absent is not limited. Photos in the trash count
// until they are purged.
type Quota struct {
	Photos  int64 `json:"photos,omitempty"`
	Bytes   int64 `json:"bytes,omitempty"`
	Uploads int64 `json:"unfinished_uploads,omitempty"`
}

// ProtectedResource is the metadata of RFC 9728. The names that begin with photos_ are
// additions for the command line.
type ProtectedResource struct {
	Resource             string   `json:"resource"`
	ResourceName         string   `json:"resource_name,omitempty"`
	AuthorizationServers []string `json:"authorization_servers"`
	ScopesSupported      []string `json:"scopes_supported,omitempty"`
	BearerMethods        []string `json:"bearer_methods_supported,omitempty"`
	ClientID             string   `json:"photos_client_id,omitempty"`
	Domain               string   `json:"photos_cognito_domain,omitempty"` // scheme://host[:port][/path] of the hosted pages
	RedirectURIs         []string `json:"photos_redirect_uris,omitempty"`
}

// Paths of the API.
const (
	PathPhotos            = "/v1/photos"
	PathCheck             = "/v1/photos/check"
	PathDupes             = "/v1/photos/dupes"
	PathUploads           = "/v1/uploads"
	PathMe                = "/v1/me"
	PathKeys              = "/v1/keys"
	PathShares            = "/v1/shares"
	PathTags              = "/v1/tags"
	PathStats             = "/v1/stats"
	PathChanges           = "/v1/changes"
	PathOpenAPI           = "/v1/openapi.json"
	PathProtectedResource = "/.well-known/oauth-protected-resource"

	PathShared = httpkit.SecretPath // below it are the pages of shares, by their secrets
)

// Headers of this API.
const (
	HeaderID        = "Photos-Id"      // the ID of the photo, in the answer that finishes an upload
	HeaderOutcome   = "Photos-Outcome" // uploaded, exists, described or restored
	HeaderKept      = "Photos-Description-Kept"
	HeaderWriter    = "Photos-Writer" // a random name per client process: distinguishes its retry from another client
	HeaderRequestID = "X-Request-Id"
	// HeaderKey is chosen at random by a client that may have to repeat a request which is to work once.
	HeaderKey = "Idempotency-Key"
)
