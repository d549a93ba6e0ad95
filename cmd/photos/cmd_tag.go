package main

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"photos/internal/api"
	"photos/internal/batch"
	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/tag"
	"photos/internal/term"
	"photos/internal/text"
)

// outcomeTagged is the outcome of a photo whose tags were changed.
const outcomeTagged photo.Outcome = "tagged"

type tagOptions struct {
	add, remove []string
	dryRun      bool
	photos      selection
}

func newTag(e *env) *cobra.Command {
	var o tagOptions
	c := &cobra.Command{
		Use:   "tag [PHOTO... | --search FILTER]",
		Short: "Add tags to photos and remove them, or list all tags",
		Long: `Add tags to photos and remove them. Without photos, list all tags and how many
photos have each. Photos in the trash are not counted.

A tag is one word or several, such as "summer 2024". Case does not matter.
Adding a tag that a photo has already changes nothing. Removing a tag that it
does not have changes nothing either.

'photos help describe' explains PHOTO, and photos list explains --search. A
filter that only excludes photos, such as -beach, also needs --all.`,
		Example: `  photos tag
  photos tag beach.jpg 3f9a11c2 --add holiday --add "summer 2024"
  photos tag --search taken:2024-07 --add holiday --remove inbox --dry-run
  photos list --search ring --quiet | photos tag --from - --add wedding`,
		Args: func(cmd *cobra.Command, args []string) error {
			if o.lists(args) {
				return nil
			}
			return o.photos.check(e, cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.lists(args) {
				return listTags(cmd.Context(), e)
			}
			if err := o.check(); err != nil {
				return err
			}
			return tagPhotos(cmd.Context(), e, args, o)
		},
	}
	f := c.Flags()
	f.Var((*textList)(&o.add), "add", "add this `tag`; may be repeated")
	f.Var((*textList)(&o.remove), "remove", "remove this `tag`; may be repeated")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would happen, and change nothing")
	o.photos.flags(c, "PHOTOs")
	o.photos.flagAll(c)
	return c
}

// lists reports whether the call is about all tags instead of photos.
func (o *tagOptions) lists(args []string) bool {
	return len(args)+len(o.add)+len(o.remove) == 0 && o.photos.from.file == "" && !o.photos.filter.narrows() && !o.photos.all && !o.dryRun
}

// check brings the tags into their one form, and refuses what is not a tag.
func (o *tagOptions) check() (err error) {
	if o.add, err = normalizeTags("--add", o.add); err != nil {
		return err
	}
	if o.remove, err = normalizeTags("--remove", o.remove); err != nil {
		return err
	}
	if len(o.add)+len(o.remove) == 0 {
		return badUsage("tag: no --add and no --remove given", "photos list --fields id,tags shows the tags of photos")
	}
	for _, t := range o.add {
		if slices.Contains(o.remove, t) {
			return badUsage("the tag "+quote(t)+" cannot be added and removed", "")
		}
	}
	return nil
}

func normalizeTags(flag string, tags []string) ([]string, error) {
	tags, err := tag.NormalizeAll(tags)
	if err != nil {
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: flag + ": " + err.Error(), Hint: photo.HintOf(err)}
	}
	if len(tags) > photo.MaxTags {
		return nil, badUsage(flag+": "+strconv.Itoa(len(tags))+" tags", "a photo may have "+strconv.Itoa(photo.MaxTags))
	}
	return tags, nil
}

// tagPhotos changes the tags of photos, those of many with one request.
func tagPhotos(ctx context.Context, e *env, args []string, o tagOptions) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	rep, err := newChangeReport(e, true, o.dryRun)
	if err != nil {
		return err
	}
	rep.stop = stop
	rep.sentence = func(p photo.Photo) string { return o.sentence(p, rep.outcomes[outcomeTagged] > 0) }
	c, err := e.connect()
	if err != nil {
		return err
	}
	list, err := o.photos.open(ctx, e, c, args)
	if err != nil {
		return err
	}
	defer list.close()
	t := tagger{o, rep, c}
	limits := batch.Limits{Size: photo.MaxDescribe, Idle: describeIdle, Age: describeAge}
	for targets := range batch.Of(t.targets(ctx, list.all()), limits) {
		t.apply(ctx, targets)
	}
	return rep.finish()
}

