package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/command"
	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/transfer"
)

// captionOptions are the flags about a command that describes photos.
type captionOptions struct {
	line  string        // the command
	size  int           // the longer side of the picture that it gets, in pixels; 0: it gets the photo itself
	jobs  int           // commands at a time
	limit time.Duration // how long one may take

	prefix string // of the flags
	given  func(flag string) bool
}

const (
	defaultCommands    = 4
	defaultCommandTime = 5 * time.Minute
)

func (o *captionOptions) flags(f *pflag.FlagSet, prefix string) {
	o.prefix, o.given = prefix, f.Changed
	f.StringVar(&o.line, prefix+"with", "", "describe each photo with what this `command` prints, such as 'captioner {}'")
	f.IntVar(&o.size, prefix+"size", 0, "give the command a JPEG of at most 256, 512 or 1024 `pixels`; 0: the photo itself")
	f.IntVar(&o.jobs, prefix+"jobs", defaultCommands, "run this `number` of commands at a time")
	f.DurationVar(&o.limit, prefix+"time-limit", defaultCommandTime, "kill a command that takes longer than this `duration`")
}

// wanted reports whether the call has a command.
func (o captionOptions) wanted() bool { return o.given(o.prefix + "with") }

func (o captionOptions) check() error {
	for _, flag := range []string{"size", "jobs", "time-limit"} {
		if !o.wanted() && o.given(o.prefix+flag) {
			return badUsage("--"+o.prefix+flag+" needs --"+o.prefix+"with", "")
		}
	}
	switch {
	case !o.wanted():
		return nil
	case o.size != 0 && !slices.Contains(renditionSizes(), o.size):
		return badUsage(fmt.Sprintf("--%ssize must be 256, 512, 1024 or 0", o.prefix), "0 gives the command the photo itself")
	case o.jobs < 1 || o.jobs > maxJobs:
		return badUsage(fmt.Sprintf("--%sjobs must be from 1 to %d", o.prefix, maxJobs), "")
	case o.limit <= 0:
		return badUsage("--"+o.prefix+"time-limit must be longer than 0", "for example 90s")
	}
	return nil
}

// captioner describes photos with a command of the user.
type captioner struct {
	captionOptions
	command   command.Command
	client    *client.Client
	overwrite bool // also photos that have a description
}

// start finds the program. Commands get the signal of a closed pipe as usual until stop is called.
func (o captionOptions) start() (c *captioner, stop func(), err error) {
	parsed, err := command.Parse(o.line)
	if err != nil {
		return nil, nil, fmt.Errorf("--%swith: %w", o.prefix, err)
	}
	sweepSpools(spooledPhoto + ".*")
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE) // a signal that is ignored is ignored in commands too
	return &captioner{captionOptions: o, command: parsed}, func() { signal.Ignore(syscall.SIGPIPE) }, nil
}

// source returns the source of the descriptions.
func (c *captioner) source() photo.Source { return photo.FromCommand(c.command.Name()) }

// caption returns what the command says about a photo. local is a file with its bytes; without one
// they come from the service.
func (c *captioner) caption(ctx context.Context, p photo.Photo, local string) (string, error) {
	extension := cmp.Or(picture.Extension(p.MediaType), filepath.Ext(local))
	if c.size != 0 {
		extension = ".jpg"
	}
	f, remove, err := newSpool(spooledPhoto + extension)
	if err != nil {
		return "", &photo.Error{Kind: photo.KindUnreadable, Msg: "temporary file", Err: err}
	}
	defer remove()
	if err := c.fill(ctx, f, p, local); err != nil {
		return "", err
	}
	reader, err := onlyRead(f)
	if err != nil {
		return "", temporary(err)
	}
	defer reader.Close()
	text, err := c.command.Run(ctx, f.Name(), c.limit)
	if err != nil {
		return "", err
	}
	return text, checkDescription(text)
}

