package main

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/spf13/pflag"

	"photos/internal/photo"
)

// withOptions are the flags of describe that concern a command.
type withOptions struct {
	caption           captionOptions
	overwrite, review bool
}

func (o *withOptions) flags(f *pflag.FlagSet) {
	o.caption.flags(f, "")
	f.BoolVar(&o.overwrite, "overwrite", false, "with --with: also replace descriptions that photos have")
	f.BoolVar(&o.review, "review", false, "with --with: show the descriptions in your editor before they are set")
}

// run returns how a call uses its client.
func (o withOptions) run() run {
	if o.caption.wanted() {
		return run{outage: defaultWaitService} // it may take hours
	}
	return run{}
}

// checkWith refuses flags that cannot be combined with --with, or need it.
func (o describeOptions) checkWith() error {
	if err := o.caption.check(); err != nil {
		return err
	}
	if !o.caption.wanted() {
		switch {
		case o.overwrite:
			return badUsage("--overwrite needs --with", "")
		case o.review:
			return badUsage("--review needs --with", "--edit shows descriptions that photos have")
		}
		return nil
	}
	switch {
	case o.set || o.clear || o.inEditor || o.history || o.undo || o.ifVersion != 0:
		return badUsage("--with cannot be combined with another change or --history", "use two commands")
	case o.photos.from.describes():
		return exclude("--with", "--from-format "+o.photos.from.format)
	case o.overwrite && o.ifEmpty:
		return exclude("--overwrite", "--if-empty")
	case o.review && o.dryRun:
		return exclude("--review", "--dry-run")
	}
	return nil
}

// describeWith describes photos with a command.
func describeWith(ctx context.Context, e *env, args []string, o describeOptions) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	command, end, err := o.caption.start()
	if err != nil {
		return err
	}
	defer end()
	o.ifEmpty = !o.overwrite
	c, list, rep, err := o.begin(ctx, e, args, stop)
	if err != nil {
		return err
	}
	defer list.close()
	command.client, command.overwrite = c, o.overwrite
	rep.cards, rep.refusalEnds, rep.tells = false, true, true
	d := describer{describeOptions: o, client: c, changeReport: rep}
	run := func(items iter.Seq[listItem]) iter.Seq[listItem] {
		return parallel(items, o.caption.jobs, func(it listItem) listItem { return command.describeItem(ctx, it) })
	}
	if o.review {
		return reviewDescriptions(ctx, e, d, list, run)
	}
	d.describeAll(ctx, run(list.all()))
	d.sayKept()
	return rep.finish()
}

const reviewHelp = `# One line per photo: its ID, its [name], and the description that the command
# printed. Save and leave the editor to set these descriptions. You may change
# them. A photo whose line you remove is not described. A new line inside a
# description is written \n, and a backslash \\. Lines that begin with # are ignored.
`

// reviewDescriptions runs the command for all photos, shows the user what it says, and sets the
// descriptions that the user leaves in the editor.
func reviewDescriptions(ctx context.Context, e *env, d describer, list *itemList, run func(iter.Seq[listItem]) iter.Seq[listItem]) error {
	if n := len(list.collect()); n > maxEdited {
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("more than %d photos", maxEdited), Hint: "choose fewer, for example with --limit"}
	}
	var described, others []listItem
	for it := range run(list.all()) {
		switch {
		case it.Err != nil || it.Kept:
			others = append(others, it)
		case !slices.ContainsFunc(described, func(d listItem) bool { return d.Photo.ID == it.Photo.ID }):
			described = append(described, it)
		}
	}
	d.describeAll(ctx, slices.Values(others)) // reports them
	if len(described) == 0 || d.over() {
		for _, it := range described {
			d.pending(it)
		}
		return d.finish()
	}
	draft, err := newDraft("descriptions.txt", reviewText(described))
	if err != nil {
		return err
	}
	written, err := draft.edit(ctx, e)
	if err == nil {
		err = d.setReviewed(ctx, string(written), described)
	}
	if err != nil {
		e.Say("photos: the descriptions are in %s", draft.path)
		return err
	}
	draft.remove()
	return nil
}

// reviewText returns the text that the user reviews.
func reviewText(described []listItem) []byte {
	return append([]byte(reviewHelp), editLines(proposed(described))...)
}

// proposed returns the photos with the descriptions that the command printed.
func proposed(described []listItem) []photo.Photo {
	photos := make([]photo.Photo, len(described))
	for i, it := range described {
		photos[i] = *it.Photo
		photos[i].Description = it.Description
	}
	return photos
}

// setReviewed sets the descriptions that the user left. One that the user changed is the user's own.
func (d *describer) setReviewed(ctx context.Context, written string, described []listItem) error {
	lines, err := editedLines(written, proposed(described))
	if err != nil {
		return err
	}
	var items []listItem
	for _, it := range described {
		i := slices.IndexFunc(lines, func(l edited) bool { return l.photo.ID == it.Photo.ID })
		if i < 0 || photo.IsBlank(lines[i].text) {
			d.done(it, *it.Photo, outcomeUnchanged)
			continue
		}
		source := it.Source
		if lines[i].text != it.Description {
			source = photo.FromFlag
		}
		item := lines[i].item(source)
		item.Index = it.Index
		items = append(items, item)
	}
	d.describeAll(ctx, slices.Values(items))
	d.sayKept()
	return d.finish()
}
