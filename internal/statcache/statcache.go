// Package statcache remembers the digests of files, so that a second run over a folder
// does not read files that have not changed.
//
// The cache is one append-only file of records. All records have the same size and a
// checksum. Any number of processes can share the file: they append and compact under a
// lock. A process that is killed leaves at most an incomplete last record, which the next
// one removes. Paths are stored as hashes. A lost file costs only time, so the caller may
// ignore every failure to read or write it.
package statcache

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"photos/internal/photo"
	"photos/internal/safefile"
)

// Racy is how long before the reading of its bytes a file's last change must be. A change
// that comes sooner after it may leave the same times, because the clocks of file systems
// are coarse.
const Racy = 2 * time.Second

// A record in the file consists of the key of a path, the fingerprint of the file, its digest,
// a flag and a checksum of all these (CRC-32C).
const (
	keySize    = 16
	printSize  = 16
	recordSize = keySize + printSize + sha256.Size + 4 + 4

	flagPicture = 1

	// The file is compacted when it has more records than this and most of them are old.
	slack = 4096
)

type (
	key         [keySize]byte
	fingerprint [printSize]byte
)

// Entry is what the cache has about a file.
type Entry struct {
	ID      photo.ID // zero when it is not a picture
	Picture bool
}

type record struct {
	print fingerprint
	entry Entry
}

// Cache is safe for concurrent use.
type Cache struct {
	path string

	mu      sync.Mutex
	entries map[key]record
	pending []byte // records not yet in the file
}

// crcTable returns the table of Castagnoli's polynomial, which processors compute. It is made
// at its first use, because every command has to start fast and most need no cache.
var crcTable = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

// Empty returns a cache without entries that will be written to path.
func Empty(path string) *Cache { return &Cache{path: path, entries: map[key]record{}} }

// Open reads the cache at path. A missing file is an empty cache. Damaged records are
// ignored.
func Open(path string) (*Cache, error) {
	c := Empty(path)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("digest cache: %w", err)
	}
	defer f.Close()
	for r, b := bufio.NewReaderSize(f, 64<<10), make([]byte, recordSize); ; {
		_, err := io.ReadFull(r, b)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return c, nil
		}
		if err != nil {
			return nil, fmt.Errorf("digest cache: %w", err)
		}
		if k, s, ok := decode(b); ok {
			c.entries[k] = s
		}
	}
}

// Lookup returns the entry of the file at path, if its state shows that it has not changed.
func (c *Cache) Lookup(path string, now State) (Entry, bool) {
	k, err := keyOf(path)
	if err != nil {
		return Entry{}, false
	}
	c.mu.Lock()
	s, ok := c.entries[k]
	c.mu.Unlock()
	if !ok || s.print != now.fingerprint() {
		return Entry{}, false
	}
	return s.entry, true
}

// Add adds the entry of a file. Now is its state after its bytes were read, and read is when that
// began. A file that changed since then, or too shortly before, is not added.
func (c *Cache) Add(path string, now State, read time.Time, e Entry) {
	if read.Sub(now.lastChange()) < Racy {
		return
	}
	k, err := keyOf(path)
	if err != nil {
		return
	}
	s := record{now.fingerprint(), e}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.entries[k] == s {
		return
	}
	c.entries[k] = s
	c.pending = append(c.pending, encode(k, s)...)
}

// Flush appends what was added since the last Flush, and compacts the file when most of its
// records are old. ctx limits the wait for another process.
func (c *Cache) Flush(ctx context.Context) error {
	c.mu.Lock()
	pending := c.pending
	c.pending = nil
	c.mu.Unlock()
	if len(pending) == 0 {
		return nil
	}
	if err := c.withLock(ctx, func() error { return c.write(pending) }); err != nil {
		return fmt.Errorf("digest cache: %w", err)
	}
	return nil
}

// withLock runs f while no other process writes. The lock is a separate file that is never
// removed, since compaction replaces the file of the cache.
func (c *Cache) withLock(ctx context.Context, f func() error) error {
	if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil {
		return err
	}
	lock := flock.New(c.path + ".lock")
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return err
	}
	return errors.Join(f(), lock.Close())
}

func (c *Cache) write(pending []byte) error {
	f, err := os.OpenFile(c.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		end -= end % recordSize // cuts off the incomplete record of a process that was killed
		_, err = f.WriteAt(pending, end)
	}
	if err == nil {
		err = f.Truncate(end + int64(len(pending)))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	c.mu.Lock()
	most := 2*len(c.entries) + slack
	c.mu.Unlock()
	if int(end)/recordSize+len(pending)/recordSize > most {
		return c.compact()
	}
	return nil
}

// compact rewrites the file with the newest record of each path. It reads the file first,
// since other processes may have appended to it.
func (c *Cache) compact() error {
	now, err := Open(c.path)
	if err != nil {
		return err
	}
	var data []byte
	for k, s := range now.entries {
		data = append(data, encode(k, s)...)
	}
	tmp, err := os.CreateTemp(filepath.Dir(c.path), ".digests-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = safefile.Rename(tmp.Name(), c.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

// keyOf returns the key of a path.
func keyOf(path string) (key, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return key{}, err
	}
	sum := sha256.Sum256([]byte(abs))
	return key(sum[:keySize]), nil
}

func encode(k key, s record) []byte {
	b := make([]byte, 0, recordSize)
	b = append(append(append(b, k[:]...), s.print[:]...), s.entry.ID[:]...)
	flags := uint32(0)
	if s.entry.Picture {
		flags = flagPicture
	}
	b = binary.LittleEndian.AppendUint32(b, flags)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crcTable()))
}

func decode(b []byte) (key, record, bool) {
	body, sum := b[:recordSize-4], binary.LittleEndian.Uint32(b[recordSize-4:])
	if crc32.Checksum(body, crcTable()) != sum {
		return key{}, record{}, false
	}
	k := key(body[:keySize])
	s := record{print: fingerprint(body[keySize:][:printSize])}
	copy(s.entry.ID[:], body[keySize+printSize:])
	s.entry.Picture = binary.LittleEndian.Uint32(body[recordSize-8:])&flagPicture != 0
	return k, s, true
}
