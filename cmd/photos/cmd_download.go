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
	"photos/internal/filter"
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

	keepOrder bool
	wait      waitService
}

func newDownload(e *env) *cobra.Command {
	var o downloadOptions
	c := &cobra.Command{
		Use:   "download PHOTO... | --all | --search FILTER",
		Short: "Download photos and verify them",
		Long: `Download photos into a folder: the photos that you name, those that --search and
the other filters find, or --all. With -o - the bytes of one photo go to stdout.

With one PHOTO, -o may also name a file that does not exist, in a folder that
exists. A slash at the end of -o makes it a folder (-o new/).

The bytes are verified against the photo's ID before the file gets its name. An
existing file is never replaced. If another photo has the same name, the first
digits of the ID are added to it. A photo that is in the folder already is not
downloaded again. A sidecar of an earlier download is updated, unless somebody
has changed it. 'photos help describe' explains PHOTO.`,
		Example: `  photos download 3f9a11c2
  photos download 3f9a11c2 -o bay.jpg
  photos download --all -o ~/back --sidecar xmp
  photos download --search bay --since 2026-05
  photos list --undescribed --quiet | photos download --from - -o ~/todo
  photos download 3f9a11c2 -o - | feh -`,
		Args: o.checkArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if e.set.Jobs > 0 && !cmd.Flags().Changed("jobs") {
				o.jobs = e.set.Jobs
			}
			return download(cmd.Context(), e, args, o)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.out, "output", "o", ".", "`folder` for the photos, file for one photo, or - for stdout")
	f.BoolVar(&o.all, "all", false, "all photos")
	f.BoolVar(&o.keepOrder, "keep-order", false, "print the results in the order of the photos")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would happen, and write nothing")
	o.filter.flags(f)
	o.from.flags(c, "PHOTOs")
	f.IntVar(&o.jobs, "jobs", transfer.DefaultDownloadJobs, "download this `number` of photos at a time")
	o.wait.addFlag(f)
	f.StringVar(&o.sidecar, "sidecar", "", "write a sidecar per photo: `xmp`, or json as in Google Takeout")
	return c
}

// checkArgs accepts exactly one way to say which photos are meant.
func (o *downloadOptions) checkArgs(cmd *cobra.Command, args []string) error {
	named, filtered := len(args) > 0 || o.from.file != "", o.filter.narrows()
	switch {
	case named && (o.all || filtered):
		return &photo.Error{Kind: photo.KindUsage, Msg: "a PHOTO or --from cannot be combined with --all or a filter", Hint: "use two commands"}
	case o.all && filtered:
		return &photo.Error{Kind: photo.KindUsage, Msg: "--all cannot be combined with a filter", Hint: "leave --all out to download what the filter finds"}
	case o.all || filtered:
		return nil
	}
	return o.from.atLeastOneOr("PHOTO, --all or a filter such as --search")(cmd, args)
}

func download(ctx context.Context, e *env, args []string, o downloadOptions) error {
	opts, err := o.transferOptions()
	if err != nil {
		return err
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
	wantedFilter, err := o.filter.filter(e.now())
	if err != nil {
		return err
	}
	if q, err := filter.Of(wantedFilter); err != nil {
		return err
	} else if q.InTrash() {
		return errInTrash()
	}
	c, err := e.connectFor(run{outage: o.wait.of(len(args) != 1)})
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
		wanted = listAll(ctx, c, wantedFilter, o.filter.limit)
	}
	bars := newProgress(ctx, e)
	opts.Progress = bars
	var dir string
	dir, opts.Name = o.target(args)
	rep.order = newInOrder(o.keepOrder)
	wanted = numbered(wanted, func(w *transfer.Wanted, n int) { w.Index = n })
	sum, err := transfer.Download(ctx, c, dir, wanted, opts, rep.record)
	if err != nil {
		rep.addPending(&sum, list.rest())
	}
	rep.flush()
	bars.Stop()
	return rep.end(sum, err)
}

// transferOptions checks the options that the engine needs.
func (o downloadOptions) transferOptions() (opts transfer.DownloadOptions, err error) {
	if o.jobs < 1 || o.jobs > maxJobs {
		return opts, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("--jobs must be from 1 to %d", maxJobs)}
	}
	if err := o.wait.check(); err != nil {
		return opts, err
	}
	opts = transfer.DownloadOptions{Jobs: o.jobs, DryRun: o.dryRun}
	if o.sidecar != "" {
		if opts.Sidecar, err = sidecar.WriterOf(o.sidecar); err != nil {
			return opts, fmt.Errorf("--sidecar: %w", err)
		}
	}
	return opts, nil
}

// target returns the folder that -o means. If -o means a file for the only photo, target also
// returns the file's name.
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

// findAll yields the photos that the items name.
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
		return &photo.Error{Kind: photo.KindUsage, Msg: "stdout is a terminal, and a photo is not text", Hint: fmt.Sprintf("photos download %s -o - >FILE", args[0])}
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

// onlyStdout hides that stdout is a file. Otherwise a copy could bypass the hash.
type onlyStdout struct{ io.Writer }
