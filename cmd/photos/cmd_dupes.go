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

// maxDupeDistance is the largest --distance of dupes, which the service checks too.
const maxDupeDistance = 10

func newDupes(e *env) *cobra.Command {
	var distance int
	c := &cobra.Command{
		Use:   "dupes",
		Short: "Find photos that look the same",
		Long: `Find photos that look the same: copies in another size, format or quality, and
pictures taken moments apart. Photos with the same bytes are stored only once.

Each group begins with its newest photo. --json prints one line per group.
dupes deletes nothing. To delete photos, use photos delete.`,
		Example: `  photos dupes
  photos dupes --distance 0
  photos dupes --json | jq -c '[.photos[].name]'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if distance < 0 || distance > maxDupeDistance {
				return badDistance(maxDupeDistance)
			}
			defer e.page()()
			return dupes(cmd.Context(), e, distance)
		},
	}
	distanceFlag(c, &distance)
	return c
}

func distanceFlag(c *cobra.Command, distance *int) {
	c.Flags().IntVar(distance, "distance", api.DefaultDistance, "how many `bits` of 64 may differ between photos that look the same")
}

func badDistance(most int) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: "--distance is not a number from 0 to " + strconv.Itoa(most), Hint: strconv.Itoa(api.DefaultDistance) + " finds copies"}
}

// dupeGroup is a line of dupes --json.
type dupeGroup struct {
	Group  int         `json:"group"`
	Photos []api.Photo `json:"photos"`
}

// dupe is a photo of a group.
type dupe struct {
	group int
	photo photo.Photo
}

func dupes(ctx context.Context, e *env, distance int) error {
	show, end, err := dupePrinter(e)
	if err != nil {
		return err
	}
	c, err := e.connect()
	if err != nil {
		return err
	}
	number, pending := 0, 0
	for page, err := range c.Dupes(ctx, distance) {
		for _, g := range page.Groups {
			number++
			if err == nil {
				err = show(dupeGroup{number, g.Photos})
			}
		}
		if err != nil {
			return cmp.Or(err, end())
		}
		pending = page.Pending
	}
	sayNotCompared(e, pending)
	return end()
}

// dupePrinter returns a function that prints a group: as one line of JSON, or as one line per photo.
func dupePrinter(e *env) (show func(dupeGroup) error, end func() error, err error) {
	if e.set.JSON {
		out, err := newPrinter(e, []term.Column[dupeGroup]{
			{Name: "group", Text: func(g dupeGroup) string { return strconv.Itoa(g.Group) }},
			{Name: "photos", Text: func(g dupeGroup) string { return strconv.Itoa(len(g.Photos)) }},
		}, func(g dupeGroup) any { return g })
		if err != nil {
			return nil, nil, err
		}
		return out.Print, out.Close, nil
	}
	out, err := newPrinter(e, dupeColumns(), func(d dupe) any { return api.FromPhoto(d.photo) })
	if err != nil {
		return nil, nil, err
	}
	show = func(g dupeGroup) error {
		for _, p := range g.Photos {
			if err := out.Print(dupe{g.Group, p.Photo()}); err != nil {
				return err
			}
		}
		return nil
	}
	return show, out.Close, nil
}

// dupeColumns returns the columns of a photo with the number of its group after the ID.
func dupeColumns() []term.Column[dupe] {
	columns := []term.Column[dupe]{{
		Name: "group", Text: func(d dupe) string { return strconv.Itoa(d.group) }, Head: "GROUP", Right: true, Least: len("group"), Table: term.Always,
	}}
	of := term.Within(photoColumns(), func(d dupe) photo.Photo { return d.photo })
	return append([]term.Column[dupe]{of[0]}, append(columns, of[1:]...)...)
}

// sayNotCompared says how many photos the service has not looked at yet.
func sayNotCompared(e *env, pending int) {
	switch {
	case pending == 0 || e.set.Quiet:
	case pending == 1:
		e.Say("photos: 1 photo was not compared: the service has not looked at it yet")
	default:
		e.Say("photos: %d photos were not compared: the service has not looked at them yet", pending)
	}
}
