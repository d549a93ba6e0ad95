package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"photos/internal/photo"
	"photos/internal/session"
	"photos/internal/tag"
)

// photoContent is what the page of a photo shows.
type photoContent struct {
	tile
	listing   listing
	Newer     string // the address of the page of the next newer photo of the listing; empty: none
	Older     string
	History   []photo.Revision // without the current one
	Conflict  bool             // somebody else changed the photo meanwhile
	Typed     string           // the description in its field
	TypedTags string           // the tags in their field
	Wrong     string           // what is wrong with what was typed
	Saved     bool
	Damaged   bool // its bytes are known to be missing or changed
}

// A photoHandler is a handler for requests of a signed-in user about one photo.
type photoHandler func(w http.ResponseWriter, r *http.Request, by session.Session, id photo.ID) error

// errTrashed is why a photo is not there that the user can restore.
var errTrashed = errors.New("the photo is in the trash")

// onPhoto runs h for the photo that the path names.
func (p *Pages) onPhoto(h photoHandler) signedInHandler {
	return func(w http.ResponseWriter, r *http.Request, by session.Session) error {
		id, err := photo.ParseID(r.PathValue("id"))
		if err != nil {
			return &photo.Error{Kind: photo.KindNotFound, Msg: "no such photo"}
		}
		return p.whyMissing(r, by, id, h(w, r, by, id))
	}
}

// whyMissing returns err, or an error that wraps errTrashed if the photo is not there for that reason.
func (p *Pages) whyMissing(r *http.Request, by session.Session, id photo.ID, err error) error {
	if err == nil || photo.KindOf(err) != photo.KindNotFound {
		return err
	}
	state, stateErr := p.state(r, by, id)
	switch {
	case stateErr != nil:
		return stateErr
	case state == photo.Trashed:
		return &photo.Error{Kind: photo.KindNotFound, Msg: "no such photo", Err: errTrashed}
	}
	return err
}

// state returns what the service has of a photo.
func (p *Pages) state(r *http.Request, by session.Session, id photo.ID) (state photo.State, err error) {
	for status, err := range p.service.Photos.Check(r.Context(), by.Caller, []photo.ID{id}, photo.LookAtRow) {
		if err != nil {
			return "", err
		}
		state = status.State
	}
	return state, nil
}

// photo shows one photo and everything that is known about it.
func (p *Pages) photo(w http.ResponseWriter, r *http.Request, by session.Session, id photo.ID) error {
	return p.showPhoto(w, r, by, id, http.StatusOK, photoContent{Saved: r.URL.Query().Has("saved")}, nil)
}

// showPhoto shows a photo. The fields have what typed asks for, or what the photo has.
func (p *Pages) showPhoto(w http.ResponseWriter, r *http.Request, by session.Session, id photo.ID, status int, c photoContent, typed *photo.Edit) error {
	h, err := p.service.Photos.History(r.Context(), by.Caller, id)
	if err != nil {
		return err
	}
	c.listing = parseListing(r.URL.Query())
	c.tile = tile{h.Photo, c.listing.Query()}
	for _, revision := range h.Revisions {
		if !revision.Current {
			c.History = append(c.History, revision)
		}
	}
	state, err := p.state(r, by, id)
	if err != nil {
		return err
	}
	c.Damaged = state == photo.Damaged
	if err := p.neighbors(r, by, &c); err != nil {
		return err
	}
	c.Typed, c.TypedTags = h.Photo.Description, c.TagText()
	if typed != nil {
		kept := slices.DeleteFunc(slices.Clone(h.Photo.Tags), func(t string) bool { return slices.Contains(typed.RemoveTags, t) })
		c.Typed, c.TypedTags = typed.Description.Text, strings.Join(append(kept, typed.AddTags...), ", ")
	}
	title := pageTitle(h.Photo)
	return p.show(w, r, status, "photo", view{Title: title, User: &by, Here: "photo", Content: c})
}

// neighbors fills in the pages of the photos before and after the photo in its listing. A
// listing that no longer makes sense has none.
func (p *Pages) neighbors(r *http.Request, by session.Session, c *photoContent) error {
	f, err := c.listing.filter()
	if err != nil {
		return nil //nolint:nilerr // the address was typed
	}
	newer, older, err := p.service.Photos.Neighbors(r.Context(), by.Caller, f, c.ID)
	if kind := photo.KindOf(err); err != nil && (kind == photo.KindUsage || kind == photo.KindSearchTimeout || kind == photo.KindUnavailable) {
		return nil
	}
	if err != nil {
		return err
	}
	address := func(id photo.ID) string {
		if id.IsZero() {
			return ""
		}
		return "/myphotos/" + id.String() + c.Query
	}
	c.Newer, c.Older = address(newer), address(older)
	return nil
}

