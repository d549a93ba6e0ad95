package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"photos/internal/client"
	"photos/internal/photo"
)

// shownCandidates is how many photos an ambiguous prefix lists.
const shownCandidates = 10

// findPhoto is the photo that a PHOTO argument means: hex digits are an ID or a
// prefix of one, anything else is a local file whose bytes name the photo.
func findPhoto(ctx context.Context, c *client.Client, arg string) (photo.Photo, error) {
	if !photo.IsHex(arg) {
		id, err := fileID(arg)
		if err != nil {
			return photo.Photo{}, err
		}
		p, err := c.Get(ctx, id)
		if photo.KindOf(err) == photo.KindNotFound {
			return p, &photo.Error{Kind: photo.KindNotFound, Msg: "not on the service", Hint: "photos upload " + arg + " brings it there"}
		}
		return p, err
	}
	if id, err := photo.ParseID(arg); err == nil {
		p, err := c.Get(ctx, id)
		if photo.KindOf(err) == photo.KindNotFound {
			return p, noSuchPhoto()
		}
		return p, err
	}
	return findPrefix(ctx, c, strings.ToLower(arg), photo.Filter{})
}

func noSuchPhoto() error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: "no such photo", Hint: "photos list shows what you have"}
}

// findPrefix is the one photo that passes the filter and whose ID begins with prefix.
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
		return photo.Photo{}, noSuchPhoto()
	case 1:
		return found[0], nil
	}
	names := make([]string, len(found))
	for i, p := range found {
		names[i] = p.ID.Short() + " " + p.Name
	}
	return photo.Photo{}, &photo.Error{Kind: photo.KindAmbiguous, Msg: "several photos begin like that: " + strings.Join(names, ", "), Hint: "give more digits"}
}

// fileID is the ID of a local file's bytes.
func fileID(path string) (photo.ID, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return photo.ID{}, &photo.Error{Kind: photo.KindNotFound, Msg: "no such file", Hint: "a PHOTO is a file, or hex digits of an ID"}
	}
	if err != nil {
		return photo.ID{}, fileError(path, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return photo.ID{}, fileError(path, err)
	}
	return photo.ID(h.Sum(nil)), nil
}

// fileError says what is wrong with a local file whose name is said already.
func fileError(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) && pe.Path == path {
		err = pe.Err
	}
	return &photo.Error{Kind: photo.KindUnreadable, Err: err}
}

// eachPhoto runs f for every PHOTO argument. One argument's failure is the
// call's own; of several, each failure is reported and the others still run.
func eachPhoto(ctx context.Context, e *env, c *client.Client, args []string, f func(photo.Photo) error) error {
	return eachItem(e, args, func(arg string) error {
		p, err := findPhoto(ctx, c, arg)
		if err != nil {
			return err
		}
		return f(p)
	})
}

// eachItem is the law of calls with several items: one item fails with its own
// exit code; of several, the run goes on and ends with exitSomeFailed, unless a
// failure concerns all of them.
func eachItem(e *env, args []string, f func(arg string) error) error {
	failed := 0
	for _, arg := range args {
		err := f(arg)
		switch {
		case err == nil:
			continue
		case len(args) == 1 || endsRun(withKind(err)):
			return about(arg, err)
		}
		failed++
		e.complain(arg, withKind(err))
	}
	if failed > 0 {
		return reported{exitSomeFailed}
	}
	return nil
}

// about says which item a failure concerns, keeping its kind and hint.
func about(subject string, err error) error {
	if endsRun(withKind(err)) {
		return err // it concerns more than this item
	}
	return fmt.Errorf("%s: %w", subject, err)
}
