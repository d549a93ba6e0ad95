package server

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"photos/internal/api"
	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

// check tells what is known of many digests, and on request looks at the bytes
// of those that are stored.
func (s *Server) check(w http.ResponseWriter, r *http.Request, a account) error {
	var req api.CheckRequest
	if err := s.readJSON(w, r, photo.MaxCheck, &req); err != nil {
		return err
	}
	switch req.Verify {
	case photo.LookAtRow, photo.LookAtSize, photo.LookAtBytes:
	default:
		return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("verify: %.40q is neither size nor deep", req.Verify)}
	}
	statuses, err := s.Store.Check(r.Context(), a.owner, req.IDs)
	if err != nil {
		return err
	}
	if req.Verify == photo.LookAtBytes {
		return s.checkSlowly(w, r, a, statuses)
	}
	answer := api.CheckResponse{Results: make([]api.CheckResult, len(statuses))}
	for i, st := range statuses {
		if answer.Results[i], err = s.look(r.Context(), a.owner, st, req.Verify); err != nil {
			return err
		}
	}
	return writeJSON(w, answer)
}

// checkSlowly sends each result when it is known, and blanks in between: reading
// photos takes long, and a client waits only as long as something comes.
func (s *Server) checkSlowly(w http.ResponseWriter, r *http.Request, a account, statuses []photo.Status) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	out := json.NewEncoder(w)
	control := http.NewResponseController(w)
	_, _ = io.WriteString(w, `{"results":[`) // the next round notices who went away
	for i, st := range statuses {
		stop := s.everyBeat(func() { _, _ = io.WriteString(w, " "); _ = control.Flush() })
		result, err := s.look(r.Context(), a.owner, st, photo.LookAtBytes)
		stop()
		if err = errors.Join(err, r.Context().Err()); err != nil {
			s.Log.ErrorContext(r.Context(), "check ended half-way", "request_id", w.Header().Get(api.HeaderRequestID), "err", err)
			panic(http.ErrAbortHandler) // the status is sent: a torn answer is all that can still say so
		}
		if i > 0 {
			_, _ = io.WriteString(w, ",")
		}
		_ = errors.Join(out.Encode(result), control.Flush())
	}
	_, _ = io.WriteString(w, "]}") // as above
	return nil
}

// look completes one status: an unfinished upload's offset, and a stored photo's
// bytes as far as asked.
func (s *Server) look(ctx context.Context, owner string, st photo.Status, how photo.Scrutiny) (api.CheckResult, error) {
	var err error
	switch {
	case st.State == photo.Unfinished:
		st, err = s.withOffset(ctx, st)
	case how != photo.LookAtRow && (st.State == photo.Stored || st.State == photo.Damaged):
		st.State, err = s.proven(ctx, owner, st, how)
	}
	return api.CheckResult{ID: st.ID, State: st.State, Description: st.Description, TakenSource: st.TakenSource, PositionSource: st.PositionSource, Upload: st.Upload, Offset: st.Offset}, err
}

// withOffset fills in how much of an unfinished upload is here: what the blob
// store holds counts, not what a row says.
func (s *Server) withOffset(ctx context.Context, st photo.Status) (photo.Status, error) {
	size, err := s.Blobs.StagedSize(ctx, st.Upload)
	if errors.Is(err, blob.ErrNotFound) {
		return photo.Status{ID: st.ID, State: photo.Absent}, nil
	}
	st.Offset = size
	return st, err
}

// proven looks at the bytes of a photo that is stored, and notes what it finds
// for the next upload of it. Only reading all of them acquits a damaged one.
func (s *Server) proven(ctx context.Context, owner string, st photo.Status, how photo.Scrutiny) (photo.State, error) {
	p, key, err := s.Store.Get(ctx, owner, st.ID, store.Live)
	if photo.KindOf(err) == photo.KindNotFound { // deleted a moment ago
		return photo.Trashed, nil
	}
	if err != nil {
		return "", err
	}
	sound, err := s.whole(ctx, owner, p, key)
	if err == nil && sound && how == photo.LookAtBytes {
		sound, err = s.sameBytes(ctx, owner, key, st.ID)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("look at the bytes of %s: %w", st.ID, err)
	case !sound:
		return photo.Damaged, s.damaged(ctx, owner, st.ID, key)
	case st.State == photo.Stored:
		return photo.Stored, nil
	case how == photo.LookAtBytes:
		return photo.Stored, s.Store.SetDamaged(ctx, owner, st.ID, key, false)
	}
	return photo.Damaged, nil
}

// whole reports whether a photo's bytes are there, as many as there should be.
func (s *Server) whole(ctx context.Context, owner string, p photo.Photo, key string) (bool, error) {
	size, err := s.Blobs.Size(ctx, owner, key)
	if errors.Is(err, blob.ErrNotFound) {
		return false, nil
	}
	return size == p.Size, err
}

// damaged notes that a photo's bytes are not what they should be.
func (s *Server) damaged(ctx context.Context, owner string, id photo.ID, key string) error {
	s.Log.ErrorContext(ctx, "a stored photo's bytes are missing or damaged; uploading it again repairs it", "photo", id, "owner", owner, "key", key)
	return s.Store.SetDamaged(ctx, owner, id, key, true)
}

func (s *Server) sameBytes(ctx context.Context, owner, key string, id photo.ID) (bool, error) {
	r, err := s.Blobs.Open(ctx, owner, key)
	if err != nil {
		return false, err
	}
	defer r.Close()
	buf, _ := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buf)
	sum := sha256.New()
	for ctx.Err() == nil {
		n, err := r.Read(*buf)
		sum.Write((*buf)[:n])
		if err == io.EOF { //nolint:errorlint // the one value io.Reader promises
			return photo.ID(sum.Sum(nil)) == id, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, ctx.Err()
}
