// Package statcache remembers the digests of files that have not changed, so
// that a second run over a folder reads no byte of it.
//
// It is one append-only file of checksummed records of one size, shared by any
// number of processes. Appending and compacting happen under a lock; a process
// killed in the middle leaves at most a torn last record, which the next one
// cuts off. Paths are kept as hashes only. Losing the file costs time, nothing
// else: every failure to read or write it may be ignored.
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
)

// Racy is how much older than the reading of its bytes a file's last change
// must be: within the resolution of a file system's clock, a change after the
// reading would leave the same times.
const Racy = 2 * time.Second

// A record is a path's key, what the file looked like, its digest, a flag and a
// checksum of all that (CRC-32C).
const (
	keySize    = 16
	printSize  = 16
	recordSize = keySize + printSize + sha256.Size + 4 + 4

	flagPicture = 1

	// compaction: more than this many records, and most of them superseded.
	slack = 4096
)

type (
	key         [keySize]byte
	fingerprint [printSize]byte
)

// Entry is what is remembered of a file.
type Entry struct {
	ID      photo.ID // zero when it is no picture
	Picture bool
}

type stored struct {
	print fingerprint
	entry Entry
}

// Cache is safe for concurrent use.
type Cache struct {
	path string

	mu      sync.Mutex
	known   map[key]stored
	pending []byte // records not yet in the file
}

// crcTable is Castagnoli's polynomial, which processors compute. Made at its first
// use: most commands need no cache, and every one has to start fast.
var crcTable = sync.OnceValue(func() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) })

// Empty is a cache that knows nothing yet and is written to path.
func Empty(path string) *Cache { return &Cache{path: path, known: map[key]stored{}} }

// Open reads the cache at path. A missing file is an empty cache; records that
// are damaged count as absent.
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
			c.known[k] = s
		}
	}
}

// Lookup returns what is known of the file at path, if info shows that it has
// not changed since.
func (c *Cache) Lookup(path string, info fs.FileInfo) (Entry, bool) {
	k, err := keyOf(path)
	if err != nil {
		return Entry{}, false
	}
	c.mu.Lock()
	s, ok := c.known[k]
	c.mu.Unlock()
	if !ok || s.print != printOf(info) {
		return Entry{}, false
	}
	return s.entry, true
}

// Add remembers a file that looked like info before and after its bytes were
// read, which began at read. One changed too shortly before that is not kept.
func (c *Cache) Add(path string, info fs.FileInfo, read time.Time, e Entry) {
	if read.Sub(lastChange(info)) < Racy {
		return
	}
	k, err := keyOf(path)
	if err != nil {
		return
	}
	s := stored{printOf(info), e}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known[k] == s {
		return
	}
	c.known[k] = s
	c.pending = append(c.pending, encode(k, s)...)
}

// Flush appends what was added since the last one, and compacts the file when
// most of it is superseded. ctx bounds the wait for another process.
func (c *Cache) Flush(ctx context.Context) error {
	c.mu.Lock()
	pending := c.pending
	c.pending = nil
	c.mu.Unlock()
	if len(pending) == 0 {
		return nil
	}
	if err := c.locked(ctx, func() error { return c.write(pending) }); err != nil {
		return fmt.Errorf("digest cache: %w", err)
	}
	return nil
}

// locked runs f while no other process writes. The lock is a file of its own,
// which is never removed: the cache's own file is replaced by compaction.
func (c *Cache) locked(ctx context.Context, f func() error) error {
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
		end -= end % recordSize // a torn record of a process that was killed
		_, err = f.WriteAt(pending, end)
	}
	if err == nil {
		err = f.Truncate(end + int64(len(pending)))
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	c.mu.Lock()
	most := 2*len(c.known) + slack
	c.mu.Unlock()
	if int(end)/recordSize+len(pending)/recordSize > most {
		return c.compact()
	}
	return nil
}

// compact rewrites the file with the newest record of each path. It reads the
// file again, since other processes may have added to it.
func (c *Cache) compact() error {
	now, err := Open(c.path)
	if err != nil {
		return err
	}
	var data []byte
	for k, s := range now.known {
		data = append(data, encode(k, s)...)
	}
	tmp, err := os.CreateTemp(filepath.Dir(c.path), ".digests-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), c.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

// keyOf is the name under which a path is remembered.
func keyOf(path string) (key, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return key{}, err
	}
	sum := sha256.Sum256([]byte(abs))
	return key(sum[:keySize]), nil
}

// printOf condenses what must be unchanged: size, times, inode and device.
func printOf(info fs.FileInfo) fingerprint {
	var b [48]byte
	id := identify(info)
	for i, v := range []int64{info.Size(), info.ModTime().UnixNano(), id.changed.UnixNano(), int64(id.inode), int64(id.device), int64(info.Mode())} {
		binary.LittleEndian.PutUint64(b[8*i:], uint64(v))
	}
	sum := sha256.Sum256(b[:])
	return fingerprint(sum[:printSize])
}

// lastChange is the later of the file's two times.
func lastChange(info fs.FileInfo) time.Time {
	m, c := info.ModTime(), identify(info).changed
	if c.After(m) {
		return c
	}
	return m
}

// identity is what a system tells about a file besides fs.FileInfo.
type identity struct {
	inode, device uint64
	changed       time.Time // of the inode; zero where there is no such time
}

func encode(k key, s stored) []byte {
	b := make([]byte, 0, recordSize)
	b = append(append(append(b, k[:]...), s.print[:]...), s.entry.ID[:]...)
	flags := uint32(0)
	if s.entry.Picture {
		flags = flagPicture
	}
	b = binary.LittleEndian.AppendUint32(b, flags)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crcTable()))
}

func decode(b []byte) (key, stored, bool) {
	body, sum := b[:recordSize-4], binary.LittleEndian.Uint32(b[recordSize-4:])
	if crc32.Checksum(body, crcTable()) != sum {
		return key{}, stored{}, false
	}
	k := key(body[:keySize])
	s := stored{print: fingerprint(body[keySize:][:printSize])}
	copy(s.entry.ID[:], body[keySize+printSize:])
	s.entry.Picture = binary.LittleEndian.Uint32(body[recordSize-8:])&flagPicture != 0
	return k, s, true
}
