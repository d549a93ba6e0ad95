package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"photos/internal/archive"
	"photos/internal/photo"
	"photos/internal/sidecar"
	"photos/internal/tag"
	"photos/internal/transfer"
)

type uploadOptions struct {
	desc, name      string
	descFrom        string
	from            fromOptions
	choice          chosenFiles
	ifExists        string
	jobs, maxErrors int
	bwlimit         string
	dryRun          bool
	keepOrder       bool
	journal, retry  string
	tags            []string
	tagFolders      bool
	wait            waitService
	caption         captionOptions
	removal         removalOptions
	watching        watchOptions
	share           uploadShare

	rate    int64          // what bwlimit means, in bytes per second
	sources []sidecar.Kind // what descFrom means
}

func newUpload(e *env) *cobra.Command {
	var o uploadOptions
	c := &cobra.Command{
		Use:   "upload PATH...",
		Short: "Upload pictures and videos",
		Long: `Upload pictures and videos: files, folders with everything in them, zip and tgz
archives, quoted globs, or - for the bytes of one photo from a pipe. Hidden
folders, @eaDir, *.photoslibrary, *.lrdata and the Recycle Bin of Windows are
not entered, unless you name them. --hidden enters hidden folders.

You can upload the same file again: the service finds it by its digest, and no
bytes are sent.

The description comes from --desc or from the line in --from. Without them, it
comes from the first of these sources that has one: an XMP sidecar (beach.xmp,
beach.jpg.xmp), the JSON of a Google Takeout export, and the caption inside the
picture. --desc-from changes the order. A picture without a date or a position
gets it from the same sidecars. If they have no date either, its date is the
time at which the file was last modified.

The parts of a Google Takeout or iCloud export are read in place: give all of
them in one call. Albums become tags.

--describe-with describes photos that have no description after that with a
command, as 'photos describe --with' does. If the command fails, the photo is
stored, and counts as failed.

--watch goes on and uploads files that are added to the folders. A file is
complete when its size and time have been the same for 2 seconds. Files whose
names say that they are not (.part, .tmp, hidden ones) are left out.

--delete-after and --move-to remove local files that are proven to be stored:
the file is read once more, and the service reads the bytes that it has stored.
A sidecar goes only if the photo has every value that is in it. Archives stay. A
journal in the folder of the program's state lists what is removed.

--tag adds a tag to every photo, also to those that are stored already. upload
records the folder of each photo, relative to the folder that you upload.
--tag-folders also adds the names of these folders as tags.

Patterns of --include, --exclude and globs may contain *, ?, [a-z], {a,b}, and
** for any number of folders. Case does not matter. A pattern without a slash
matches names at any depth. A pattern with a slash (2024/*.jpg) matches the path
below the folder that is uploaded. A pattern with a slash at its end (private/)
matches only folders. A pattern that matches nothing is reported, and does not
change the exit code.

A file .photosignore in a folder says what to leave out there and below, with
the rules of .gitignore. --exclude-from reads such rules from another file.
--dry-run says of each file and folder why it is left out.

--share makes a link with which anyone can look at the photos, and prints its
address instead of the results. 'photos help share' explains links.

A pipe gets one line per photo, separated by tabs: id, outcome, path.`,
		Example: `  photos upload --desc "Sunset over the bay" beach.jpg
  photos upload ~/Pictures --exclude private/ --include '*.{jpg,heic}'
  photos upload --dry-run takeout-*.zip
  photos upload --share screenshot.png
  photos upload --json ~/Pictures | jq -r 'select(.outcome=="failed") | .path'
  convert in.png jpg:- | photos upload - --name out.jpg
  photos upload --watch ~/Incoming --move-to ~/Uploaded`,
		Args: func(cmd *cobra.Command, args []string) error {
			if o.retry != "" {
				return nil
			}
			return o.from.atLeastOneOr("PATH")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.useDefaults(e.set, cmd.Flags().Changed)
			return upload(cmd.Context(), e, args, o)
		},
	}
	o.flags(c)
	return c
}

