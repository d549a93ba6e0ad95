package web

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/session"
)

// linkLifetime is how long a link can be opened, as a form offers it.
type linkLifetime struct {
	Days     int
	Name     string
	Selected bool
}

// usualDays is how long a link can be opened unless the user chooses something else.
const usualDays = 7

func linkLifetimes(selected int) []linkLifetime {
	all := []linkLifetime{{Days: 1, Name: "1 day"}, {Days: usualDays, Name: "7 days"}, {Days: 30, Name: "30 days"}, {Days: 365, Name: "1 year"}}
	for i := range all {
		all[i].Selected = all[i].Days == selected
	}
	return all
}

// newShareContent is the form that asks how photos are to be shared.
type newShareContent struct {
	Key       string // names the form: sent twice, it makes one link
	Photos    []photo.ID
	Lifetimes []linkLifetime
	MaxTitle  int
	Loopback  bool // only this machine can open the link
	Title     string
	Originals bool
	Wrong     string // what is wrong with what was typed
}

// newShare asks how the photos of the address are to be shared.
func (p *Pages) newShare(w http.ResponseWriter, r *http.Request, by session.Session) error {
	ids, err := photoIDs(r.URL.Query()["photo"])
	if err != nil {
		return err
	}
	return p.askHowToShare(w, r, by, ids)
}

func (p *Pages) askHowToShare(w http.ResponseWriter, r *http.Request, by session.Session, ids []photo.ID) error {
	if len(ids) == 0 {
		return &photo.Error{Kind: photo.KindUsage, Msg: "no photo is selected"}
	}
	return p.showShareForm(w, r, by, http.StatusOK, newShareContent{Key: rand.Text(), Photos: ids, Lifetimes: linkLifetimes(usualDays)})
}

func (p *Pages) showShareForm(w http.ResponseWriter, r *http.Request, by session.Session, status int, c newShareContent) error {
	c.MaxTitle, c.Loopback = photo.MaxShareTitle, httpkit.IsLoopback(p.base.Hostname())
	return p.show(w, r, status, "newshare", view{Title: "Share " + count(len(c.Photos), "photo", "photos"), User: &by, Here: "shares", Content: c})
}

// madeShareContent shows the address of a link, which no page shows again.
type madeShareContent struct {
	photo.Share
	Address  string
	Loopback bool
}

// createShare makes a link. Its page is the answer itself: the address is in no other address.
func (p *Pages) createShare(w http.ResponseWriter, r *http.Request, by session.Session) error {
	if err := p.readForm(w, r); err != nil {
		return err
	}
	ids, err := selected(r)
	if err != nil {
		return err
	}
	days, err := strconv.Atoi(r.PostForm.Get("days"))
	if err != nil || days < 1 || days > 366 {
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.20q is not a number of days", r.PostForm.Get("days"))}
	}
	n := service.NewShare{
		Key: service.RequestKey(r.PostForm.Get("key")), Title: formText(r, "title"), ExpiresAt: time.Now().AddDate(0, 0, days), Originals: r.PostForm.Has("originals"), Photos: ids,
	}
	made, token, err := p.service.Shares.Create(r.Context(), by.Caller, n)
	if photo.KindOf(err) == photo.KindUsage && len(ids) > 0 {
		known, status := describeFailure(err)
		return p.showShareForm(w, r, by, status, newShareContent{
			Key: rand.Text(), Photos: ids, Lifetimes: linkLifetimes(days), Title: n.Title, Originals: n.Originals, Wrong: known.words(),
		})
	}
	if err != nil {
		return err
	}
	if made.Ended { // the form was sent before
		return &photo.Error{Kind: photo.KindGone, Msg: "this link has ended", Hint: "make another one"}
	}
	c := madeShareContent{made, p.base.Scheme + "://" + p.base.Host + p.root + api.SharePath(token), httpkit.IsLoopback(p.base.Hostname())}
	return p.show(w, r, http.StatusOK, "madeshare", view{Title: "The link is ready", User: &by, Here: "shares", Content: c})
}

// shownEnded is how many links that have ended a page lists.
const shownEnded = 20

// sharesContent is what the page of links shows.
type sharesContent struct{ Active, Ended []photo.Share }

// shares lists the links of the user.
func (p *Pages) shares(w http.ResponseWriter, r *http.Request, by session.Session) error {
	all, err := p.service.Shares.List(r.Context(), by.Caller)
	if err != nil {
		return err
	}
	var c sharesContent
	for _, s := range all {
		switch {
		case !s.Ended:
			c.Active = append(c.Active, s)
		case len(c.Ended) < shownEnded:
			c.Ended = append(c.Ended, s)
		}
	}
	v := view{Title: "Shares", User: &by, Here: "shares", Content: c}
	if r.URL.Query().Has("revoked") {
		v.Notice = "The link is revoked. Nobody can open it any more."
	}
	return p.show(w, r, http.StatusOK, "shares", v)
}

// revokeShare ends a link.
func (p *Pages) revokeShare(w http.ResponseWriter, r *http.Request, by session.Session) error {
	if err := p.readForm(w, r); err != nil {
		return err
	}
	if err := p.service.Shares.Revoke(r.Context(), by.Caller, r.PathValue("id")); err != nil {
		return err
	}
	http.Redirect(w, r, p.root+"/shares?revoked", http.StatusSeeOther)
	return nil
}
