package photo

import (
	"strings"
	"time"
)

// Share is a link with which anyone can look at some photos of an owner. It does not have the
// secret part of its address.
type Share struct {
	ID        string // names the link in lists; no secret
	Title     string // above the photos; may be empty
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt time.Time // zero: it was not revoked
	Ended     bool      // it has expired or was revoked
	Originals bool      // the files can be downloaded too, with everything that is in them
	Live      bool      // it shows what Search finds when somebody looks, and not a fixed set
	Search    string    // of a live share: a text of package filter
	By        Order     // of a live share
	Photos    int64     // of any other share: how many of its photos are not deleted
}

// Limits of shares.
const (
	MaxShares       = 500  // of one owner, without those that have ended
	MaxEndedShares  = 1000 // of one owner; the oldest of more are forgotten
	MaxListedShares = 5000 // in a list, with those that have ended
	MaxShared       = 5000 // photos of one share
	MaxShareTitle   = 200  // bytes
	ShareIDLength   = 8    // characters of an ID
)

const shareIDLetters = "abcdefghijklmnopqrstuvwxyz234567"

// Filter returns which photos a live share shows.
func (s Share) Filter() Filter { return Filter{Search: s.Search, By: s.By} }

// ValidShareID reports whether id can be the ID of a share.
func ValidShareID(id string) bool {
	return len(id) == ShareIDLength && strings.Trim(id, shareIDLetters) == ""
}
