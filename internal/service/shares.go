package service

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"photos/internal/filter"
	"photos/internal/photo"
	"photos/internal/store"
)

// ShareRows is what Shares needs of the metadata store.
type ShareRows interface {
	CreateShare(ctx context.Context, owner string, s photo.Share, hash store.ShareHash, photos []photo.ID) (photo.Share, error)
	Shares(ctx context.Context, owner string) ([]photo.Share, error)
	RevokeShare(ctx context.Context, owner, id string) error
	Share(ctx context.Context, hash store.ShareHash) (store.ShareUse, error)
	SharedPhotos(ctx context.Context, hash store.ShareHash, after int64, limit int) (store.SharedPage, error)
	SharedBefore(ctx context.Context, hash store.ShareHash, before int64, limit int) (store.SharedPage, error)
	SharedPhoto(ctx context.Context, owner string, hash store.ShareHash, id photo.ID) (photo.Photo, error)
	SharedNeighbors(ctx context.Context, owner string, hash store.ShareHash, id photo.ID) (before, after photo.ID, err error)
	Match(ctx context.Context, owner string, f photo.Filter, id photo.ID) (photo.Photo, error)
}

// Shares are links with which anyone can look at some photos.
type Shares struct {
	rows     ShareRows
	photos   *Photos
	limit    *shareLimit
	requests *Limiter
}

// NewShare is a share that is to be created: everything about it that the user chooses, and its
// photos unless it is live.
type NewShare struct {
	Key       RequestKey // without one, each request makes another share
	Title     string
	ExpiresAt time.Time
	Originals bool
	Live      bool
	Search    string
	By        photo.Order
	Photos    []photo.ID
}

// Create creates a share. It returns the secret part of its address, which is not stored: nobody
// can ask for it again. The same request with the same key returns the share that is there, with
// the end that it has.
func (s *Shares) Create(ctx context.Context, by Caller, n NewShare) (made photo.Share, token string, err error) {
	if err := n.check(); err != nil {
		return photo.Share{}, "", err
	}
	secret := newShareToken()
	if n.Key != "" {
		secret = repeatableToken(by.Owner, n)
	}
	made, err = s.rows.CreateShare(ctx, by.Owner, photo.Share{
		ID: newShareID(), Title: n.Title, ExpiresAt: n.ExpiresAt.UTC().Truncate(time.Microsecond), Originals: n.Originals, Live: n.Live, Search: n.Search, By: n.By,
	}, secret.hash(), n.Photos)
	if err != nil {
		return photo.Share{}, "", err
	}
	return made, string(secret), nil
}

// newShareID returns a random ID.
func newShareID() string { return strings.ToLower(rand.Text()[:photo.ShareIDLength]) }

// check refuses what makes no sense, and names each photo once.
func (n *NewShare) check() error {
	if err := n.Key.check(); err != nil {
		return err
	}
	n.Title = strings.TrimSpace(n.Title)
	switch {
	case n.ExpiresAt.IsZero():
		return &photo.Error{Kind: photo.KindUsage, Msg: "a link needs a time at which it ends", Hint: "give expires_at"}
	case len(n.Title) > photo.MaxShareTitle:
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("the title is longer than %d bytes", photo.MaxShareTitle)}
	case !utf8.ValidString(n.Title), strings.ContainsFunc(n.Title, unicode.IsControl):
		return &photo.Error{Kind: photo.KindUsage, Msg: "the title is not one line of UTF-8"}
	case n.Live:
		return n.checkLive()
	case n.Search != "" || n.By != "":
		return &photo.Error{Kind: photo.KindUsage, Msg: "only a live link has a filter", Hint: "name the photos, or set live"}
	}
	n.By, n.Photos = photo.ByUploaded, once(n.Photos)
	switch {
	case len(n.Photos) == 0:
		return &photo.Error{Kind: photo.KindUsage, Msg: "there is no photo to share", Hint: "name one or more photos"}
	case len(n.Photos) > photo.MaxShared:
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%d photos are too many for one link", len(n.Photos)), Hint: fmt.Sprintf("a link has at most %d", photo.MaxShared)}
	}
	return nil
}

func (n *NewShare) checkLive() error {
	if n.By == "" {
		n.By = photo.ByUploaded
	}
	switch {
	case len(n.Photos) > 0:
		return &photo.Error{Kind: photo.KindUsage, Msg: "a live link has a filter instead of photos", Hint: "name the photos, or give search"}
	case photo.IsBlank(n.Search), len(n.Search) > filter.MaxText:
		return &photo.Error{Kind: photo.KindUsage, Msg: "a live link needs a filter", Hint: fmt.Sprintf("give search, with at most %d bytes", filter.MaxText)}
	case n.By != photo.ByUploaded && n.By != photo.ByTaken:
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("unknown order %.20q", n.By), Hint: "uploaded or taken"}
	}
	q, err := filter.Of(photo.Filter{Search: n.Search})
	if err == nil && q.InTrash() {
		err = &photo.Error{Kind: photo.KindUsage, Msg: "photos in the trash cannot be shared", Hint: "restore them first"}
	}
	return err
}

// once returns each of the photos once, in the order of ids.
func once(ids []photo.ID) []photo.ID {
	seen := make(map[photo.ID]bool, len(ids))
	var all []photo.ID
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			all = append(all, id)
		}
	}
	return all
}

// List lists the shares of the caller's owner, the newest first. Those that have ended stay in it
// for a while, after all others.
func (s *Shares) List(ctx context.Context, by Caller) ([]photo.Share, error) {
	return s.rows.Shares(ctx, by.Owner)
}

// Revoke ends a share at once.
func (s *Shares) Revoke(ctx context.Context, by Caller, id string) error {
	return s.rows.RevokeShare(ctx, by.Owner, id)
}