// pageTitle returns the title of a photo's page.
func pageTitle(p photo.Photo) string {
	const most = 60
	line := strings.Join(strings.Fields(p.Description), " ")
	if line == "" {
		return p.FileName()
	}
	if runes := []rune(line); len(runes) > most {
		return strings.TrimSpace(string(runes[:most-1])) + "…"
	}
	return line
}

// describe sets the description and the tags of a photo. If somebody else has changed the photo
// since the page was made, the page shows both texts.
func (p *Pages) describe(w http.ResponseWriter, r *http.Request, by session.Session, id photo.ID) error {
	if err := p.readForm(w, r); err != nil {
		return err
	}
	e := photo.Edit{ID: id, Description: &photo.Text{Text: formText(r, "description"), Source: photo.FromWeb}}
	e.AddTags, e.RemoveTags = tagChanges(r.PostForm.Get("had"), r.PostForm.Get("tags"))
	if version, err := strconv.ParseInt(r.PostForm.Get("version"), 10, 64); err == nil {
		e.IfVersion = &version
	}
	typed := e
	_, err := p.service.Photos.Edit(r.Context(), by.Caller, e)
	switch photo.KindOf(err) {
	case photo.KindChanged:
		return p.showPhoto(w, r, by, id, http.StatusConflict, photoContent{Conflict: true}, &typed)
	case photo.KindUsage:
		known, status := describeFailure(err)
		return p.showPhoto(w, r, by, id, status, photoContent{Wrong: known.words()}, &typed)
	}
	if err != nil {
		return err
	}
	p.backToPhoto(w, r, id)
	return nil
}

// tagList returns the tags of a text with commas between them, as they are stored. What is not a
// tag stays as it is, to be refused later.
func tagList(text string) []string {
	var tags []string
	for one := range strings.SplitSeq(text, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		if normal, err := tag.Normalize(one); err == nil {
			one = normal
		}
		tags = append(tags, one)
	}
	return tags
}

// tagChanges returns what the user added to and removed from the tags that a page had. Tags that
// somebody else changed meanwhile are not touched.
func tagChanges(had, typed string) (add, remove []string) {
	before, after := tagList(had), tagList(typed)
	without := func(tags, others []string) []string {
		return slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return slices.Contains(others, t) })
	}
	return without(after, before), without(before, after)
}

// formText returns a text that was typed. Browsers send each line end as two characters.
func formText(r *http.Request, name string) string {
	return strings.TrimSpace(strings.ReplaceAll(r.PostForm.Get(name), "\r\n", "\n"))
}

// backToPhoto sends the browser to a photo's page again, which says that the text is saved.
func (p *Pages) backToPhoto(w http.ResponseWriter, r *http.Request, id photo.ID) {
	query := parseListing(r.URL.Query()).Query()
	if query == "" {
		query = "?saved"
	} else {
		query += "&saved"
	}
	http.Redirect(w, r, p.root+"/myphotos/"+id.String()+query, http.StatusSeeOther)
}

// undo gives a photo an earlier description again.
func (p *Pages) undo(w http.ResponseWriter, r *http.Request, by session.Session, id photo.ID) error {
	if err := p.readForm(w, r); err != nil {
		return err
	}
	to, err := strconv.ParseInt(r.PostForm.Get("revision"), 10, 64)
	if err != nil {
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.20q is not a revision", r.PostForm.Get("revision"))}
	}
	if _, err := p.service.Photos.Undo(r.Context(), by.Caller, id, to, nil); err != nil {
		return err
	}
	p.backToPhoto(w, r, id)
	return nil
}

// delete moves a photo to the trash. The next page offers to restore it. A photo that is in the trash
// already, because the button was pressed twice, stays there.
func (p *Pages) delete(w http.ResponseWriter, r *http.Request, by session.Session, id photo.ID) error {
	_, err := p.service.Photos.Trash(r.Context(), by.Caller, id)
	if err = p.whyMissing(r, by, id, err); err != nil && !errors.Is(err, errTrashed) {
		return err
	}
	l := parseListing(r.URL.Query())
	http.Redirect(w, r, p.root+"/myphotos"+done(l, didDelete, 1)+"&undo="+id.String(), http.StatusSeeOther)
	return nil
}
