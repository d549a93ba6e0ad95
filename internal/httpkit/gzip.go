package httpkit

import (
	"bytes"
	"compress/gzip"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
)

// AcceptsGzip reports whether the client of r accepts answers that are compressed with gzip.
func AcceptsGzip(r *http.Request) bool {
	for encoding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, parameter, _ := strings.Cut(encoding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		text, found := strings.CutPrefix(strings.TrimSpace(parameter), "q=")
		quality, err := strconv.ParseFloat(text, 64)
		return !found || err == nil && quality > 0
	}
	return false
}

// maxPadding is the largest size in bytes of the random comment of a compressed answer.
const maxPadding = 64

// Gzip compresses an answer. A comment of random length hides the exact size: an answer that
// repeats what a request says, next to a secret, would otherwise tell by its size how alike
// the two are (the BREACH attack).
func Gzip(plain []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Comment = strings.Repeat("-", rand.IntN(maxPadding))
	_, _ = z.Write(plain) // a buffer takes everything
	_ = z.Close()
	return out.Bytes()
}
