package service

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/unicode/norm"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
	"photos/internal/tag"
)

// PhotoRows is what Uploads needs of the rows of photos.
type PhotoRows interface {
	Add(ctx context.Context, owner string, p photo.Photo, key string, options ...store.AddOption) (store.Added, error)
	Get(ctx context.Context, owner string, id photo.ID, s store.Scope) (photo.Photo, string, error)
	Check(ctx context.Context, owner string, ids []photo.ID) ([]photo.Status, error)
	Restore(ctx context.Context, owner string, id photo.ID) (photo.Photo, error)
	Learn(ctx context.Context, owner string, id photo.ID, f photo.Facts) (photo.Photo, error)
	Describe(ctx context.Context, owner string, items []store.Description) ([]store.Described, error)
}

// UploadRows is what Uploads needs of the rows of uploads.
type UploadRows interface {
	CreateUpload(ctx context.Context, u store.Upload, lifetime time.Duration) (store.Upload, error)
	Upload(ctx context.Context, owner, id string) (store.Upload, error)
	ClaimUpload(ctx context.Context, u store.Upload, lease, lifetime time.Duration) (store.Upload, error)
	KeepUpload(ctx context.Context, owner, id string, generation int64) error
	ReleaseUpload(ctx context.Context, owner, id string, generation int64, digest []byte) error
	FinishUpload(ctx context.Context, owner, id string, generation int64, p photo.Photo, key string, f store.Finish, options ...store.AddOption) (store.Added, error)
	AbandonUpload(ctx context.Context, owner, id string, generation int64) error
	DeleteUpload(ctx context.Context, owner, id string) error
	Uploads(ctx context.Context, owner string) ([]store.Pending, error)
}

// keepFinished is how long the row of a finished upload stays, for clients that missed the
// answer.
const keepFinished = time.Hour

// Uploads is the state machine of an upload:
//
//	Begin    the photo is a duplicate, or comes whole, or gets a row and staged bytes
//	Append   bytes are added; after the last one the photo is stored (append.go)
//	Status   how far an upload is, or its outcome
//	End      the client gives up the upload
//
// Bytes that were acknowledged stay until the upload is finished, ended, expired or
// refused because it cannot become a photo. Three rules ensure that. One request at a
// time has the staged bytes (lock.go). The row counts generations: each claim begins a
// new one, and only the newest may finish or abandon the upload. And the staged bytes
// stay until the row has decided.
type Uploads struct {
	photos    PhotoRows
	rows      UploadRows
	blobs     blob.Store
	staging   blob.Staging
	free      func() (bytes int64, known bool)
	inspect   Inspector
	integrity integrity
	limits    Limits
	activity  *activity
	checksums *Limiter
	log       *slog.Logger

	locks   locks
	buffers sync.Pool
}

func newUploads(c Config, checked integrity, uploading *activity) *Uploads {
	u := &Uploads{
		photos: c.Store, rows: c.Store, blobs: c.Blobs, staging: c.Staging, free: c.Free, inspect: c.Inspect,
		integrity: checked, limits: c.Limits, activity: uploading, log: c.Log,
		checksums: NewLimiter("uploads with a checksum", math.MaxInt, maxChecked),
	}
	u.locks.byUpload = map[string]*request{}
	u.buffers.New = func() any { b := make([]byte, bufferSize); return &b }
	return u
}

// MaxSize returns how many bytes one photo may have.
func (s *Uploads) MaxSize() int64 { return s.limits.MaxUpload }

// Meta is what a client says about a photo.
type Meta struct {
	Photo             photo.ID // zero: the service's own digest names the photo
	Name              string
	Description       string
	DescriptionSource photo.Source
	Caption           photo.Caption
	Facts             photo.Facts
}

