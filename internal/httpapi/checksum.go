package httpapi

import (
	"crypto/sha1" //nolint:gosec // tus requires it; it detects accidents, not attacks
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"net/http"
	"strings"

	"photos/internal/api"
	"photos/internal/photo"
)

// statusChecksumMismatch is a status of tus (1.0.0, extension checksum).
const statusChecksumMismatch = 460

// parseChecksum reads the header Upload-Checksum: an algorithm and a value in base64.
func parseChecksum(header string) (hash.Hash, []byte, error) {
	algorithm, encoded, _ := strings.Cut(header, " ")
	var sum hash.Hash
	switch algorithm {
	case "sha1":
		sum = sha1.New() //nolint:gosec // as above
	case "sha256":
		sum = sha256.New()
	default:
		return nil, nil, badChecksum("the algorithm %.20q is not supported", algorithm)
	}
	want, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(want) != sum.Size() {
		return nil, nil, badChecksum("%.100q is not a %s value in base64", encoded, algorithm)
	}
	return sum, want, nil
}

func badChecksum(format string, args ...any) error {
	return withStatus(http.StatusBadRequest, &photo.Error{Kind: photo.KindUsage, Msg: api.HeaderUploadChecksum + ": " + fmt.Sprintf(format, args...), Hint: "use sha1 or sha256"})
}
