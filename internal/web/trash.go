package web

import (
	"net/http"
	"strconv"
	"time"

	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/session"
)

// trashContent is what the trash shows.
type trashContent struct {
	Tiles []tile
	Total int64 // photos in the trash
	Next  string
	Prev  string
}

// trash shows the photos that can be restored.
func (p *Pages) trash(w http.ResponseWriter, r *http.Request, by session.Session) error {
	l := listing{After: r.URL.Query().Get("after"), Before: r.URL.Query().Get("before")}
	page, start, err := p.pageOf(r.Context(), by.Caller, photo.Filter{Trash: true}, l)
	if err != nil {
		return err
	}
	if start || len(page.Photos) == 0 && l.Paged() { // the photos of the page may be restored by now
		http.Redirect(w, r, p.root+"/myphotos/trash", http.StatusSeeOther)
		return nil
	}
	usage, err := p.service.Accounts.Usage(r.Context(), by.Caller)
	if err != nil {
		return err
	}
	c := trashContent{Total: usage.TrashedPhotos}
	for _, trashed := range page.Photos {
		c.Tiles = append(c.Tiles, tile{Photo: trashed})
	}
	c.Next, c.Prev = l.around(page)
	v := view{Title: "Trash", User: &by, Here: "trash", Content: c}
	v.Notice, _ = notice(r.URL.Query())
	return p.show(w, r, http.StatusOK, "trash", v)
}

// emptyTrashContent is the question before the trash is emptied.
type emptyTrashContent struct {
	service.Usage
	Until int64 // the moment of the question, in microseconds; what is deleted later stays
}

// askEmptyTrash asks whether the photos in the trash are to be removed.
func (p *Pages) askEmptyTrash(w http.ResponseWriter, r *http.Request, by session.Session) error {
	until := time.Now().UnixMicro()
	usage, err := p.service.Accounts.Usage(r.Context(), by.Caller)
	if err != nil {
		return err
	}
	if usage.TrashedPhotos == 0 {
		http.Redirect(w, r, p.root+"/myphotos/trash", http.StatusSeeOther)
		return nil
	}
	v := view{Title: "Empty the trash?", User: &by, Here: "trash", Content: emptyTrashContent{usage, until}}
	v.Notice, _ = notice(r.URL.Query())
	return p.show(w, r, http.StatusOK, "emptytrash", v)
}

// purgeTime is how long one request removes photos. Proxies wait for an answer for a minute.
const purgeTime = 15 * time.Second

// emptyTrash removes the photos that were in the trash when the user was asked. If they are too many
// for one request, the user is asked about the others.
func (p *Pages) emptyTrash(w http.ResponseWriter, r *http.Request, by session.Session) error {
	if err := p.readForm(w, r); err != nil {
		return err
	}
	until, err := parseMoment(r.PostForm.Get("until"))
	if err != nil {
		return err
	}
	n, all, err := p.service.Photos.EmptyTrash(r.Context(), by.Caller, until, time.Now().Add(purgeTime))
	if err != nil {
		return err
	}
	to := "/myphotos/trash/empty"
	if all {
		to = "/myphotos/trash"
	}
	http.Redirect(w, r, p.root+to+"?"+didPurge+"="+strconv.Itoa(n), http.StatusSeeOther)
	return nil
}
