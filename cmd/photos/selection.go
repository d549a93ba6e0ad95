package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"photos/internal/client"
	"photos/internal/photo"
)

// selection says which photos a call means: those that it names, those of a list, or
// those that a filter finds.
type selection struct {
	from   fromOptions
	filter filterOptions
}

func (s *selection) flags(c *cobra.Command, what string) {
	s.filter.flags(c.Flags())
	s.from.flags(c, what)
}

// check accepts exactly one way of saying which photos are meant.
func (s *selection) check(e *env, cmd *cobra.Command, args []string) error {
	if s.filter.narrows() {
		if len(args) > 0 || s.from.file != "" {
			return &photo.Error{Kind: photo.KindUsage, Msg: "a PHOTO or --from cannot be combined with a filter", Hint: "make it two calls"}
		}
		_, err := s.filter.filter(e.now())
		return err
	}
	for _, flag := range []string{"by", "limit", "undescribed"} {
		if s.filter.given(flag) {
			return &photo.Error{Kind: photo.KindUsage, Msg: "--" + flag + " without a filter", Hint: "it goes with --search, --since or --until"}
		}
	}
	return s.from.atLeastOneOr("PHOTO or a filter such as --search")(cmd, args)
}

// open returns the photos of a call. Those that a filter finds are all found before the
// first one is changed.
func (s selection) open(ctx context.Context, e *env, c *client.Client, args []string, among place) (*itemList, error) {
	if !s.filter.narrows() {
		return s.from.open(ctx, e, args)
	}
	f, err := s.filter.filter(e.now())
	if err != nil {
		return nil, err
	}
	f.Trash = among == inTrash
	var found []listed
	for p, err := range c.List(ctx, f, s.filter.limit) {
		if err != nil {
			return nil, err
		}
		found = append(found, listed{Name: p.ID.String(), Photo: &p})
	}
	return &itemList{items: slices.Values(found), stop: func() {}, finished: make(chan struct{})}, nil
}

// find returns the photo that an item means, among the live or the trashed ones.
func (it listed) find(ctx context.Context, c *client.Client, among place) (photo.Photo, error) {
	if it.Photo != nil {
		return *it.Photo, nil
	}
	return findAmong(ctx, c, it.Name, among)
}
