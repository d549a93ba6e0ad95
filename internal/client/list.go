package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"photos/internal/api"
	"photos/internal/photo"
)

const (
	pageSize  = 1000 // how many photos one request of a list asks for
	runsAhead = 100  // how many photos the caller has taken when more pages are asked for
)

// List yields at most limit photos (0: all) in the order of the filter. While the caller takes the
// photos of one page, the next one is decoded, and the one after that is on its way. List ends with
// the first error.
func (c *Client) List(ctx context.Context, f photo.Filter, limit int) iter.Seq2[photo.Photo, error] {
	return func(yield func(photo.Photo, error) bool) {
		ctx, stop := context.WithCancel(ctx)
		l := listing{c: c, f: f, ask: pageSize, more: make(chan int, 1), answers: make(chan listAnswer), pages: make(chan listPage), enough: make(chan struct{})}
		if limit > 0 {
			l.ask = min(pageSize, limit)
		}
		var working sync.WaitGroup
		working.Go(func() { l.fetchAll(ctx) })
		working.Go(func() { l.decodeAll(ctx) })
		defer working.Wait()
		defer stop()
		defer close(l.enough)
		l.take(limit, yield)
	}
}

// listing asks for the pages of a list, one after the other.
type listing struct {
	c       *Client
	f       photo.Filter
	ask     int      // photos of the next page
	more    chan int // allows one more page of a list with a limit: how many photos are left
	answers chan listAnswer
	pages   chan listPage
	// enough is closed when the caller takes no more. The end of a context does not close it: it is the
	// error of a page, so that no list ends early without an error.
	enough chan struct{}
}

// listAnswer is the body of a page, and the cursor of the next one, which is read without
// decoding the body.
type listAnswer struct {
	body []byte
	ask  int // photos that were asked for
	next string
	err  error
}

// listPage is a page, or why there is none.
type listPage struct {
	photos []api.Photo
	err    error
}

// take gives the photos to the caller. A list with a limit asks for a page only when it is needed.
func (l *listing) take(limit int, yield func(photo.Photo, error) bool) {
	taken, ahead := 0, false
	for page := range l.pages {
		if page.err != nil {
			yield(photo.Photo{}, page.err)
			return
		}
		for _, p := range page.photos {
			if taken++; taken == runsAhead && limit == 0 {
				close(l.more)
				ahead = true
			}
			if !yield(p.Photo(), nil) || taken == limit {
				return
			}
		}
		if !ahead {
			l.more <- limit - taken
		}
	}
}

// fetchAll asks for pages, the first one at once and each other one when l.more allows it. A list
// without a limit closes l.more.
func (l *listing) fetchAll(ctx context.Context) {
	defer close(l.answers)
	seen := map[string]bool{}
	for cursor := ""; ; {
		a := l.fetch(ctx, cursor)
		if cursor = a.next; cursor != "" && seen[cursor] { // it would never end
			a.err = l.c.badAnswer("the list does not advance")
		}
		seen[cursor] = true
		select {
		case l.answers <- a:
		case <-l.enough:
			return
		}
		if a.err != nil || cursor == "" {
			return
		}
		select {
		case left := <-l.more:
			if left > 0 {
				l.ask = min(pageSize, left)
			}
		case <-l.enough:
			return
		}
	}
}

func (l *listing) fetch(ctx context.Context, cursor string) listAnswer {
	q := api.EncodeFilter(l.f)
	q.Set("limit", strconv.Itoa(l.ask))
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	body, err := l.c.body(ctx, request{method: http.MethodGet, url: l.c.url(api.PathPhotos, q), header: http.Header{}}, l.ask)
	if err != nil {
		return listAnswer{err: err}
	}
	return listAnswer{body: body, ask: l.ask, next: nextCursor(body)}
}

// nextCursor finds the cursor of the next page in an answer. The marks cannot be part of a string,
// because its quotation marks would have backslashes.
func nextCursor(body []byte) string {
	const key = `"next":"`
	at := bytes.LastIndex(body, []byte(key))
	if at < 0 {
		return ""
	}
	cursor, _, _ := bytes.Cut(body[at+len(key):], []byte(`"`))
	return string(cursor)
}

// decodeAll decodes the answers.
func (l *listing) decodeAll(ctx context.Context) {
	defer close(l.pages)
	for a := range l.answers {
		page := l.decode(ctx, a)
		select {
		case l.pages <- page:
		case <-l.enough:
			return
		}
	}
}

func (l *listing) decode(ctx context.Context, a listAnswer) listPage {
	if a.err != nil {
		return listPage{err: a.err}
	}
	const smallest = 300 // bytes of a photo, roughly
	page := api.PhotoPage{Photos: make([]api.Photo, 0, min(a.ask, len(a.body)/smallest))}
	if err := json.Unmarshal(a.body, &page); err != nil {
		return listPage{err: l.c.failed(ctx, fmt.Errorf("answer of %s: %w", api.PathPhotos, err))}
	}
	switch {
	case len(page.Photos) > a.ask:
		return listPage{err: l.c.badAnswer("asked for %d photos, answered with %d", a.ask, len(page.Photos))}
	case page.Next != a.next:
		return listPage{err: l.c.badAnswer("the list names its next page in a form that this version does not know")}
	case page.Next != "" && len(page.Photos) == 0:
		return listPage{err: l.c.badAnswer("the list does not advance")}
	}
	for _, p := range page.Photos {
		if !strings.HasPrefix(p.ID.String(), l.f.IDPrefix) {
			return listPage{err: l.c.badAnswer("asked for photos %s…, answered with %s", l.f.IDPrefix, p.ID.Short())}
		}
	}
	return listPage{photos: page.Photos}
}
