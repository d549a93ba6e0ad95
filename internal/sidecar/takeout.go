package sidecar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"photos/internal/photo"
)

// takeoutJSON is the part of a photo's JSON that says something about it.
type takeoutJSON struct {
	Title       string          `json:"title"` // the name the photo was uploaded with, whole
	Description string          `json:"description"`
	Taken       json.RawMessage `json:"photoTakenTime"`
	Place       json.RawMessage `json:"geoData"`     // as shown, maybe corrected by its owner
	Recorded    json.RawMessage `json:"geoDataExif"` // as the camera recorded it
}

// readTakeout fails with errNone when the JSON is another program's.
func readTakeout(data []byte) (takeoutJSON, error) {
	var about takeoutJSON
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &about); err != nil {
		var other *json.UnmarshalTypeError
		if errors.As(err, &other) {
			return takeoutJSON{}, errNone
		}
		return takeoutJSON{}, fmt.Errorf("not JSON: %w", err)
	}
	if about.Title == "" && about.Taken == nil {
		return takeoutJSON{}, errNone
	}
	return about, nil
}

// parseTakeout reads a photo's JSON. It fails with errNone when the JSON is another
// program's, or when title is not "" and the JSON names another photo.
func parseTakeout(data []byte, title string) (note, error) {
	about, err := readTakeout(data)
	if err != nil {
		return note{}, err
	}
	if title != "" && !sameTitle(about.Title, title) {
		return note{}, errNone
	}
	n := note{text: about.Description, taken: takenTime(about.Taken), position: place(about.Place)}
	if n.position == nil {
		n.position = place(about.Recorded)
	}
	return n, nil
}

// takenTime reads seconds since 1970, which Takeout writes as a text.
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

func place(raw json.RawMessage) *photo.Position {
	var p photo.Position
	if json.Unmarshal(raw, &p) != nil {
		return nil
	}
	return photo.NewPosition(p.Latitude, p.Longitude)
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
	}, norm.NFC.String(s))
}
