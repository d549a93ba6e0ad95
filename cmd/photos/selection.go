package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"photos/internal/client"
	"photos/internal/filter"
	"photos/internal/photo"
)

// selection says which photos a call means: those that its arguments or a list name, or those
// that a filter finds.
type selection struct {
	from   fromOptions
	filter filterOptions
	all    bool // a filter may be one that only excludes photos
	set    photoSet
}

// photoSet says among which photos a command looks.
type photoSet int

const (
	livePhotos photoSet = iota
	trashedPhotos
)

func (s *selection) flags(c *cobra.Command, what string) {
	s.filter.flags(c.Flags())
	s.from.flags(c, what)
}

// flagAll adds the flag without which a filter that only excludes photos is refused. s.all must
// be true if there is no such flag.
func (s *selection) flagAll(c *cobra.Command) {
	c.Flags().BoolVar(&s.all, "all", false, "accept a filter that only excludes, such as -beach")
}

// check accepts exactly one way to say which photos are meant.
func (s *selection) check(e *env, cmd *cobra.Command, args []string) error {
	if s.filter.narrows() {
		if len(args) > 0 || s.from.file != "" {
			return &photo.Error{Kind: photo.KindUsage, Msg: "a PHOTO or --from cannot be combined with a filter", Hint: "use two commands"}
		}
		f, err := s.filter.filter(e.now())
		if err != nil {
			return err
		}
		return s.checkFilter(f)
	}
	for _, flag := range []string{"by", "limit", "undescribed", "all"} {
		if s.filter.given(flag) {
			return &photo.Error{Kind: photo.KindUsage, Msg: "--" + flag + " needs a filter", Hint: "use it with --search, --since or --until"}
		}
	}
	return s.from.atLeastOneOr("PHOTO or filter such as --search")(cmd, args)
}

// checkFilter refuses a filter that is hardly meant. One that only excludes photos selects nearly
// all of them. One that asks for the trash finds nothing among the photos outside it.
func (s *selection) checkFilter(f photo.Filter) error {
	q, err := filter.Of(f)
	switch {
	case err != nil:
		return err
	case s.set == livePhotos && q.InTrash():
		return errInTrash()
	case q.OnlyExcludes() && !s.all:
		return &photo.Error{Kind: photo.KindUsage, Msg: "the filter only excludes photos", Hint: "add what the photos have, or --all if all others are meant"}
	}
	return nil
}

func errInTrash() error {
	return &photo.Error{Kind: photo.KindUsage, Msg: "is:trashed finds photos in the trash, and this command is about the others", Hint: "photos list and photos restore take is:trashed"}
}

// open returns the photos of a call. If it has a filter, all photos are found before the
// first one is changed.
func (s selection) open(ctx context.Context, e *env, c *client.Client, args []string) (*itemList, error) {
	if !s.filter.narrows() {
		return s.from.open(ctx, e, args)
	}
	f, err := s.filter.filter(e.now())
	if err != nil {
		return nil, err
	}
	f.Trash = s.set == trashedPhotos
	var found []listItem
	for p, err := range c.List(ctx, f, s.filter.limit) {
		if err != nil {
			return nil, err
		}
		found = append(found, listItem{Name: p.ID.String(), Photo: &p})
	}
	return &itemList{items: slices.Values(found), stop: func() {}, finished: make(chan struct{})}, nil
}

// find returns the photo that an item means.
func (it listItem) find(ctx context.Context, c *client.Client, set photoSet) (photo.Photo, error) {
	if it.Photo != nil {
		return *it.Photo, nil
	}
	return findIn(ctx, c, it.Name, set)
}

// findIn returns the photo that a PHOTO argument means, among the photos of a set.
func findIn(ctx context.Context, c *client.Client, arg string, set photoSet) (photo.Photo, error) {
	if set == livePhotos {
		return findPhoto(ctx, c, arg)
	}
	prefix := strings.ToLower(arg)
	if !photo.IsHex(arg) {
		id, err := fileID(ctx, arg)
		if err != nil {
			return photo.Photo{}, err
		}
		prefix = id.String()
	}
	p, err := findPrefix(ctx, c, prefix, photo.Filter{Trash: true})
	if photo.KindOf(err) == photo.KindNotFound {
		err = &photo.Error{Kind: photo.KindNotFound, Msg: "not in the trash", Hint: "photos list --trash shows what is"}
	}
	return p, err
}
