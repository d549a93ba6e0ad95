package main

import (
	"fmt"
	"strconv"
	"time"

	"photos/internal/api"
	"photos/internal/photo"
)

// photoColumns is how lists show photos. The first six are the TSV contract.
func photoColumns() []column[photo.Photo] {
	return []column[photo.Photo]{
		{name: "id", text: func(p photo.Photo) string { return p.ID.String() }, show: func(p photo.Photo) string { return p.ID.Short() }, least: photo.ShortLen},
		{name: "taken_at", text: func(p photo.Photo) string { return p.TakenAt.String() }, show: func(p photo.Photo) string { return showTaken(p.TakenAt) }, least: len("taken at")},
		{name: "uploaded_at", text: func(p photo.Photo) string { return api.Time{Time: p.UploadedAt}.String() }, show: func(p photo.Photo) string { return showTime(p.UploadedAt) }, least: len(minutes)},
		{name: "bytes", text: func(p photo.Photo) string { return strconv.FormatInt(p.Size, 10) }, show: func(p photo.Photo) string { return showBytes(p.Size) }, right: true, least: len("1.23 MB")},
		{name: "name", text: func(p photo.Photo) string { return p.Name }, end: true},
		{name: "description", text: func(p photo.Photo) string { return p.Description }},
		{name: "name_base64", extra: true, text: func(p photo.Photo) string { return api.FromPhoto(p).NameBase64 }},
		{name: "description_source", extra: true, text: func(p photo.Photo) string { return string(p.DescriptionSource) }},
		{name: "media_type", extra: true, text: func(p photo.Photo) string { return p.MediaType }},
		{name: "width", extra: true, right: true, text: func(p photo.Photo) string { return number(p.Width) }},
		{name: "height", extra: true, right: true, text: func(p photo.Photo) string { return number(p.Height) }},
		{name: "camera", extra: true, text: func(p photo.Photo) string { return p.Camera }},
		{name: "position", extra: true, text: func(p photo.Photo) string { return showPosition(p.Position) }},
		{name: "trashed_at", extra: true, text: func(p photo.Photo) string { return api.Time{Time: p.TrashedAt}.String() }},
		{name: "purge_at", extra: true, text: func(p photo.Photo) string { return api.Time{Time: p.PurgeAt}.String() }},
		{name: "taken_source", extra: true, text: func(p photo.Photo) string { return string(p.TakenSource) }},
		{name: "position_source", extra: true, text: func(p photo.Photo) string { return string(p.PositionSource) }},
		{name: "modified_at", extra: true, text: func(p photo.Photo) string { return api.Time{Time: p.ModifiedAt}.String() }, show: func(p photo.Photo) string { return showTime(p.ModifiedAt) }},
		{name: "version", extra: true, right: true, text: func(p photo.Photo) string { return strconv.FormatInt(p.Version, 10) }},
	}
}

func photoJSON(p photo.Photo) any { return api.FromPhoto(p) }

// minutes is how precise a time is for people.
const minutes = "2006-01-02 15:04"

// showTime is a time for people, in their own zone.
func showTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(minutes)
}

// showTaken returns the clock of the place where the photo was taken. A moment in UTC
// says nothing about the place, so it is shown in the user's zone.
func showTaken(m photo.Moment) string {
	if offset, known := m.Offset(); known && offset == 0 {
		return showTime(m.Time())
	}
	if m.IsZero() {
		return ""
	}
	return m.Time().Format(minutes)
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func showPosition(p *photo.Position) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("%.5f,%.5f", p.Latitude, p.Longitude)
}

// showBytes is a size for people, in powers of 1,000.
func showBytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	value := float64(n)
	for _, unit := range []string{"kB", "MB", "GB"} {
		if value /= 1000; value < 999.5 {
			return fmt.Sprintf("%.3g %s", value, unit)
		}
	}
	return fmt.Sprintf("%.3g TB", value/1000)
}
