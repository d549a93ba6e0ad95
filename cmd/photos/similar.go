package main

import (
	"cmp"
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/term"
)

// similarOptions are the flags of list that find photos by how they look.
type similarOptions struct {
	to       string // PHOTO
	distance int
	given    func(flag string) bool
}

func (o *similarOptions) flags(c *cobra.Command) {
	o.given = c.Flags().Changed
	c.Flags().StringVar(&o.to, "similar", "", "only photos that look like this `PHOTO`, the most similar first")
	distanceFlag(c, &o.distance)
}

// check refuses what cannot be combined with --similar.
func (o similarOptions) check() error {
	if !o.given("similar") {
		if o.given("distance") {
			return &photo.Error{Kind: photo.KindUsage, Msg: "--distance needs --similar", Hint: "photos list --similar PHOTO --distance 10"}
		}
		return nil
	}
	if photo.IsBlank(o.to) {
		return emptyFlag("similar")
	}
	for _, flag := range []string{"search", "since", "until", "by", "undescribed", "trash", "sort", "reverse"} {
		if o.given(flag) {
			return exclude("--similar", "--"+flag)
		}
	}
	if o.distance < 0 || o.distance > photo.MaxDistance {
		return badDistance(photo.MaxDistance)
	}
	return nil
}

// listSimilar prints the photos that look like one.
func listSimilar(ctx context.Context, e *env, o similarOptions, limit int, thumbs bool) error {
	columns := append(term.Within(photoColumns(), func(s api.SimilarPhoto) photo.Photo { return s.Photo.Photo() }), term.Column[api.SimilarPhoto]{
		Name: "distance", Extra: true, Right: true, Text: func(s api.SimilarPhoto) string { return strconv.Itoa(s.Distance) },
	})
	out, err := newPrinter(e, columns, func(s api.SimilarPhoto) any { return s })
	if err != nil {
		return err
	}
	c, err := e.connect()
	if err != nil {
		return err
	}
	like, err := findPhoto(ctx, c, o.to)
	if err != nil {
		return err
	}
	found, err := c.Similar(ctx, like.ID, o.distance, limit)
	if err == nil && thumbs {
		return listThumbs(ctx, e, c, func(yield func(photo.Photo, error) bool) {
			for _, s := range found.Photos {
				if !yield(s.Photo.Photo(), nil) {
					return
				}
			}
		})
	}
	for _, s := range found.Photos {
		if err == nil {
			err = out.Print(s)
		}
	}
	if err != nil {
		return cmp.Or(err, out.Close())
	}
	sayNotCompared(e, found.Pending)
	return out.Close()
}
