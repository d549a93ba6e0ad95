package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/term"
	"photos/internal/text"
)

// photoColumns returns the columns of a list of photos. The six that TSV
// has without being asked are a contract.
func photoColumns() []term.Column[photo.Photo] {
	return []term.Column[photo.Photo]{
		{
			Name: "id", Text: func(p photo.Photo) string { return p.ID.String() }, Show: func(p photo.Photo) string { return shortID(p.ID) },
			Tint: always[photo.Photo](term.Key), Least: photo.MinPrefix,
		},
		{
			Name: "taken_at", Text: func(p photo.Photo) string { return p.TakenAt.String() }, Show: func(p photo.Photo) string { return showTaken(p.TakenAt, minutes) },
			Brief: &term.Brief[photo.Photo]{Show: func(p photo.Photo) string { return showTaken(p.TakenAt, time.DateOnly) }, Least: len(time.DateOnly)},
			Head:  "TAKEN", Least: len(minutes),
		},
		{
			Name: "uploaded_at", Text: func(p photo.Photo) string { return api.Time{Time: p.UploadedAt}.String() }, Show: func(p photo.Photo) string { return showTime(p.UploadedAt) },
			Head: "UPLOADED", Least: len(minutes), Table: term.OnlyWide,
		},
		{
			Name: "bytes", Text: func(p photo.Photo) string { return strconv.FormatInt(p.Size, 10) }, Show: func(p photo.Photo) string { return text.Bytes(p.Size) },
			Head: "SIZE", Right: true, Least: len("1.23 MB"), Table: term.OnlyWide,
		},
		{Name: "camera", Extra: true, Table: term.OnlyWide, Text: func(p photo.Photo) string { return p.Camera }},
		{Name: "name", Text: func(p photo.Photo) string { return p.Name }, Share: 2, Most: 32, Cut: term.KeepBoth},
		{Name: "description", Text: func(p photo.Photo) string { return p.Description }, Share: 3},
		{Name: "name_base64", Extra: true, Text: func(p photo.Photo) string { return api.FromPhoto(p).NameBase64 }},
		{Name: "description_source", Extra: true, Text: func(p photo.Photo) string { return string(p.DescriptionSource) }},
		{Name: "media_type", Extra: true, Text: func(p photo.Photo) string { return p.MediaType }},
		{Name: "width", Extra: true, Right: true, Text: func(p photo.Photo) string { return number(p.Width) }},
		{Name: "height", Extra: true, Right: true, Text: func(p photo.Photo) string { return number(p.Height) }},
		{Name: "exposure_seconds", Extra: true, Right: true, Text: func(p photo.Photo) string { return decimal(p.Shot.ExposureTime) }},
		{Name: "aperture", Extra: true, Right: true, Text: func(p photo.Photo) string { return decimal(p.Shot.Aperture) }},
		{Name: "iso", Extra: true, Right: true, Text: func(p photo.Photo) string { return number(p.Shot.ISO) }},
		{Name: "focal_length_mm", Extra: true, Right: true, Text: func(p photo.Photo) string { return decimal(p.Shot.FocalLength) }},
		{Name: "lens", Extra: true, Text: func(p photo.Photo) string { return p.Shot.Lens }},
		{Name: "duration_seconds", Extra: true, Right: true, Text: func(p photo.Photo) string { return decimal(p.Shot.Duration.Seconds()) }},
		{Name: "position", Extra: true, Text: func(p photo.Photo) string { return showPosition(p.Position) }},
		{Name: "rendition", Extra: true, Text: func(p photo.Photo) string { return api.FromPhoto(p).Rendition }},
		{Name: "color", Extra: true, Text: func(p photo.Photo) string { return api.FromPhoto(p).Color }},
		{Name: "trashed_at", Extra: true, Text: func(p photo.Photo) string { return api.Time{Time: p.TrashedAt}.String() }, Show: func(p photo.Photo) string { return showTime(p.TrashedAt) }, Least: len(minutes)},
		{Name: "purge_at", Extra: true, Text: func(p photo.Photo) string { return api.Time{Time: p.PurgeAt}.String() }, Show: func(p photo.Photo) string { return showTime(p.PurgeAt) }, Least: len(minutes)},
		{Name: "taken_source", Extra: true, Text: func(p photo.Photo) string { return string(p.TakenSource) }},
		{Name: "position_source", Extra: true, Text: func(p photo.Photo) string { return string(p.PositionSource) }},
		{Name: "modified_at", Extra: true, Text: func(p photo.Photo) string { return api.Time{Time: p.ModifiedAt}.String() }, Show: func(p photo.Photo) string { return showTime(p.ModifiedAt) }},
		{Name: "folder", Extra: true, Text: func(p photo.Photo) string { return p.Folder }},
		{Name: "tags", Extra: true, Text: func(p photo.Photo) string { return showTags(p.Tags) }},
		{Name: "version", Extra: true, Right: true, Text: func(p photo.Photo) string { return strconv.FormatInt(p.Version, 10) }},
	}
}