// sentence returns the message about the only photo of a call.
func (o tagOptions) sentence(p photo.Photo, changed bool) string {
	tags := "no tags"
	if len(p.Tags) > 0 {
		tags = "the tags " + text.Line(showTags(p.Tags))
	}
	switch {
	case !changed:
		return text.Line(p.Name) + " already has " + tags
	case o.dryRun:
		return text.Line(p.Name) + " would have " + tags
	}
	return text.Line(p.Name) + " has " + tags
}

// tagger changes the tags of many photos with one request.
type tagger struct {
	tagOptions
	*changeReport
	client *client.Client
}

// targets finds photos while the tags of earlier ones are changed. The caller must receive all
// of them.
func (t *tagger) targets(ctx context.Context, items iter.Seq[listItem]) <-chan target {
	found := make(chan target)
	go func() {
		defer close(found)
		for it := range items {
			x := target{listItem: it, edit: edit{show: t.dryRun}, err: it.Err}
			if x.err == nil {
				d := describer{client: t.client}
				x.photo, x.err = d.find(ctx, x)
			}
			found <- x
		}
	}()
	return found
}

// apply changes the tags of a batch of photos.
func (t *tagger) apply(ctx context.Context, batch []target) {
	var ready []target
	var ids []photo.ID
	for _, x := range batch {
		switch {
		case t.over():
			t.pending(x.listItem)
		case x.err != nil:
			t.fail(x.listItem, x.err)
		case t.dryRun:
			t.foresee(x)
		default:
			ready, ids = append(ready, x), append(ids, x.photo.ID)
		}
	}
	if len(ready) == 0 {
		return
	}
	results := make([]api.DescriptionResult, len(ready))
	if !t.over() {
		var err error
		if results, err = t.client.Tag(ctx, ids, t.tagOptions.add, t.remove); err != nil {
			t.end(err)
		}
	}
	for i, x := range ready {
		if t.over() {
			t.pending(x.listItem)
			continue
		}
		t.reportResult(x, results[i])
	}
}

// foresee reports what a call without --dry-run would do.
func (t *tagger) foresee(x target) {
	changed, err := photo.Edit{AddTags: t.tagOptions.add, RemoveTags: t.remove}.Apply(&x.photo)
	if err != nil {
		t.fail(x.listItem, err)
		return
	}
	t.done(x.listItem, x.photo, tagOutcome(changed))
}

func (t *tagger) reportResult(x target, r api.DescriptionResult) {
	if err := x.failure(r); err != nil {
		t.fail(x.listItem, err)
		return
	}
	t.done(x.listItem, r.Photo.Photo(), tagOutcome(r.Changed))
}

func tagOutcome(changed bool) photo.Outcome {
	if changed {
		return outcomeTagged
	}
	return outcomeUnchanged
}

// showTags returns tags as a column shows them.
func showTags(tags []string) string { return strings.Join(tags, ", ") }

func tagColumns() []term.Column[api.Tag] {
	return []term.Column[api.Tag]{
		{Name: "tag", Text: func(t api.Tag) string { return t.Tag }, Share: 1, Tint: always[api.Tag](term.Key)},
		{Name: "photos", Right: true, Text: func(t api.Tag) string { return strconv.FormatInt(t.Photos, 10) }, Least: len("PHOTOS")},
		{
			Name: "bytes", Right: true, Text: func(t api.Tag) string { return strconv.FormatInt(t.Bytes, 10) }, Show: func(t api.Tag) string { return text.Bytes(t.Bytes) },
			Head: "SIZE", Least: len("1.23 MB"),
		},
	}
}

// listTags prints all tags.
func listTags(ctx context.Context, e *env) error {
	return printEach(e, tagColumns(), func(c *client.Client) iter.Seq2[api.Tag, error] { return c.Tags(ctx) }, "")
}
