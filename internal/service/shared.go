package service

import (
	"context"
	"strconv"
	"time"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

// Shared is a share that somebody looks at who has its address, and about whom nothing is known.
type Shared struct {
	photo.Share
	s     *Shares
	owner Caller
	hash  store.ShareHash
	seal  sealer
}

// SharedPhoto is what people with the address of a share may know of a photo. In particular it has
// neither a file name nor a place.
type SharedPhoto struct {
	Ref           string // names the photo in addresses of this share
	Description   string
	MediaType     string
	Width, Height int
	Look          photo.Look // without its digest
	Size          int64      // of the file; 0 unless the share has the files
}

// SharedPage is a page of the photos of a share.
type SharedPage struct {
	Photos []SharedPhoto
	Next   string // of the next page; empty at the end
	Prev   string // of the page before; empty at the start
}

// Open returns the share with a token. The error is of photo.KindNotFound when there never was
// one, as far as is known, of photo.KindGone when it has ended, and a *BusyError when it is
// opened too often.
func (s *Shares) Open(ctx context.Context, token string) (*Shared, error) {
	secret := shareToken(token)
	use, err := s.rows.Share(ctx, secret.hash())
	switch {
	case photo.KindOf(err) == photo.KindNotFound:
		return nil, &photo.Error{Kind: photo.KindNotFound, Msg: "there is no such link", Hint: "the address may be incomplete"}
	case err != nil:
		return nil, err
	case use.Disabled, use.Share.Ended:
		return nil, &photo.Error{Kind: photo.KindGone, Msg: "this link has ended", Hint: "ask for another one"}
	}
	if err := s.limit.take(secret.hash()); err != nil {
		return nil, err
	}
	return &Shared{Share: use.Share, s: s, owner: Caller{Owner: use.Owner}, hash: secret.hash(), seal: secret.sealer()}, nil
}

// Enter counts a request in progress until leave is called. Those who look at the shares of an owner have
// a limit of their own, so that they take no place of the owner's. Its error is a *BusyError.
func (v *Shared) Enter() (leave func(), err error) {
	return v.s.requests.Acquire("shares of " + v.owner.Owner)
}

// notShared is the error about a photo that the share does not show.
func notShared() error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: "this photo is not shared, or no longer"}
}

// List returns at most limit photos of the share, after the cursor of a page before.
func (v *Shared) List(ctx context.Context, cursor string, limit int) (SharedPage, error) {
	list := v.listFixed
	if v.Live {
		list = v.listLive
	}
	return v.page(ctx, cursor, limit, list)
}

// ListBefore returns the at most limit photos of the share just before a cursor, which is the Prev of
// a page.
func (v *Shared) ListBefore(ctx context.Context, cursor string, limit int) (SharedPage, error) {
	list := v.listFixedBefore
	if v.Live {
		list = v.listLiveBefore
	}
	return v.page(ctx, cursor, limit, list)
}

// page returns a page of a list. The list has cursors of its own, which nobody else may see.
func (v *Shared) page(ctx context.Context, cursor string, limit int, list func(context.Context, string, int) (photo.Page, error)) (page SharedPage, err error) {
	from, ok := v.seal.open(sealedCursor, cursor)
	if cursor != "" && !ok {
		return SharedPage{}, notShared()
	}
	found, err := list(ctx, string(from), limit)
	if err != nil {
		return SharedPage{}, err
	}
	for _, p := range found.Photos {
		page.Photos = append(page.Photos, v.visible(p))
	}
	if found.Next != "" {
		page.Next = v.seal.seal(sealedCursor, []byte(found.Next))
	}
	if found.Prev != "" {
		page.Prev = v.seal.seal(sealedCursor, []byte(found.Prev))
	}
	return page, nil
}

func (v *Shared) listLive(ctx context.Context, after string, limit int) (page photo.Page, err error) {
	err = v.search(ctx, func(ctx context.Context) error {
		page, err = v.s.photos.rows.List(ctx, v.owner.Owner, v.Filter(), after, limit)
		return err
	})
	return page, err
}

func (v *Shared) listLiveBefore(ctx context.Context, before string, limit int) (page photo.Page, err error) {
	err = v.search(ctx, func(ctx context.Context) error {
		page, err = v.s.photos.rows.ListBefore(ctx, v.owner.Owner, v.Filter(), before, limit)
		return err
	})
	return page, err
}

// search runs a query of a live share. It waits for a slot, of which a share has as many as an owner:
// people who look at a share at the same time wait for each other, and not its owner for them.
func (v *Shared) search(ctx context.Context, do func(context.Context) error) error {
	waiting, cancel := context.WithTimeout(ctx, v.s.photos.searchTime)
	defer cancel()
	release, err := v.s.photos.searches.Wait(waiting, "share "+v.ID)
	if err != nil {
		return &BusyError{false, time.Second, "the service is busy with other searches"}
	}
	defer release()
	return v.s.photos.inTime(ctx, narrowIt, do)
}

