package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	"photos/internal/api"
	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

// wholeUpload is the size in bytes up to which a photo that comes in one request
// gets no row of its own while it comes: if the request is cut it is sent again.
const wholeUpload = 8 << 20

// createUpload begins an upload, or does all of it: a photo that is there needs
// no bytes, and a small one has them in this request.
func (s *Server) createUpload(w http.ResponseWriter, r *http.Request, a account) error {
	c, err := parseCreation(r, s.Limits.MaxUpload)
	if err != nil {
		return err
	}
	writer, err := writerOf(r)
	if err != nil {
		return err
	}
	added, err := s.known(r.Context(), a.owner, c.meta)
	if err != nil {
		return err
	}
	if added != nil {
		s.created(w, *added)
		return nil
	}
	u := store.Upload{
		ID: rand.Text(), Owner: a.owner, Photo: c.meta.ID, Length: c.length, Name: c.meta.Filename,
		Description: c.meta.Description, DescriptionSource: c.meta.DescriptionSource,
		Caption: c.meta.Caption, Facts: c.meta.Facts, Writer: writer,
	}
	if c.whole && c.length <= wholeUpload {
		return s.createWhole(w, r, u)
	}
	return s.createResumable(w, r, u, c.body)
}

// known settles the creation of a photo that the owner has already; nil means
// that its bytes have to come.
func (s *Server) known(ctx context.Context, owner string, m api.UploadMetadata) (*store.Added, error) {
	if m.ID.IsZero() {
		return nil, nil
	}
	p, key, err := s.Store.Get(ctx, owner, m.ID, store.AnyState)
	if photo.KindOf(err) == photo.KindNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if sound, err := s.looksSound(ctx, owner, p, key); err != nil || !sound {
		return nil, err
	}
	if !p.TrashedAt.IsZero() {
		return s.knownInTrash(ctx, owner, m)
	}
	return s.fill(ctx, owner, p, m, photo.OutcomeExists)
}

// looksSound reports whether a photo's bytes can stand for those of a repeated
// upload. A photo whose bytes are missing is noted, so that new ones are taken.
func (s *Server) looksSound(ctx context.Context, owner string, p photo.Photo, key string) (bool, error) {
	sound, err := s.whole(ctx, owner, p, key)
	if err == nil && !sound {
		err = s.damaged(ctx, owner, p.ID, key)
	}
	if err != nil || !sound {
		return false, err
	}
	st, err := s.Store.Check(ctx, owner, []photo.ID{p.ID})
	return err == nil && st[0].State != photo.Damaged, err
}

func (s *Server) knownInTrash(ctx context.Context, owner string, m api.UploadMetadata) (*store.Added, error) {
	if slices.Contains(addOptions(ctx), store.NoRestore) {
		return nil, store.InTrash(m.ID)
	}
	p, err := s.Store.Restore(ctx, owner, m.ID)
	if photo.KindOf(err) == photo.KindNotFound { // its time was over just now
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return s.fill(ctx, owner, p, m, photo.OutcomeRestored)
}

// fill gives a photo that is there the description of its repeated upload, if it
// has none, and the better date and position.
func (s *Server) fill(ctx context.Context, owner string, p photo.Photo, m api.UploadMetadata, o photo.Outcome) (*store.Added, error) {
	if learned := p; learned.Learn(m.Facts) {
		var err error
		if p, err = s.Store.Learn(ctx, owner, m.ID, m.Facts); err != nil {
			return nil, err
		}
	}
	added := &store.Added{Photo: p, Outcome: o}
	if m.Description == "" || m.Description == p.Description {
		return added, nil
	}
	results, err := s.Store.Describe(ctx, owner, []store.Description{{ID: m.ID, Text: m.Description, Source: m.DescriptionSource, OnlyIfEmpty: true}})
	if err != nil {
		return nil, err
	}
	done := results[0]
	if done.Err != nil {
		return nil, done.Err
	}
	added.Photo, added.DescriptionKept = done.Photo, done.Photo.Description != m.Description
	if done.Changed && o == photo.OutcomeExists {
		added.Outcome = photo.OutcomeDescribed
	}
	return added, nil
}

// created answers a creation that needs nothing more. Its address is that of the
// finished upload, which goes on to answer HEAD as tus clients expect.
func (s *Server) created(w http.ResponseWriter, added store.Added) {
	setDone(w.Header(), added)
	w.Header().Set("Location", s.uploadPath(added.Photo.ID.String()))
	w.WriteHeader(http.StatusCreated)
}

// createWhole takes a photo in one go: staged, looked at, committed, added.
func (s *Server) createWhole(w http.ResponseWriter, r *http.Request, u store.Upload) (err error) {
	in := s.incoming(w, r)
	defer in.leave()
	body, err := s.verified(r, in, u.Length)
	if err != nil {
		return err
	}
	defer body.Close()
	staged, err := s.Blobs.Create(r.Context(), u.ID)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.discard(r.Context(), u.ID, staged)
		}
	}()
	if err := s.receive(staged, u.Length, body, nil); err != nil {
		return err
	}
	ctx := context.WithoutCancel(r.Context()) // a client that leaves now finds the photo when it comes back
	added, err := s.finish(ctx, u, staged, func(ctx context.Context, p photo.Photo, key string) (store.Added, error) {
		return s.Store.Add(ctx, u.Owner, p, key, addOptions(ctx)...)
	})
	if err != nil {
		return err
	}
	s.created(w, added)
	return nil
}

