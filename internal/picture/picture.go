// Package picture tells what a file is.
package picture

import (
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// HeadSize is how many bytes of a file's start Sniff wants.
const HeadSize = 3072

// Sniff is the media type of a picture or video, by content.
func Sniff(head []byte) (mediaType string, ok bool) {
	m := mimetype.Detect(head).String()
	return m, strings.HasPrefix(m, "image/") || strings.HasPrefix(m, "video/")
}
