package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"photos/internal/photo"
	"photos/internal/term"
	"photos/internal/text"
)

// cardLabel is the width of the labels of a card, with the spaces around them.
const cardLabel = len("  description  ")

// card prints what is known about one photo on a terminal. Long values continue on the next line.
func card(e *env, p photo.Photo) error {
	style := term.NewStyle(e.Color)
	var b strings.Builder
	for _, line := range term.Wrap(text.Line(p.Name), e.Width()) {
		b.WriteString(style.Paint(term.Strong, line) + "\n")
	}
	for _, row := range cardRows(p) {
		lines := term.Wrap(row.value, max(20, e.Width()-cardLabel))
		for i, line := range lines {
			label := row.label
			if i > 0 {
				label = ""
			}
			if row.tint != term.NoTint {
				line = style.Paint(row.tint, line)
			}
			if i == len(lines)-1 && row.source != "" {
				line += style.Paint(term.Faint, "  ("+row.source+")")
			}
			b.WriteString(strings.TrimRight(style.Paint(term.Faint, fmt.Sprintf("  %-*s", cardLabel-2, label))+line, " ") + "\n")
		}
	}
	_, err := io.WriteString(e.Out, b.String())
	return err
}

// cardRow is one value of a card. Its texts are safe for a terminal.
type cardRow struct {
	label, value string
	source       string // where the value came from
	tint         term.Tint
}

// cardRows returns the values that are known.
func cardRows(p photo.Photo) []cardRow {
	size := ""
	if p.Width > 0 {
		size = fmt.Sprintf("%d × %d", p.Width, p.Height)
	}
	description := cardRow{label: "description", value: safeLines(p.Description), source: text.Line(string(p.DescriptionSource))}
	if p.Description == "" {
		description = cardRow{label: "description", value: "none", tint: term.Faint}
	}
	all := []cardRow{
		description,
		{label: "taken", value: takenWithOffset(p.TakenAt), source: factSource(p.TakenSource)},
		{label: "camera", value: text.Line(p.Camera)},
		{label: "lens", value: text.Line(p.Shot.Lens)},
		{label: "exposure", value: showExposure(p.Shot)},
		{label: "duration", value: showDuration(p.Shot.Duration)},
		{label: "position", value: showPosition(p.Position), source: factSource(p.PositionSource)},
		{label: "tags", value: text.Line(showTags(p.Tags))},
		{label: "folder", value: text.Line(p.Folder)},
		{label: "size", value: size},
		{label: "file", value: text.Bytes(p.Size) + ", " + text.Line(p.MediaType)},
		{label: "uploaded", value: showTime(p.UploadedAt)},
		{label: "in the trash", value: untilPurged(p), tint: term.Notice},
		{label: "id", value: p.ID.String(), tint: term.Key},
	}
	var known []cardRow
	for _, row := range all {
		if row.value != "" {
			known = append(known, row)
		}
	}
	return known
}

// takenWithOffset returns the time at which a photo was taken, with the offset from UTC if one was
// recorded.
func takenWithOffset(m photo.Moment) string {
	layout := time.DateTime
	if offset, known := m.Offset(); known && offset != 0 {
		layout += " -07:00"
	}
	return showTaken(m, layout)
}

// safeLines returns a text of several lines, each safe for a terminal.
func safeLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = text.Line(line)
	}
	return strings.Join(lines, "\n")
}

// factSource returns where a fact came from, unless that is the picture.
func factSource(s photo.FactSource) string {
	if s == photo.FactEmbedded {
		return ""
	}
	return text.Line(string(s))
}

// untilPurged says until when a photo is in the trash.
func untilPurged(p photo.Photo) string {
	if p.PurgeAt.IsZero() {
		return ""
	}
	return "until " + showTime(p.PurgeAt)
}
