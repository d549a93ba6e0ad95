package main

import (
	"context"

	"github.com/spf13/cobra"

	"photos/internal/client"
	"photos/internal/photo"
)

func newDelete(e *env) *cobra.Command {
	var o bulkOptions
	c := &cobra.Command{
		Use:   "delete PHOTO... | --search FILTER",
		Short: "Move photos to the trash",
		Long: `Move photos to the trash of the service. Their bytes stay there for 30 days,
unless the service has another setting. Until then, photos restore brings them
back. Local files are never touched.

You have to confirm the deletion of more than 10 photos: on a terminal always,
and in a script only if a filter finds the photos. --yes confirms.

'photos help filters' explains FILTER. One that only excludes photos, such as
-beach, also needs --all.

'photos help describe' explains PHOTO. Without a terminal, an ID needs all
64 digits.`,
		Example: `  photos delete 3f9a11c2
  photos delete --search blurry --dry-run
  photos list --search blurry --quiet | photos delete --from -`,
		Args: func(cmd *cobra.Command, args []string) error { return o.photos.check(e, cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error { return deletePhotos(cmd.Context(), e, args, o) },
	}
	o.flags(c)
	o.photos.flagAll(c)
	return c
}

func deletePhotos(ctx context.Context, e *env, args []string, o bulkOptions) error {
	return changeAll(ctx, e, args, o, bulkAction{
		outcome: outcomeDeleted, call: (*client.Client).Delete, mustBeConfirmed: true,
		done: func(p photo.Photo) string {
			return p.Name + " is in the trash until " + showTime(p.PurgeAt) + "; photos restore " + p.ID.Short() + " brings it back"
		},
		would:  func(p photo.Photo) string { return p.Name + " would be put into the trash" },
		remark: func(p photo.Photo) string { return "until " + showTime(p.PurgeAt) + " photos restore brings them back" },
	})
}
