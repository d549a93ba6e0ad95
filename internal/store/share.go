package store

import "photos/internal/photo"

// ShareHash is the hash of the secret part of a share's address. The secret itself is not kept.
type ShareHash [32]byte

// ShareUse is a share and the owner of its photos.
type ShareUse struct {
	Owner    string
	Disabled bool // whether the owner is disabled
	Share    photo.Share
}

// SharedPage is some photos of a share, in its order.
type SharedPage struct {
	Photos []photo.Photo
	Next   int64 // the position after which the next page begins; 0 at the end
	Prev   int64 // the position before which the page before ends; 0 at the start
}