// fill writes the picture that the command gets.
func (c *captioner) fill(ctx context.Context, w io.Writer, p photo.Photo, local string) error {
	switch {
	case c.size != 0:
		small, err := c.client.Rendition(ctx, p.ID, c.size)
		if err == nil {
			_, err = w.Write(small)
		}
		return temporary(err)
	case local != "":
		return copyPhoto(ctx, w, local, p.ID)
	}
	return temporary(transfer.Stream(ctx, c.client, p, w))
}

// copyPhoto copies a local file that must still have the bytes of a photo.
func copyPhoto(ctx context.Context, w io.Writer, path string, id photo.ID) error {
	f, err := os.Open(path)
	if err != nil {
		return fileError(path, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(w, h), whileIn(ctx, f)); err != nil {
		return temporary(err)
	}
	if photo.ID(h.Sum(nil)) != id {
		return &photo.Error{Kind: photo.KindChanged, Msg: "the file changed after it was uploaded", Hint: "upload it again when nothing writes to it"}
	}
	return nil
}

// temporary gives the error of a write to a temporary file its kind.
func temporary(err error) error {
	var e *photo.Error
	if err == nil || errors.As(err, &e) || errors.Is(err, context.Canceled) {
		return err
	}
	return &photo.Error{Kind: photo.KindUnreadable, Msg: "temporary file", Err: err}
}

// describeItem runs the command for an item of a list. What it returns has the description, or why
// there is none.
func (c *captioner) describeItem(ctx context.Context, it listItem) listItem {
	if it.Err != nil {
		return it
	}
	p, err := it.find(ctx, c.client, livePhotos)
	if err != nil {
		it.Err = err
		return it
	}
	it.Photo = &p
	if p.Description != "" && !c.overwrite {
		it.Kept = true
		return it
	}
	text, err := c.caption(ctx, p, "")
	if err != nil {
		it.Err = err
		return it
	}
	it.Name, it.Description, it.Described, it.Source = p.ID.String(), text, true, c.source()
	if it.Version == nil && c.overwrite {
		it.Version = &p.Version
	}
	return it
}

// describeUploaded runs the command for a photo that was uploaded, unless it has a description.
func (c *captioner) describeUploaded(ctx context.Context, r transfer.Record) transfer.Record {
	if r.Description != "" || r.HasDescription && !c.overwrite {
		return r
	}
	text, changed, err := c.describeStored(ctx, r)
	switch {
	case err != nil:
		return notDone(r, "not described", err)
	case changed:
		r.Description, r.Source = text, c.source()
		if r.Outcome == photo.OutcomeExists {
			r.Outcome = photo.OutcomeDescribed
		}
	}
	return r
}

// describeStored runs the command for a photo that the service has, and sets the description.
func (c *captioner) describeStored(ctx context.Context, r transfer.Record) (text string, changed bool, err error) {
	p, err := knownPhoto(ctx, c.client, r.ID)
	if err != nil || p.Description != "" && !c.overwrite {
		return "", false, err
	}
	local := r.File()
	if r.Content != nil { // an entry of an archive, which is not kept
		local = ""
	}
	if text, err = c.caption(ctx, p, local); err != nil {
		return "", false, err
	}
	item := api.DescriptionItem{ID: p.ID, Description: text, Source: c.source(), OnlyIfEmpty: !c.overwrite}
	if c.overwrite {
		item.Version = &p.Version
	}
	results, err := c.client.Describe(ctx, []api.DescriptionItem{item})
	if err != nil {
		return "", false, err
	}
	return text, results[0].Changed, client.ProblemError(results[0].Problem)
}

// whileIn returns a reader that fails once ctx has ended.
func whileIn(ctx context.Context, r io.Reader) io.Reader { return &readerWhile{ctx, r} }

type readerWhile struct {
	ctx context.Context // Read has no parameter for it
	r   io.Reader
}

func (r *readerWhile) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
