package disk

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"sync"
)

// shardTurn is how many commits go to one folder of an owner before another is
// chosen: many enough that concurrent commits share its sync, few enough that
// folders stay small.
const shardTurn = 512

// shards says which folder the next blob goes to. The choice means nothing:
// a key tells its folder, and all keys are random.
type shards struct {
	mu     sync.Mutex
	left   int               // commits until the next turn
	prefix string            // first two digits of every key of this turn
	shards map[string]*shard // by owner, of this turn
}

// A shard is the folder blobs/<owner>/<aa>.
type shard struct {
	*folder
	mu    sync.Mutex
	ready bool // it exists, durably
}

// newBlob makes a key for owner and the folder to put it in.
func (s *Store) newBlob(owner string) (key string, _ *shard, err error) {
	sh := s.shards.forOwner(s, owner)
	if err := sh.prepare(s, owner); err != nil {
		return "", nil, err
	}
	var random [15]byte
	rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	prefix := sh.path[len(sh.path)-2:]
	return prefix + hex.EncodeToString(random[:]), sh, nil
}

func (t *shards) forOwner(s *Store, owner string) *shard {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.left == 0 {
		var random [1]byte
		rand.Read(random[:])
		t.left, t.prefix, t.shards = shardTurn, hex.EncodeToString(random[:]), map[string]*shard{}
	}
	t.left--
	sh := t.shards[owner]
	if sh == nil {
		sh = &shard{folder: s.folder(blobsDir + "/" + owner + "/" + t.prefix)}
		t.shards[owner] = sh
	}
	return sh
}

// prepare makes the folder and its parent, each durable before it is used. That
// one exists does not mean that it is durable: a process may have died between.
func (sh *shard) prepare(s *Store, owner string) error {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.ready {
		return nil
	}
	home := s.folder(blobsDir + "/" + owner)
	for _, d := range []struct{ dir, parent *folder }{{home, s.blobs}, {sh.folder, home}} {
		if err := s.root.Mkdir(d.dir.path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return refused(err)
		}
		if err := d.parent.sync(); err != nil {
			return err
		}
	}
	sh.ready = true
	return nil
}
