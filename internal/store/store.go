// Package store is the contract for the service's metadata: owners, photos and
// uploads under way. The implementation over database/sql is in sqldb; every
// supported database passes the suite in storetest.
package store

import (
	"context"
	"time"

	"photos/internal/photo"
)

// Store keeps metadata. All methods are safe for concurrent use, and everything
// that changes something is durable when it returns. Times come from the
// database's own clock, truncated to microseconds, UTC. Photos and uploads of
// another owner do not exist: the error is of photo.KindNotFound, as for any
// that never were.
//
// Texts are UTF-8 without NUL; what else is in them a store may replace by U+FFFD. Names
// of photos may hold any byte. A store on another machine may be away: calls then fail
// with photo.KindUnavailable, and the caller may make them again. Whether a call that
// failed so has changed something is not known.
type Store interface {
	// Owner is the service's own UUID for the subject sub of the user pool,
	// made at first sight.
	Owner(ctx context.Context, pool, sub string) (string, error)

	// Disabled reports whether the operator refuses the owner.
	Disabled(ctx context.Context, owner string) (bool, error)

	// SetDisabled refuses an owner, or accepts it again.
	SetDisabled(ctx context.Context, owner string, disabled bool) error

	// Accounts lists every owner, in the order in which they came.
	Accounts(ctx context.Context) ([]Account, error)

	// CreateKey adds an access key, of which the caller says name, scope, expiry
	// and the hash of the secret. A name that the owner's keys have already, and a
	// key beyond photo.MaxKeys, is of photo.KindConflict; an expiry that is over
	// is of photo.KindUsage.
	CreateKey(ctx context.Context, owner string, k photo.AccessKey, hash KeyHash) (photo.AccessKey, error)

	// Keys lists an owner's access keys, in the order in which they were made.
	Keys(ctx context.Context, owner string) ([]photo.AccessKey, error)

	// RevokeKey removes an access key.
	RevokeKey(ctx context.Context, owner, name string) error

	// Key finds the access key with the hash. One that is revoked, expired or
	// unknown is of photo.KindNotFound.
	Key(ctx context.Context, hash KeyHash) (KeyUse, error)

	// NoteKeyUse sets LastUsedAt to now, unless that is less than a minute later.
	NoteKeyUse(ctx context.Context, hash KeyHash) error

	// Usage counts an owner's photos and their bytes.
	Usage(ctx context.Context, owner string) (Usage, error)

	// Limit sets what each owner may have. Add, FinishUpload and CreateUpload
	// then refuse, with photo.KindQuota, what would be more. Photos that are
	// there stay, and can be restored and repaired. A store begins without a
	// quota.
	Limit(q Quota)

	// Uploads lists an owner's uploads under way, in no order.
	Uploads(ctx context.Context, owner string) ([]Pending, error)

	// Add makes a photo visible whose bytes lie durably under key. Calls that
	// come together share one commit. When the owner has the photo already,
	// the row that is there stays, Added.Key is its key (not the caller's, who
	// then drops its own blob), and the description fills an empty one
	// (OutcomeDescribed) but never replaces one (OutcomeExists). Its date and
	// position replace those that came from worse sources. A trashed photo is
	// made live again (OutcomeRestored), unless options say otherwise.
	// UploadedAt and Version of p are set by the store.
	Add(ctx context.Context, owner string, p photo.Photo, key string, options ...AddOption) (Added, error)

	// Get is one photo and the key of its bytes: a live one or, with
	// AnyState, a trashed one as well.
	Get(ctx context.Context, owner string, id photo.ID, s Scope) (photo.Photo, string, error)

	// List is a page of at most limit photos, fewer when their texts are long,
	// newest first by f.By, after cursor (empty: from the start). Paging is by key, so photos that come
	// or go meanwhile shift nothing. A cursor that is not from List is of
	// photo.KindUsage.
	List(ctx context.Context, owner string, f photo.Filter, cursor string, limit int) (photo.Page, error)

	// Check tells what is known of each digest, in the order asked. Offsets
	// of unfinished uploads are the blob store's to fill in; of several of one
	// photo the one claimed most often is named.
	Check(ctx context.Context, owner string, ids []photo.ID) ([]photo.Status, error)

	// Describe sets descriptions, all in one transaction; one result an item,
	// in order. A failed item (not found, changed) fails no other. A photo
	// that has the text already is left alone, whatever its version.
	Describe(ctx context.Context, owner string, items []Description) ([]Described, error)

	// History returns the descriptions that a live photo has and had. Earlier
	// ones are kept until the photo is purged: the last photo.MaxRevisions, and
	// always the last one that a human wrote (photo.Source.Human).
	History(ctx context.Context, owner string, id photo.ID) (photo.History, error)

	// Undo makes the revision numbered to the description of a live photo
	// again. The description that the photo had is kept. A photo that has the
	// revision already is left alone. The error is of photo.KindChanged unless
	// ifVersion is the photo's version or nil, and of photo.KindConflict when the
	// revision is not kept.
	Undo(ctx context.Context, owner string, id photo.ID, to int64, ifVersion *int64) (photo.Photo, error)

	// Learn gives a live photo the better date and position that f has, and returns it
	// as it is then, see photo.Photo.Learn.
	Learn(ctx context.Context, owner string, id photo.ID, f photo.Facts) (photo.Photo, error)

	// Trash hides a photo until purgeAfter has passed; it returns the photo
	// with TrashedAt and PurgeAt. Trashing a trashed photo changes nothing.
	Trash(ctx context.Context, owner string, id photo.ID, purgeAfter time.Duration) (photo.Photo, error)

	// Restore makes a trashed photo live again; a live one is left alone.
	Restore(ctx context.Context, owner string, id photo.ID) (photo.Photo, error)

	// Purge removes the rows of at most limit photos whose time in the trash
	// is over and returns where their bytes lie, for the caller to delete.
	Purge(ctx context.Context, limit int) ([]Blob, error)

	// HasBlob tells whether a row names the blob, for the sweep of orphans.
	HasBlob(ctx context.Context, owner, key string) (bool, error)

	// Orphan tells whether a blob that no row names may be removed: once that
	// has been noted for as long as keep. The first call notes it, and so does
	// the next one after the answer true.
	Orphan(ctx context.Context, owner, key string, keep time.Duration) (bool, error)

	// SetDamaged notes that a photo's bytes, those under key, are missing or
	// changed, or that they are sound after all. Check then says so, and Add
	// of a damaged photo takes the caller's key in place of the old one
	// (OutcomeRepaired). When the bytes are under another key by now, or the
	// photo is gone, nothing is noted.
	SetDamaged(ctx context.Context, owner string, id photo.ID, key string, damaged bool) error

	// CreateUpload records an upload under way. ID, Owner, Length, Metadata
	// fields and the lifetime come from the caller; the store sets the times
	// and Generation 1. A named writer that began the same photo already, and
	// did not hear of it, gets that upload back as it is.
	CreateUpload(ctx context.Context, u Upload, lifetime time.Duration) (Upload, error)

	// Upload is one upload: under way, or finished a short while ago.
	Upload(ctx context.Context, owner, id string) (Upload, error)

	// ClaimUpload makes u.Writer the one that may append to the upload u.Owner, u.ID,
	// with a new generation, moves the expiry on, and sets the name, description,
	// caption and facts to those of u. While another writer's lease of length lease
	// has not run out the error is ErrLeased. It is of photo.KindConflict when the upload is
	// finished, or has another generation than u by now; without one in u any will do.
	ClaimUpload(ctx context.Context, u Upload, lease, lifetime time.Duration) (Upload, error)

	// KeepUpload renews the lease of a generation; photo.KindConflict when
	// another has taken over.
	KeepUpload(ctx context.Context, owner, id string, generation int64) error

	// ReleaseUpload ends the lease of a generation, so that anyone may claim
	// the upload at once, and keeps the state of its digest unless that is nil. It is
	// no error when another has taken over.
	ReleaseUpload(ctx context.Context, owner, id string, generation int64, digest []byte) error

	// FinishUpload is Add for the last bytes of an upload, and finishes the upload in
	// the same transaction; photo.KindConflict when generation is no longer the
	// upload's, or another finished it. The row of the finished upload expires after f.Keep.
	// Other uploads of the photo expire within f.Spare, unless a writer goes on with them.
	FinishUpload(ctx context.Context, owner, id string, generation int64, p photo.Photo, key string, f Finish, options ...AddOption) (Added, error)

	// AbandonUpload forgets an unfinished upload; photo.KindConflict when generation is
	// no longer the upload's.
	AbandonUpload(ctx context.Context, owner, id string, generation int64) error

	// DeleteUpload forgets an upload, whoever has it; it is no error when there is none.
	DeleteUpload(ctx context.Context, owner, id string) error

	// ExpiredUploads removes the rows of at most limit uploads past their
	// time and without a live lease, and returns their ids.
	ExpiredUploads(ctx context.Context, limit int) ([]string, error)

	// HasUpload tells whether an unfinished upload has the staged bytes, for the sweep.
	HasUpload(ctx context.Context, id string) (bool, error)

	// Ping reports whether the database answers.
	Ping(ctx context.Context) error

	// Close waits for what was begun and closes the database.
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

// Pending is an upload under way, as far as room for it is concerned.
type Pending struct {
	ID     string
	Photo  photo.ID // zero when the client did not say
	Length int64    // bytes in all
}

// Added is what Add did.
type Added struct {
	Photo           photo.Photo // as it is now
	Key             string      // where its bytes lie
	Outcome         photo.Outcome
	DescriptionKept bool // a different description was given and not used
}

// Description sets one photo's description. An empty Text erases it.
type Description struct {
	ID          photo.ID
	Text        string
	Source      photo.Source
	OnlyIfEmpty bool   // leave a described photo alone
	IfVersion   *int64 // fail with photo.KindChanged unless this is the version; nil: any
}

// Described is the photo as it is now, or why it was not described.
type Described struct {
	Photo   photo.Photo
	Changed bool
	Err     error
}

// Blob says where bytes lie.
type Blob struct{ Owner, Key string }

// ErrLeased is the refusal of ClaimUpload while another writer's lease lives.
var ErrLeased error = &photo.Error{Kind: photo.KindUnavailable, Msg: "another client is sending this upload", Hint: "go on with other photos and try again"}

// Finish says how long rows stay after an upload is finished.
type Finish struct {
	Keep  time.Duration // the row of this upload, to answer clients that missed the answer
	Spare time.Duration // other uploads of the same photo
}

// Upload is an upload under way, or one that was finished a short while ago.
type Upload struct {
	ID                string // also the name of the staged bytes
	Owner             string
	Photo             photo.ID // zero when the client did not say, until it is finished
	Length            int64    // bytes in all
	Name              string
	Description       string
	DescriptionSource photo.Source
	Caption           photo.Caption
	Facts             photo.Facts
	CreatedAt         time.Time
	ExpiresAt         time.Time
	Writer            string
	Generation        int64
	Leased            bool   // the lease had not run out when the row was read
	DigestState       []byte // how far the digest has come, see blob.Staged

	// Of a finished upload. The outcome of others is empty.
	Outcome         photo.Outcome
	DescriptionKept bool
}

// Finished reports whether the upload has become a photo.
func (u Upload) Finished() bool { return u.Outcome != "" }