// check refuses metadata that is not valid, fills in the source of the description, and
// removes folders from the name.
func (m *Meta) check() (err error) {
	m.Name = m.Name[strings.LastIndexByte(m.Name, '/')+1:]
	if len(m.Name) > photo.MaxName {
		return &photo.Error{
			Kind: photo.KindUsage, Msg: fmt.Sprintf("the file name has %d bytes", len(m.Name)),
			Hint: fmt.Sprintf("a file name may have %d bytes", photo.MaxName),
		}
	}
	if err := validText(m.Description); err != nil {
		return err
	}
	if m.Facts.Tags, err = tag.NormalizeAll(m.Facts.Tags); err != nil {
		return err
	}
	m.Facts.Folder = norm.NFC.String(m.Facts.Folder)
	if !m.Caption.Valid() {
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.40q is not a use of a caption", m.Caption), Hint: "it is first or never, or is left out"}
	}
	m.DescriptionSource, err = validSource(m.DescriptionSource)
	return err
}

// applyTo returns u with this metadata.
func (m Meta) applyTo(u store.Upload) store.Upload {
	u.Name, u.Description, u.DescriptionSource, u.Caption, u.Facts = m.Name, m.Description, m.DescriptionSource, m.Caption, m.Facts
	return u
}

// A Body is the bytes of one request.
type Body interface {
	io.ReadCloser
	// Stop makes a Read in progress, and every later one, fail.
	Stop()
}

// Request is what requests that may bring bytes have in common.
type Request struct {
	Caller
	// Writer names the client process, which tells its retry from another client. All
	// clients without a name are one writer.
	Writer string

	// Open begins to read the bytes of the request and returns at most limit of them. It
	// is nil when the request has none.
	Open func(limit int64) (Body, error)
	// Size is how many bytes the request has, or -1 when that is not known.
	Size int64

	// Working is called when the last byte is here and the work that follows begins, which
	// may take long. The function that it returns is called when the work is done. It may
	// be nil.
	Working func() (stop func())
}

// addOptions returns what an upload of this caller may not do: a key that may only upload
// restores nothing.
func (r Request) addOptions() []store.AddOption {
	if r.Check(MayChange) != nil {
		return []store.AddOption{store.NoRestore}
	}
	return nil
}

// Creation begins an upload.
type Creation struct {
	Request
	Meta   Meta
	Length int64 // bytes of the photo
}

// Progress is how far an upload is.
type Progress struct {
	Upload    store.Upload // without an ID: the photo needed no row
	Offset    int64        // how many bytes are stored
	ExpiresAt time.Time
	Done      *store.Added // the outcome; nil while bytes are missing
}

// OffsetError says that the bytes of a request do not begin where the stored bytes end.
type OffsetError struct {
	Asked    int64
	Progress Progress // how far the upload is
}

// Error implements error.
func (e *OffsetError) Error() string { return e.Unwrap().Error() }

// Unwrap returns the error as clients see it.
func (e *OffsetError) Unwrap() error {
	if e.Asked == e.Progress.Offset {
		return errStopped
	}
	return &photo.Error{Kind: photo.KindConflict, Msg: fmt.Sprintf("the upload is at byte %d, not %d", e.Progress.Offset, e.Asked), Hint: "HEAD says where to continue"}
}

// LeasedError says that another client is sending the upload.
type LeasedError struct{ RetryAfter time.Duration }

// Error implements error.
func (e *LeasedError) Error() string { return e.Unwrap().Error() }

// Unwrap returns the error as clients see it.
func (*LeasedError) Unwrap() error { return store.ErrLeased }

