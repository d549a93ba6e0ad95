package api

import (
	"time"

	"photos/internal/photo"
)

// Share is a share as it is listed.
type Share struct {
	ID        string      `json:"id"`
	State     ShareState  `json:"state"`
	Title     string      `json:"title,omitempty"`
	CreatedAt Time        `json:"created_at"`
	ExpiresAt Time        `json:"expires_at"`
	RevokedAt Time        `json:"revoked_at,omitzero"`
	Originals bool        `json:"originals"`
	Live      bool        `json:"live"`
	Search    string      `json:"search,omitempty"` // of a live share
	By        photo.Order `json:"by,omitempty"`     // of a live share
	Photos    *int64      `json:"photos,omitempty"` // of any other share
}

// ShareState says whether a share can be opened.
type ShareState string

// The states of a share.
const (
	ShareActive  ShareState = "active"
	ShareExpired ShareState = "expired"
	ShareRevoked ShareState = "revoked"
)

// Shares is the answer of GET /v1/shares.
type Shares struct {
	Shares []Share `json:"shares"`
}

// NewShare is the body of POST /v1/shares.
type NewShare struct {
	Photos    []photo.ID  `json:"photos,omitempty"`
	Live      bool        `json:"live,omitempty"`
	Search    string      `json:"search,omitempty"`
	By        photo.Order `json:"by,omitempty"`
	Title     string      `json:"title,omitempty"`
	Originals bool        `json:"originals,omitempty"`
	ExpiresAt time.Time   `json:"expires_at"`
}

// CreatedShare is the answer of POST /v1/shares. No other answer has Address.
type CreatedShare struct {
	Share
	Address string `json:"address"`
}

// FromShare returns the form of s on the wire.
func FromShare(s photo.Share) Share {
	w := Share{
		ID: s.ID, State: ShareActive, Title: s.Title, CreatedAt: Time{s.CreatedAt}, ExpiresAt: Time{s.ExpiresAt}, RevokedAt: Time{s.RevokedAt},
		Originals: s.Originals, Live: s.Live,
	}
	switch {
	case !s.RevokedAt.IsZero():
		w.State = ShareRevoked
	case s.Ended:
		w.State = ShareExpired
	}
	if s.Live {
		w.Search, w.By = s.Search, s.By
	} else {
		w.Photos = &s.Photos
	}
	return w
}

// SharePath returns the path of the page of a share, below the address of the service.
func SharePath(token string) string { return PathShared + token }
