package sidecar

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// parseTakeout is the description in a photo's JSON. It fails with errNone when
// the JSON is another program's, or when title is not "" and the JSON names
// another photo.
func parseTakeout(data []byte, title string) (string, error) {
	var about struct {
		Title       string          `json:"title"` // the name the photo was uploaded with, whole
		Description string          `json:"description"`
		Taken       json.RawMessage `json:"photoTakenTime"`
	}
	if err := json.Unmarshal(data, &about); err != nil {
		var other *json.UnmarshalTypeError
		if errors.As(err, &other) {
			return "", errNone
		}
		return "", fmt.Errorf("not JSON: %w", err)
	}
	if about.Title == "" && about.Taken == nil || title != "" && !sameTitle(about.Title, title) {
		return "", errNone
	}
	return about.Description, nil
}

// sameTitle reports whether a photo of this name may have had this title: the name
// lost characters that file systems do not like, and its end when it was long.
// The kind of file does not count, since edited copies and motion parts are of
// another than the original.
func sameTitle(title, name string) bool {
	if title == "" {
		return false
	}
	if cut := clip(name); cut != name {
		return strings.HasPrefix(plain(title), plain(cut))
	}
	return plain(withoutExtension(title)) == plain(withoutExtension(name))
}

// plain keeps of a name what no export changes.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return '_'
	}, s)
}