func (o *uploadOptions) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.desc, "desc", "", "describe the photos with this `text`")
	f.StringVar(&o.descFrom, "desc-from", "sidecar,takeout,embedded", "without --desc, use the first of these `sources` that has a description; none: use no source")
	f.StringVar(&o.name, "name", "", "with -: the name of the photo")
	o.from.paths = true
	o.from.flags(c, "paths")
	f.Var((*textList)(&o.tags), "tag", "add this `tag` to the photos; may be repeated")
	f.BoolVar(&o.tagFolders, "tag-folders", false, "add the names of the folders below PATH as tags")
	o.choice.flags(f)
	f.StringVar(&o.ifExists, "if-exists", "fill", "if the photo exists: `fill` an empty description, skip, replace or fail")
	f.IntVar(&o.jobs, "jobs", transfer.DefaultJobs, "upload this `number` of photos at a time")
	f.StringVar(&o.bwlimit, "bwlimit", "", "send at most this many `bytes` per second: 500k, 5M or 5MiB")
	o.wait.addFlag(f)
	o.caption.flags(f, "describe-")
	o.removal.flags(f)
	o.watching.flags(f)
	f.IntVar(&o.maxErrors, "max-errors", 0, "stop after this `number` of failures; 0: never")
	f.BoolVar(&o.keepOrder, "keep-order", false, "print the results in the order of the files")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would happen, and change nothing")
	f.StringVar(&o.journal, "journal", "", "append a record of every photo to this `file`")
	o.share.flags(f)
	f.StringVar(&o.retry, "retry-failed", "", "upload what failed or was not reached according to this journal `file`")
}

// check parses the options and refuses those that make no sense.
func (o *uploadOptions) check(args []string, now time.Time) error {
	if err := o.checkPaths(args); err != nil {
		return err
	}
	if err := o.checkValues(); err != nil {
		return err
	}
	if err := cmp.Or(o.wait.check(), o.caption.check(), o.removal.check(slices.Contains(args, "-")), o.checkWatch(args)); err != nil {
		return err
	}
	if err := o.share.check(*o, now); err != nil {
		return err
	}
	if err := o.read(now); err != nil {
		return err
	}
	if err := o.from.check(); err != nil {
		return err
	}
	return checkDescription(o.desc)
}

func badUsage(msg, hint string) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: msg, Hint: hint}
}

// checkPaths refuses options that do not fit the paths.
func (o *uploadOptions) checkPaths(args []string) error {
	stdin := slices.Contains(args, "-")
	sources := 0
	for _, given := range []bool{len(args) > 0, o.from.file != "", o.retry != ""} {
		if given {
			sources++
		}
	}
	switch {
	case sources > 1:
		return badUsage("PATH, --from and --retry-failed cannot be combined", "use two commands")
	case o.choice.flag() != "" && (stdin || len(args) == 0):
		return badUsage(o.choice.flag()+" applies only to folders", "give a folder as PATH, or omit it")
	case stdin:
		return o.checkStdin(args)
	case o.name != "":
		return badUsage("--name needs -", "a file keeps its own name")
	}
	return nil
}

// checkStdin checks the options of an upload from stdin.
func (o *uploadOptions) checkStdin(args []string) error {
	switch {
	case len(args) > 1:
		return badUsage("'-' cannot be combined with other paths", "it is one photo's bytes; upload the other paths with another command")
	case o.name == "":
		return badUsage("- needs --name", "for example: photos upload - --name beach.jpg <beach.jpg")
	case len(o.name) > photo.MaxName:
		return badUsage(fmt.Sprintf("--name is longer than %d bytes", photo.MaxName), "")
	}
	return nil
}

// checkValues refuses values that are not valid.
func (o *uploadOptions) checkValues() error {
	switch {
	case o.jobs < 1 || o.jobs > maxJobs:
		return badUsage(fmt.Sprintf("--jobs must be from 1 to %d", maxJobs), "")
	case o.maxErrors < 0:
		return badUsage("--max-errors must not be negative", "0 never stops")
	case !slices.Contains([]transfer.IfExists{transfer.Fill, transfer.Skip, transfer.Replace, transfer.Fail}, transfer.IfExists(o.ifExists)):
		return badUsage("--if-exists: "+quote(o.ifExists)+" is not a valid choice", "it is fill, skip, replace or fail")
	}
	return nil
}

