// Package store is the contract for the service's metadata: owners, photos and
// unfinished uploads. Package sqldb implements it with database/sql. Every
// supported database passes the conformance suite in package storetest.
package store

import (
	"context"
	"time"

	"photos/internal/photo"
)

// Store keeps metadata. All methods are safe for concurrent use. A method that
// changes something returns only when the change is durable. Times come from the
// database's own clock, in UTC, truncated to microseconds. For an owner, the photos
// and uploads of other owners do not exist: asking for one is an error of
// photo.KindNotFound, as for one that never existed.
//
// Texts are UTF-8 without NUL. A store may replace any other bytes in them by U+FFFD.
// Names of photos may hold any byte. A store on another machine may be unreachable:
// calls then fail with photo.KindUnavailable, and the caller may repeat them. It is not
// known whether such a call has changed something.
type Store interface {
	Background

	// Owner returns the service's own UUID for the subject sub of the user pool.
	// It makes one at the first call.
	Owner(ctx context.Context, pool, sub string) (string, error)

	// Disabled reports whether the operator has disabled the owner.
	Disabled(ctx context.Context, owner string) (bool, error)

	// SetDisabled disables or enables an owner.
	SetDisabled(ctx context.Context, owner string, disabled bool) error

	// Accounts lists every owner, oldest first.
	Accounts(ctx context.Context) ([]Account, error)

	// CreateKey adds an access key. The caller sets its name, scope and expiry, and
	// gives the hash of the secret. The error is of photo.KindConflict when the owner
	// has a key of that name, or photo.MaxKeys keys. It is of photo.KindUsage when the
	// expiry has passed. When the owner already has a key with this hash, that one is
	// returned as it is.
	CreateKey(ctx context.Context, owner string, k photo.AccessKey, hash KeyHash) (photo.AccessKey, error)

	// Keys lists an owner's access keys, oldest first.
	Keys(ctx context.Context, owner string) ([]photo.AccessKey, error)

	// RevokeKey removes an access key.
	RevokeKey(ctx context.Context, owner, name string) error

	// Key finds the access key with the hash. The error is of photo.KindNotFound
	// when the key is revoked, expired or unknown.
	Key(ctx context.Context, hash KeyHash) (KeyUse, error)

	// NoteKeyUse sets LastUsedAt to now, unless it was set less than a minute ago.
	NoteKeyUse(ctx context.Context, hash KeyHash) error

	// Usage counts an owner's photos and their bytes.
	Usage(ctx context.Context, owner string) (Usage, error)

	// Limit sets the quota of each owner. Add, FinishUpload and CreateUpload then
	// refuse whatever exceeds it, with photo.KindQuota. Photos that an owner already
	// has stay, and can be restored and repaired. CreateUpload also counts the bytes of
	// the owner's unfinished uploads. A store begins without a quota.
	Limit(q Quota)

	// Uploads lists an owner's unfinished uploads, in no order.
	Uploads(ctx context.Context, owner string) ([]Pending, error)

	// Add makes a photo visible. Its bytes must already be durable under key. Calls
	// that come together share one commit. The store sets UploadedAt and Version of p.
	//
	// When the owner already has the photo (a duplicate), its row stays and Added.Key is
	// the key of that row. The caller then deletes its own blob. The description of p
	// fills an empty one (OutcomeDescribed) but never replaces one (OutcomeExists).
	// The date and position of p replace those that came from worse sources. A photo in
	// the trash is restored (OutcomeRestored), unless options say otherwise.
	Add(ctx context.Context, owner string, p photo.Photo, key string, options ...AddOption) (Added, error)

	// Get returns one photo and the key of its bytes. It finds live photos and, with
	// AnyState, also those in the trash.
	Get(ctx context.Context, owner string, id photo.ID, s Scope) (photo.Photo, string, error)

	// List returns a page of at most limit photos after cursor, newest first by f.By.
	// An empty cursor means from the start. A page has fewer photos when their texts are
	// long. Photos that come or go between two pages do not shift the others. The error
	// is of photo.KindUsage when the cursor is not from List.
	List(ctx context.Context, owner string, f photo.Filter, cursor string, limit int) (photo.Page, error)

	// ListBefore returns the page of at most limit photos that end just before cursor, which is the
	// Prev of a page. The photos are in the order of List. The page has no Prev when there are no
	// photos before it.
	ListBefore(ctx context.Context, owner string, f photo.Filter, cursor string, limit int) (photo.Page, error)

	// Neighbors returns the photos next to a photo in the list of a filter, the newer and the older
	// one. At an end of the list an ID is zero. The photo itself need not pass the filter.
	Neighbors(ctx context.Context, owner string, f photo.Filter, id photo.ID) (newer, older photo.ID, err error)

	// Check returns what is known about each digest, in the order of ids. It does not
	// set the offsets of unfinished uploads, because only the staging knows them. When a
	// photo has several unfinished uploads, it names the one claimed most often.
	Check(ctx context.Context, owner string, ids []photo.ID) ([]photo.Status, error)

	// Describe sets descriptions in one transaction. It returns one result per item, in
	// order. An item that fails (not found, changed) does not affect the others. A photo
	// that already has the text is left alone, whatever its version.
	Describe(ctx context.Context, owner string, items []Description) ([]Described, error)

	// Edit changes what the user may edit, in one transaction. It returns one result per edit, in
	// order. An edit that fails (not found, changed) does not affect the others. A photo that
	// is already as the edit would make it is left alone, whatever its version.
	Edit(ctx context.Context, owner string, edits []photo.Edit) ([]Described, error)

	// Tags lists at most limit tags of an owner's live photos that come after a tag, in the order of
	// their bytes.
	Tags(ctx context.Context, owner, after string, limit int) ([]photo.Tally, error)

	// Stats counts an owner's live photos by month, type and camera. Of the cameras it has the
	// photo.MaxCameras with the most photos.
	Stats(ctx context.Context, owner string) (photo.Stats, error)

	// Changes returns at most limit changes of an owner's photos after a cursor, in the order of their
	// commits; an empty cursor means from the start. No change is skipped and none comes
	// twice, but a photo that changes again moves to its latest change. The error is of
	// photo.KindUsage when the cursor is not from Changes, and of photo.KindGone when
	// deletions after it were forgotten, or when the database was restored from an older backup.
	Changes(ctx context.Context, owner, after string, limit int) (photo.Changes, error)

	// LatestChange returns the cursor after all changes of an owner's photos.
	LatestChange(ctx context.Context, owner string) (string, error)

	// ForgetDeletions removes at most limit deletions from the changes that are older than keep,
	// and returns how many there were.
	ForgetDeletions(ctx context.Context, keep time.Duration, limit int) (int, error)

	// History returns the current and the earlier descriptions of a live photo. Earlier
	// ones are kept until the photo is purged: the last photo.MaxRevisions, and always
	// the last one that a human wrote (photo.HumanSources).
	History(ctx context.Context, owner string, id photo.ID) (photo.History, error)

	// Undo makes the revision with the number to the description of a live photo
	// again. The description that the photo had is kept. A photo that already has the
	// revision is left alone. The error is of photo.KindChanged when ifVersion is neither
	// nil nor the photo's version, and of photo.KindConflict when the revision is not kept.
	Undo(ctx context.Context, owner string, id photo.ID, to int64, ifVersion *int64) (photo.Photo, error)

	// Learn gives a live photo the date and position of f where they come from better
	// sources, and returns the photo. See photo.Photo.Learn.
	Learn(ctx context.Context, owner string, id photo.ID, f photo.Facts) (photo.Photo, error)

	// Trash moves a photo to the trash, where it stays for purgeAfter. It returns the
	// photo with TrashedAt and PurgeAt. Trashing a trashed photo changes nothing.
	Trash(ctx context.Context, owner string, id photo.ID, purgeAfter time.Duration) (photo.Photo, error)

	// TrashMany moves photos to the trash in one transaction. It returns how many it moved, and the
	// one TrashedAt that they got. Photos that are not live are left alone.
	TrashMany(ctx context.Context, owner string, ids []photo.ID, purgeAfter time.Duration) (n int, at time.Time, err error)

	// Restore makes a trashed photo live again. A live one is left alone.
	Restore(ctx context.Context, owner string, id photo.ID) (photo.Photo, error)

	// RestoreTrashed makes at most limit photos live again whose TrashedAt is at, and returns how
	// many these were.
	RestoreTrashed(ctx context.Context, owner string, at time.Time, limit int) (int, error)

	// Purge removes the rows of at most limit photos whose time in the trash is over. It
	// returns where their bytes and their renditions lie, so that the caller can delete
	// them. If these are fewer blobs than limit, there are no more such photos.
	Purge(ctx context.Context, limit int) ([]Blob, error)

	// PurgePhoto removes the row of one photo in the trash now, and returns the photo and where its
	// bytes and its rendition lie. The error is of photo.KindConflict when the photo is not in
	// the trash.
	PurgePhoto(ctx context.Context, owner string, id photo.ID) (photo.Photo, []Blob, error)

	// NamedBlobs returns those of the blobs that a row names.
	NamedBlobs(ctx context.Context, blobs []Blob) (map[Blob]bool, error)

	// Stored returns at most limit photos of all owners, in the trash or not, whose numbers
	// are above after, in the order of their numbers.
	Stored(ctx context.Context, after int64, limit int) ([]Stored, error)

	// Orphan reports whether a blob that no row names may be removed. The first call
	// records the blob and returns false. A call later than keep after that returns true
	// and removes the record.
	Orphan(ctx context.Context, owner, key string, keep time.Duration) (bool, error)

	// SetDamaged records whether a photo's bytes under key are missing or changed. Check
	// then reports it, and Add of a damaged photo replaces its key by the caller's
	// (OutcomeRepaired). Nothing is recorded when the photo's bytes are under another key
	// by now, or when the photo is gone.
	SetDamaged(ctx context.Context, owner string, id photo.ID, key string, damaged bool) error

	// CreateUpload records a new upload. The caller sets the ID, the owner, the length
	// and the metadata. The store sets the times and Generation 1. A named writer that
	// has an unfinished upload of the same photo gets that one back, because it may have
	// missed the answer to an earlier call.
	CreateUpload(ctx context.Context, u Upload, lifetime time.Duration) (Upload, error)

	// Upload returns one upload, unfinished or recently finished.
	Upload(ctx context.Context, owner, id string) (Upload, error)

	// ClaimUpload gives u.Writer the lease of the upload u.Owner, u.ID with a new
	// generation: only this writer may append. It renews the expiry, and sets the name,
	// description, caption and facts to those of u. The error is ErrLeased while another
	// writer's lease lives. It is of photo.KindConflict when the upload is finished, or
	// when u.Generation is neither zero nor the upload's generation.
	ClaimUpload(ctx context.Context, u Upload, lease, lifetime time.Duration) (Upload, error)

	// KeepUpload renews the lease of a generation. The error is of photo.KindConflict
	// when another writer has claimed the upload.
	KeepUpload(ctx context.Context, owner, id string, generation int64) error

	// ReleaseUpload ends the lease of a generation, so that anyone may claim the upload
	// at once. It stores the state of the digest unless that is nil. When another writer
	// has claimed the upload, it does nothing and returns nil.
	ReleaseUpload(ctx context.Context, owner, id string, generation int64, digest []byte) error

	// FinishUpload adds the photo as Add does and finishes its upload in the same
	// transaction. The error is of photo.KindConflict when generation is no longer the
	// upload's, or when the upload is finished. The row of the finished upload expires
	// after f.Keep. Other uploads of the photo expire within f.Spare, unless a writer
	// claims them.
	FinishUpload(ctx context.Context, owner, id string, generation int64, p photo.Photo, key string, f Finish, options ...AddOption) (Added, error)

	// AbandonUpload removes an unfinished upload. The error is of photo.KindConflict when
	// generation is no longer the upload's.
	AbandonUpload(ctx context.Context, owner, id string, generation int64) error

	// DeleteUpload removes an upload, whoever has its lease. When there is none, it
	// returns nil.
	DeleteUpload(ctx context.Context, owner, id string) error

	// ExpiredUploads removes the rows of at most limit expired uploads without a live
	// lease, and returns their IDs.
	ExpiredUploads(ctx context.Context, limit int) ([]string, error)

	// HasUpload reports whether an unfinished upload has the ID. The sweep asks this
	// about staged bytes.
	HasUpload(ctx context.Context, id string) (bool, error)

	// ClaimTask gives work that one process at a time does, for all that share the
	// database, to holder for the time lease, and reports whether it did: not while another
	// has it, and not when it was done less than every ago.
	ClaimTask(ctx context.Context, name, holder string, lease, every time.Duration) (bool, error)

	// KeepTask renews the claim of holder; photo.KindConflict when another has the task by now.
	KeepTask(ctx context.Context, name, holder string, lease time.Duration) error

	// EndTask ends the claim of holder, and notes whether the work was done. It returns nil also
	// when another has the task by now.
	EndTask(ctx context.Context, name, holder string, done bool) error

	// CreateSession adds a session, which ends after lifetime however much it is used. The
	// caller says everything but the times of CreatedAt, SeenAt and ExpiresAt.
	CreateSession(ctx context.Context, s Session, lifetime time.Duration) error

	// Session finds a session that has been used within the time idle. Any other one is of
	// photo.KindNotFound.
	Session(ctx context.Context, hash SessionHash, idle time.Duration) (Session, error)

	// Sessions lists an owner's sessions that Session would find, the last used first.
	Sessions(ctx context.Context, owner string, idle time.Duration) ([]Session, error)

	// NoteSessionUse sets SeenAt to now, unless that is less than five minutes later.
	NoteSessionUse(ctx context.Context, hash SessionHash) error

	// ClaimSession gives the exchange of a session's refresh token to the caller for the
	// time lease, and returns the new generation. It is of photo.KindConflict when the
	// session has another generation by now, or somebody else's claim has not ended.
	ClaimSession(ctx context.Context, hash SessionHash, generation int64, lease time.Duration) (int64, error)

	// RenewSession ends a claim with what the exchange brought: Sealed, RefreshAt and
	// AccessUntil of s. It is of photo.KindConflict when s.Generation is no longer the
	// session's.
	RenewSession(ctx context.Context, s Session) error

	// PauseSession ends a claim without a result. Until pause has passed, Session says that
	// the session is Paused. It returns nil also when another has the claim.
	PauseSession(ctx context.Context, hash SessionHash, generation int64, pause time.Duration) error

	// RefuseSession removes a session whose refresh token the provider refuses. It is of
	// photo.KindConflict when generation is no longer the session's.
	RefuseSession(ctx context.Context, hash SessionHash, generation int64) error

	// EndSession removes a session. It returns nil also when there is none.
	EndSession(ctx context.Context, hash SessionHash) error

	// EndSessions removes the session of an owner with an ID, or with the ID "" all of
	// them, and returns how many there were.
	EndSessions(ctx context.Context, owner, id string) (int, error)

	// ExpiredSessions removes sessions that have ended or were not used within the time
	// idle.
	ExpiredSessions(ctx context.Context, idle time.Duration) error

	// CreateShare adds a share. The caller says everything about it but CreatedAt, RevokedAt and
	// Photos, and gives the hash of its secret. photos are what it shows, in this order, unless it
	// is live. The error is of photo.KindNotFound when one of them is not a live photo of the
	// owner. It is of photo.KindConflict when the owner has photo.MaxShares shares that have not
	// ended, and of photo.KindUsage when the expiry has passed. When the owner already has a share
	// with this hash, that one is returned as it is.
	CreateShare(ctx context.Context, owner string, s photo.Share, hash ShareHash, photos []photo.ID) (photo.Share, error)

	// Shares lists at most photo.MaxListedShares shares of an owner: first those that have not
	// ended, and of both the newest first.
	Shares(ctx context.Context, owner string) ([]photo.Share, error)

	// RevokeShare ends a share. One that has ended is left alone.
	RevokeShare(ctx context.Context, owner, id string) error

	// Share finds the share with the hash, also one that has ended.
	Share(ctx context.Context, hash ShareHash) (ShareUse, error)

	// SharedPhotos returns at most limit live photos of a share that is not live itself, after a
	// position; 0 means from the start.
	SharedPhotos(ctx context.Context, hash ShareHash, after int64, limit int) (SharedPage, error)

	// SharedBefore returns the at most limit live photos of such a share that are just before a
	// position, in the order of the share.
	SharedBefore(ctx context.Context, hash ShareHash, before int64, limit int) (SharedPage, error)

	// SharedPhoto returns a live photo of a share that is not live itself.
	SharedPhoto(ctx context.Context, owner string, hash ShareHash, id photo.ID) (photo.Photo, error)

	// SharedNeighbors returns the live photos before and after a photo of a share that is not live
	// itself. At an end an ID is zero.
	SharedNeighbors(ctx context.Context, owner string, hash ShareHash, id photo.ID) (before, after photo.ID, err error)

	// Match returns a photo that a list with the filter has. Any other one is of photo.KindNotFound.
	Match(ctx context.Context, owner string, f photo.Filter, id photo.ID) (photo.Photo, error)

	// ForgetShares removes at most limit shares that ended longer than keep ago, and returns how
	// many there were.
	ForgetShares(ctx context.Context, keep time.Duration, limit int) (int, error)

	// Ping reports whether the database answers.
	Ping(ctx context.Context) error

	// Close waits for calls that have begun and closes the database.
	Close() error
}

