package disk

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"sync"

	"photos/internal/blob"
)

// commitsPerShard is how many commits use one folder of an owner before another one is
// chosen. It is large enough for concurrent commits to share syncs, and small enough to keep
// folders small.
const commitsPerShard = 512

// shards chooses the folder of the next blob. The choice has no meaning: all keys are random,
// and a key begins with the name of its folder.
type shards struct {
	mu     sync.Mutex
	left   int               // commits until another folder is chosen
	prefix string            // first two digits of the next keys
	shards map[string]*shard // with the present prefix, by owner
}

// shard is the folder blobs/<owner>/<aa>.
type shard struct {
	*folder
	mu    sync.Mutex
	ready bool // it exists and is durable
}

// newBlob returns a key for a blob of owner, and its folder.
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
		t.left, t.prefix, t.shards = commitsPerShard, hex.EncodeToString(random[:]), map[string]*shard{}
	}
	t.left--
	sh := t.shards[owner]
	if sh == nil {
		sh = &shard{folder: s.folder(blobsDir + "/" + owner + "/" + t.prefix)}
		t.shards[owner] = sh
	}
	return sh
}

// prepare creates the folder and its parent, and makes each durable before it is used. A
// folder that exists need not be durable: a process may have died after it created it.
func (sh *shard) prepare(s *Store, owner string) error {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.ready {
		return nil
	}
	home := s.folder(blobsDir + "/" + owner)
	for _, d := range []struct{ dir, parent *folder }{{home, s.blobs}, {sh.folder, home}} {
		if err := s.root.Mkdir(d.dir.path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return blob.WriteError(s.absent(err))
		}
		if err := d.parent.sync(); err != nil {
			return err
		}
	}
	sh.ready = true
	return nil
}
