package store

import "time"

// SessionHash is the hash by which a session is found. It is derived from the cookie, which nobody
// keeps.
type SessionHash [32]byte

// Session is a browser in which a user is signed in.
type Session struct {
	Hash   SessionHash
	ID     string // names the session in lists; no secret
	Owner  string
	Sealed []byte // what only the cookie opens
	Agent  string // what the browser calls itself, for lists

	CreatedAt time.Time
	SeenAt    time.Time // when it was last used, to about five minutes
	ExpiresAt time.Time // however much it is used

	RefreshAt   time.Time // when the access token should be exchanged
	AccessUntil time.Time // when the access token ends
	Generation  int64     // grows with each claim of the exchange
	Claimed     bool      // a request is exchanging the refresh token
	Paused      bool      // an exchange failed a moment ago

	// Of the owner; only Session fills them in.
	Pool, Subject string
	Disabled      bool
}