// Scope is which photos Get finds.
type Scope int

// The scopes of Get.
const (
	Live Scope = iota
	AnyState
)

// Usage is what an owner has stored.
type Usage struct {
	Photos, Bytes               int64 // live
	TrashedPhotos, TrashedBytes int64
}

// Pending is what an unfinished upload needs space for.
type Pending struct {
	ID     string
	Photo  photo.ID // zero when the client did not announce it
	Length int64    // of the whole photo, in bytes
}

// Added is the result of Add.
type Added struct {
	Photo           photo.Photo // after the call
	Key             string      // where its bytes lie
	Outcome         photo.Outcome
	DescriptionKept bool // the caller gave a different description, which was not used
}

// Description sets one photo's description. An empty Text erases it.
type Description struct {
	ID          photo.ID
	Text        string
	Source      photo.Source
	OnlyIfEmpty bool   // leave a described photo alone
	IfVersion   *int64 // fail with photo.KindChanged unless this is the photo's version; nil: any version
}

// Described is a photo after Describe, or why it was not described.
type Described struct {
	Photo   photo.Photo
	Changed bool
	Err     error
}

// Stored is a photo as far as its bytes are concerned.
type Stored struct {
	Number  int64 // unique; grows with each new photo
	Owner   string
	ID      photo.ID
	Key     string
	Size    int64
	Damaged bool
}

