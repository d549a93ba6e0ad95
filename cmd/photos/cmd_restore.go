package main

import (
	"context"

	"github.com/spf13/cobra"

	"photos/internal/client"
	"photos/internal/photo"
)

func newRestore(e *env) *cobra.Command {
	o := bulkOptions{photos: selection{set: trashedPhotos, all: true}}
	c := &cobra.Command{
		Use:   "restore PHOTO... | --search FILTER",
		Short: "Take photos out of the trash",
		Long: `Take photos out of the trash. Uploading the same file again does the same.

'photos help describe' explains PHOTO.`,
		Example: `  photos list --trash
  photos restore 3f9a11c2`,
		Args: func(cmd *cobra.Command, args []string) error { return o.photos.check(e, cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error { return restorePhotos(cmd.Context(), e, args, o) },
	}
	o.flags(c)
	return c
}

func restorePhotos(ctx context.Context, e *env, args []string, o bulkOptions) error {
	return changeAll(ctx, e, args, o, bulkAction{
		outcome: photo.OutcomeRestored, call: (*client.Client).Restore,
		done:  func(p photo.Photo) string { return p.Name + " is back" },
		would: func(p photo.Photo) string { return p.Name + " would be taken out of the trash" },
	})
}
