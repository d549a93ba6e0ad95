package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"photos/internal/photo"
	"photos/internal/sidecar"
	"photos/internal/term"
	"photos/internal/transfer"
)

type downloadOptions struct {
	photos  wantedOptions
	out     string
	jobs    int
	sidecar string
	update  bool // sidecars that somebody else has changed
	layout  string
	size    int
	bwlimit string
	dryRun  bool
	mirror  mirrorOptions

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
has changed it. --update-sidecars also updates XMP sidecars that another program
wrote or changed: an earlier description is replaced, and a missing one added.
Everything else in them stays. The sidecar of IMG.JPG is IMG.JPG.xmp, or IMG.xmp
if that belongs to no other photo. 'photos help describe' explains PHOTO.

--layout puts the photos into folders. It is original, for the folders that they
had before the upload, or a path with these fields: {name}, {stem} and {ext}
(the name without its extension, and the extension), {id} or {id:8}, {folder},
{camera}, {taken:2006-01-02} and {uploaded:2006-01-02}. A date is written as the
2nd of January 2006, 15:04:05, in the form that you want. A photo without a date
goes into the folder undated.

--size downloads small JPEGs that the service makes, instead of the photos. They
have no metadata. A photo that the service cannot decode fails.

--mirror also removes from the folder what an earlier --mirror put there and the
service does not have any more. It moves these files to .photos-trash in the
folder. The file of a photo that got another name or folder is moved. Nothing
else in the folder is touched, nor is a file that somebody has changed.`,
		Example: `  photos download 3f9a11c2
  photos download 3f9a11c2 -o bay.jpg
  photos download --all -o ~/back --sidecar xmp
  photos download --search bay --since 2026-05
  photos download --all -o ~/back --layout '{taken:2006}/{taken:01}/{name}'
  photos download --search tag:web --size 1024 -o site/img
  photos list --undescribed --quiet | photos download --from - -o ~/todo
  photos download 3f9a11c2 -o - | feh -`,
		Args: o.checkArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if e.set.Jobs > 0 && !cmd.Flags().Changed("jobs") {
				o.jobs = e.set.Jobs
			}
			if !cmd.Flags().Changed("bwlimit") {
				o.bwlimit = e.set.BWLimit
			}
			if given := cmd.Flags().Changed; given("size") && o.size == 0 || given("layout") && o.layout == "" {
				return badUsage("--size and --layout must not be empty", "leave them out to download the photos as they are")
			}
			return download(cmd.Context(), e, args, o)
		},
	}
	o.flags(c)
	return c
}

func (o *downloadOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&o.out, "output", "o", ".", "`folder` for the photos, file for one photo, or - for stdout")
	f.BoolVar(&o.keepOrder, "keep-order", false, "print the results in the order of the photos")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would happen, and write nothing")
	o.photos.flags(c)
	f.IntVar(&o.jobs, "jobs", transfer.DefaultDownloadJobs, "download this `number` of photos at a time")
	f.StringVar(&o.bwlimit, "bwlimit", "", "receive at most this many `bytes` per second: 500k, 5M or 5MiB")
	o.wait.addFlag(f)
	o.mirror.flags(f)
	f.StringVar(&o.sidecar, "sidecar", "", "write a sidecar per photo: `xmp`, or json as in Google Takeout")
	f.BoolVar(&o.update, "update-sidecars", false, "like --sidecar xmp, and also update the sidecars of other programs")
	f.StringVar(&o.layout, "layout", "", "put the photos into folders: original, or a `path` such as {taken:2006}/{name}")
	f.IntVar(&o.size, "size", 0, "download JPEGs with at most this many `pixels` on a side: 256, 512 or 1024")
}

// checkArgs accepts exactly one way to say which photos are meant. A mirror without a filter is of
// all photos.
func (o *downloadOptions) checkArgs(cmd *cobra.Command, args []string) error {
	if err := o.mirror.check(cmd, args, *o); err != nil {
		return err
	}
	if o.mirror.on && !o.photos.filter.narrows() {
		o.photos.all = true
	}
	return o.photos.checkArgs(cmd, args)
}

func download(ctx context.Context, e *env, args []string, o downloadOptions) error {
	opts, err := o.transferOptions(e)
	if err != nil {
		return err
	}
	rate, err := parseRate(o.bwlimit)
	if err != nil {
		return fmt.Errorf("--bwlimit: %w", err)
	}
	if o.out == "-" {
		return o.toStdout(ctx, e, args, rate)
	}
	rep, err := newTransferReport(e, o.dryRun)
	if err != nil {
		return err
	}
	rep.silent = e.set.Quiet && !e.set.JSON
	if err := o.photos.check(e); err != nil {
		return err
	}
	c, err := e.connectFor(run{rate: rate, outage: o.wait.of(len(args) != 1)})
	if err != nil {
		return err
	}
	wanted, list, err := o.photos.open(ctx, e, c, args)
	if err != nil {
		return err
	}
	defer list.close()
	var dir string
	dir, opts.Name = o.target(args)
	if opts.Mirror, err = o.openMirror(ctx, c, dir); err != nil {
		return err
	}
	bars := newProgress(ctx, e)
	opts.Progress = bars
	rep.order = newInOrder(o.keepOrder, func(r transfer.Record) int { return r.Index })
	sum, err := transfer.Download(ctx, c, dir, wanted, opts, rep.record)
	if err != nil {
		rep.addPending(&sum, list.rest())
	} else if opts.Mirror != nil {
		err = o.removeRest(ctx, e, c, opts.Mirror, func(r transfer.Record) { sum.Add(r); rep.record(r) })
	}
	err = cmp.Or(err, opts.Mirror.Close())
	rep.flush()
	bars.Stop()
	return rep.end(sum, err)
}

// transferOptions checks the options that the engine needs.
func (o downloadOptions) transferOptions(e *env) (opts transfer.DownloadOptions, err error) {
	if o.jobs < 1 || o.jobs > maxJobs {
		return opts, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("--jobs must be from 1 to %d", maxJobs)}
	}
	if err := o.wait.check(); err != nil {
		return opts, err
	}
	switch {
	case o.size != 0 && !slices.Contains(renditionSizes(), o.size):
		return opts, badUsage(fmt.Sprintf("--size: there are no small pictures of %d pixels", o.size), "it is 256, 512 or 1024")
	case o.size != 0 && e.set.format().Form == term.SHA256Sum:
		return opts, exclude("--size", "--format sha256sum")
	}
	if o.update {
		if o.sidecar != "" && o.sidecar != "xmp" {
			return opts, exclude("--update-sidecars", "--sidecar "+o.sidecar)
		}
		o.sidecar = "xmp"
	}
	opts = transfer.DownloadOptions{UpdateSidecars: o.update, Jobs: o.jobs, DryRun: o.dryRun, Size: o.size}
	if o.sidecar != "" {
		if opts.Sidecar, err = sidecar.WriterOf(o.sidecar); err != nil {
			return opts, fmt.Errorf("--sidecar: %w", err)
		}
	}
	if o.layout != "" {
		if opts.Layout, err = transfer.ParsePathLayout(o.layout); err != nil {
			return opts, fmt.Errorf("--layout: %w", err)
		}
	}
	return opts, nil
}

// renditionSizes returns the sizes of small pictures that a service has.
func renditionSizes() []int { return []int{256, 512, 1024} }

// target returns the folder that -o means. If -o means a file for the only photo, target also
// returns the file's name.
func (o downloadOptions) target(args []string) (dir, name string) {
	if len(args) != 1 || o.photos.from.file != "" || o.layout != "" || o.out == "" || os.IsPathSeparator(o.out[len(o.out)-1]) {
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

// toStdout writes the bytes of one photo to stdout.
func (o downloadOptions) toStdout(ctx context.Context, e *env, args []string, rate int64) error {
	switch {
	case o.dryRun:
		return exclude("--dry-run", "-o -")
	case o.layout != "":
		return exclude("--layout", "-o -")
	case len(args) != 1:
		return &photo.Error{Kind: photo.KindUsage, Msg: "-o - takes one PHOTO", Hint: "give a folder with -o for several"}
	case e.Out.Terminal:
		return &photo.Error{Kind: photo.KindUsage, Msg: "stdout is a terminal, and a photo is not text", Hint: fmt.Sprintf("photos download %s -o - >FILE", args[0])}
	}
	c, err := e.connectFor(run{rate: rate})
	if err != nil {
		return err
	}
	p, err := findPhoto(ctx, c, args[0])
	if err != nil {
		return about(args[0], err)
	}
	if o.size != 0 {
		return transfer.StreamRendition(ctx, c, p.ID, o.size, e.Out)
	}
	return transfer.Stream(ctx, c, p, onlyStdout{e.Out})
}

// onlyStdout hides that stdout is a file. Otherwise a copy could bypass the hash.
type onlyStdout struct{ io.Writer }
