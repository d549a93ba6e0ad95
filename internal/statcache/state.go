package statcache

import (
	"crypto/sha256"
	"encoding/binary"
	"io/fs"
	"time"
)

// State is what the system says about a file without reading it. A file whose state is the same as
// before has not changed.
type State struct {
	info fs.FileInfo
	id   identity
}

// identity is what the system says about a file besides fs.FileInfo.
type identity struct {
	inode, device uint64
	changed       time.Time // of the inode; zero where the system does not record it
}

// StateOf returns the state of the file at path, which info describes. Info may also describe an entry of
// the archive at path.
func StateOf(path string, info fs.FileInfo) State { return State{info, identify(path, info)} }

// fingerprint returns a hash of what must not change: size, times, inode, device and mode.
func (s State) fingerprint() fingerprint {
	var b [48]byte
	for i, v := range []int64{
		s.info.Size(), s.info.ModTime().UnixNano(), s.id.changed.UnixNano(),
		int64(s.id.inode), int64(s.id.device), int64(s.info.Mode()),
	} {
		binary.LittleEndian.PutUint64(b[8*i:], uint64(v))
	}
	sum := sha256.Sum256(b[:])
	return fingerprint(sum[:printSize])
}

// lastChange returns the later one of the times of the file and its inode.
func (s State) lastChange() time.Time {
	if m := s.info.ModTime(); m.After(s.id.changed) {
		return m
	}
	return s.id.changed
}
