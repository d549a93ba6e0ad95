package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/filter"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/term"
)

// usualExpiry is how long a link works if the user does not say.
const usualExpiry = "7d"

type shareOptions struct {
	expires, title  string
	originals, live bool
	dryRun          bool
	photos          selection

	ends time.Time // what expires means
}

func newShare(e *env) *cobra.Command {
	var o shareOptions
	c := &cobra.Command{
		Use:   "share PHOTO... | --search FILTER",
		Short: "Make a link with which anyone can look at photos",
		Long: `Make a link with which anyone can look at photos without signing in, and print
its address. The page at this address shows smaller pictures without place, time
or camera, and the descriptions. It shows no file names. Nobody can look up the
address later: the service keeps only a hash of it.

The link shows the photos that are chosen now, also if a filter finds others
later. With --live it follows the filter. Photos in the trash are never shown.

--originals adds the files themselves. They contain everything that the camera
wrote into them, often the place and the time.

--expires takes a number of days or hours (7d, 12h), a day (the link works until
the end of it), or a time (RFC 3339). 'photos share revoke' ends a link at once.

'photos help describe' explains PHOTO, and 'photos help filters' explains
FILTER. You have to confirm that you share more than 10 photos that a filter
finds; --yes confirms.`,
		Example: `  photos share beach.jpg 3f9a11c2
  photos share --search "tag:wedding" --expires 30d --title "Our wedding"
  photos upload --share screenshot.png
  photos share list`,
		Args: func(cmd *cobra.Command, args []string) error { return o.photos.check(e, cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(e.now()); err != nil {
				return err
			}
			return share(cmd.Context(), e, args, o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.expires, "expires", usualExpiry, "`time` at which the link ends, such as 7d or 2027-01-31")
	f.StringVar(&o.title, "title", "", "show this `text` above the photos")
	f.BoolVar(&o.originals, "originals", false, "let people download the files too")
	f.BoolVar(&o.live, "live", false, "show what the filter finds when somebody looks")
	f.BoolVar(&o.dryRun, "dry-run", false, "print the photos that would be shared, and make no link")
	o.photos.flags(c, "PHOTOs")
	o.photos.flagAll(c)
	c.AddCommand(newShareList(e), newShareRevoke(e))
	return c
}

// check reads the options, and refuses those that make no sense.
func (o *shareOptions) check(now time.Time) (err error) {
	if o.ends, err = parseExpiry(true, o.expires, now); err != nil {
		return err
	}
	switch {
	case len(o.title) > photo.MaxShareTitle:
		return badUsage(fmt.Sprintf("--title is longer than %d bytes", photo.MaxShareTitle), "")
	case o.live && !o.photos.filter.narrows():
		return badUsage("--live needs a filter", "for example --search tag:wedding")
	case o.live && o.photos.filter.limit != 0:
		return badUsage("--live and --limit cannot be combined", "a live link shows all that its filter finds")
	}
	return nil
}

// share makes a link and prints its address. If one of the photos is not there, it makes none.
func share(ctx context.Context, e *env, args []string, o shareOptions) error {
	c, err := e.connect()
	if err != nil {
		return err
	}
	list, err := o.photos.open(ctx, e, c, args)
	if err != nil {
		return err
	}
	defer list.close()
	if o.dryRun {
		return showShared(ctx, e, c, list)
	}
	var ids []photo.ID
	photos := 0 // more than ids if one link cannot have them
	err = findShared(ctx, e, c, list, false, func(p photo.Photo) error {
		if photos++; !o.live && photos <= photo.MaxShared {
			ids = append(ids, p.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := o.confirm(ctx, e, photos); err != nil {
		return err
	}
	s := api.NewShare{Title: o.title, Originals: o.originals, ExpiresAt: o.ends, Photos: ids}
	if o.live {
		err = o.follow(&s, e.now())
	} else {
		err = checkShared(photos)
	}
	if err != nil {
		return err
	}
	return makeShare(ctx, e, c, s)
}

// findShared passes the photos of a call to do, each once. A filter may find more than fit into memory. An
// ID is not looked up, unless the photos are to be shown: the service refuses one that it does not have.
func findShared(ctx context.Context, e *env, c *client.Client, list *itemList, show bool, do func(photo.Photo) error) error {
	named := map[photo.ID]bool{}
	err := eachItem(e, list.all(), func(it listItem) error {
		var p photo.Photo
		id, err := photo.ParseID(it.Name)
		if p.ID = id; err != nil || it.Photo != nil || show {
			if p, err = it.find(ctx, c, livePhotos); err != nil {
				return err
			}
		}
		if it.Photo == nil { // a filter finds each photo once
			if named[p.ID] {
				return nil
			}
			named[p.ID] = true
		}
		return do(p)
	})
	if _, several := errors.AsType[reported](err); several {
		e.Say("photos: no link was made")
	}
	return err
}

// checkShared refuses a number of photos that one link cannot have.
func checkShared(photos int) error {
	switch {
	case photos == 0:
		return &photo.Error{Kind: photo.KindNotFound, Msg: "there is no photo to share", Hint: "'photos list' shows your photos"}
	case photos > photo.MaxShared:
		return badUsage(strconv.Itoa(photos)+" photos are too many for one link", fmt.Sprintf("a link has at most %d; --live has no limit", photo.MaxShared))
	}
	return nil
}

// follow makes the link one that follows the filter of the call.
func (o *shareOptions) follow(s *api.NewShare, now time.Time) error {
	f, err := o.photos.filter.filter(now)
	if err != nil {
		return err
	}
	q, err := filter.Of(f)
	if err != nil {
		return err
	}
	s.Live, s.Search, s.By = true, q.String(), f.By
	return nil
}

// showShared prints the photos that would be shared.
func showShared(ctx context.Context, e *env, c *client.Client, list *itemList) error {
	out, err := newPrinter(e, photoColumns(), func(p photo.Photo) any { return api.FromPhoto(p) })
	if err != nil {
		return err
	}
	photos := 0
	err = findShared(ctx, e, c, list, true, func(p photo.Photo) error {
		photos++
		return out.Print(p)
	})
	if err != nil {
		return cmp.Or(err, out.Close())
	}
	if !e.set.Quiet {
		e.Say("photos: %s would be shared", count(photos, "photo"))
	}
	return out.Close()
}

// confirm warns about what a link gives away, and asks about what the user may not have meant.
func (o *shareOptions) confirm(ctx context.Context, e *env, photos int) error {
	if o.originals {
		e.Warn("the original files contain everything that the camera wrote into them, often the place and the time")
	}
	const hint = "--yes answers the question, --dry-run shows what would be shared"
	switch {
	case e.set.Yes:
		return nil
	case o.photos.filter.narrows() && photos > confirmAbove:
		return e.Confirm(ctx, fmt.Sprintf("share %d photos with anyone who has the link?", photos), hint)
	case o.originals && e.Interactive():
		return e.Confirm(ctx, "share the original files?", hint)
	}
	return nil
}

// makeShare makes a link and prints its address.
func makeShare(ctx context.Context, e *env, c *client.Client, s api.NewShare) error {
	made, err := c.CreateShare(ctx, s)
	if err != nil {
		return err
	}
	err = printOnce(ctx, e, made, made.Address, func(ctx context.Context) error { return c.RevokeShare(ctx, made.ID) })
	if err != nil || e.set.Quiet {
		return err
	}
	what := "the link shows " + count(len(s.Photos), "photo")
	if s.Live {
		what = "the link follows the filter: it also shows photos that the filter finds later,"
	}
	e.Say("photos: %s until %s; photos share revoke %s ends it", what, showTime(made.ExpiresAt.Time), e.Word(made.ID))
	if at, err := url.Parse(made.Address); err == nil && httpkit.IsLoopback(at.Hostname()) {
		e.Warn("only this machine can open the link: %s is its own address", e.Word(at.Hostname()))
	}
	return nil
}

func newShareList(e *env) *cobra.Command {
	var ended bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List your links",
		Long: `List your links, the newest first. The ID names a link here and in
'photos share revoke'. It does not open the link, and nothing shows the address
of a link again. Links that have ended are listed with --ended for 90 days.`,
		Example: `  photos share list
  photos share list --ended --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return listShares(cmd.Context(), e, ended) },
	}
	c.Flags().BoolVar(&ended, "ended", false, "list also links that have expired or were revoked")
	return c
}

func shareColumns() []term.Column[api.Share] {
	photos := func(s api.Share) string {
		if s.Photos == nil {
			return ""
		}
		return strconv.FormatInt(*s.Photos, 10)
	}
	return []term.Column[api.Share]{
		{Name: "id", Text: func(s api.Share) string { return s.ID }, Tint: always[api.Share](term.Key), Least: photo.ShareIDLength},
		{Name: "state", Text: func(s api.Share) string { return string(s.State) }, Least: len(api.ShareRevoked)},
		{Name: "photos", Right: true, Text: photos, Least: len("PHOTOS")},
		{Name: "created_at", Text: func(s api.Share) string { return s.CreatedAt.String() }, Show: func(s api.Share) string { return showTime(s.CreatedAt.Time) }, Least: len(minutes)},
		{Name: "expires_at", Text: func(s api.Share) string { return s.ExpiresAt.String() }, Show: func(s api.Share) string { return showTime(s.ExpiresAt.Time) }, Least: len(minutes)},
		{Name: "title", Text: func(s api.Share) string { return s.Title }, Show: shownTitle, Share: 1},
		{Name: "originals", Extra: true, Text: func(s api.Share) string { return strconv.FormatBool(s.Originals) }},
		{Name: "live", Extra: true, Text: func(s api.Share) string { return strconv.FormatBool(s.Live) }},
		{Name: "search", Extra: true, Text: func(s api.Share) string { return s.Search }},
		{Name: "by", Extra: true, Text: func(s api.Share) string { return string(s.By) }},
		{Name: "revoked_at", Extra: true, Text: func(s api.Share) string { return s.RevokedAt.String() }},
	}
}

// shownTitle returns the title of a link for the user, or the filter of a live link without one.
func shownTitle(s api.Share) string {
	if s.Title == "" {
		return s.Search
	}
	return s.Title
}

func listShares(ctx context.Context, e *env, ended bool) error {
	shares := func(c *client.Client) ([]api.Share, error) {
		shares, err := c.Shares(ctx)
		return slices.DeleteFunc(shares, func(s api.Share) bool { return !ended && s.State != api.ShareActive }), err
	}
	return printList(e, shareColumns(), shares, "photos: there are no links; photos share PHOTO makes one")
}

func newShareRevoke(e *env) *cobra.Command {
	return &cobra.Command{
		Use:     "revoke ID...",
		Short:   "End links at once",
		Long:    `End links at once. Whoever opens the address then reads that the link has ended.`,
		Example: `  photos share revoke k3vq7x2a`,
		Args:    atLeastOne("ID"),
		RunE:    func(cmd *cobra.Command, args []string) error { return revokeShares(cmd.Context(), e, args) },
	}
}

func revokeShares(ctx context.Context, e *env, ids []string) error {
	c, err := e.connect()
	if err != nil {
		return err
	}
	t := tally{console: e.Console}
	for _, id := range ids {
		err := noSuchShare()
		if photo.ValidShareID(id) {
			err = c.RevokeShare(ctx, id)
		}
		if err != nil && photo.EndsRun(withKind(err)) {
			return err
		}
		if photo.KindOf(err) == photo.KindNotFound {
			err = noSuchShare()
		}
		if t.done(id, err); err == nil && !e.set.Quiet {
			e.Say("photos: the link %s has ended", id)
		}
	}
	return t.end()
}

func noSuchShare() error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: "no such link", Hint: "'photos share list' shows the IDs of your links"}
}
