package xmpsync

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"photos/internal/photo"
	"photos/internal/safefile"
)

// A state is what both sides had when they were last seen equal, for the photos of one folder and one
// account. It is a file outside of that folder.
type state struct {
	path string

	Folder  string            `json:"folder"`
	Account string            `json:"account"`
	Photos  map[string]record `json:"photos"` // by file name
}

// A record is the state of one photo.
type record struct {
	ID   photo.ID `json:"id"`
	Seen []Field  `json:"seen"` // the fields that were seen equal
	values
}

// readState reads the state of a folder. A missing or damaged one is empty: then nothing was seen, so that
// nothing is erased.
func readState(dir, folder, account string) (*state, error) {
	sum := sha256.Sum256([]byte(account + "\x00" + folder))
	s := &state{path: filepath.Join(dir, hex.EncodeToString(sum[:16])+".json"), Folder: folder, Account: account}
	data, err := os.ReadFile(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("read what was last seen: %w", err)
	case json.Unmarshal(data, s) != nil || s.Folder != folder || s.Account != account:
		s.Photos = nil
	}
	if s.Photos == nil {
		s.Photos = map[string]record{}
	}
	s.Folder, s.Account = folder, account
	return s, nil
}

// write replaces the file in one step.
func (s *state) write() error {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
		return err
	}
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(s.path), ".state-*")
	if err != nil {
		return err
	}
	_, err = part.Write(data)
	if err = errors.Join(err, part.Sync(), part.Close()); err == nil {
		err = safefile.Rename(part.Name(), s.path)
	}
	if err != nil {
		_ = os.Remove(part.Name()) // the next run makes another one
		return fmt.Errorf("keep what was last seen: %w", err)
	}
	return nil
}
