package signin

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/secret"
)

// State has facts about a session, in a file next to its lock. It holds no secret, and no
// refresh depends on it.
type State struct {
	RefreshedAt time.Time     `json:"refreshed_at,omitzero"`  // the last attempt, including the login
	Failure     auth.Kind     `json:"failure,omitempty"`      // its kind of failure; empty if it succeeded
	AccessUntil time.Time     `json:"access_until,omitzero"`  // by this machine's clock
	ClockOff    time.Duration `json:"clock_off_ns,omitempty"` // how far the provider's clock was ahead when it was last reported
}

// stateFile reads and writes the State of one credential. A writer holds its lock.
type stateFile struct{ dir, id string }

func (f stateFile) path() string { return filepath.Join(f.dir, f.id+".json") }

// read returns the zero State if there is none or it cannot be read.
func (f stateFile) read() State {
	var s State
	data, err := os.ReadFile(f.path())
	if err != nil || json.Unmarshal(data, &s) != nil {
		return State{}
	}
	return s
}

func (f stateFile) write(s State) error {
	data, err := json.Marshal(s)
	if err != nil {
		return &auth.Error{Kind: auth.Internal, Msg: "encoding the session's state", Err: err}
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return &auth.Error{Kind: auth.Internal, Msg: "creating the folder for the session's state", Err: err}
	}
	if err := secret.ReplaceFile(f.path(), data); err != nil {
		return &auth.Error{Kind: auth.Internal, Msg: "writing the session's state", Err: err}
	}
	return nil
}

func (f stateFile) remove() error {
	if err := os.Remove(f.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &auth.Error{Kind: auth.Internal, Msg: "removing the session's state", Err: err}
	}
	return nil
}
