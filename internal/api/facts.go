package api

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"photos/internal/photo"
)

// writeFacts adds the keys of Upload-Metadata for what is known about a photo apart from its
// bytes.
func writeFacts(pairs map[string]string, f photo.Facts) {
	if !f.Modified.IsZero() {
		pairs["modified"] = f.Modified.UTC().Format(time.RFC3339Nano)
	}
	if !f.Taken.IsZero() {
		pairs["taken"], pairs["taken_source"] = f.Taken.String(), string(f.TakenSource)
	}
	if p := f.Position; p != nil {
		pairs["position"] = fmt.Sprintf("%s,%s", decimal(p.Latitude), decimal(p.Longitude))
		pairs["position_source"] = string(f.PositionSource)
	}
	if f.Folder != "" {
		pairs["folder"] = f.Folder
	}
	if len(f.Tags) > 0 {
		pairs["tags"] = strings.Join(f.Tags, "\n")
	}
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// readFact reads one key that writeFacts writes, and ignores any other.
func readFact(f *photo.Facts, key, value string) (err error) {
	switch key {
	case "modified":
		if f.Modified, err = time.Parse(time.RFC3339Nano, value); err != nil {
			return badMetadata("modified: %.60q is not a time like 2024-05-31T18:00:00Z", value)
		}
	case "taken":
		if err := f.Taken.UnmarshalText([]byte(value)); err != nil {
			return badMetadata("taken: %v", err)
		}
	case "taken_source":
		f.TakenSource = photo.FactSource(value)
	case "position":
		return readPosition(f, value)
	case "position_source":
		f.PositionSource = photo.FactSource(value)
	case "folder":
		if f.Folder, err = photo.CleanFolder(value); err != nil {
			return badMetadata("%v", err)
		}
	case "tags":
		return readTags(f, value)
	}
	return nil
}

// readTags reads tags, one per line.
func readTags(f *photo.Facts, value string) error {
	f.Tags = strings.Split(value, "\n")
	if len(f.Tags) > photo.MaxTags {
		return badMetadata("%d tags; a photo may have %d", len(f.Tags), photo.MaxTags)
	}
	for _, t := range f.Tags {
		if err := photo.CheckTag(t); err != nil {
			return badMetadata("%v", err)
		}
	}
	return nil
}

func readPosition(f *photo.Facts, value string) error {
	north, east, _ := strings.Cut(value, ",")
	latitude, err1 := strconv.ParseFloat(north, 64)
	longitude, err2 := strconv.ParseFloat(east, 64)
	f.Position = photo.NewPosition(latitude, longitude)
	if err1 != nil || err2 != nil || f.Position == nil && (latitude != 0 || longitude != 0) {
		return badMetadata("position: %.60q is not a latitude and a longitude in degrees, like 48.1,11.5", value)
	}
	return nil
}

// checkFacts refuses a date or a position without a source that the client may name.
func checkFacts(f photo.Facts) error {
	if !f.Taken.IsZero() && !f.TakenSource.Claimable() {
		return badMetadata("taken_source: %.40q is neither sidecar nor takeout", f.TakenSource)
	}
	if f.Position != nil && !f.PositionSource.Claimable() {
		return badMetadata("position_source: %.40q is neither sidecar nor takeout", f.PositionSource)
	}
	return nil
}