func (v *Shared) listFixed(ctx context.Context, after string, limit int) (photo.Page, error) {
	position, _ := strconv.ParseInt(after, 10, 64) // 0 means from the start
	return fixedPage(v.s.rows.SharedPhotos(ctx, v.hash, position, limit))
}

func (v *Shared) listFixedBefore(ctx context.Context, before string, limit int) (photo.Page, error) {
	position, _ := strconv.ParseInt(before, 10, 64) // nothing is before 0
	return fixedPage(v.s.rows.SharedBefore(ctx, v.hash, position, limit))
}

// fixedPage returns a page with positions as cursors.
func fixedPage(page store.SharedPage, err error) (photo.Page, error) {
	cursor := func(position int64) string {
		if position == 0 {
			return ""
		}
		return strconv.FormatInt(position, 10)
	}
	return photo.Page{Photos: page.Photos, Next: cursor(page.Next), Prev: cursor(page.Prev)}, err
}

// visible returns what may be known of a photo.
func (v *Shared) visible(p photo.Photo) SharedPhoto {
	shown := SharedPhoto{
		Ref: v.ref(p.ID), Description: p.Description, MediaType: p.MediaType, Width: p.Width, Height: p.Height,
		Look: photo.Look{Rendition: p.Look.Rendition, Color: p.Look.Color},
	}
	if v.Originals {
		shown.Size = p.Size
	}
	return shown
}

// ref returns the reference to a photo, or "" for a zero ID.
func (v *Shared) ref(id photo.ID) string {
	if id.IsZero() {
		return ""
	}
	return v.seal.seal(sealedPhoto, id[:])
}

// find returns the photo of a reference, if the share shows it now.
func (v *Shared) find(ctx context.Context, ref string) (p photo.Photo, err error) {
	raw, ok := v.seal.open(sealedPhoto, ref)
	var id photo.ID
	if !ok || len(raw) != len(id) {
		return p, notShared()
	}
	copy(id[:], raw)
	if v.Live {
		p, err = v.s.rows.Match(ctx, v.owner.Owner, v.Filter(), id)
	} else {
		p, err = v.s.rows.SharedPhoto(ctx, v.owner.Owner, v.hash, id)
	}
	return p, withoutID(err)
}

// withoutID returns an error that does not name the photo.
func withoutID(err error) error {
	switch photo.KindOf(err) {
	case photo.KindNotFound:
		return notShared()
	case photo.KindNoRendition:
		return &photo.Error{Kind: photo.KindNoRendition, Msg: "there is no picture of this photo"}
	}
	return err
}

// Photo returns a photo of the share.
func (v *Shared) Photo(ctx context.Context, ref string) (SharedPhoto, error) {
	p, err := v.find(ctx, ref)
	if err != nil {
		return SharedPhoto{}, err
	}
	return v.visible(p), nil
}

// Neighbors returns the references to the photos before and after a photo in the share. At an
// end one is empty.
func (v *Shared) Neighbors(ctx context.Context, ref string) (before, after string, err error) {
	p, err := v.find(ctx, ref)
	if err != nil {
		return "", "", err
	}
	var first, second photo.ID
	if v.Live {
		err = v.search(ctx, func(ctx context.Context) error {
			first, second, err = v.s.photos.rows.Neighbors(ctx, v.owner.Owner, v.Filter(), p.ID)
			return err
		})
	} else {
		first, second, err = v.s.rows.SharedNeighbors(ctx, v.owner.Owner, v.hash, p.ID)
	}
	return v.ref(first), v.ref(second), withoutID(err)
}

// Picture returns a JPEG of a photo of the share whose longer side has at most size pixels. It was
// made from the decoded picture, so it has none of the metadata of the file.
func (v *Shared) Picture(ctx context.Context, ref string, size int) ([]byte, error) {
	p, err := v.find(ctx, ref)
	if err != nil {
		return nil, err
	}
	picture, err := v.s.photos.Thumbnail(ctx, v.owner, p.ID, size)
	return picture, withoutID(err)
}

// Original returns a photo of the share and its file, which the caller closes, if the share has
// the files.
func (v *Shared) Original(ctx context.Context, ref string) (SharedPhoto, blob.Reader, error) {
	if !v.Originals {
		return SharedPhoto{}, nil, notShared()
	}
	p, err := v.find(ctx, ref)
	if err != nil {
		return SharedPhoto{}, nil, err
	}
	_, file, err := v.s.photos.Open(ctx, v.owner, p.ID)
	return v.visible(p), file, withoutID(err)
}