// Expired is an unfinished upload or a photo in the trash whose time is over.
type Expired struct {
	Upload     string // empty: it is a photo
	Owner, Key string // Key is that of a photo's bytes
}

// Blob says where bytes lie.
type Blob struct{ Owner, Key string }

// ErrLeased is the error of ClaimUpload while another writer's lease lives.
var ErrLeased error = &photo.Error{Kind: photo.KindUnavailable, Msg: "another client is sending this upload", Hint: "go on with other photos and try again"}

// Finish says how long rows of uploads stay after one is finished.
type Finish struct {
	Keep  time.Duration // the row of this upload, for clients that missed the answer
	Spare time.Duration // the rows of other uploads of the same photo
}

// Upload is an unfinished or a recently finished upload.
type Upload struct {
	ID                string // also the name of the staged bytes
	Owner             string
	Photo             photo.ID // zero when the client did not announce it, until the upload is finished
	Length            int64    // of the whole photo, in bytes
	Name              string
	Description       string
	DescriptionSource photo.Source
	Caption           photo.Caption
	Facts             photo.Facts
	CreatedAt         time.Time
	ExpiresAt         time.Time
	Writer            string
	Generation        int64
	Leased            bool   // the lease was live when the row was read
	DigestState       []byte // the state of the digest over the staged bytes, see blob.Staged

	// Only finished uploads have these.
	Outcome         photo.Outcome
	DescriptionKept bool
}

// Finished reports whether the upload has become a photo.
func (u Upload) Finished() bool { return u.Outcome != "" }
