package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/session"
)

// pageSize is how many photos a page shows.
const pageSize = 120

// libraryContent is what My photos shows.
type libraryContent struct {
	listing
	Groups []group
	Next   string // the listing's address from the next page on
	Total  int64  // photos of the user
	Years  []year // when they were taken, the last one first
	Wrong  string // what is wrong with the search
	Max    int64  // bytes of one photo
}

// library shows the photos of the user, as many as fit on a page.
func (p *Pages) library(w http.ResponseWriter, r *http.Request, by session.Session) error {
	c := libraryContent{listing: parseListing(r.URL.Query()), Max: p.service.Uploads.MaxSize()}
	usage, err := p.service.Accounts.Usage(r.Context(), by.Caller)
	if err != nil {
		return err
	}
	c.Total = usage.Photos
	stats, err := p.service.Photos.Stats(r.Context(), by.Caller)
	if err != nil {
		return err
	}
	c.Years = years(stats.Months)
	f, err := c.filter()
	var page photo.Page
	if err == nil {
		page, err = p.service.Photos.List(r.Context(), by.Caller, f, c.After, pageSize)
	}
	status := http.StatusOK
	if kind := photo.KindOf(err); kind == photo.KindUsage || kind == photo.KindSearchTimeout {
		_, status = describeFailure(err)
		c.Wrong, err = service.UserError(err).Msg, nil // begins with a key of the search, in lower case
	}
	if err != nil {
		return err
	}
	c.Groups = grouped(page.Photos, c.listing)
	if page.Next != "" {
		c.Next = c.From(page.Next).Query()
	}
	v := view{Title: "My photos", User: &by, Here: "photos", Content: c}
	v.Notice, v.Undo = notice(r.URL.Query())
	return p.show(w, r, status, "library", v)
}

// trashContent is what the trash shows.
type trashContent struct {
	Tiles []tile
	Next  string
}

// trash shows the photos that can be restored.
func (p *Pages) trash(w http.ResponseWriter, r *http.Request, by session.Session) error {
	page, err := p.service.Photos.List(r.Context(), by.Caller, photo.Filter{Trash: true}, r.URL.Query().Get("after"), pageSize)
	if err != nil {
		return err
	}
	var c trashContent
	for _, trashed := range page.Photos {
		c.Tiles = append(c.Tiles, tile{Photo: trashed})
	}
	if page.Next != "" {
		c.Next = "?" + url.Values{"after": {page.Next}}.Encode()
	}
	v := view{Title: "Trash", User: &by, Here: "trash", Content: c}
	v.Notice, _ = notice(r.URL.Query())
	return p.show(w, r, http.StatusOK, "trash", v)
}

// What a page may say that was done. The address has only the word and a number, so that a
// link of another site cannot make a page say anything else.
const (
	didUpload  = "uploaded"
	didExist   = "exists"
	didDelete  = "deleted"
	didRestore = "restored"
	didEdit    = "saved"
)

// done returns the end of an address that makes the next page say what was done.
func done(l listing, what string, n int) string {
	query := l.Query()
	if query == "" {
		query = "?"
	} else {
		query += "&"
	}
	return query + what + "=" + strconv.Itoa(n)
}

// notice returns what the address says was done, and the photo that can be restored.
func notice(q url.Values) (text, undo string) {
	number := func(name string) (int, bool) {
		n, err := strconv.Atoi(q.Get(name))
		return n, err == nil && n > 0
	}
	add := func(s string) {
		if text != "" {
			text += " "
		}
		text += s
	}
	if n, ok := number(didUpload); ok {
		add(count(n, "photo", "photos") + " added.")
	}
	if n, ok := number(didExist); ok {
		add(count(n, "photo was", "photos were") + " here already.")
	}
	if n, ok := number(didEdit); ok {
		add(count(n, "photo", "photos") + " changed.")
	}
	if n, ok := number(didRestore); ok {
		add(count(n, "photo", "photos") + " restored.")
	}
	if n, ok := number(didDelete); ok {
		add(fmt.Sprintf("%s moved to the trash.", count(n, "photo", "photos")))
	}
	if id, err := photo.ParseID(q.Get("undo")); err == nil {
		undo = id.String()
	}
	return text, undo
}
