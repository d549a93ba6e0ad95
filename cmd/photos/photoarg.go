package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/transfer"
)

// shownCandidates is how many photos an ambiguous prefix lists.
const shownCandidates = 10

// findPhoto returns the photo that a PHOTO argument means. Hex digits are an ID or a prefix of one.
// Anything else is a local file, whose bytes name the photo.
func findPhoto(ctx context.Context, c *client.Client, arg string) (photo.Photo, error) {
	if !photo.IsHex(arg) {
		id, err := fileID(ctx, arg)
		if err != nil {
			return photo.Photo{}, err
		}
		p, err := c.Get(ctx, id)
		if photo.KindOf(err) == photo.KindNotFound {
			return p, inTrashOr(ctx, c, id.String(), &photo.Error{Kind: photo.KindNotFound, Msg: "not on the service", Hint: "photos upload " + arg + " uploads it"})
		}
		return p, err
	}
	if id, err := photo.ParseID(arg); err == nil {
		p, err := c.Get(ctx, id)
		if photo.KindOf(err) == photo.KindNotFound {
			return p, inTrashOr(ctx, c, id.String(), errNoPhoto())
		}
		return p, err
	}
	p, err := findPrefix(ctx, c, strings.ToLower(arg), photo.Filter{})
	if photo.KindOf(err) == photo.KindNotFound {
		err = inTrashOr(ctx, c, strings.ToLower(arg), err)
	}
	return p, err
}

// inTrashOr returns an error which says that the photo with this ID, or prefix of one, is in the trash.
// If it is not there, inTrashOr returns the other error.
func inTrashOr(ctx context.Context, c *client.Client, prefix string, other error) error {
	for p, err := range c.List(ctx, photo.Filter{Trash: true, IDPrefix: prefix}, 1) {
		if err == nil {
			return &photo.Error{Kind: photo.KindNotFound, Msg: "in the trash", Hint: "photos restore " + p.ID.Short() + " brings it back"}
		}
	}
	return other
}

func errNoPhoto() error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: "no such photo", Hint: "'photos list' shows your photos"}
}

// findPrefix returns the only photo that passes the filter and whose ID begins with prefix.
func findPrefix(ctx context.Context, c *client.Client, prefix string, f photo.Filter) (photo.Photo, error) {
	switch {
	case len(prefix) > 2*len(photo.ID{}):
		return photo.Photo{}, &photo.Error{Kind: photo.KindUsage, Msg: "longer than a photo ID", Hint: "an ID has 64 hex digits; a file of that name is ./" + prefix}
	case len(prefix) < photo.MinPrefix:
		return photo.Photo{}, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("too short for a photo ID: at least %d digits", photo.MinPrefix), Hint: "a file of that name is ./" + prefix}
	}
	f.IDPrefix = prefix
	var found []photo.Photo
	for p, err := range c.List(ctx, f, shownCandidates) {
		if err != nil {
			return photo.Photo{}, err
		}
		found = append(found, p)
	}
	switch len(found) {
	case 0:
		return photo.Photo{}, errNoPhoto()
	case 1:
		return found[0], nil
	}
	names := make([]string, len(found))
	for i, p := range found {
		names[i] = p.ID.Short() + " " + p.Name
	}
	return photo.Photo{}, &photo.Error{Kind: photo.KindAmbiguous, Msg: "several photos have this prefix: " + strings.Join(names, ", "), Hint: "give more digits"}
}

// fileID returns the ID of a local file's bytes.
func fileID(ctx context.Context, path string) (photo.ID, error) {
	id, err := transfer.FileID(ctx, path)
	switch {
	case path == "":
		return id, &photo.Error{Kind: photo.KindUsage, Msg: "a PHOTO is empty", Hint: "perhaps a variable has no value, or a search found nothing"}
	case photo.KindOf(err) == photo.KindNotFound:
		return id, &photo.Error{Kind: photo.KindNotFound, Msg: "no such file", Hint: "a PHOTO is a local file, or at least 8 hex digits of an ID"}
	}
	return id, err
}

// fileError returns the error of a local file without its path, which the message already has.
func fileError(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) && pe.Path == path {
		err = pe.Err
	}
	return &photo.Error{Kind: photo.KindUnreadable, Err: err}
}

// eachItem calls f for every item and counts them with a tally. A failure that concerns all of
// them ends the call at once.
func eachItem(e *env, items iter.Seq[listItem], f func(listItem) error) error {
	t := tally{console: e.Console}
	for it := range items {
		err := it.Err
		if err == nil {
			err = f(it)
		}
		if err != nil && photo.EndsRun(withKind(err)) {
			return err
		}
		t.done(it.Name, err)
	}
	return t.end()
}