// Begin begins an upload, or does all of it: a photo that is already stored needs no bytes,
// and a small one may come whole. Also after an error the Progress names the upload that
// was begun, if any.
func (s *Uploads) Begin(ctx context.Context, c Creation) (Progress, error) {
	defer s.activity.begin()()
	if err := s.checkCreation(&c); err != nil {
		return Progress{}, err
	}
	added, err := s.duplicate(ctx, c)
	if err != nil {
		return Progress{}, err
	}
	if added != nil {
		return done(store.Upload{}, *added), nil
	}
	if err := s.checkSpace(c.Length); err != nil {
		return Progress{}, err
	}
	u := c.Meta.applyTo(store.Upload{ID: rand.Text(), Owner: c.Owner, Photo: c.Meta.Photo, Length: c.Length, Writer: c.Writer})
	if c.Open != nil && c.Size == c.Length && c.Length <= photo.MaxWhole {
		return s.addWhole(ctx, c.Request, u)
	}
	if err := s.checkAnnounced(ctx, c.Owner, c.Meta.Photo, c.Length); err != nil {
		return Progress{}, err
	}
	if u, err = s.create(ctx, u); err != nil {
		return Progress{}, err
	}
	at := Progress{Upload: u, ExpiresAt: u.ExpiresAt}
	if c.Open == nil {
		return at, nil
	}
	after, err := s.Append(ctx, Append{Request: c.Request, ID: u.ID})
	if err != nil {
		return at, err
	}
	return after, nil
}

// checkCreation refuses what cannot become a photo, before anything is stored.
func (s *Uploads) checkCreation(c *Creation) error {
	switch {
	case c.Length > s.limits.MaxUpload:
		return &photo.Error{
			Kind: photo.KindTooLarge, Msg: fmt.Sprintf("the photo has %d bytes", c.Length),
			Hint: fmt.Sprintf("the service accepts up to %d", s.limits.MaxUpload),
		}
	case c.Length <= 0:
		return &photo.Error{Kind: photo.KindNotPicture, Msg: "the file is empty"}
	case c.Open != nil && c.Size > c.Length:
		return tooMany(c.Length)
	}
	return c.Meta.check()
}

// create makes the staged upload and then the row that names it. Without a row the sweep
// removes the staged upload. A creation that is repeated because its answer was lost gets
// the row of the first one.
func (s *Uploads) create(ctx context.Context, u store.Upload) (store.Upload, error) {
	staged, err := s.staging.Create(ctx, u.Owner, u.ID)
	if err != nil {
		return u, err
	}
	if err := staged.Close(); err != nil {
		return u, fmt.Errorf("create upload: %w", err)
	}
	made, err := s.rows.CreateUpload(ctx, u, s.limits.UploadLifetime)
	if err == nil && made.ID != u.ID || photo.KindOf(err) == photo.KindQuota { // certainly no row names the bytes
		s.discard(ctx, u.ID)
	}
	return made, err
}

// addWhole stores a photo that comes in one request: it is staged, examined, committed and
// added.
func (s *Uploads) addWhole(ctx context.Context, r Request, u store.Upload) (Progress, error) {
	body, err := r.Open(u.Length)
	if err != nil {
		return Progress{}, err
	}
	defer body.Close()
	staged, err := s.staging.Whole(ctx, u.Owner, u.Length, u.Photo)
	if err != nil {
		return Progress{}, err
	}
	defer s.closeWhole(ctx, staged)
	if err := s.receive(body, u.Length, staged, staged.Write); err != nil {
		return Progress{}, err
	}
	ctx = context.WithoutCancel(ctx) // a client that disconnects now finds the photo when it asks again
	added, err := s.finish(ctx, u, staged, false, func(p photo.Photo, key string) (store.Added, error) {
		return s.photos.Add(ctx, u.Owner, p, key, r.addOptions()...)
	})
	if err != nil {
		return Progress{}, err
	}
	return done(store.Upload{}, added), nil
}

// closeWhole removes what a photo that came whole leaves behind. If it fails, the sweep does it.
func (s *Uploads) closeWhole(ctx context.Context, staged blob.Staged) {
	if err := staged.Close(); err != nil {
		s.log.WarnContext(ctx, "staged bytes could not be removed; the sweep will do it", "err", err)
	}
}

