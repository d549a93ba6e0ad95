package api

import (
	"encoding/base64"
	"fmt"
	"sort"
	"strings"

	"photos/internal/photo"
)

// The tus resumable upload protocol, version 1.0.0 (https://tus.io/protocols/resumable-upload).
const (
	TusVersion    = "1.0.0"
	TusExtensions = "creation,creation-with-upload,checksum,expiration,termination"

	HeaderTusResumable   = "Tus-Resumable"
	HeaderTusVersion     = "Tus-Version"
	HeaderTusExtension   = "Tus-Extension"
	HeaderTusMaxSize     = "Tus-Max-Size"
	HeaderTusChecksums   = "Tus-Checksum-Algorithm"
	HeaderUploadLength   = "Upload-Length"
	HeaderUploadOffset   = "Upload-Offset"
	HeaderUploadMetadata = "Upload-Metadata"
	HeaderUploadChecksum = "Upload-Checksum"
	HeaderUploadExpires  = "Upload-Expires"
	HeaderUploadConcat   = "Upload-Concat" // of an extension that is not supported

	OffsetContentType = "application/offset+octet-stream"
)

// UploadMetadata is the content of the Upload-Metadata header: the keys filename, sha256,
// description, description_source, caption, modified, taken, taken_source, position,
// position_source, folder and tags (one per line). Other keys are ignored.
type UploadMetadata struct {
	Filename          string
	ID                photo.ID // zero when the client does not name it
	Description       string
	DescriptionSource photo.Source
	Caption           photo.Caption
	Facts             photo.Facts
}

// String returns the value of the header: keys and base64 values (tus 1.0, section Creation).
func (m UploadMetadata) String() string {
	pairs := map[string]string{}
	if m.Filename != "" {
		pairs["filename"] = m.Filename
	}
	if !m.ID.IsZero() {
		pairs["sha256"] = m.ID.String()
	}
	if m.Description != "" {
		pairs["description"] = m.Description
	}
	if m.DescriptionSource != "" {
		pairs["description_source"] = string(m.DescriptionSource)
	}
	if m.Caption != "" {
		pairs["caption"] = string(m.Caption)
	}
	writeFacts(pairs, m.Facts)
	out := make([]string, 0, len(pairs))
	for k, v := range pairs {
		out = append(out, k+" "+base64.StdEncoding.EncodeToString([]byte(v)))
	}
	sort.Strings(out)
	return strings.Join(out, ",")
}

// ParseUploadMetadata reads the header. Its errors are of photo.KindUsage.
func ParseUploadMetadata(header string) (UploadMetadata, error) {
	var m UploadMetadata
	seen := map[string]bool{}
	for _, pair := range strings.Split(header, ",") {
		key, encoded, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if key == "" {
			continue
		}
		value, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
		if err != nil {
			return UploadMetadata{}, badMetadata("the value of %q is not base64", key)
		}
		if seen[key] {
			return UploadMetadata{}, badMetadata("%q is given twice", key)
		}
		seen[key] = true
		switch key {
		case "filename":
			m.Filename = string(value)
		case "sha256":
			if m.ID, err = photo.ParseID(string(value)); err != nil {
				return UploadMetadata{}, badMetadata("sha256 is not 64 hex digits")
			}
		case "description":
			m.Description = string(value)
		case "description_source":
			m.DescriptionSource = photo.Source(value)
		case "caption":
			m.Caption = photo.Caption(value)
		default:
			if err := readFact(&m.Facts, key, string(value)); err != nil {
				return UploadMetadata{}, err
			}
		}
	}
	return m, checkFacts(m.Facts)
}

func badMetadata(format string, args ...any) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: HeaderUploadMetadata + ": " + fmt.Sprintf(format, args...)}
}
