package photo

import (
	"time"
	"unicode"
)

// AccessKey is a secret of an owner for a machine without a user, as it is listed:
// without the secret itself.
type AccessKey struct {
	Name       string
	Scope      KeyScope
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // to the minute; zero: never
}

// Limits of access keys.
const (
	MaxKeys    = 100 // of one owner
	MaxKeyName = 64  // bytes
)

// KeyScope says what an access key is good for.
type KeyScope string

// The scopes of an access key.
const (
	ScopeRead   KeyScope = "read"   // list, show and download photos
	ScopeUpload KeyScope = "upload" // check and upload photos; never change a description, never restore
	ScopeAll    KeyScope = "all"    // whatever the user can do with photos
)

// Valid reports whether s is one of the known scopes.
func (s KeyScope) Valid() bool { return s == ScopeRead || s == ScopeUpload || s == ScopeAll }

// ValidKeyName reports whether name can be the name of an access key: letters,
// digits, dots, dashes and underscores, with a letter or digit at the start.
func ValidKeyName(name string) bool {
	for i, r := range name {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r):
		case i > 0 && (r == '.' || r == '-' || r == '_'):
		default:
			return false
		}
	}
	return name != "" && len(name) <= MaxKeyName
}
