package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// pieces remembers, per service, how many bytes of a photo one request may carry where a
// proxy before the service refuses more. It only saves refused requests: a failure to read or
// write it is said with --verbose.
type pieces struct {
	e    *env
	path string
}

// piece is the content of the file.
type piece struct {
	Bytes int64     `json:"bytes"`
	Since time.Time `json:"since"`
}

// pieceLifetime is how long a size is remembered. After that the proxy is asked again, as
// its limit may have been raised.
const pieceLifetime = 30 * 24 * time.Hour

// pieces returns the memory about one service.
func (e *env) pieces(server string) pieces {
	return pieces{e, filepath.Join(filepath.Dir(e.sessionsDir()), "pieces", fmt.Sprintf("%.16x.json", sha256.Sum256([]byte(server))))}
}

// read returns the remembered size, or 0.
func (p pieces) read() int64 {
	text, err := os.ReadFile(p.path)
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	var known piece
	if err == nil {
		err = json.Unmarshal(text, &known)
	}
	if err != nil {
		p.e.verbose("the size of pieces is not known: %v", err)
		return 0
	}
	if age := p.e.now().Sub(known.Since); known.Bytes <= 0 || age < 0 || age > pieceLifetime {
		return 0
	}
	return known.Bytes
}

// write remembers a size that was learned.
func (p pieces) write(bytes int64) {
	p.e.verbose("a proxy before the service refuses large requests: photos go in pieces of %d bytes", bytes)
	if err := p.replace(bytes); err != nil {
		p.e.verbose("the size of pieces is not remembered: %v", err)
	}
}

// replace writes the file whole, as several processes may.
func (p pieces) replace(bytes int64) error {
	text, err := json.Marshal(piece{Bytes: bytes, Since: p.e.now().UTC()})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(p.path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(p.path), ".piece-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), p.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