// parseRate reads a limit of bytes per second. An empty one is none, which is 0.
func parseRate(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	rate, err := photo.ParseSize(s)
	if err != nil || rate == 0 {
		return 0, &photo.Error{Kind: photo.KindUsage, Msg: quote(s) + " is not a size like 500k, 5M or 5MiB", Hint: "it is in bytes per second"}
	}
	return int64(rate), nil
}

// useDefaults takes what the call does not say from the settings.
func (o *uploadOptions) useDefaults(set settings, given func(flag string) bool) {
	if set.Jobs > 0 && !given("jobs") {
		o.jobs = set.Jobs
	}
	if !given("bwlimit") {
		o.bwlimit = set.BWLimit
	}
}

// read parses the values of options.
func (o *uploadOptions) read(now time.Time) (err error) {
	if err := o.choice.read(now); err != nil {
		return err
	}
	if o.tags, err = normalizeTags("--tag", o.tags); err != nil {
		return err
	}
	if o.sources, err = sidecar.Parse(o.descFrom); err != nil {
		return fmt.Errorf("--desc-from: %w", err)
	}
	if o.rate, err = parseRate(o.bwlimit); err != nil {
		return fmt.Errorf("--bwlimit: %w", err)
	}
	return nil
}

func upload(ctx context.Context, e *env, args []string, o uploadOptions) error {
	if err := o.check(args, e.now()); err != nil {
		return err
	}
	u, err := o.start(ctx, e, args)
	if err != nil {
		return err
	}
	defer u.close()
	if o.watching.watch {
		return u.watchFolders(ctx, args)
	}
	if err := o.share.prepare(ctx, u.client, u.rep); err != nil {
		return err
	}
	files := archive.NewFiles()
	defer func() { _ = files.Close() }() // they were only read
	roots, err := o.openArchives(ctx, e, files, args)
	if err != nil {
		return err
	}
	items, rest, done, err := o.items(ctx, e, files, args)
	if err != nil {
		return err
	}
	defer done()
	sidecars := sidecar.NewIn(files, o.sources, roots...)
	sum, err := u.transfer(ctx, items, sidecars, u.rep.record)
	if err != nil {
		u.rep.addPending(&sum, rest())
	}
	u.rep.flush()
	if err == nil && !e.set.Quiet {
		warnOrphans(e, sidecars)
	}
	return o.share.finish(ctx, e, u.client, u.end(ctx, sum, err))
}

// many reports whether the call may upload more than one photo.
func (o uploadOptions) many(args []string) bool {
	if len(args) != 1 {
		return true // several paths, or a list
	}
	info, err := os.Stat(args[0])
	return args[0] != "-" && !archive.Named(args[0]) && (err != nil || !info.Mode().IsRegular())
}

// warnOrphans mentions the JSON files of a Takeout export whose photos are missing.
func warnOrphans(e *env, sidecars *sidecar.Finder) {
	n, first := sidecars.Orphans()
	if n == 0 {
		return
	}
	what := fmt.Sprintf("%d JSON files belong to photos that are not here, such as", n)
	if n == 1 {
		what = "a JSON file belongs to a photo that is not here:"
	}
	e.Warn("%s %s", what, first)
	e.Hint("give all parts of a Google Takeout export in one call")
}

