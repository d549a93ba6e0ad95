package service

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"photos/internal/photo"
	"photos/internal/tag"
)

// Edit changes what the user may edit of one photo and returns the photo as it is now.
func (s *Photos) Edit(ctx context.Context, by Caller, e photo.Edit) (photo.Photo, error) {
	results, err := s.EditMany(ctx, by, []photo.Edit{e})
	if err != nil {
		return photo.Photo{}, err
	}
	return results[0].Photo, results[0].Err
}

// EditMany changes many photos in one transaction. It returns one result per edit, in order. An
// edit of a photo that is not there fails alone. One that is not valid is an error.
func (s *Photos) EditMany(ctx context.Context, by Caller, edits []photo.Edit) ([]Described, error) {
	for i := range edits {
		if err := checkEdit(&edits[i]); err != nil {
			return nil, err
		}
	}
	return s.rows.Edit(ctx, by.Owner, edits)
}

// checkEdit refuses what is not valid, and brings folder and tags into their one form.
func checkEdit(e *photo.Edit) (err error) {
	if e.Description != nil {
		d := Description{Text: e.Description.Text, Source: e.Description.Source}
		if err := checkDescription(&d); err != nil {
			return err
		}
		e.Description = &photo.Text{Text: d.Text, Source: d.Source}
	}
	if e.Name != nil {
		if err := checkName(*e.Name); err != nil {
			return err
		}
	}
	if err := checkTaken(e.TakenAt); err != nil {
		return err
	}
	if e.Folder != nil {
		folder, err := photo.CleanFolder(norm.NFC.String(*e.Folder))
		if err != nil {
			return err
		}
		e.Folder = &folder
	}
	return checkTags(e)
}

func checkTaken(m *photo.Moment) error {
	if m == nil || m.IsZero() || m.Plausible() {
		return nil
	}
	return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("no photo can have been taken at %s", m), Hint: "null erases the date"}
}

func checkTags(e *photo.Edit) (err error) {
	if e.AddTags, err = tag.NormalizeAll(e.AddTags); err != nil {
		return err
	}
	if e.RemoveTags, err = tag.NormalizeAll(e.RemoveTags); err != nil {
		return err
	}
	if e.Tags == nil {
		return nil
	}
	tags, err := tag.NormalizeAll(*e.Tags)
	e.Tags = &tags
	return err
}

// checkName refuses what cannot be the name of a file.
func checkName(name string) error {
	switch {
	case name == "" || name == "." || name == "..":
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%q is not a file name", name), Hint: "a name is like beach.jpg"}
	case strings.ContainsAny(name, "/\x00"):
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.60q is not a file name", name), Hint: "a name has no slash; the folder of a photo is kept apart from its name"}
	case len(name) > photo.MaxName:
		return &photo.Error{
			Kind: photo.KindUsage, Msg: fmt.Sprintf("the file name has %d bytes", len(name)),
			Hint: fmt.Sprintf("a file name may have %d bytes", photo.MaxName),
		}
	}
	return nil
}

// Tags returns at most limit of the caller's tags, with how many photos have each. They come after
// the cursor of the page before. The cursor of the next page is empty at the end.
func (s *Photos) Tags(ctx context.Context, by Caller, cursor string, limit int) (tags []photo.Tally, next string, err error) {
	tags, err = s.rows.Tags(ctx, by.Owner, cursor, limit+1)
	if len(tags) > limit {
		tags = tags[:limit]
		next = tags[limit-1].Value
	}
	return tags, next, err
}

// Stats counts the caller's photos by month, type and camera.
func (s *Photos) Stats(ctx context.Context, by Caller) (photo.Stats, error) {
	return s.rows.Stats(ctx, by.Owner)
}
