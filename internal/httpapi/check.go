package httpapi

import (
	"encoding/json"
	"io"
	"net/http"
	"sync"

	"photos/internal/api"
	"photos/internal/httpkit"
	"photos/internal/photo"
	"photos/internal/service"
)

// check answers what the service knows about many digests. On request it also looks at the
// bytes of those that are stored.
func (h *photos) check(w http.ResponseWriter, r *http.Request, by service.Caller) error {
	var req api.CheckRequest
	if err := h.body.read(w, r, photo.MaxCheck, idItem, &req); err != nil {
		return err
	}
	out := &checkAnswer{w: w, control: http.NewResponseController(w), live: req.Verify == photo.LookAtBytes}
	err := h.writeResults(out, r, by, req)
	switch {
	case err == nil:
		out.end()
		return nil
	case !out.begun:
		return err
	}
	if !httpkit.Abandoned(w, r, err) {
		h.log.ErrorContext(r.Context(), "check ended early", "request_id", w.Header().Get(api.HeaderRequestID), "err", err)
	}
	panic(http.ErrAbortHandler) // the status is already sent: only a cut connection can still report the error
}

// writeResults writes the results as they come. Reading photos takes long, and so may
// waiting for a slot to do so: blanks in between keep the connection alive.
func (h *photos) writeResults(out *checkAnswer, r *http.Request, by service.Caller, req api.CheckRequest) error {
	if out.live {
		defer httpkit.Repeat(keepAlive(h.stall), out.writeBlank)()
	}
	for st, err := range h.photos.Check(r.Context(), by, req.IDs, req.Verify) {
		if err != nil {
			return err
		}
		out.write(api.CheckResult{
			ID: st.ID, State: st.State, Description: st.Description, TakenSource: st.TakenSource, PositionSource: st.PositionSource, Folder: st.Folder, Tags: st.Tags,
			Upload: st.Upload, Offset: st.Offset,
		})
	}
	return nil
}

// checkAnswer writes the results of a check, so that they are never all in memory. It does
// not report a client that has left: the context of the request does.
type checkAnswer struct {
	w       http.ResponseWriter
	control *http.ResponseController
	live    bool // each result is sent at once

	mu    sync.Mutex // blanks and results do not mix
	begun bool
	some  bool // a result was written
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

func (a *checkAnswer) writeBlank() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begin()
	_, _ = io.WriteString(a.w, " ")
	_ = a.control.Flush()
}

func (a *checkAnswer) write(result api.CheckResult) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begin()
	if a.some {
		_, _ = io.WriteString(a.w, ",")
	}
	a.some = true
	_ = json.NewEncoder(a.w).Encode(result)
	if a.live {
		_ = a.control.Flush() // also lets the server notice that the client has left
	}
}

func (a *checkAnswer) end() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begin()
	_, _ = io.WriteString(a.w, "]}")
}