// items returns the items of the call. rest returns the items of a list that were read but not
// begun when the run ended early. done closes the list and removes the temporary file.
func (o uploadOptions) items(ctx context.Context, e *env, files *archive.Files, args []string) (items iter.Seq[transfer.Item], rest func() []listItem, done func(), err error) {
	rest, nothing := func() []listItem { return nil }, func() {}
	scan := o.scanOptions(ctx, e, files)
	switch {
	case o.retry != "":
		if items, _, err = unfinished(o.retry); err == nil {
			items = transfer.ReadArchives(items, scan)
		}
		return items, rest, nothing, err
	case o.from.file != "":
		list, err := o.from.open(ctx, e, nil)
		if err != nil {
			return nil, nil, nil, err
		}
		return transfer.ReadArchives(o.fromList(list.all()), scan), list.rest, list.close, nil
	case args[0] == "-":
		file, remove, err := spool(newStdin(ctx, e.In))
		if err != nil {
			return nil, nil, nil, err
		}
		item := o.described(transfer.Item{Path: o.name, Spool: file, Name: o.name, Named: true})
		return slices.Values([]transfer.Item{item}), rest, remove, nil
	}
	return o.scanned(e, args, scan), rest, nothing, nil
}

// scanned yields the files that the paths mean, with what the call says about them.
func (o uploadOptions) scanned(e *env, paths []string, opts transfer.ScanOptions) iter.Seq[transfer.Item] {
	return func(yield func(transfer.Item) bool) {
		for i := range transfer.Scan(paths, opts) {
			if o.tagFolders {
				i.Tags = folderTags(e, i.Folder)
			}
			if !yield(o.described(i)) {
				return
			}
		}
	}
}

// scanOptions returns the options of a scan. A dry run and a verbose one say what is left out.
func (o uploadOptions) scanOptions(ctx context.Context, e *env, files *archive.Files) transfer.ScanOptions {
	opts := o.choice.options
	opts.Apart, opts.Archives, opts.Context = o.removal.moveTo, files, ctx
	opts.Unmatched = func(p *transfer.Pattern) { e.Warn("the pattern %s matched nothing", quote(p.String())) }
	opts.Note = func(path, why string) { e.Say("photos: %s not entered: %s", path, why) }
	if o.dryRun || e.set.Verbose {
		opts.LeftOut = func(path, why string) { e.Say("photos: %s left out: %s", path, why) }
	}
	return opts
}

// openArchives opens all archives of a call before the first photo is sent, because a sidecar may be in
// another one than its photo. It returns the paths where sidecars may be. The error of an archive that
// cannot be opened is that of its item.
func (o uploadOptions) openArchives(ctx context.Context, e *env, files *archive.Files, args []string) ([]string, error) {
	roots := args
	if o.retry != "" {
		_, paths, err := unfinished(o.retry)
		if err != nil {
			return nil, err
		}
		args = paths
	}
	for _, path := range transfer.Archives(args) {
		e.Detail("reading the entries of %s", path)
		_, _ = files.Archive(ctx, path)
		roots = append(slices.Clip(roots), path)
	}
	return roots, ctx.Err()
}

// folderTags returns the names of a folder and of those around it as tags. It leaves out names that
// cannot be tags.
func folderTags(e *env, folder string) []string {
	var tags []string
	for name := range strings.SplitSeq(folder, "/") {
		if t, err := tag.Normalize(name); err == nil {
			tags = append(tags, t)
		} else if folder != "" {
			e.Detail("the folder %s is not a tag: %v", quote(name), err)
		}
	}
	return tags
}

// described adds the description and the tags of the call to an item.
func (o uploadOptions) described(i transfer.Item) transfer.Item {
	i.Tags = append(i.Tags, o.tags...)
	if o.desc != "" {
		i.Description, i.Source = o.desc, photo.FromFlag
	}
	return i
}

// fromList makes items of a list. Its own descriptions take precedence over --desc.
func (o uploadOptions) fromList(list iter.Seq[listItem]) iter.Seq[transfer.Item] {
	return func(yield func(transfer.Item) bool) {
		for l := range list {
			if isEndOfRead(l.Err) && photo.KindOf(l.Err) == photo.KindInterrupted {
				return
			}
			i := o.described(transfer.Item{Path: l.Name, Named: true, Err: l.Err})
			if !photo.IsBlank(l.Description) {
				i.Description, i.Source = l.Description, photo.FromStdin
			}
			if !yield(i) {
				return
			}
		}
	}
}
