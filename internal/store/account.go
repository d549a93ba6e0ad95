package store

import (
	"time"

	"photos/internal/photo"
)

// KeyHash is the hash of an access key's secret. The secret itself is not kept.
type KeyHash [32]byte

// KeyUse is a valid access key and the owner that it stands for.
type KeyUse struct {
	Owner         string
	Pool, Subject string // of the owner
	Disabled      bool   // whether the owner is disabled
	Key           photo.AccessKey
}

// Account is an owner as the service's operator sees it.
type Account struct {
	Owner         string // the service's own UUID
	Pool, Subject string
	CreatedAt     time.Time
	DisabledAt    time.Time // zero: not disabled
	Usage         Usage
	Keys          int // access keys, including expired ones
}

// AddOption changes what Add and FinishUpload may do.
type AddOption int

// NoRestore refuses a photo that is in the trash instead of restoring it. The
// error is of photo.KindForbidden.
const NoRestore AddOption = 1

// InTrash returns the error with which NoRestore refuses a photo.
func InTrash(id photo.ID) error {
	return &photo.Error{
		Kind: photo.KindForbidden, Msg: "photo " + id.Short() + " is in the trash, and this access key may not restore it",
		Hint: "a signed-in user can bring it back with 'photos restore'",
	}
}
