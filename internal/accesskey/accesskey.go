// Package accesskey makes the secrets of access keys and recognizes them. A secret
// is "photos_", 32 characters for 160 random bits, and 7 for a checksum, which tells
// a mistyped or cut key from a revoked one without asking anybody, and by which
// secret scanners find a key that was published by mistake.
package accesskey

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// Prefix begins every access key. No access token of a user pool begins with it.
const Prefix = "photos_"

const (
	randomBytes = 20 // 160 bits: nobody guesses one, so the service needs no slow hash
	randomLen   = 32 // characters of them
	checkLen    = 7  // characters of 32 bits
)

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// New makes a secret.
func New() string {
	var random [randomBytes]byte
	rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	secret := Prefix + encoding.EncodeToString(random[:])
	return secret + checksum(secret)
}

// Looks reports whether token is meant to be an access key.
func Looks(token string) bool { return strings.HasPrefix(token, Prefix) }

// Valid reports whether token is an access key, whole and without a mistake. Only
// the service knows whether it is still good.
func Valid(token string) bool {
	if !Looks(token) || len(token) != len(Prefix)+randomLen+checkLen {
		return false
	}
	at := len(Prefix) + randomLen
	_, err := encoding.DecodeString(token[len(Prefix):at])
	return err == nil && checksum(token[:at]) == token[at:]
}

// Hash returns what the service keeps of a key. SHA-256 is enough for a secret with
// 160 random bits, and a lookup by hash tells nothing by the time that it takes.
func Hash(token string) [sha256.Size]byte { return sha256.Sum256([]byte(token)) }

func checksum(text string) string {
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], crc32.ChecksumIEEE([]byte(text)))
	return encoding.EncodeToString(sum[:])
}
