package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"photos/internal/photo"
	"photos/internal/transfer"
)

const downloadJobs = 8

type downloadOptions struct{ out string }

func newDownload(e *env) *cobra.Command {
	var o downloadOptions
	c := &cobra.Command{
		Use:   "download PHOTO...",
		Short: "Bring photos back, verified",
		Long: `Bring photos back into a folder, or one photo's bytes to stdout with -o -.

What arrives is verified against the photo's ID before it gets its name. A file
that is there is never replaced: a photo of the same name gets the beginning of
its ID added. A PHOTO is written as for photos describe.`,
		Example: `  photos download 3f9a11c2
  photos download -o ~/back $(photos list --search bay --quiet)
  photos download 3f9a11c2 -o - | feh -`,
		Args: atLeastOne("PHOTO"),
		RunE: func(cmd *cobra.Command, args []string) error { return download(cmd.Context(), e, args, o) },
	}
	c.Flags().StringVarP(&o.out, "output", "o", ".", "`folder` to put them into, or - for stdout")
	return c
}

func download(ctx context.Context, e *env, args []string, o downloadOptions) error {
	if o.out == "-" {
		return downloadToStdout(ctx, e, args)
	}
	out, err := newPrinter(e, downloadColumns(), func(r transfer.Record) any { return newUploadRecord(r) })
	if err != nil {
		return err
	}
	c, err := e.connect(ctx)
	if err != nil {
		return err
	}
	var found []photo.Photo
	missing := eachPhoto(ctx, e, c, args, func(p photo.Photo) error {
		found = append(found, p)
		return nil
	})
	if _, some := missing.(reported); missing != nil && !some { //nolint:errorlint // eachPhoto's own value
		return missing
	}
	failed := missing != nil
	var last transfer.Record
	var printed error
	_, err = transfer.Download(ctx, c, o.out, each(found), downloadJobs, func(r transfer.Record) {
		if r.Outcome == photo.OutcomeFailed {
			failed, last = true, r
			if len(args) > 1 {
				e.complain(r.Path, r.Err)
			}
		}
		if printed == nil {
			printed = out.print(r)
		}
	})
	if flushed := out.close(); printed == nil {
		printed = flushed
	}
	switch {
	case err != nil:
		return err
	case failed && len(args) == 1:
		return about(last.Path, last.Err)
	case failed:
		return reported{exitSomeFailed}
	}
	return printed
}

// each yields photos that are known already.
func each(photos []photo.Photo) func(func(photo.Photo, error) bool) {
	return func(yield func(photo.Photo, error) bool) {
		for _, p := range photos {
			if !yield(p, nil) {
				return
			}
		}
	}
}

func downloadColumns() []column[transfer.Record] { return uploadColumns() }

func downloadToStdout(ctx context.Context, e *env, args []string) error {
	switch {
	case len(args) > 1:
		return &photo.Error{Kind: photo.KindUsage, Msg: "-o - takes one PHOTO", Hint: "give a folder with -o for several"}
	case e.terminal.out:
		return &photo.Error{Kind: photo.KindUsage, Msg: "stdout is a terminal, and a photo is no text", Hint: fmt.Sprintf("photos download %s -o - >FILE", args[0])}
	}
	c, err := e.connect(ctx)
	if err != nil {
		return err
	}
	return eachPhoto(ctx, e, c, args, func(p photo.Photo) error {
		return transfer.Stream(ctx, c, p, onlyStdout{e.out})
	})
}

// onlyStdout hides that stdout is a file, so that a copy through it hashes too.
type onlyStdout struct{ io.Writer }