// Status returns how far an upload is. First it ends an older request of the same writer,
// whose connection may be dead, so that the offset does not change any more. If all bytes
// are stored it finishes the upload: a client that sees that nothing is missing sends
// nothing more.
func (s *Uploads) Status(ctx context.Context, r Request, id string) (Progress, error) {
	if photoID, err := photo.ParseID(id); err == nil {
		return s.stored(ctx, r.Owner, photoID)
	}
	u, err := s.rows.Upload(ctx, r.Owner, id)
	if err != nil || u.Finished() {
		return finished(u, r.Writer), err
	}
	if err := s.locks.stopWriter(ctx, id, r.Writer); err != nil {
		return Progress{}, err
	}
	at, err := s.progress(ctx, r, id)
	if err != nil || at.Done != nil || at.Offset < at.Upload.Length {
		return at, err
	}
	after, err := s.Append(ctx, Append{Request: r, ID: id, Offset: at.Offset})
	var leased *LeasedError
	var elsewhere *OffsetError
	switch {
	case errors.As(err, &leased): // the other request finishes it
		return at, nil
	case errors.As(err, &elsewhere):
		return elsewhere.Progress, nil
	}
	return after, err
}

// stored returns the progress of an upload that needed no row: it is named by its photo,
// and it is at its end.
func (s *Uploads) stored(ctx context.Context, owner string, id photo.ID) (Progress, error) {
	p, _, err := s.photos.Get(ctx, owner, id, store.Live)
	if err != nil {
		return Progress{}, err
	}
	return done(store.Upload{Length: p.Size}, store.Added{Photo: p, Outcome: photo.OutcomeExists}), nil
}

// progress reads how far an upload is.
func (s *Uploads) progress(ctx context.Context, r Request, id string) (Progress, error) {
	u, err := s.rows.Upload(ctx, r.Owner, id)
	if err != nil || u.Finished() {
		return finished(u, r.Writer), err
	}
	size, err := s.staging.StagedSize(ctx, id)
	if errors.Is(err, blob.ErrNotFound) {
		if u, err = s.rows.Upload(ctx, r.Owner, id); err == nil && u.Finished() { // a moment ago
			return finished(u, r.Writer), nil
		}
		return Progress{}, errors.Join(err, goneUpload(id))
	}
	return Progress{Upload: u, Offset: size, ExpiresAt: u.ExpiresAt}, err
}

// End ends an upload for good, even while another client sends it.
func (s *Uploads) End(ctx context.Context, by Caller, id string) error {
	u, err := s.rows.Upload(ctx, by.Owner, id)
	if err != nil {
		return err
	}
	if err := s.rows.DeleteUpload(ctx, by.Owner, u.ID); err != nil {
		return err
	}
	if err := s.locks.stopAny(ctx, u.ID); err != nil {
		return err
	}
	return s.staging.Discard(ctx, u.ID)
}

func done(u store.Upload, added store.Added) Progress {
	return Progress{Upload: u, Offset: added.Photo.Size, Done: &added}
}

// finished returns the progress of the upload of a finished row, as writer should see it.
// One writer stored the photo; for any other the photo exists, so that two clients that
// send one upload do not both count it.
func finished(u store.Upload, writer string) Progress {
	added := store.Added{Photo: photo.Photo{ID: u.Photo, Size: u.Length}, Outcome: u.Outcome, DescriptionKept: u.DescriptionKept}
	if writer != "" && u.Writer != "" && writer != u.Writer {
		added.Outcome, added.DescriptionKept = photo.OutcomeExists, false
	}
	return done(u, added)
}

func goneUpload(id string) error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: fmt.Sprintf("there is no upload %.80q", id), Hint: "begin the upload again"}
}

// discard removes staged bytes that nobody needs. If it fails, the sweep removes them.
func (s *Uploads) discard(ctx context.Context, name string) {
	if err := s.staging.Discard(context.WithoutCancel(ctx), name); err != nil {
		s.log.WarnContext(ctx, "staged bytes could not be removed; the sweep will do it", "upload", name, "err", err)
	}
}
