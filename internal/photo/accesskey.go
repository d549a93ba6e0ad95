package photo

import (
	"time"
	"unicode"
)

// AccessKey describes a secret with which a machine acts for an owner. It does not have the
// secret itself.
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

// KeyScope says what an access key allows.
type KeyScope string

// The scopes of an access key.
const (
	ScopeRead   KeyScope = "read"   // list, show and download photos
	ScopeUpload KeyScope = "upload" // check and upload photos; never change a description, never restore
	ScopeAll    KeyScope = "all"    // everything that the user can do with photos, except sharing them
)

// Valid reports whether s is one of the known scopes.
func (s KeyScope) Valid() bool { return s == ScopeRead || s == ScopeUpload || s == ScopeAll }

// ValidKeyName reports whether name can be the name of an access key. A name has letters,
// digits, dots, dashes and underscores, and begins with a letter or digit.
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
