package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"photos/internal/api"
	"photos/internal/batch"
	"photos/internal/client"
	"photos/internal/photo"
)

type describeOptions struct {
	desc       string
	set, clear bool
	inEditor   bool
	dryRun     bool
	keepOrder  bool
	photos     selection
	historyOptions
	withOptions
}

func newDescribe(e *env) *cobra.Command {
	var o describeOptions
	c := &cobra.Command{
		Use:   "describe PHOTO... | --search FILTER",
		Short: "Show everything known about photos, or set their description",
		Long: `Show everything known about photos, or set their description.

A PHOTO is a photo's ID or a local file. photos computes the ID of a local file
from its bytes. Instead of all 64 hex digits of an ID, you can give the first 8
or more.

--with describes photos with a command, such as --with 'captioner {}'. It runs
once per photo, and what it prints becomes the description. {} stands for a
private file with the photo, or with a JPEG of the --size. No shell runs the
command: quotes work, but nothing is expanded. A photo that has a description is
left out, except with --overwrite. --dry-run runs the commands and changes
nothing. --review shows all descriptions in your editor before they are set.

Earlier descriptions are kept until the photo is purged from the trash: the last
20, and always the last one that you wrote yourself. --history shows them.
--undo goes back one step, and a second --undo goes back one more. The
description that was undone is also kept.`,
		Example: `  photos describe beach.jpg
  photos describe 3f9a11c2 --desc "Sunset over the bay"
  photos describe beach.jpg --clear
  photos describe beach.jpg --undo
  photos describe --search is:undescribed --edit
  photos describe --search is:undescribed --with 'captioner {}' --size 1024
  printf 'beach.jpg\tSunset\n' | photos describe --from - --from-format tsv`,
		Args: func(cmd *cobra.Command, args []string) error { return o.photos.check(e, cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			o.set = cmd.Flags().Changed("desc")
			if err := o.checkHistory(cmd, args); err != nil {
				return err
			}
			if err := cmp.Or(o.check(), o.checkWith()); err != nil {
				return err
			}
			if !o.edits() && o.photos.from.file != "-" { // a list on stdin may come slowly
				defer e.page()()
			}
			switch {
			case o.inEditor:
				return editDescriptions(cmd.Context(), e, args, o)
			case o.caption.wanted():
				return describeWith(cmd.Context(), e, args, o)
			case o.history:
				return showHistory(cmd.Context(), e, args, o)
			case o.undo:
				return undoDescriptions(cmd.Context(), e, args, o)
			}
			return describe(cmd.Context(), e, args, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.desc, "desc", "", "set the description to this `text`")
	f.BoolVar(&o.inEditor, "edit", false, "edit the descriptions in your editor, one line per photo")
	f.BoolVar(&o.clear, "clear", false, "erase the description")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would happen, and change nothing")
	f.BoolVar(&o.keepOrder, "keep-order", false, "print the results in the order of the photos")
	o.historyOptions.flags(c)
	o.withOptions.flags(f)
	o.photos.flags(c, "PHOTOs, and with tsv, jsonl or csv also their descriptions,")
	o.photos.flagAll(c)
	return c
}

// edits reports whether the call changes descriptions.
func (o describeOptions) edits() bool {
	return o.set || o.clear || o.undo || o.inEditor || o.caption.wanted() || o.photos.from.describes()
}

func (o describeOptions) check() error {
	switch {
	case o.inEditor && (o.set || o.clear || o.history || o.undo || o.ifEmpty || o.ifVersion != 0):
		return &photo.Error{Kind: photo.KindUsage, Msg: "--edit cannot be combined with another change or --history", Hint: "use two commands"}
	case o.inEditor && o.photos.from.describes():
		return exclude("--edit", "--from-format "+o.photos.from.format)
	case o.set && o.clear:
		return exclude("--desc", "--clear")
	case o.set && photo.IsBlank(o.desc):
		return &photo.Error{Kind: photo.KindUsage, Msg: "--desc is empty", Hint: "--clear erases a description"}
	case o.dryRun && !o.edits():
		return &photo.Error{Kind: photo.KindUsage, Msg: "--dry-run needs a change", Hint: "use it with --desc, --clear, --undo, --with or descriptions in --from"}
	}
	return checkDescription(o.desc)
}

func describe(ctx context.Context, e *env, args []string, o describeOptions) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	c, list, rep, err := o.begin(ctx, e, args, stop)
	if err != nil {
		return err
	}
	defer list.close()
	d := describer{describeOptions: o, client: c, changeReport: rep}
	d.describeAll(ctx, list.all())
	d.sayKept()
	return rep.finish()
}

// describer shows photos, or sets the descriptions of many with one request.
type describer struct {
	describeOptions
	*changeReport
	client *client.Client
}

// describeAll shows or describes all items.
func (d *describer) describeAll(ctx context.Context, items iter.Seq[listItem]) {
	limits := batch.Limits{Size: photo.MaxDescribe, Idle: describeIdle, Age: describeAge}
	for targets := range batch.Of(d.targets(ctx, items), limits) {
		d.apply(ctx, targets)
	}
}

// begin prepares a call that reports the result of each photo. stop ends the run.
func (o describeOptions) begin(ctx context.Context, e *env, args []string, stop func()) (*client.Client, *itemList, *changeReport, error) {
	rep, err := newChangeReport(e, o.edits(), o.dryRun)
	if err != nil {
		return nil, nil, nil, err
	}
	rep.stop, rep.cards = stop, len(args) == 1
	rep.order = newInOrder(o.keepOrder, func(c change) int { return c.item.Index })
	c, err := e.connectFor(o.run())
	if err != nil {
		return nil, nil, nil, err
	}
	list, err := o.photos.open(ctx, e, c, args)
	if err == nil {
		list.items = numbered(list.items, func(it *listItem, n int) { it.Index = n })
	}
	return c, list, rep, err
}

// How long a description may wait for others that are sent with the same request.
const (
	describeIdle = 200 * time.Millisecond
	describeAge  = 500 * time.Millisecond
)

// edit is what a call does with one photo.
type edit struct {
	show   bool // it only shows the photo
	none   bool // the line has an empty description, which must not erase one
	text   string
	source photo.Source
}

// editOf decides what to do with an item. A description in the list takes precedence over the
// flags, unless it is empty.
func (d *describer) editOf(it listItem) edit {
	switch {
	case it.Described && !photo.IsBlank(it.Description):
		return edit{text: it.Description, source: cmp.Or(it.Source, photo.FromStdin)}
	case d.set:
		return edit{text: d.desc, source: photo.FromFlag}
	case d.clear:
		return edit{}
	}
	return edit{show: !it.Described, none: it.Described}
}

// target is an item and the photo that it means.
type target struct {
	listItem
	edit
	photo photo.Photo // only its ID is known, unless it is shown
	err   error
}

// targets finds photos while earlier ones are described. The caller must receive all of them.
func (d *describer) targets(ctx context.Context, items iter.Seq[listItem]) <-chan target {
	found := make(chan target)
	go func() {
		defer close(found)
		for it := range items {
			t := target{listItem: it, edit: d.editOf(it), err: it.Err}
			if t.err == nil {
				t.photo, t.err = d.find(ctx, t)
			}
			found <- t
		}
	}()
	return found
}

// find returns the photo. If it is only to be described, its ID is enough, and the service is
// not asked.
func (d *describer) find(ctx context.Context, t target) (photo.Photo, error) {
	if err := ctx.Err(); err != nil {
		return photo.Photo{}, err
	}
	if !t.show {
		if id, err := photo.ParseID(t.Name); err == nil {
			return photo.Photo{ID: id}, nil
		}
		if !photo.IsHex(t.Name) {
			id, err := fileID(ctx, t.Name)
			return photo.Photo{ID: id}, err
		}
	}
	return t.listItem.find(ctx, d.client, livePhotos)
}

// apply shows or describes a batch of photos.
func (d *describer) apply(ctx context.Context, batch []target) {
	var set []target
	for _, t := range batch {
		switch {
		case d.over():
			d.pending(t.listItem)
		case t.err != nil:
			d.fail(t.listItem, t.err)
		case t.Kept:
			d.done(t.listItem, *t.Photo, outcomeKept)
		case t.show:
			d.done(t.listItem, t.photo, outcomeShown)
		default:
			set = append(set, t)
		}
	}
	if len(set) == 0 {
		return
	}
	results := make([]api.DescriptionResult, len(set))
	if !d.over() {
		items := make([]api.DescriptionItem, len(set))
		for i, t := range set {
			items[i] = d.request(t)
		}
		var err error
		if results, err = d.client.Describe(ctx, items); err != nil {
			d.end(err)
		}
	}
	for i, t := range set {
		if d.over() {
			d.pending(t.listItem)
			continue
		}
		d.reportResult(ctx, t, results[i])
	}
}

// request returns an item of the request. An item with an empty text and OnlyIfEmpty changes
// nothing, and the service answers with the photo.
func (d *describer) request(t target) api.DescriptionItem {
	item := api.DescriptionItem{ID: t.photo.ID, Description: t.text, Source: t.source, OnlyIfEmpty: d.ifEmpty, Version: t.Version}
	if v := d.version(); v != nil {
		item.Version = v
	}
	if t.none || d.dryRun {
		item.Description, item.OnlyIfEmpty = "", true
	}
	return item
}

// reportResult reports the service's answer about one photo.
func (d *describer) reportResult(ctx context.Context, t target, r api.DescriptionResult) {
	if err := t.failure(r); err != nil {
		if photo.KindOf(err) == photo.KindNotFound {
			err = inTrashOr(ctx, d.client, t.photo.ID.String(), err)
		}
		d.fail(t.listItem, err)
		return
	}
	p, before := r.Photo.Photo(), r.Photo.Description
	switch {
	case t.none, before == t.text && !r.Changed:
		d.done(t.listItem, p, outcomeUnchanged)
		return
	case d.ifEmpty && before != "" && !r.Changed:
		d.done(t.listItem, p, outcomeKept)
		return
	}
	if p.Description, p.DescriptionSource = t.text, t.source; t.text == "" {
		d.done(t.listItem, p, outcomeErased)
		return
	}
	d.done(t.listItem, p, photo.OutcomeDescribed)
}

// failure returns why the photo of a target was not described, or nil.
func (t target) failure(r api.DescriptionResult) error {
	err := client.ProblemError(r.Problem)
	switch {
	case photo.KindOf(err) == photo.KindNotFound:
		return errNoPhoto()
	case err != nil:
		return err
	case r.Photo == nil:
		return &photo.Error{Kind: photo.KindProtocol, Msg: "the answer has no photo"}
	case t.none && r.Photo.Description != "":
		return &photo.Error{Kind: photo.KindUsage, Msg: "the new description is empty, so the old one is kept", Hint: "--clear erases descriptions"}
	}
	return nil
}

// checkDescription refuses a text that is not a valid description before anything is sent.
func checkDescription(text string) error {
	switch {
	case !utf8.ValidString(text):
		return &photo.Error{Kind: photo.KindUsage, Msg: "the description is not valid UTF-8"}
	case len(text) > photo.MaxDescription:
		return &photo.Error{
			Kind: photo.KindUsage, Msg: fmt.Sprintf("the description is too long: %d bytes", len(text)),
			Hint: fmt.Sprintf("a description has at most %d bytes", photo.MaxDescription),
		}
	}
	return nil
}
