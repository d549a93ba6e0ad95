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

// parser reads the JSON of the photo of this name. It fails with errNone when the JSON is
// another program's or about another photo.
func (w want) parser(name string) func([]byte) (note, error) {
	return func(data []byte) (note, error) {
		about, err := readTakeout(data)
		if err != nil {
			return note{}, err
		}
		if w.title != "" && !sameTitle(about.Title, w.title) || w.same && !sameExtension(about.Title, name) {
			return note{}, errNone
		}
		return about.note(), nil
	}
}

func (t takeoutJSON) note() note {
	n := note{text: t.Description, taken: takenTime(t.Taken), position: place(t.Place)}
	if n.position == nil {
		n.position = place(t.Recorded)
	}
	return n
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

// sameExtension reports whether a title does not have the extension of another kind of
// file than the name. A title need not have one.
func sameExtension(title, name string) bool {
	return withoutExtension(title) == title || strings.EqualFold(filepath.Ext(title), filepath.Ext(name))
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
