package service

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"strings"

	"photos/internal/store"
)

// shareToken is the secret part of a share's address. Only whoever has the address has it: the
// store keeps its hash, by which the share is found.
type shareToken string

// newShareToken returns a token with at least 128 random bits.
func newShareToken() shareToken { return shareToken(strings.ToLower(rand.Text())) }

// repeatableToken returns the token that a request with a key gets each time. A request for
// something else gets another one, and so does another owner. The end is left out: it may be counted
// from the time of the request.
func repeatableToken(owner string, n NewShare) shareToken {
	h := n.Key.code("share", owner)
	fmt.Fprintf(h, "%q\x00%t\x00%t\x00%q\x00%s\x00", n.Title, n.Originals, n.Live, n.Search, n.By)
	for _, id := range n.Photos {
		h.Write(id[:])
	}
	return shareToken(strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(h.Sum(nil)[:16])))
}

// hash returns the hash by which the share is found. SHA-256 is enough for that many random bits.
func (t shareToken) hash() store.ShareHash { return sha256.Sum256([]byte(t)) }

// What a sealed text is about. A text that was sealed as one is not opened as another.
const (
	sealedPhoto  = "photo"
	sealedCursor = "cursor"
)

// sealer makes texts for the addresses below a share's address, such as references to photos.
// Somebody with the address of the share cannot see what is in them, nor make another one. The
// same bytes become the same text each time, so that browsers can keep pictures. (It is the SIV
// construction of RFC 5297, with HMAC: the code of the bytes is the nonce of their encryption.)
type sealer struct{ code, encrypt []byte }

// sealer returns the sealer of the share.
func (t shareToken) sealer() sealer {
	const label = "photos share: addresses" // must never change: addresses of photos would end
	keys, err := hkdf.Key(sha256.New, []byte(t), nil, label, 2*sha256.Size)
	if err != nil {
		panic(err) // only a length that is too large is an error
	}
	return sealer{keys[:sha256.Size], keys[sha256.Size:]}
}

func (s sealer) seal(about string, b []byte) string {
	code := s.codeOf(about, b)
	return base64.RawURLEncoding.EncodeToString(append(code, s.crypt(code, b)...))
}

// open returns what was sealed. ok is false for a text that seal did not make.
func (s sealer) open(about, text string) (b []byte, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) <= aes.BlockSize {
		return nil, false
	}
	code := raw[:aes.BlockSize]
	b = s.crypt(code, raw[aes.BlockSize:])
	return b, hmac.Equal(code, s.codeOf(about, b))
}

func (s sealer) codeOf(about string, b []byte) []byte {
	h := hmac.New(sha256.New, s.code)
	h.Write([]byte(about + "\x00"))
	h.Write(b)
	return h.Sum(nil)[:aes.BlockSize]
}

// crypt encrypts and decrypts.
func (s sealer) crypt(code, b []byte) []byte {
	block, err := aes.NewCipher(s.encrypt)
	if err != nil {
		panic(err) // the key has the right length
	}
	out := make([]byte, len(b))
	cipher.NewCTR(block, code).XORKeyStream(out, b)
	return out
}
