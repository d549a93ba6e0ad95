package web

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"

	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/session"
)

// selection does one thing with the photos that are selected in a list.
func (p *Pages) selection(w http.ResponseWriter, r *http.Request, by session.Session) error {
	if err := p.readForm(w, r); err != nil {
		return err
	}
	l := parseListing(r.URL.Query())
	if r.PostForm.Has(undoMoment) {
		return p.undoDelete(w, r, by, l)
	}
	ids, err := selected(r)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return p.show(w, r, http.StatusBadRequest, "message", view{Title: "No photo is selected", User: &by, Content: message{
			Text: "Select one or more photos, and then choose what to do with them.", Action: "Back", Link: "/myphotos",
		}})
	}
	switch do := r.PostForm.Get("do"); do {
	case "download":
		return p.download(w, r, by, ids)
	case "share":
		return p.askHowToShare(w, r, by, ids)
	case "save":
		return p.editAll(w, r, by, l, ids)
	case "delete":
		n, at, err := p.service.Photos.TrashMany(r.Context(), by.Caller, ids)
		to := "/myphotos" + done(l, didDelete, n)
		if n > 0 {
			to += "&undo=" + strconv.FormatInt(at.UnixMicro(), 10)
		}
		return p.afterSelection(w, r, to, err)
	case "restore":
		n, err := each(ids, func(id photo.ID) error { _, err := p.service.Photos.Restore(r.Context(), by.Caller, id); return err })
		to := "/myphotos/trash"
		if r.PostForm.Has("back") { // the undo of a deletion
			to = "/myphotos"
		}
		return p.afterSelection(w, r, to+done(l, didRestore, n), err)
	default:
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%.20q is not an action", do)}
	}
}

// undoDelete restores the photos that one deletion of several moved to the trash.
func (p *Pages) undoDelete(w http.ResponseWriter, r *http.Request, by session.Session, l listing) error {
	at, err := parseMoment(r.PostForm.Get(undoMoment))
	if err != nil {
		return err
	}
	n, err := p.service.Photos.RestoreTrashed(r.Context(), by.Caller, at)
	return p.afterSelection(w, r, "/myphotos"+done(l, didRestore, n), err)
}

// selected returns the photos that a form selects, each once.
func selected(r *http.Request) ([]photo.ID, error) { return photoIDs(r.PostForm["photo"]) }

// photoIDs reads the IDs of photos, each once.
func photoIDs(texts []string) ([]photo.ID, error) {
	var ids []photo.ID
	seen := map[photo.ID]bool{}
	for _, text := range texts {
		id, err := photo.ParseID(text)
		if err != nil {
			return nil, err
		}
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if len(ids) > photo.MaxDescribe {
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("more than %d photos are selected", photo.MaxDescribe)}
	}
	return ids, nil
}

// each does something with each photo and returns with how many it was done. A photo that is
// gone meanwhile does not stop the others.
func each(ids []photo.ID, do func(photo.ID) error) (int, error) {
	n := 0
	for _, id := range ids {
		err := do(id)
		if photo.KindOf(err) == photo.KindNotFound && err != nil {
			continue
		}
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (p *Pages) afterSelection(w http.ResponseWriter, r *http.Request, to string, err error) error {
	if err != nil {
		return err
	}
	http.Redirect(w, r, p.root+to, http.StatusSeeOther)
	return nil
}

// editAll gives all selected photos one description and adds tags to them, as far as one was
// typed.
func (p *Pages) editAll(w http.ResponseWriter, r *http.Request, by session.Session, l listing, ids []photo.ID) error {
	typed, tags := formText(r, "description"), tagList(r.PostForm.Get("tags"))
	if typed == "" && len(tags) == 0 {
		return &photo.Error{Kind: photo.KindUsage, Msg: "there is neither a description nor a tag to save", Hint: "type one first"}
	}
	edits := make([]photo.Edit, len(ids))
	for i, id := range ids {
		edits[i] = photo.Edit{ID: id, AddTags: tags}
		if typed != "" {
			edits[i].Description = &photo.Text{Text: typed, Source: photo.FromWeb}
		}
	}
	results, err := p.service.Photos.EditMany(r.Context(), by.Caller, edits)
	if err != nil {
		return err
	}
	n := 0
	for _, one := range results {
		if one.Err != nil && photo.KindOf(one.Err) != photo.KindNotFound {
			return one.Err
		}
		if one.Err == nil {
			n++
		}
	}
	return p.afterSelection(w, r, "/myphotos"+done(l, didEdit, n), nil)
}

// download sends the selected photos as one zip file. Nothing is compressed: photos are
// already. The file is written while it is sent, so its size is not announced.
func (p *Pages) download(w http.ResponseWriter, r *http.Request, by session.Session, ids []photo.ID) error {
	found, err := p.service.Photos.Get(r.Context(), by.Caller, ids[0]) // an error page is possible only before the first byte
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="photos.zip"`)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	z := zip.NewWriter(w)
	names := fileNames{}
	for _, id := range ids {
		if err := p.addToZip(r.Context(), z, by.Caller, id, names); err != nil {
			if !httpkit.Abandoned(w, r, err) {
				p.log.ErrorContext(r.Context(), "a download of several photos was cut off", "first", found.ID, "err", err)
			}
			panic(http.ErrAbortHandler) // half a file must not look complete
		}
	}
	if err := z.Close(); err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// addToZip adds a photo, unless it is gone meanwhile.
func (p *Pages) addToZip(ctx context.Context, z *zip.Writer, by service.Caller, id photo.ID, names fileNames) error {
	one, bytes, err := p.service.Photos.Open(ctx, by, id)
	var known *photo.Error
	if errors.As(err, &known) && known.Kind == photo.KindNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	defer bytes.Close()
	modified := one.UploadedAt
	if !one.TakenAt.IsZero() {
		modified = one.TakenAt.Time()
	}
	out, err := z.CreateHeader(&zip.FileHeader{Name: names.unique(one.FileName()), Method: zip.Store, Modified: modified})
	if err != nil {
		return err
	}
	_, err = io.Copy(out, bytes)
	return err
}

// fileNames are the names of files in one folder, without regard to case.
type fileNames map[string]bool

// unique returns name, or a name like it that no other file has.
func (n fileNames) unique(name string) string {
	ext := path.Ext(name)
	for i, candidate := 2, name; ; i++ {
		if key := strings.ToLower(candidate); !n[key] {
			n[key] = true
			return candidate
		}
		candidate = fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), i, ext)
	}
}
