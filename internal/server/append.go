package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"photos/internal/api"
	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

// append adds a request's bytes to upload u at offset and, when these are the
// last ones, makes the photo of it; status is the answer to success. Bytes are
// durable before they are answered for, and kept when the connection breaks.
func (s *Server) append(w http.ResponseWriter, r *http.Request, u store.Upload, offset int64, status int) error {
	if err := tooMany(r.ContentLength, u.Length-min(offset, u.Length)); err != nil {
		return err
	}
	writer, err := writerOf(r)
	if err != nil {
		return err
	}
	in := s.incoming(w, r)
	defer in.leave()
	body, err := s.verified(r, in, u.Length-min(offset, u.Length))
	if err != nil {
		return err
	}
	defer body.Close()
	t, err := s.claim(r.Context(), u, writer, in)
	if err != nil {
		return err
	}
	defer t.end(r.Context())
	if t.upload, err = redescribed(t.upload, r.Header.Get(api.HeaderUploadMetadata)); err != nil {
		return err
	}
	staged, err := s.resume(r.Context(), t.upload)
	if err != nil {
		return err
	}
	defer staged.Close()
	if at := staged.Size(); at != offset {
		return wrongOffset(w, offset, at)
	}
	added, err := s.take(w, r, t, staged, body)
	if err != nil {
		return err
	}
	if added != nil {
		setDone(w.Header(), *added)
	} else {
		setProgress(w.Header(), staged.Size(), t.upload.ExpiresAt)
	}
	w.WriteHeader(status)
	return nil
}

// redescribed is u as a request that goes on with it describes it. Who goes on
// may be another run of the client, to which the person gave another description.
func redescribed(u store.Upload, header string) (store.Upload, error) {
	if header == "" { // tus itself knows metadata at creation only
		return u, nil
	}
	m, err := parseMetadata(header)
	if err != nil {
		return u, err
	}
	if !m.ID.IsZero() && m.ID != u.Photo {
		return u, &photo.Error{Kind: photo.KindUsage, Msg: "the upload is of another photo", Hint: "its sha256 cannot change: begin another upload"}
	}
	u.Name, u.Description, u.DescriptionSource, u.Caption = m.Filename, m.Description, m.DescriptionSource, m.Caption
	u.Facts = m.Facts
	return u, nil
}

// resume opens the staged bytes of an upload. A row without bytes is what a crash
// between commit and row leaves behind: the upload begins again.
func (s *Server) resume(ctx context.Context, u store.Upload) (blob.Staged, error) {
	staged, err := s.Blobs.Resume(ctx, u.ID)
	if !errors.Is(err, blob.ErrNotFound) {
		return staged, err
	}
	if err := s.Store.DeleteUpload(ctx, u.Owner, u.ID); err != nil {
		return nil, err
	}
	return nil, goneUpload(u.ID)
}

// take moves body into staged. The photo is there when those were the last
// bytes, nil otherwise. An upload that cannot become a photo is gone afterwards.
func (s *Server) take(w http.ResponseWriter, r *http.Request, t *turn, staged blob.Staged, body io.Reader) (*store.Added, error) {
	err := s.receive(staged, t.upload.Length, body, t.keep)
	if err == nil && staged.Size() == t.upload.Length {
		defer s.processing(w, r)()
		return s.complete(r.Context(), t, staged)
	}
	if photo.KindOf(err) == photo.KindNotPicture {
		return nil, errors.Join(err, s.forget(r.Context(), t.upload, staged))
	}
	if syncErr := staged.Sync(); err == nil && syncErr != nil {
		return nil, fmt.Errorf("sync upload: %w", syncErr)
	}
	return nil, err
}

// complete makes a photo of an upload whose bytes are all here. The lease is
// kept on meanwhile: reading a large file again for its digest takes time.
func (s *Server) complete(ctx context.Context, t *turn, staged blob.Staged) (*store.Added, error) {
	ctx = context.WithoutCancel(ctx) // a client that leaves now finds the photo when it comes back
	stop := t.keepOn(ctx)
	added, err := s.finish(ctx, t.upload, staged, func(ctx context.Context, p photo.Photo, key string) (store.Added, error) {
		return s.Store.FinishUpload(ctx, t.upload.Owner, t.upload.ID, t.upload.Generation, p, key, s.Limits.Spare, addOptions(ctx)...)
	})
	stop()
	switch photo.KindOf(err) {
	case photo.KindNotPicture, photo.KindDigestMismatch, photo.KindForbidden:
		err = errors.Join(err, s.forget(ctx, t.upload, staged))
	}
	if err != nil {
		return nil, err
	}
	return &added, nil
}

// forget ends an upload that can never become a photo.
func (s *Server) forget(ctx context.Context, u store.Upload, staged io.Closer) error {
	s.discard(ctx, u.ID, staged)
	return s.Store.DeleteUpload(context.WithoutCancel(ctx), u.Owner, u.ID)
}
