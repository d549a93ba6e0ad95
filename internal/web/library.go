package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

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
	Prev   string // that of the page before
	Total  int64  // photos of the user
	Years  []year // when they were taken, the last one first
	Wrong  string // what is wrong with the search
}

// library shows the photos of the user, as many as fit on a page.
func (p *Pages) library(w http.ResponseWriter, r *http.Request, by session.Session) error {
	c := libraryContent{listing: parseListing(r.URL.Query())}
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
	var start bool
	if err == nil {
		page, start, err = p.pageOf(r.Context(), by.Caller, f, c.listing)
	}
	if start {
		http.Redirect(w, r, p.root+"/myphotos"+c.First().Query(), http.StatusSeeOther)
		return nil
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
	c.Next, c.Prev = c.around(page)
	v := view{Title: "My photos", User: &by, Here: "photos", Content: c}
	v.Notice, v.Undo = notice(r.URL.Query())
	return p.show(w, r, status, "library", v)
}

// What a page may say that was done. The address has only the word and a number, so that a
// link of another site cannot make a page say anything else.
const (
	didUpload  = "uploaded"
	didExist   = "exists"
	didDelete  = "deleted"
	didRestore = "restored"
	didEdit    = "saved"
	didPurge   = "purged"
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

// undo is what the button of a notice restores: a field of its form.
type undo struct {
	field
	Query string // of the listing that is shown then
}

const (
	undoPhoto  = "photo"   // the field has the ID of a photo
	undoMoment = "trashed" // the field has the moment of service.Photos.TrashMany in microseconds
)

// undone returns what a notice can undo, or nil.
func undone(q url.Values) *undo {
	value := q.Get("undo")
	query := parseListing(q).First().Query()
	if id, err := photo.ParseID(value); err == nil {
		return &undo{field{undoPhoto, id.String()}, query}
	}
	if _, err := parseMoment(value); err == nil {
		return &undo{field{undoMoment, value}, query}
	}
	return nil
}

// parseMoment reads a time in microseconds.
func parseMoment(text string) (time.Time, error) {
	at, err := strconv.ParseInt(text, 10, 64)
	if err != nil || at <= 0 {
		return time.Time{}, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.20q is not a moment", text)}
	}
	return time.UnixMicro(at), nil
}

// notice returns what the address says was done, and what can be undone of it.
func notice(q url.Values) (text string, back *undo) {
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
	if n, ok := number(didPurge); ok {
		add(count(n, "photo", "photos") + " removed for good.")
	}
	if n, ok := number(didDelete); ok {
		add(count(n, "photo", "photos") + " moved to the trash.")
		back = undone(q)
	}
	return text, back
}
