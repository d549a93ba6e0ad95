package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"photos/internal/safefile"
)

// pieceCache remembers how many bytes of a photo one request may carry where a proxy in
// front of the service refuses larger ones. It only saves refused requests, so errors are
// printed with --verbose only.
type pieceCache struct {
	path   string
	now    func() time.Time
	detail func(format string, args ...any)
}

// piece is the content of the file.
type piece struct {
	Bytes int64     `json:"bytes"`
	Since time.Time `json:"since"`
}

// pieceLifetime is how long a size is remembered. Then a larger request is tried again,
// since the proxy may have a new limit.
const pieceLifetime = 30 * 24 * time.Hour

// newPieceCache returns the cache of one service.
func newPieceCache(e *env, server string) pieceCache {
	name := fmt.Sprintf("%.16x.json", sha256.Sum256([]byte(server)))
	return pieceCache{path: filepath.Join(e.set.stateDir(), "pieces", name), now: e.now, detail: e.Detail}
}

// read returns the remembered size, or 0.
func (c pieceCache) read() int64 {
	content, err := os.ReadFile(c.path)
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	var p piece
	if err == nil {
		err = json.Unmarshal(content, &p)
	}
	if err != nil {
		c.detail("the size of pieces cannot be read: %v", err)
		return 0
	}
	if age := c.now().Sub(p.Since); p.Bytes <= 0 || age < 0 || age > pieceLifetime {
		return 0
	}
	return p.Bytes
}

// write remembers a size that the client learned.
func (c pieceCache) write(bytes int64) {
	c.detail("a proxy in front of the service refuses large requests: photos are sent in pieces of %d bytes", bytes)
	if err := c.replace(bytes); err != nil {
		c.detail("the size of pieces cannot be saved: %v", err)
	}
}

// replace exchanges the whole file at once, since several processes may do so.
func (c pieceCache) replace(bytes int64) error {
	content, err := json.Marshal(piece{Bytes: bytes, Since: c.now().UTC()})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(c.path), ".piece-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = safefile.Rename(f.Name(), c.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
