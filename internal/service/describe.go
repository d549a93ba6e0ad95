package service

import (
	"context"
	"fmt"
	"unicode/utf8"

	"photos/internal/photo"
	"photos/internal/store"
)

// Description sets the description of one photo. Without a source it comes from
// photo.FromFlag.
type Description = store.Description

// Described is the photo as it is now, or why it was not described.
type Described = store.Described

// Describe sets the description of one photo and returns the photo as it is now.
func (s *Photos) Describe(ctx context.Context, by Caller, d Description) (photo.Photo, error) {
	results, err := s.DescribeMany(ctx, by, []Description{d})
	if err != nil {
		return photo.Photo{}, err
	}
	return results[0].Photo, results[0].Err
}

// DescribeMany sets descriptions in one transaction. It returns one result per item, in
// order. An item that is not valid, not allowed or about no photo fails alone.
func (s *Photos) DescribeMany(ctx context.Context, by Caller, items []Description) ([]Described, error) {
	results := make([]Described, len(items))
	var valid []Description
	var at []int // of each valid item in items
	for i, d := range items {
		err := checkDescription(&d)
		if err == nil && !onlyFills(d) {
			err = by.Check(MayChange)
		}
		if err != nil {
			results[i].Err = err
			continue
		}
		valid, at = append(valid, d), append(at, i)
	}
	done, err := s.rows.Describe(ctx, by.Owner, valid)
	if err != nil {
		return nil, err
	}
	for j, d := range done {
		results[at[j]] = d
	}
	return results, nil
}

// onlyFills reports whether d changes no existing description. The upload of a photo that
// is already stored does the same, so a key that may only upload may do it too.
func onlyFills(d Description) bool { return d.OnlyIfEmpty && d.Text != "" }

// checkDescription refuses what is not valid, and fills in the source.
func checkDescription(d *Description) (err error) {
	if err := validText(d.Text); err != nil {
		return err
	}
	d.Source, err = validSource(d.Source)
	return err
}

func validText(description string) error {
	switch {
	case !utf8.ValidString(description):
		return &photo.Error{Kind: photo.KindUsage, Msg: "the description is not UTF-8"}
	case len(description) > photo.MaxDescription:
		return &photo.Error{
			Kind: photo.KindUsage, Msg: fmt.Sprintf("the description has %d bytes", len(description)),
			Hint: fmt.Sprintf("a description may have %d bytes", photo.MaxDescription),
		}
	}
	return nil
}

// validSource returns the source of a description, or the default for an empty one.
func validSource(source photo.Source) (photo.Source, error) {
	switch {
	case source == "":
		return photo.FromFlag, nil
	case !source.Valid():
		return "", &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.40q is not a source of a description", source)}
	}
	return source, nil
}

// History returns the descriptions that a photo has and had.
func (s *Photos) History(ctx context.Context, by Caller, id photo.ID) (photo.History, error) {
	return s.rows.History(ctx, by.Owner, id)
}

// Undo gives a photo the description of an earlier revision again. The caller names the
// revision: a call that is repeated because its answer was lost does not go back twice.
// With ifVersion the photo must have that version.
func (s *Photos) Undo(ctx context.Context, by Caller, id photo.ID, to int64, ifVersion *int64) (photo.Photo, error) {
	return s.rows.Undo(ctx, by.Owner, id, to, ifVersion)
}
