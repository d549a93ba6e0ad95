package photo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// ID names a photo: the SHA-256 of its bytes (FIPS 180-4), per owner. The zero
// ID names nothing.
type ID [sha256.Size]byte

// String returns 64 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Short returns the first digits, which messages and tables show.
func (id ID) Short() string { return id.String()[:ShortLen] }

// ShortLen is how many hex digits [ID.Short] shows.
const ShortLen = 12

// IsZero reports whether id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// ParseID reads 64 hex digits in upper or lower case. Its error is of KindUsage.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != hex.EncodedLen(len(id)) {
		return ID{}, &Error{Kind: KindUsage, Msg: fmt.Sprintf("%.80q is not a photo ID", s), Hint: "an ID is the SHA-256 of the photo: 64 hex digits"}
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, &Error{Kind: KindUsage, Msg: fmt.Sprintf("%.80q is not a photo ID", s), Hint: "an ID is the SHA-256 of the photo: 64 hex digits"}
	}
	return id, nil
}

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(b []byte) error {
	parsed, err := ParseID(string(b))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// IsHex reports whether s has only hex digits. Such a PHOTO argument is an ID or a prefix of
// one, and not a path.
func IsHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}
