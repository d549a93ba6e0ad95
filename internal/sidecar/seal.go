package sidecar

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// A seal is a word in a sidecar that a Writer made: sealMark and the SHA-256 of the file, in
// which the digest itself counts as zeros. Whoever changes the file breaks the seal.
const sealMark = "photos-sha256:"

// openSeal stands in a sidecar until it is whole.
const openSeal = sealMark + "0000000000000000000000000000000000000000000000000000000000000000"

// seal returns content with its seal, the first one in it, closed.
func seal(content []byte) []byte {
	digest := sha256.Sum256(content)
	return bytes.Replace(content, []byte(openSeal), []byte(sealMark+hex.EncodeToString(digest[:])), 1)
}

// Unchanged reports whether a Writer made the sidecar with this content, and nobody has
// changed it since.
func Unchanged(content []byte) bool {
	at := bytes.Index(content, []byte(sealMark))
	if at < 0 || len(content) < at+len(openSeal) {
		return false
	}
	open := append(append(bytes.Clone(content[:at]), openSeal...), content[at+len(openSeal):]...)
	return bytes.Equal(seal(open), content)
}