// trashColumns returns the columns of a list of photos in the trash. Its table shows until when
// they can be restored, in place of when they were taken.
func trashColumns() []term.Column[photo.Photo] {
	columns := photoColumns()
	named := func(name string) int {
		return slices.IndexFunc(columns, func(c term.Column[photo.Photo]) bool { return c.Name == name })
	}
	columns[named("taken_at")].Table = term.OnlyWide
	i := named("purge_at")
	until := columns[i]
	until.Table, until.Head = term.Always, "KEPT UNTIL"
	until.Brief = &term.Brief[photo.Photo]{Show: func(p photo.Photo) string { return showDay(p.PurgeAt) }, Least: len(time.DateOnly)}
	return slices.Insert(slices.Delete(columns, i, i+1), 1, until)
}

func photoJSON(p photo.Photo) any { return api.FromPhoto(p) }

// shortID returns the digits of an ID that a command accepts in place of all.
func shortID(id photo.ID) string { return id.String()[:photo.MinPrefix] }

// minutes is the layout of times for users.
const minutes = "2006-01-02 15:04"

// showTime returns a time in the user's time zone.
func showTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(minutes)
}

// showDay returns the day of a time in the user's time zone.
func showDay(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateOnly)
}

// showTaken returns the local time of the place where the photo was taken. A moment in UTC does
// not tell that, so it is shown in the user's time zone.
func showTaken(m photo.Moment, layout string) string {
	switch offset, known := m.Offset(); {
	case m.IsZero():
		return ""
	case known && offset == 0:
		return m.Time().Local().Format(layout)
	}
	return m.Time().Format(layout)
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func decimal(f float64) string {
	if f == 0 {
		return ""
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// showExposure returns exposure time, aperture, sensitivity and focal length as cameras show them.
func showExposure(s photo.Shot) string {
	var parts []string
	switch seconds := s.ExposureTime; {
	case seconds >= 0.3:
		parts = append(parts, decimal(math.Round(seconds*10)/10)+" s")
	case seconds > 0:
		parts = append(parts, fmt.Sprintf("1/%.0f s", 1/seconds))
	}
	if s.Aperture > 0 {
		parts = append(parts, "f/"+decimal(math.Round(s.Aperture*10)/10))
	}
	if s.ISO > 0 {
		parts = append(parts, "ISO "+strconv.Itoa(s.ISO))
	}
	if s.FocalLength > 0 {
		parts = append(parts, decimal(math.Round(s.FocalLength*10)/10)+" mm")
	}
	return strings.Join(parts, ", ")
}

// showDuration returns a duration as players show it: 1:05, 2:00:05. One of less than ten seconds
// has a decimal.
func showDuration(d time.Duration) string {
	if d < 10*time.Second {
		if d == 0 {
			return ""
		}
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	seconds := int(d.Round(time.Second).Seconds())
	if seconds < 3600 {
		return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
}

func showPosition(p *photo.Position) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("%.5f,%.5f", p.Latitude, p.Longitude)
}

// always returns the same tint for every value.
func always[T any](t term.Tint) func(T) term.Tint { return func(T) term.Tint { return t } }

// outcomeTint returns the color of an outcome.
func outcomeTint(o photo.Outcome) term.Tint {
	switch o {
	case photo.OutcomeFailed:
		return term.Bad
	case photo.OutcomePending:
		return term.Notice
	case photo.OutcomeExists, photo.OutcomeSkipped, outcomeUnchanged, outcomeKept:
		return term.Faint
	}
	return term.Good
}

// fieldNames returns the names of all columns.
func fieldNames[T any](columns []term.Column[T]) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}
