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

// A photoRow has the values of columns in the types of the databases, because database/sql copies these
// fastest: it makes an int out of an int64 by writing and reading digits. One photoRow serves all rows of a list.
type photoRow struct {
	number, state, size, width, height  int64
	id, name                            []byte
	key, mediaType, camera              string
	taken, uploaded                     int64
	offset                              sql.NullInt64
	latitude, longitude                 sql.NullFloat64
	description, source                 string
	trashedAt, purgeAt                  sql.NullInt64
	version, revision                   int64
	damaged                             bool
	takenSource, positionSource         string
	modified                            sql.NullInt64
	exposureTime, aperture, focalLength float64
	iso, duration                       int64
	lens                                string
	reader, maker, rendition, color     int64
	rendered                            sql.NullString
	look                                sql.NullInt64
	folder, tags                        string

	into []any // pointers to the fields above, in the order of columns
}

func newPhotoRow() *photoRow {
	p := &photoRow{}
	p.into = []any{
		&p.number, &p.id, &p.key, &p.state, &p.name, &p.size, &p.mediaType, &p.width, &p.height, &p.taken, &p.offset, &p.camera,
		&p.latitude, &p.longitude, &p.description, &p.source, &p.uploaded, &p.trashedAt, &p.purgeAt, &p.version, &p.damaged, &p.revision,
		&p.takenSource, &p.positionSource, &p.modified, &p.exposureTime, &p.aperture, &p.iso, &p.focalLength, &p.lens, &p.duration, &p.reader,
		&p.maker, &p.rendition, &p.rendered, &p.color, &p.look, &p.folder, &p.tags,
	}
	return p
}

// scanPhoto reads a row of columns.
func scanPhoto(row scanner) (record, error) { return newPhotoRow().scan(row) }

func (p *photoRow) scan(row scanner) (record, error) {
	if err := row.Scan(p.into...); err != nil {
		return record{}, err
	}
	r := record{
		number: p.number, key: p.key, state: int(p.state), revision: p.revision, damaged: p.damaged,
		maker: int(p.maker), rendition: renditionState(p.rendition), rendered: p.rendered.String,
	}
	r.Photo = p.photo(r.rendition.state())
	return r, nil
}

func (p *photoRow) photo(rendition photo.Rendition) photo.Photo {
	f := photo.Photo{
		Name: string(p.name), Size: p.size, MediaType: p.mediaType, Width: int(p.width), Height: int(p.height),
		TakenAt: moment(p.taken, p.offset), Camera: p.camera,
		Description: p.description, DescriptionSource: photo.Source(p.source), Folder: p.folder, Tags: readTags(p.tags),
		UploadedAt: time.UnixMicro(p.uploaded).UTC(), TrashedAt: fromMicros(p.trashedAt), PurgeAt: fromMicros(p.purgeAt), ModifiedAt: fromMicros(p.modified),
		Version: p.version, Reader: int(p.reader),
		Shot: photo.Shot{
			ExposureTime: p.exposureTime, Aperture: p.aperture, ISO: int(p.iso), FocalLength: p.focalLength, Lens: p.lens,
			Duration: time.Duration(p.duration) * time.Microsecond,
		},
		Look: photo.Look{Rendition: rendition, Color: photo.Color{uint8(p.color >> 16), uint8(p.color >> 8), uint8(p.color)}, Digest: photo.Digest(p.look.Int64)},
	}
	copy(f.ID[:], p.id)
	if !f.TakenAt.IsZero() {
		f.TakenSource = photo.FactSource(p.takenSource)
	}
	if p.latitude.Valid && p.longitude.Valid {
		f.Position = &photo.Position{Latitude: p.latitude.Float64, Longitude: p.longitude.Float64}
		f.PositionSource = photo.FactSource(p.positionSource)
	}
	return f
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
