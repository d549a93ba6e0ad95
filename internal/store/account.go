package store

import (
	"time"

	"photos/internal/photo"
)

// KeyHash is what is kept of an access key's secret.
type KeyHash [32]byte

// KeyUse is an access key that is good, and whom it stands for.
type KeyUse struct {
	Owner         string
	Pool, Subject string // of the owner
	Disabled      bool   // the owner is
	Key           photo.AccessKey
}

// Account is an owner as the service's operator sees it.
type Account struct {
	Owner         string // the service's own UUID
	Pool, Subject string
	CreatedAt     time.Time
	DisabledAt    time.Time // zero: not disabled
	Usage         Usage
	Keys          int // access keys, the expired ones too
}

// AddOption changes what Add and FinishUpload may do.
type AddOption int

// NoRestore refuses a photo that is in the trash, with photo.KindForbidden,
// instead of restoring it.
const NoRestore AddOption = 1

// InTrash is the refusal of NoRestore.
func InTrash(id photo.ID) error {
	return &photo.Error{
		Kind: photo.KindForbidden, Msg: "photo " + id.Short() + " is in the trash, and this access key may not restore it",
		Hint: "photos restore brings it back, where a user is signed in",
	}
}
