package auth

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// State is what is remembered of a session beside its tokens, in a small file next to
// its lock: nothing secret, and nothing a refresh depends on.
type State struct {
	RefreshedAt time.Time     `json:"refreshed_at,omitzero"`  // the last attempt, login included
	Failure     Kind          `json:"failure,omitempty"`      // what became of it; empty: it succeeded
	AccessUntil time.Time     `json:"access_until,omitzero"`  // by this machine's clock
	ClockOff    time.Duration `json:"clock_off_ns,omitempty"` // last told difference of the provider's clock from ours
}

// stateFile reads and writes the State of one credential. Writers hold its lock.
type stateFile struct{ dir, id string }

func (f stateFile) path() string { return filepath.Join(f.dir, f.id+".json") }

// read returns the zero State when there is none, or none that can be read.
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
		return &Error{Kind: Internal, Msg: "encoding the session's state", Err: err}
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return &Error{Kind: Internal, Msg: "making the folder for the session's state", Err: err}
	}
	temp := f.path() + ".tmp"
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return &Error{Kind: Internal, Msg: "writing the session's state", Err: err}
	}
	if err := os.Rename(temp, f.path()); err != nil {
		return &Error{Kind: Internal, Msg: "writing the session's state", Err: err}
	}
	return nil
}

func (f stateFile) remove() error {
	if err := os.Remove(f.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &Error{Kind: Internal, Msg: "removing the session's state", Err: err}
	}
	return nil
}
