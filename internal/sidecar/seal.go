package sidecar

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// A seal is a word in a sidecar that a Writer made: sealMark and the SHA-256 of the file, where
// the digest itself counts as zeros. If the file is changed, the seal is wrong.
const sealMark = "photos-sha256:"

// openSeal is the seal of a sidecar that is not complete yet.
const openSeal = sealMark + "0000000000000000000000000000000000000000000000000000000000000000"

// seal returns content with the digest in its first seal.
func seal(content []byte) []byte {
	digest := sha256.Sum256(content)
	return bytes.Replace(content, []byte(openSeal), []byte(sealMark+hex.EncodeToString(digest[:])), 1)
}

// Unchanged reports whether a Writer made this content and nobody has changed it since.
func Unchanged(content []byte) bool {
	at := bytes.Index(content, []byte(sealMark))
	if at < 0 || len(content) < at+len(openSeal) {
		return false
	}
	open := append(append(bytes.Clone(content[:at]), openSeal...), content[at+len(openSeal):]...)
	return bytes.Equal(seal(open), content)
}
