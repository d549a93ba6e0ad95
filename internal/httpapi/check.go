package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"photos/internal/api"
	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store"
)

// checkChunk is how many digests the database is asked about at once: their descriptions are
// in memory until they are answered.
const checkChunk = 500

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
	c := &checking{s: s, owner: a.owner, how: req.Verify, seen: map[photo.ID]photo.State{}}
	c.out = checkAnswer{w: w}
	for ids := range slices.Chunk(req.IDs, checkChunk) {
		err := c.chunk(r.Context(), ids)
		if err != nil && c.out.begun {
			s.Log.ErrorContext(r.Context(), "check ended half-way", "request_id", w.Header().Get(api.HeaderRequestID), "err", err)
			panic(http.ErrAbortHandler) // the status is sent: a torn answer is all that can still say so
		}
		if err != nil {
			return err
		}
	}
	c.out.end()
	return nil
}

// checking is a check under way.
type checking struct {
	s     *Server
	owner string
	how   photo.Scrutiny
	seen  map[photo.ID]photo.State // what looking at the bytes showed: a photo that is named twice is looked at once
	out   checkAnswer
}

// chunk answers about some of the digests.
func (c *checking) chunk(ctx context.Context, ids []photo.ID) error {
	statuses, err := c.s.Store.Check(ctx, c.owner, ids)
	if err != nil {
		return err
	}
	if c.how == photo.LookAtBytes {
		return c.deep(ctx, statuses)
	}
	results := make([]api.CheckResult, len(statuses))
	for i, st := range statuses {
		if results[i], err = c.look(ctx, st); err != nil {
			return err
		}
	}
	c.out.write(results...)
	return nil
}

// deep sends each result when it is known, and blanks in between: reading photos takes long, waiting
// for the turn to do so may too, and a client waits only as long as something comes.
func (c *checking) deep(ctx context.Context, statuses []photo.Status) error {
	control := http.NewResponseController(c.out.w)
	for _, st := range statuses {
		c.out.begin()
		stop := c.s.everyBeat(func() { _, _ = io.WriteString(c.out.w, " "); _ = control.Flush() })
		result, err := c.look(ctx, st)
		stop()
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		c.out.write(result)
		_ = control.Flush() // the next round notices who went away
	}
	return nil
}

// checkAnswer writes the results of a check as they come, so that they are never in memory all at once.
// A client that went away is noticed elsewhere, by the context of its request.
type checkAnswer struct {
	w     http.ResponseWriter
	begun bool
	some  bool // results were written
}

func (a *checkAnswer) begin() {
	if a.begun {
		return
	}
	a.begun = true
	a.w.Header().Set("Content-Type", "application/json")
	a.w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(a.w, `{"results":[`)
}

func (a *checkAnswer) write(results ...api.CheckResult) {
	a.begin()
	out := json.NewEncoder(a.w)
	for _, r := range results {
		if a.some {
			_, _ = io.WriteString(a.w, ",")
		}
		a.some = true
		_ = out.Encode(r)
	}
}

func (a *checkAnswer) end() {
	a.begin()
	_, _ = io.WriteString(a.w, "]}")
}

// look completes one status: an unfinished upload's offset, and a stored photo's
// bytes as far as asked.
func (c *checking) look(ctx context.Context, st photo.Status) (api.CheckResult, error) {
	var err error
	switch {
	case st.State == photo.Unfinished:
		st, err = c.s.withOffset(ctx, st)
	case c.how != photo.LookAtRow && (st.State == photo.Stored || st.State == photo.Damaged):
		st.State, err = c.proven(ctx, st)
	}
	return api.CheckResult{ID: st.ID, State: st.State, Description: st.Description, TakenSource: st.TakenSource, PositionSource: st.PositionSource, Upload: st.Upload, Offset: st.Offset}, err
}

// proven is what the bytes of a stored photo show, once per photo.
func (c *checking) proven(ctx context.Context, st photo.Status) (photo.State, error) {
	if state, ok := c.seen[st.ID]; ok {
		return state, nil
	}
	if c.how == photo.LookAtBytes {
		leave, err := c.s.deep.wait(ctx, c.owner)
		if err != nil {
			return "", err
		}
		defer leave()
	}
	state, err := c.s.proven(ctx, c.owner, st, c.how)
	if err == nil {
		c.seen[st.ID] = state
	}
	return state, err
}

// withOffset fills in how much of an unfinished upload is here: what the blob
// store holds counts, not what a row says.
func (s *Server) withOffset(ctx context.Context, st photo.Status) (photo.Status, error) {
	size, err := s.Staging.StagedSize(ctx, st.Upload)
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
	sound, err := s.uploads.IsWhole(ctx, owner, p, key)
	if err == nil && sound && how == photo.LookAtBytes {
		sound, err = s.sameBytes(ctx, owner, key, st.ID)
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("look at the bytes of %s: %w", st.ID, err)
	case !sound:
		return photo.Damaged, s.uploads.NoteDamaged(ctx, owner, st.ID, key)
	case st.State == photo.Stored:
		return photo.Stored, nil
	case how == photo.LookAtBytes:
		return photo.Stored, s.Store.SetDamaged(ctx, owner, st.ID, key, false)
	}
	return photo.Damaged, nil
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
