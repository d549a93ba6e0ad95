package sidecar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"photos/internal/photo"
)

// takeoutJSON has the members of a photo's JSON that are used.
type takeoutJSON struct {
	Title       string          `json:"title"` // the name the photo was uploaded with, whole
	Description string          `json:"description"`
	Taken       json.RawMessage `json:"photoTakenTime"`
	Place       json.RawMessage `json:"geoData"`     // as shown, and maybe corrected by the user
	Recorded    json.RawMessage `json:"geoDataExif"` // as the camera recorded it
	Trashed     json.RawMessage `json:"trashed"`
}

// readTakeout reads a JSON of Takeout. For one of another program it fails with
// errNotThisPhoto.
func readTakeout(data []byte) (takeoutJSON, error) {
	var about takeoutJSON
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &about); err != nil {
		var other *json.UnmarshalTypeError
		if errors.As(err, &other) {
			return takeoutJSON{}, errNotThisPhoto
		}
		return takeoutJSON{}, fmt.Errorf("not JSON: %w", err)
	}
	if about.Title == "" && about.Taken == nil {
		return takeoutJSON{}, errNotThisPhoto
	}
	return about, nil
}

// parser reads the JSON of the photo of this name. It fails with errNotThisPhoto when the JSON is
// another program's or about another photo.
func (w candidate) parser(name string) func([]byte) (note, error) {
	return func(data []byte) (note, error) {
		about, err := readTakeout(data)
		if err != nil {
			return note{}, err
		}
		if w.title != "" && !sameTitle(about.Title, w.title) || w.same && !sameExtension(about.Title, name) {
			return note{}, errNotThisPhoto
		}
		return about.note(), nil
	}
}

func (t takeoutJSON) note() note {
	n := note{text: t.Description, taken: takenTime(t.Taken), position: positionOf(t.Place), trashed: string(t.Trashed) == "true"}
	if n.position == nil {
		n.position = positionOf(t.Recorded)
	}
	return n
}

// takenTime reads seconds since 1970, which Takeout writes as a string.
func takenTime(raw json.RawMessage) photo.Moment {
	var taken struct {
		Timestamp json.RawMessage `json:"timestamp"`
	}
	if json.Unmarshal(raw, &taken) != nil {
		return photo.Moment{}
	}
	seconds, err := strconv.ParseInt(strings.Trim(string(taken.Timestamp), `"`), 10, 64)
	if err != nil {
		return photo.Moment{}
	}
	m := photo.At(time.Unix(seconds, 0).UTC())
	if !m.Plausible() {
		return photo.Moment{}
	}
	return m
}

func positionOf(raw json.RawMessage) *photo.Position {
	var p photo.Position
	if json.Unmarshal(raw, &p) != nil {
		return nil
	}
	return photo.NewPosition(p.Latitude, p.Longitude)
}

// sameTitle reports whether a photo of this name may have had this title. The name has lost
// characters that file systems do not allow and, if it was long, its end. The extension
// does not count, since edited copies and motion parts are of another kind than the
// original.
func sameTitle(title, name string) bool {
	if title == "" {
		return false
	}
	if cut := truncate(name); cut != name {
		return strings.HasPrefix(lettersOnly(title), lettersOnly(cut))
	}
	return lettersOnly(withoutExtension(title)) == lettersOnly(withoutExtension(name))
}

// sameExtension reports whether a title has the same extension as the name, or none.
func sameExtension(title, name string) bool {
	return withoutExtension(title) == title || strings.EqualFold(filepath.Ext(title), filepath.Ext(name))
}

// lettersOnly returns a name with all characters that an export may change replaced.
func lettersOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return '_'
	}, norm.NFC.String(s))
}
