package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/sidecar"
	"photos/internal/transfer"
)

type downloadOptions struct {
	out     string
	from    fromOptions
	all     bool
	filter  filterOptions
	jobs    int
	sidecar string
	dryRun  bool
}

func newDownload(e *env) *cobra.Command {
	var o downloadOptions
	c := &cobra.Command{
		Use:   "download PHOTO... | --all | --search WORDS...",
		Short: "Bring photos back, verified",
		Long: `Bring photos back into a folder, or one photo's bytes to stdout with -o -: those
that are named, those that --search and the other filters find, or --all.

With one PHOTO, -o may also name a file that does not exist yet, in a folder
that does. A slash at its end makes it a folder (-o new/).

What arrives is verified against the photo's ID before it gets its name. A file
that is there is never replaced: a photo of the same name gets the beginning of
its ID added, and one that is there already is not sent again. A sidecar that an
earlier download wrote is renewed, unless somebody changed it. A PHOTO is
written as for photos describe.`,
		Example: `  photos download 3f9a11c2
  photos download 3f9a11c2 -o bay.jpg
  photos download --all -o ~/back --sidecar xmp
  photos download --search bay --since 2026-05
  photos list --undescribed --quiet | photos download --from - -o ~/todo
  photos download 3f9a11c2 -o - | feh -`,
		Args: o.checkArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return download(cmd.Context(), e, args, o) },
	}
	f := c.Flags()
	f.StringVarP(&o.out, "output", "o", ".", "`folder` to put them into, the file for one photo, or - for stdout")
	f.BoolVar(&o.all, "all", false, "every photo there is")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would happen, and write nothing")
	o.filter.flags(f)
	o.from.flags(c, "PHOTOs")
	f.IntVar(&o.jobs, "jobs", transfer.DefaultDownloadJobs, "this `number` of photos at a time")
	f.StringVar(&o.sidecar, "sidecar", "", "write descriptions beside the photos, as `xmp` or json (of Google Takeout's form)")
	return c
}

// checkArgs accepts exactly one way of saying which photos are meant.
func (o *downloadOptions) checkArgs(cmd *cobra.Command, args []string) error {
	named, filtered := len(args) > 0 || o.from.file != "", o.filter.narrows()
	switch {
	case named && (o.all || filtered):
		return &photo.Error{Kind: photo.KindUsage, Msg: "a PHOTO or --from excludes --all and the filters", Hint: "make it two calls"}
	case o.all && filtered:
		return &photo.Error{Kind: photo.KindUsage, Msg: "--all cannot be combined with a filter", Hint: "leave --all out to download what the filter finds"}
	case o.all || filtered:
		return nil
	}
	return o.from.atLeastOneOr("PHOTO, --all or a filter such as --search")(cmd, args)
}

func download(ctx context.Context, e *env, args []string, o downloadOptions) error {
	if o.jobs < 1 || o.jobs > 256 {
		return &photo.Error{Kind: photo.KindUsage, Msg: "--jobs must be from 1 to 256"}
	}
	var beside sidecar.Writer
	if o.sidecar != "" {
		var err error
		if beside, err = sidecar.WriterOf(o.sidecar); err != nil {
			return fmt.Errorf("--sidecar: %w", err)
		}
	}
	if o.out == "-" {
		if o.dryRun {
			return exclude("--dry-run", "-o -")
		}
		return downloadToStdout(ctx, e, args)
	}
	rep, err := newTransferReport(e, o.dryRun)
	if err != nil {
		return err
	}
	rep.silent = e.set.Quiet && !e.set.JSON
	filter, err := o.filter.filter(e.now())
	if err != nil {
		return err
	}
	c, err := e.connect()
	if err != nil {
		return err
	}
	list, err := o.from.open(ctx, e, args)
	if err != nil {
		return err
	}
	defer list.close()
	wanted := findAll(ctx, c, list.all())
	if o.all || o.filter.narrows() {
		wanted = listAll(ctx, c, filter, o.filter.limit)
	}
	bars := newProgress(ctx, e)
	dir, name := o.target(args)
	sum, err := transfer.Download(ctx, c, dir, wanted, transfer.DownloadOptions{Jobs: o.jobs, DryRun: o.dryRun, Name: name, Progress: bars, Sidecar: beside}, rep.record)
	if err != nil {
		rep.addPending(&sum, list.rest())
	}
	rep.flush()
	bars.Stop()
	return rep.end(sum, err)
}

// target returns the folder that -o means and, where it means a file for the one photo, the
// file's name in there.
func (o downloadOptions) target(args []string) (dir, name string) {
	if len(args) != 1 || o.from.file != "" || o.out == "" || os.IsPathSeparator(o.out[len(o.out)-1]) {
		return o.out, ""
	}
	dir, name = filepath.Split(o.out)
	if dir == "" {
		dir = "."
	}
	if info, err := os.Stat(o.out); name == "." || name == ".." || err == nil && info.IsDir() {
		return o.out, ""
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return o.out, ""
	}
	return dir, name
}

// findAll yields the photos that items name.
func findAll(ctx context.Context, c *client.Client, items iter.Seq[listItem]) iter.Seq[transfer.Wanted] {
	return func(yield func(transfer.Wanted) bool) {
		for it := range items {
			w := transfer.Wanted{Name: it.Name, Err: it.Err}
			if w.Err == nil {
				w.Photo, w.Err = findPhoto(ctx, c, it.Name)
			}
			if !yield(w) {
				return
			}
		}
	}
}

// listAll yields the photos that pass the filter.
func listAll(ctx context.Context, c *client.Client, f photo.Filter, limit int) iter.Seq[transfer.Wanted] {
	return func(yield func(transfer.Wanted) bool) {
		for p, err := range c.List(ctx, f, limit) {
			if !yield(transfer.Wanted{Photo: p, Err: err}) {
				return
			}
		}
	}
}

func downloadToStdout(ctx context.Context, e *env, args []string) error {
	switch {
	case len(args) != 1:
		return &photo.Error{Kind: photo.KindUsage, Msg: "-o - takes one PHOTO", Hint: "give a folder with -o for several"}
	case e.Out.Terminal:
		return &photo.Error{Kind: photo.KindUsage, Msg: "stdout is a terminal, and a photo is no text", Hint: fmt.Sprintf("photos download %s -o - >FILE", args[0])}
	}
	c, err := e.connect()
	if err != nil {
		return err
	}
	p, err := findPhoto(ctx, c, args[0])
	if err != nil {
		return about(args[0], err)
	}
	return transfer.Stream(ctx, c, p, onlyStdout{e.Out})
}

// onlyStdout hides that stdout is a file, so that a copy through it hashes too.
type onlyStdout struct{ io.Writer }
