package main

import (
	"context"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/term"
	"photos/internal/text"
)

func newStats(e *env) *cobra.Command {
	var by []string
	c := &cobra.Command{
		Use:   "stats",
		Short: "Count your photos by month, type and camera",
		Long: `Count your photos and their bytes: all of them, and by the month in which they
were taken, by media type and by camera. Photos in the trash are not counted.

The month is taken from the local time of the place where a photo was taken.
Photos without a date or without a camera are counted under "unknown".`,
		Example: `  photos stats
  photos stats --by month,camera
  photos stats --json --by month | jq -r '"\(.value) \(.photos)"'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, b := range by {
				if !slices.Contains(statKinds(), b) {
					return badUsage("--by: "+quote(b)+" is not a valid choice", "it is month, type or camera, or several of them with commas")
				}
			}
			return showStats(cmd.Context(), e, by)
		},
	}
	c.Flags().StringSliceVar(&by, "by", nil, "count only by `month`, type or camera")
	return c
}

// statKinds returns what photos are counted by.
func statKinds() []string { return []string{"month", "type", "camera"} }

// stat is a line of the statistics.
type stat struct {
	By string `json:"by"` // total, month, type or camera
	api.Count
}

func statColumns() []term.Column[stat] {
	return []term.Column[stat]{
		{Name: "by", Text: func(s stat) string { return s.By }, Least: len("camera"), Tint: always[stat](term.Faint)},
		{
			Name: "value", Text: func(s stat) string { return s.Value }, Share: 1, Tint: always[stat](term.Key),
			Show: func(s stat) string {
				if s.Value == "" && s.By != "total" {
					return "unknown"
				}
				return s.Value
			},
		},
		{Name: "photos", Right: true, Text: func(s stat) string { return strconv.FormatInt(s.Photos, 10) }, Least: len("PHOTOS")},
		{
			Name: "bytes", Right: true, Text: func(s stat) string { return strconv.FormatInt(s.Bytes, 10) }, Show: func(s stat) string { return text.Bytes(s.Bytes) },
			Head: "SIZE", Least: len("1.23 MB"),
		},
	}
}

func showStats(ctx context.Context, e *env, by []string) error {
	lines := func(c *client.Client) ([]stat, error) {
		all, err := c.Stats(ctx)
		return statLines(all, by), err
	}
	return printList(e, statColumns(), lines, "")
}

// statLines returns the lines of the kinds that are asked for, or of all with the total.
func statLines(s api.Stats, by []string) []stat {
	var lines []stat
	if len(by) == 0 {
		lines = append(lines, stat{"total", api.Count{Photos: s.Photos, Bytes: s.Bytes}})
		by = statKinds()
	}
	counts := map[string][]api.Count{"month": s.Months, "type": s.Types, "camera": s.Cameras}
	for _, kind := range by {
		for _, c := range counts[kind] {
			lines = append(lines, stat{kind, c})
		}
	}
	return lines
}
