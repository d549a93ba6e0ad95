package service

import (
	"fmt"
	"time"

	"photos/internal/photo"
)

// Identity is the account that an access token stands for.
type Identity struct {
	Pool    string    // the user pool, in one form for all spellings of its issuer
	Subject string    // the account within the pool
	Expires time.Time // when the token expires; zero: never
}

// Caller is the account that makes a call: a signed-in user, or a machine with an access
// key of that user. Accounts.Authenticate returns it.
type Caller struct {
	Owner string         // the service's own UUID of the account
	Scope photo.KeyScope // of the access key; empty for a signed-in user
	Identity
}

// Permission is what a call needs the scope of an access key to allow. A signed-in user
// may do everything.
type Permission int

// The permissions.
const (
	AnyScope  Permission = iota // every scope allows it
	MayRead                     // read or all
	MayUpload                   // upload or all
	MayChange                   // all
	SignedIn                    // no access key may do it
)

// Check returns an error of photo.KindForbidden if the caller does not have p.
func (c Caller) Check(p Permission) error {
	switch {
	case c.Scope == "", p == AnyScope, c.Scope == photo.ScopeAll && p != SignedIn,
		c.Scope == photo.ScopeRead && p == MayRead, c.Scope == photo.ScopeUpload && p == MayUpload:
		return nil
	case p == SignedIn:
		return &photo.Error{Kind: photo.KindForbidden, Msg: "an access key may not do this", Hint: "sign in as a user: photos login"}
	}
	return &photo.Error{
		Kind: photo.KindForbidden, Msg: fmt.Sprintf("this access key may not do this: its scope is %s", c.Scope),
		Hint: "a signed-in user can create a key with another scope: photos key create --scope",
	}
}