// createResumable makes an upload that survives this request, and takes the
// bytes that came with it. The staged bytes are there before the row that names
// them; without one the sweep removes them. A creation that is repeated, since its
// answer was lost, makes nothing new: it would be left over when the photo is there.
func (s *Server) createResumable(w http.ResponseWriter, r *http.Request, u store.Upload, body bool) error {
	staged, err := s.Blobs.Create(r.Context(), u.ID)
	if err != nil {
		return err
	}
	if err := staged.Close(); err != nil {
		return fmt.Errorf("create upload: %w", err)
	}
	staging := u.ID
	if u, err = s.Store.CreateUpload(r.Context(), u, s.Limits.UploadLifetime); err != nil {
		return err
	}
	if u.ID != staging {
		s.discard(r.Context(), staging, staged)
	}
	w.Header().Set("Location", s.uploadPath(u.ID))
	if !body {
		setProgress(w.Header(), 0, u.ExpiresAt)
		w.WriteHeader(http.StatusCreated)
		return nil
	}
	return s.append(w, r, u, 0, http.StatusCreated)
}

// headUpload says how much of an upload is here. An older request of the same
// writer, whose connection may only seem to live, is ended first, so that the
// number stays true.
func (s *Server) headUpload(w http.ResponseWriter, r *http.Request, a account) error {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if id, err := photo.ParseID(r.PathValue("id")); err == nil {
		return s.headFinished(w, r, a, id)
	}
	u, err := s.Store.Upload(r.Context(), a.owner, r.PathValue("id"))
	if err != nil {
		return err
	}
	writer, err := writerOf(r)
	if err != nil {
		return err
	}
	if err := s.runs.endOf(r.Context(), u.ID, writer); err != nil {
		return err
	}
	size, err := s.Blobs.StagedSize(r.Context(), u.ID)
	if errors.Is(err, blob.ErrNotFound) {
		return goneUpload(u.ID)
	}
	if err != nil {
		return err
	}
	setProgress(h, size, u.ExpiresAt)
	h.Set(api.HeaderUploadLength, strconv.FormatInt(u.Length, 10))
	if m := metadataOf(u).String(); m != "" {
		h.Set(api.HeaderUploadMetadata, m)
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func metadataOf(u store.Upload) api.UploadMetadata {
	m := api.UploadMetadata{Filename: u.Name, ID: u.Photo, Description: u.Description, Caption: u.Caption, Facts: u.Facts}
	if u.Description != "" {
		m.DescriptionSource = u.DescriptionSource
	}
	return m
}

func goneUpload(id string) error {
	return &photo.Error{Kind: photo.KindNotFound, Msg: fmt.Sprintf("no upload %.80q", id), Hint: "begin the upload again"}
}

// headFinished answers for an upload that became a photo.
func (s *Server) headFinished(w http.ResponseWriter, r *http.Request, a account, id photo.ID) error {
	p, _, err := s.Store.Get(r.Context(), a.owner, id, store.Live)
	if err != nil {
		return err
	}
	setDone(w.Header(), store.Added{Photo: p, Outcome: photo.OutcomeExists})
	w.Header().Set(api.HeaderUploadLength, strconv.FormatInt(p.Size, 10))
	w.WriteHeader(http.StatusOK)
	return nil
}

// patchUpload appends to an upload.
func (s *Server) patchUpload(w http.ResponseWriter, r *http.Request, a account) error {
	offset, err := parseAppend(r)
	if err != nil {
		return err
	}
	if id, err := photo.ParseID(r.PathValue("id")); err == nil {
		return s.patchFinished(w, r, a, id, offset)
	}
	u, err := s.Store.Upload(r.Context(), a.owner, r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.append(w, r, u, offset, http.StatusNoContent)
}

// patchFinished has nothing to append to; a client that thinks otherwise learns
// by the conflict to ask where the upload stands.
func (s *Server) patchFinished(w http.ResponseWriter, r *http.Request, a account, id photo.ID, offset int64) error {
	p, _, err := s.Store.Get(r.Context(), a.owner, id, store.Live)
	if err != nil {
		return err
	}
	if offset != p.Size || r.ContentLength != 0 {
		return wrongOffset(w, offset, p.Size)
	}
	setDone(w.Header(), store.Added{Photo: p, Outcome: photo.OutcomeExists})
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func wrongOffset(w http.ResponseWriter, asked, is int64) error {
	w.Header().Set(api.HeaderUploadOffset, strconv.FormatInt(is, 10))
	return &photo.Error{Kind: photo.KindConflict, Msg: fmt.Sprintf("the upload is at byte %d, not %d", is, asked), Hint: "HEAD tells where to go on"}
}

// deleteUpload ends an upload for good, whoever is sending it.
func (s *Server) deleteUpload(w http.ResponseWriter, r *http.Request, a account) error {
	u, err := s.Store.Upload(r.Context(), a.owner, r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.Store.DeleteUpload(r.Context(), a.owner, u.ID); err != nil {
		return err
	}
	if err := s.runs.endAny(r.Context(), u.ID); err != nil {
		return err
	}
	if err := s.Blobs.Discard(r.Context(), u.ID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// discard removes what cannot become a photo. Where it fails the sweep comes by.
func (s *Server) discard(ctx context.Context, name string, staged io.Closer) {
	ctx = context.WithoutCancel(ctx)
	if err := errors.Join(staged.Close(), s.Blobs.Discard(ctx, name)); err != nil {
		s.Log.WarnContext(ctx, "staged bytes left for the sweep", "upload", name, "err", err)
	}
}
