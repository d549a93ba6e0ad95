package sidecar

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"photos/internal/tag"
)

// maxAlbumFiles limits how many JSON files of a folder are read to find out whether it is an album.
const maxAlbumFiles = 8

// readAlbum finds out whether the folder is an album of a Takeout export. Such a folder has a JSON with
// the title of the album. Its name depends on the language of the account: metadata.json,
// métadonnées.json, Metadaten.json.
func (b *folder) readAlbum() {
	if abs, err := filepath.Abs(b.dir); err != nil || rootAbove(abs) == "" {
		return
	}
	read := 0
	for _, name := range b.names {
		if !strings.EqualFold(filepath.Ext(name), ".json") || IsSidecar(name) {
			continue
		}
		if read++; read > maxAlbumFiles {
			return
		}
		data, err := b.files.Read(b.dir + name)
		if title, isAlbum := albumTitle(data); err == nil && isAlbum {
			b.list, b.album = name, albumTag(title)
			return
		}
	}
}

// albumTitle returns the title in the JSON of an album. It may be empty.
func albumTitle(data []byte) (title string, isAlbum bool) {
	type album struct {
		Title  *string         `json:"title"`
		Date   json.RawMessage `json:"date"`
		Access json.RawMessage `json:"access"`
		Taken  json.RawMessage `json:"photoTakenTime"`
	}
	var about struct {
		album
		Data *album `json:"albumData"` // in older exports
	}
	if json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &about) != nil {
		return "", false
	}
	a := about.album
	if about.Data != nil {
		a = *about.Data
	}
	if a.Title == nil || a.Taken != nil || a.Date == nil && a.Access == nil && about.Data == nil {
		return "", false
	}
	return *a.Title, true
}

// albumTag returns the tag of an album, or "" if it has no title or a title that Google made: every
// photo is also in an album of its year, and was in one of its day.
func albumTag(title string) string {
	if _, err := time.Parse(time.DateOnly, strings.TrimSpace(strings.Split(title, "#")[0])); err == nil || isYear(title) {
		return ""
	}
	t, err := tag.Normalize(title)
	if err != nil {
		return ""
	}
	return t
}

// isYear reports whether a title is that of the album of a year, in the languages of accounts.
func isYear(title string) bool {
	return regexp.MustCompile(`(?i)^(photos from|fotos von|photos de|fotos de|fotos del|foto del|foto's uit|fotos uit|foton från|foton fra|bilder fra|billeder fra|kuvat vuodelta|zdjęcia z|fotky z|fotografie z|фото за|фотографии за|фото від) \d{4}`).MatchString(title) ||
		regexp.MustCompile(`^\d{4}\s*(年の写真|年的照片|년의 사진|년 사진)$`).MatchString(title)
}

// IsList reports whether a file lists photos of an export: it describes an album of a Takeout export, or
// is a table of an iCloud export.
func (f *Finder) IsList(path string) bool {
	dir, name := filepath.Split(path)
	switch strings.ToLower(filepath.Ext(name)) {
	case ".json":
		b, err := f.folder(dir)
		return err == nil && b.list == name
	case ".csv":
		return f.icloud.isTable(path)
	}
	return false
}
