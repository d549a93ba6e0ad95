// Package accesskey makes the secrets of access keys and recognizes them. A secret is
// "photos_", 32 characters for 160 random bits, and 7 characters for a checksum. The
// checksum tells a mistyped key from a revoked key before a request is made. Secret
// scanners also use it to find keys that were published by mistake.
package accesskey

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// Prefix is the beginning of every access key. No access token of a user pool begins
// with it.
const Prefix = "photos_"

// RandomBytes is how many random bytes a secret has. 160 bits cannot be guessed, so the service
// needs no slow hash.
const RandomBytes = 20

const (
	randomLen = 32 // characters for the random bytes
	checkLen  = 7  // characters for a checksum of 32 bits
)

var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// New returns a new secret.
func New() string {
	var random [RandomBytes]byte
	rand.Read(random[:]) // never returns an error: crypto/rand ends the program instead
	return Of(random)
}

// Of returns the secret that consists of random bytes.
func Of(random [RandomBytes]byte) string {
	secret := Prefix + encoding.EncodeToString(random[:])
	return secret + checksum(secret)
}

// Looks reports whether token looks like an access key: it has the prefix of one.
func Looks(token string) bool { return strings.HasPrefix(token, Prefix) }

// Valid reports whether token is a complete access key without a typing mistake. Only
// the service knows whether the key exists and is not revoked.
func Valid(token string) bool {
	if !Looks(token) || len(token) != len(Prefix)+randomLen+checkLen {
		return false
	}
	at := len(Prefix) + randomLen
	_, err := encoding.DecodeString(token[len(Prefix):at])
	return err == nil && checksum(token[:at]) == token[at:]
}

// Hash returns the hash of a key, which is what the service stores. SHA-256 is enough
// for a secret with 160 random bits. The time that a lookup by hash takes reveals nothing
// about stored keys.
func Hash(token string) [sha256.Size]byte { return sha256.Sum256([]byte(token)) }

// checksum returns the CRC-32 of text in the characters of a key.
func checksum(text string) string {
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], crc32.ChecksumIEEE([]byte(text)))
	return encoding.EncodeToString(sum[:])
}
