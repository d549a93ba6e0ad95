package sqldb

import (
	"database/sql"
	"time"

	"photos/internal/photo"
)

// The states of a photo.
const (
	live    = 0
	trashed = 1
)

// Photos without a time taken sort after all others, and among themselves by upload. Their
// taken_at is the time of upload minus putBack, which is before every real time. With one
// value for all of them, the index could not find the start of a page among them.
const (
	putBack     = 1 << 62 // microseconds; 146,000 years
	takenBefore = -putBack / 2

	takenBeforeText = "-2305843009213693952" // takenBefore in SQL
)

// columns are the columns that scanPhoto reads.
const columns = `number, id, blob_key, state, name, size, media_type, width, height, taken_at, taken_offset, camera,
	latitude, longitude, description, description_source, uploaded_at, trashed_at, purge_at, version, damaged, revision,
	taken_source, position_source, modified_at, exposure_time, aperture, iso, focal_length, lens, duration, reader,
	maker, rendition, rendition_key, color, look, folder, tags`

// A record is a row of photo.
type record struct {
	photo.Photo
	number   int64
	key      string
	state    int
	revision int64 // the number of the current description

	damaged bool

	maker     int            // version of the maker of the renditions; 0: there was none
	rendition renditionState // of the renditions
	rendered  string         // key of the renditions
}

// A renditionState is how far the renditions of a photo are.
type renditionState int

// The states of renditions.
const (
	renditionPending renditionState = iota
	renditionReady
	renditionRefused
	renditionNoDecoder
)

// state returns what users see of s.
func (s renditionState) state() photo.Rendition {
	switch s {
	case renditionPending:
		return photo.RenditionPending
	case renditionReady:
		return photo.RenditionReady
	case renditionRefused, renditionNoDecoder:
		return photo.RenditionNone
	}
	return photo.RenditionPending // of a newer version
}

// scanPhoto reads a row of columns.
func scanPhoto(row scanner) (record, error) {
	var (
		r                   record
		id, name            []byte
		taken, uploaded     int64
		offset              sql.NullInt64
		latitude, longitude sql.NullFloat64
		trashedAt, purgeAt  sql.NullInt64
		modified            sql.NullInt64
		duration            int64
		rendered            sql.NullString
		color               int
		look                sql.NullInt64
		tags                string
	)
	err := row.Scan(&r.number, &id, &r.key, &r.state, &name, &r.Size, &r.MediaType, &r.Width, &r.Height, &taken, &offset, &r.Camera,
		&latitude, &longitude, &r.Description, &r.DescriptionSource, &uploaded, &trashedAt, &purgeAt, &r.Version, &r.damaged, &r.revision,
		&r.TakenSource, &r.PositionSource, &modified, &r.Shot.ExposureTime, &r.Shot.Aperture, &r.Shot.ISO, &r.Shot.FocalLength, &r.Shot.Lens,
		&duration, &r.Reader, &r.maker, &r.rendition, &rendered, &color, &look, &r.Folder, &tags)
	if err != nil {
		return record{}, err
	}
	copy(r.ID[:], id)
	r.Name = string(name)
	r.TakenAt = moment(taken, offset)
	if latitude.Valid && longitude.Valid {
		r.Position = &photo.Position{Latitude: latitude.Float64, Longitude: longitude.Float64}
	}
	if r.TakenAt.IsZero() {
		r.TakenSource = ""
	}
	if r.Position == nil {
		r.PositionSource = ""
	}
	r.ModifiedAt, r.Tags = fromMicros(modified), readTags(tags)
	r.rendered = rendered.String
	r.Look = photo.Look{Rendition: r.rendition.state(), Color: photo.Color{uint8(color >> 16), uint8(color >> 8), uint8(color)}, Digest: photo.Digest(look.Int64)}
	r.Shot.Duration = time.Duration(duration) * time.Microsecond
	r.UploadedAt = time.UnixMicro(uploaded).UTC()
	r.TrashedAt, r.PurgeAt = fromMicros(trashedAt), fromMicros(purgeAt)
	return r, nil
}

// moment returns the time of the columns taken_at and taken_offset.
func moment(taken int64, offset sql.NullInt64) photo.Moment {
	switch t := time.UnixMicro(taken).UTC(); {
	case taken < takenBefore:
		return photo.Moment{}
	case offset.Valid && offset.Int64 == 0:
		return photo.At(t)
	case offset.Valid:
		return photo.At(t.In(time.FixedZone("", int(offset.Int64))))
	default:
		return photo.AtWallClock(t)
	}
}

// takenColumns returns the values of taken_at and taken_offset.
func takenColumns(m photo.Moment, uploaded int64) (taken int64, offset sql.NullInt64) {
	if m.IsZero() {
		return uploaded - putBack, offset
	}
	seconds, known := m.Offset()
	return m.Time().UnixMicro(), sql.NullInt64{Int64: int64(seconds), Valid: known}
}

// positionColumns returns the values of latitude and longitude, NULL if p is nil.
func positionColumns(p *photo.Position) (latitude, longitude sql.NullFloat64) {
	if p == nil {
		return
	}
	return sql.NullFloat64{Float64: p.Latitude, Valid: true}, sql.NullFloat64{Float64: p.Longitude, Valid: true}
}
