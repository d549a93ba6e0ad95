package main

import (
	"context"
	"fmt"
	"io"
	"iter"

	"github.com/spf13/cobra"

	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/transfer"
)

const downloadJobs = 8

type downloadOptions struct {
	out  string
	from fromOptions
}

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
  photos list --search bay --quiet | photos download --from - -o ~/back
  photos download 3f9a11c2 -o - | feh -`,
		Args: func(cmd *cobra.Command, args []string) error { return o.from.atLeastOneOr("PHOTO")(cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error { return download(cmd.Context(), e, args, o) },
	}
	c.Flags().StringVarP(&o.out, "output", "o", ".", "`folder` to put them into, or - for stdout")
	o.from.flags(c, "PHOTOs")
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
	items, done, err := o.from.arguments(e, args)
	if err != nil {
		return err
	}
	defer done()
	t := tally{e: e}
	var printed error
	_, err = transfer.Download(ctx, c, o.out, findAll(ctx, c, items, &t), downloadJobs, func(r transfer.Record) {
		t.done(r.Path, r.Err)
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
	case printed != nil:
		return printed
	}
	return t.end()
}

// findAll yields the photos that items name; one that there is not counts as a
// failed item, and only a failure that concerns all of them is yielded.
func findAll(ctx context.Context, c *client.Client, items iter.Seq[listed], t *tally) iter.Seq2[photo.Photo, error] {
	return func(yield func(photo.Photo, error) bool) {
		for it := range items {
			p, err := photo.Photo{}, it.Err
			if err == nil {
				p, err = findPhoto(ctx, c, it.Name)
			}
			if err != nil && !endsRun(withKind(err)) {
				t.done(it.Name, err)
				continue
			}
			if !yield(p, err) {
				return
			}
		}
	}
}

func downloadColumns() []column[transfer.Record] { return uploadColumns() }

func downloadToStdout(ctx context.Context, e *env, args []string) error {
	switch {
	case len(args) != 1:
		return &photo.Error{Kind: photo.KindUsage, Msg: "-o - takes one PHOTO", Hint: "give a folder with -o for several"}
	case e.terminal.out:
		return &photo.Error{Kind: photo.KindUsage, Msg: "stdout is a terminal, and a photo is no text", Hint: fmt.Sprintf("photos download %s -o - >FILE", args[0])}
	}
	c, err := e.connect(ctx)
	if err != nil {
		return err
	}
	p, err := findPhoto(ctx, c, args[0])
	if err != nil {
		return about(args[0], err)
	}
	return transfer.Stream(ctx, c, p, onlyStdout{e.out})
}

// onlyStdout hides that stdout is a file, so that a copy through it hashes too.
type onlyStdout struct{ io.Writer }
