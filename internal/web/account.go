package web

import (
	"net/http"

	"photos/internal/service"
	"photos/internal/session"
)

// accountContent is what the page of the account shows.
type accountContent struct {
	Usage    service.Usage
	Sessions []session.Info
	Current  string // the ID of the session that asks
}

// account shows who is signed in, what is stored, and the browsers that are signed in.
func (p *Pages) account(w http.ResponseWriter, r *http.Request, by session.Session) error {
	usage, err := p.service.Accounts.Usage(r.Context(), by.Caller)
	if err != nil {
		return err
	}
	list, err := p.sessions.List(r.Context(), by.Caller)
	if err != nil {
		return err
	}
	v := view{Title: "Account", User: &by, Here: "account", Content: accountContent{Usage: usage, Sessions: list, Current: by.ID}}
	if r.URL.Query().Has("ended") {
		v.Notice = "That browser is signed out."
	}
	return p.show(w, r, http.StatusOK, "account", v)
}

// endSessions signs one browser out, or all of them.
func (p *Pages) endSessions(w http.ResponseWriter, r *http.Request, by session.Session) error {
	if err := p.readForm(w, r); err != nil {
		return err
	}
	id := r.PostForm.Get("session")
	if id == "" && !r.PostForm.Has("everywhere") {
		http.Redirect(w, r, p.root+"/account", http.StatusSeeOther)
		return nil
	}
	if id == "" { // its own refresh token can be revoked
		if err := p.sessions.End(r.Context(), p.cookies.read(r)); err != nil {
			return err
		}
	}
	if err := p.sessions.EndListed(r.Context(), by.Caller, id); err != nil {
		return err
	}
	to := "/account?ended=1"
	if id == "" || id == by.ID {
		p.cookies.clear(w)
		to = "/"
	}
	http.Redirect(w, r, p.root+to, http.StatusSeeOther)
	return nil
}
