// Package blobtest has the tests that every blob.Store and blob.Staging must pass.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/blob"
	"photos/internal/photo"
)

// Opener opens the same store again, as another process or a restart does.
type Opener func(testing.TB) Store

// Store has both contracts, for the same bytes.
type Store interface {
	blob.Store
	blob.Staging
}

const (
	alice = "11111111-1111-4111-8111-111111111111"
	bob   = "22222222-2222-4222-8222-222222222222"
)

// Run runs the tests. fresh makes an empty store and returns how to open it.
func Run(t *testing.T, fresh func(testing.TB) Opener) {
	tests := []struct {
		name string
		run  func(*testing.T, Opener)
	}{
		{"a committed blob is read back", committed},
		{"empty blob", empty},
		{"a blob does not exist before its commit", invisible},
		{"a staged name is created once", createdOnce},
		{"an upload resumes at its length", resumes},
		{"an upload resumes in another handle of the store", resumesElsewhere},
		{"a staged upload has one handle at a time", oneHandle},
		{"a commit is undone", commitIsUndone},
		{"a digest continues from its state", digestContinues},
		{"the digest of bytes written in pieces", digestOfPieces},
		{"a staged upload can be read while it is written", readStaged},
		{"discard", discard},
		{"owners do not see the blobs of others", owners},
		{"delete", deleted},
		{"keys are never used twice", keysDiffer},
		{"names that are not valid", badNames},
		{"walks", walks},
		{"a walk ends at an error of its function", walkEnds},
		{"many concurrent uploads", concurrent},
		{"a handle after its commit", afterCommit},
		{"a large upload in pieces", largeInPieces},
		{"an upload that comes whole", whole},
		{"an upload that comes whole without a digest", wholeWithoutDigest},
		{"an upload that comes whole with a wrong digest", wholeWrong},
		{"an upload that comes whole and is cut", wholeCut},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, fresh(t))
		})
	}
}

func committed(t *testing.T, open Opener) {
	s := open(t)
	want := noise(100_000)
	key := put(t, s, "one", alice, want)
	for _, s := range []Store{s, open(t)} {
		if got := read(t, s, alice, key); !bytes.Equal(got, want) {
			t.Errorf("read %d bytes that differ from the %d written", len(got), len(want))
		}
		if n, err := s.Size(t.Context(), alice, key); err != nil || n != int64(len(want)) {
			t.Errorf("Size = %d, %v, want %d", n, err, len(want))
		}
	}
	r, err := s.Open(t.Context(), alice, key)
	must(t, err)
	defer r.Close()
	part := make([]byte, 10)
	_, err = r.ReadAt(part, 5000)
	must(t, err)
	if !bytes.Equal(part, want[5000:5010]) || r.Size() != int64(len(want)) {
		t.Errorf("ReadAt = %x of %d, want %x of %d", part, r.Size(), want[5000:5010], len(want))
	}
	end, err := r.Seek(-10, io.SeekEnd)
	must(t, err)
	tail, err := io.ReadAll(r)
	must(t, err)
	if end != int64(len(want)-10) || !bytes.Equal(tail, want[len(want)-10:]) {
		t.Errorf("the last 10 bytes: %x at %d", tail, end)
	}
}

func empty(t *testing.T, open Opener) {
	s := open(t)
	if got := read(t, s, alice, put(t, s, "none", alice, nil)); len(got) != 0 {
		t.Errorf("read %d bytes of an empty blob", len(got))
	}
}

func invisible(t *testing.T, open Opener) {
	s := open(t)
	h := create(t, s, "one")
	write(t, h, noise(10))
	must(t, h.Sync())
	if got := blobs(t, s); len(got) != 0 {
		t.Errorf("blobs before the commit: %v", got)
	}
	_, err := h.Commit(t.Context(), true)
	must(t, err)
	must(t, h.Close())
	must(t, s.Discard(t.Context(), "one"))
	if got := stagedNames(t, s); len(got) != 0 {
		t.Errorf("staged after all: %v", got)
	}
	_, err = s.StagedSize(t.Context(), "one")
	wantNotFound(t, "StagedSize", err)
	_, err = s.Resume(t.Context(), alice, "one", nil)
	wantNotFound(t, "Resume", err)
}

func createdOnce(t *testing.T, open Opener) {
	s := open(t)
	h := create(t, s, "one")
	for _, s := range []Store{s, open(t)} {
		if _, err := s.Create(t.Context(), alice, "one"); err == nil {
			t.Error("a name that exists was created")
		}
	}
	write(t, h, []byte("still mine"))
	must(t, h.Sync())
	must(t, h.Close())
	if _, err := s.Create(t.Context(), alice, "one"); err == nil {
		t.Error("a name that exists was created")
	}
	if n, err := s.StagedSize(t.Context(), "one"); n != 10 || err != nil {
		t.Errorf("StagedSize = %d, %v, want 10", n, err)
	}
}

func resumes(t *testing.T, open Opener) {
	s := open(t)
	resumeIn(t, s, s)
}

func resumesElsewhere(t *testing.T, open Opener) { resumeIn(t, open(t), open(t)) }

func resumeIn(t *testing.T, first, second Store) {
	data := noise(300_000)
	h := create(t, first, "one")
	write(t, h, data[:100_000])
	must(t, h.Sync())
	must(t, h.Close())
	if n, err := second.StagedSize(t.Context(), "one"); n != 100_000 || err != nil {
		t.Fatalf("StagedSize = %d, %v, want 100000", n, err)
	}
	h, err := second.Resume(t.Context(), alice, "one", nil)
	must(t, err)
	defer h.Close()
	if h.Size() != 100_000 {
		t.Fatalf("resumed at %d, want 100000", h.Size())
	}
	write(t, h, data[100_000:200_000])
	wantDigest(t, h, data[:200_000])
	write(t, h, data[200_000:])
	wantDigest(t, h, data)
	key, err := h.Commit(t.Context(), true)
	must(t, err)
	if got := read(t, first, alice, key); !bytes.Equal(got, data) {
		t.Errorf("read %d bytes that differ from the %d written", len(got), len(data))
	}
}

// Resume reports at once that a staged upload is in use, in every process.
func oneHandle(t *testing.T, open Opener) {
	s := open(t)
	h := create(t, s, "one")
	write(t, h, []byte("abc"))
	wantBusy := func(when string) {
		t.Helper()
		for _, s := range []Store{s, open(t)} {
			if _, err := s.Resume(t.Context(), alice, "one", nil); !errors.Is(err, blob.ErrBusy) {
				t.Errorf("%s: %v, want blob.ErrBusy", when, err)
			}
		}
	}
	wantBusy("while it is written")
	must(t, h.Sync())
	must(t, h.Close())
	h, err := open(t).Resume(t.Context(), alice, "one", nil)
	must(t, err)
	wantBusy("while another process has it")
	write(t, h, []byte("def"))
	_, err = h.Commit(t.Context(), true)
	must(t, err)
	wantBusy("after the commit")
	must(t, h.Close())
	h, err = s.Resume(t.Context(), alice, "one", nil)
	must(t, err)
	wantDigest(t, h, []byte("abcdef"))
	must(t, h.Close())
}

// A blob that is not wanted after all can be deleted, and another one can be made of the
// same upload.
func commitIsUndone(t *testing.T, open Opener) {
	s := open(t)
	h := create(t, s, "one")
	write(t, h, []byte("abc"))
	key, err := h.Commit(t.Context(), true)
	must(t, err)
	must(t, h.Close())
	must(t, s.Delete(t.Context(), alice, key))
	gone := create(t, s, "two")
	_, err = gone.Commit(t.Context(), false)
	must(t, err)
	if names := stagedNames(t, s); len(names) != 1 {
		t.Errorf("a commit without keep left %v", names)
	}
	must(t, gone.Close())
	h, err = s.Resume(t.Context(), alice, "one", nil)
	must(t, err)
	second, err := h.Commit(t.Context(), true)
	must(t, err)
	must(t, h.Close())
	must(t, s.Discard(t.Context(), "one"))
	if got := read(t, s, alice, second); string(got) != "abc" || second == key {
		t.Errorf("read %q under %s, first %s", got, second, key)
	}
}

// A digest continues from its state, or from the first byte if the state cannot be used.
func digestContinues(t *testing.T, open Opener) {
	s := open(t)
	data := noise(300_001)
	h := create(t, s, "one")
	if state := h.DigestState(); state != nil {
		t.Errorf("the state of no bytes is %x", state)
	}
	write(t, h, data[:100_000])
	early := h.DigestState()
	write(t, h, data[100_000:200_000])
	late := h.DigestState()
	must(t, h.Sync())
	must(t, h.Close())
	ahead := create(t, s, "two")
	write(t, ahead, noise(250_000))
	tooFar := ahead.DigestState()
	must(t, ahead.Close())
	for name, state := range map[string][]byte{"none": nil, "early": early, "late": late, "ahead": tooFar, "short": late[:20], "damaged": append([]byte{0, 0, 0, 0, 0, 0, 0, 9}, "garbage"...)} {
		h, err := s.Resume(t.Context(), alice, "one", state)
		must(t, err)
		t.Log(name)
		wantDigest(t, h, data[:200_000])
		must(t, h.Close())
	}
	h, err := open(t).Resume(t.Context(), alice, "one", late)
	must(t, err)
	write(t, h, data[200_000:])
	wantDigest(t, h, data)
	must(t, h.Close())
}

func digestOfPieces(t *testing.T, open Opener) {
	s := open(t)
	data := noise(3 << 20)
	h := create(t, s, "one")
	defer h.Close()
	wantDigest(t, h, nil)
	for at, n := 0, 1; at < len(data); n = n*3 + 1 {
		end := min(at+n, len(data))
		write(t, h, data[at:end])
		at = end
	}
	wantDigest(t, h, data)
	wantDigest(t, h, data)
}

func readStaged(t *testing.T, open Opener) {
	s := open(t)
	data := noise(5000)
	h := create(t, s, "one")
	defer h.Close()
	write(t, h, data[:2000])
	got := make([]byte, 100)
	_, err := h.ReadAt(got, 1000)
	must(t, err)
	if !bytes.Equal(got, data[1000:1100]) {
		t.Error("ReadAt gave other bytes than were written")
	}
	write(t, h, data[2000:])
	wantDigest(t, h, data)
	if n, err := h.ReadAt(got, 4950); n != 50 || !errors.Is(err, io.EOF) {
		t.Errorf("ReadAt over the end = %d, %v, want 50, EOF", n, err)
	}
}

func discard(t *testing.T, open Opener) {
	s := open(t)
	h := create(t, s, "one")
	write(t, h, []byte("x"))
	must(t, s.Discard(t.Context(), "one"))
	must(t, s.Discard(t.Context(), "one"))
	if _, err := h.Commit(t.Context(), true); err == nil {
		t.Error("a discarded upload was committed")
	}
	must(t, h.Close())
	if got := len(stagedNames(t, s)) + len(blobs(t, s)); got != 0 {
		t.Errorf("%d names are left", got)
	}
	must(t, create(t, s, "one").Close())
}

func owners(t *testing.T, open Opener) {
	s := open(t)
	key := put(t, s, "one", alice, []byte("hers"))
	_, err := s.Open(t.Context(), bob, key)
	wantNotFound(t, "Open", err)
	_, err = s.Size(t.Context(), bob, key)
	wantNotFound(t, "Size", err)
	must(t, s.Delete(t.Context(), bob, key))
	if got := read(t, s, alice, key); string(got) != "hers" {
		t.Errorf("read %q", got)
	}
}

func deleted(t *testing.T, open Opener) {
	s := open(t)
	key := put(t, s, "one", alice, []byte("x"))
	other := put(t, s, "two", alice, []byte("x"))
	must(t, s.Delete(t.Context(), alice, key))
	must(t, s.Delete(t.Context(), alice, key))
	_, err := s.Open(t.Context(), alice, key)
	wantNotFound(t, "Open", err)
	_, err = s.Size(t.Context(), alice, key)
	wantNotFound(t, "Size", err)
	if got := read(t, s, alice, other); string(got) != "x" {
		t.Errorf("the other blob has %q", got)
	}
}

func keysDiffer(t *testing.T, open Opener) {
	s := open(t)
	seen := map[string]bool{}
	for range 100 {
		key := put(t, s, "again", alice, []byte("the same"))
		if seen[key] {
			t.Fatalf("key %s was given twice", key)
		}
		seen[key] = true
	}
}

func badNames(t *testing.T, open Opener) {
	s := open(t)
	key := put(t, s, "one", alice, []byte("x"))
	for _, name := range []string{"", ".", "..", "../one", "a/b", `a\b`, "a\x00", "a.b", "ä", "C:", " ", "/etc"} {
		if h, err := s.Create(t.Context(), alice, name); err == nil {
			t.Errorf("Create(%q) succeeded", name)
			h.Close()
		}
		_, err := s.Resume(t.Context(), alice, name, nil)
		wantNotFound(t, fmt.Sprintf("Resume(%q)", name), err)
		_, err = s.StagedSize(t.Context(), name)
		wantNotFound(t, fmt.Sprintf("StagedSize(%q)", name), err)
		_, err = s.Open(t.Context(), name, key)
		wantNotFound(t, fmt.Sprintf("Open(%q, key)", name), err)
		_, err = s.Open(t.Context(), alice, name)
		wantNotFound(t, fmt.Sprintf("Open(alice, %q)", name), err)
		if h, err := s.Create(t.Context(), name, "two"); err == nil {
			t.Errorf("Create of owner %q succeeded", name)
			h.Close()
		}
		_, err = s.Resume(t.Context(), name, "two", nil)
		wantNotFound(t, fmt.Sprintf("Resume of owner %q", name), err)
	}
	if got := blobs(t, s); len(got) != 1 {
		t.Errorf("blobs: %v, want the first only", got)
	}
}

func walks(t *testing.T, open Opener) {
	s := open(t)
	before := time.Now().Add(-2 * time.Second) // the clocks of file systems are coarse
	want := map[string]bool{
		alice + "/" + put(t, s, "a", alice, []byte("1")): true,
		alice + "/" + put(t, s, "b", alice, []byte("2")): true,
		bob + "/" + put(t, s, "c", bob, []byte("3")):     true,
	}
	must(t, create(t, s, "unfinished").Close())
	for _, s := range []Store{s, open(t)} {
		got := map[string]bool{}
		for name, at := range blobs(t, s) {
			got[name] = at.After(before) && at.Before(time.Now().Add(2*time.Second))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("EachBlob (false: the time is wrong), -want +got:\n%s", d)
		}
		at, ok := stagedNames(t, s)["unfinished"]
		if !ok || at.Before(before) || len(stagedNames(t, s)) != 1 {
			t.Errorf("EachStaged: %v", stagedNames(t, s))
		}
	}
}

func walkEnds(t *testing.T, open Opener) {
	s := open(t)
	put(t, s, "a", alice, nil)
	put(t, s, "b", alice, nil)
	must(t, create(t, s, "c").Close())
	must(t, create(t, s, "d").Close())
	waitForLists(s)
	enough := errors.New("enough")
	calls := 0
	err := s.EachBlob(t.Context(), func(string, string, time.Time) error { calls++; return enough })
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("EachBlob = %v after %d calls", err, calls)
	}
	calls = 0
	err = s.EachStaged(t.Context(), func(string, time.Time) error { calls++; return enough })
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("EachStaged = %v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err = s.EachBlob(ctx, func(string, string, time.Time) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("EachBlob with a cancelled context = %v", err)
	}
}

func concurrent(t *testing.T, open Opener) {
	s := open(t)
	const each, writers = 20, 16
	var mu sync.Mutex
	want := map[string][]byte{}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				data := fmt.Appendf(nil, "photo %d of %d", i, w)
				owner := []string{alice, bob}[i%2]
				key, err := tryPut(t.Context(), s, fmt.Sprintf("up-%d-%d", w, i), owner, data)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				want[owner+"/"+key] = data
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	got := blobs(t, s)
	if len(got) != each*writers || len(want) != each*writers {
		t.Fatalf("%d blobs and %d keys, want %d", len(got), len(want), each*writers)
	}
	for name, data := range want {
		if b := read(t, s, name[:len(alice)], name[len(alice)+1:]); !bytes.Equal(b, data) {
			t.Errorf("%s has %q, want %q", name, b, data)
		}
	}
}

func afterCommit(t *testing.T, open Opener) {
	s := open(t)
	h := create(t, s, "one")
	write(t, h, []byte("x"))
	_, err := h.Commit(t.Context(), true)
	must(t, err)
	must(t, h.Close())
	must(t, h.Close())
	if _, err := h.Write([]byte("y")); err == nil {
		t.Error("wrote after the commit")
	}
	if err := h.Sync(); err == nil {
		t.Error("synced after the commit")
	}
	if _, err := h.Commit(t.Context(), true); err == nil {
		t.Error("committed twice")
	}
}

// A large upload comes in pieces of very different lengths, each through another handle. At
// the end it is read, committed, read again, and committed a second time.
func largeInPieces(t *testing.T, open Opener) {
	s := open(t)
	data := noise(27 << 20)
	must(t, create(t, s, "one").Close())
	at := 0
	for _, n := range []int{1, 1 << 20, 6 << 20, 1 << 20, 300_000, 17 << 20, len(data)} {
		h, err := open(t).Resume(t.Context(), alice, "one", nil)
		must(t, err)
		if h.Size() != int64(at) {
			t.Fatalf("resumed at %d, want %d", h.Size(), at)
		}
		end := min(at+n, len(data))
		for at < end {
			next := min(at+200_000, end)
			write(t, h, data[at:next])
			at = next
		}
		must(t, h.Sync())
		must(t, h.Close())
		if size, err := s.StagedSize(t.Context(), "one"); err != nil || size != int64(at) {
			t.Fatalf("StagedSize = %d, %v, want %d", size, err, at)
		}
	}
	var keys []string
	for range 2 {
		h, err := s.Resume(t.Context(), alice, "one", nil)
		must(t, err)
		wantDigest(t, h, data)
		for _, off := range []int64{0, 5 << 20, 26 << 20} {
			wantAt(t, h, data, off)
		}
		key, err := h.Commit(t.Context(), true)
		must(t, err)
		must(t, h.Close())
		keys = append(keys, key)
		must(t, s.Delete(t.Context(), alice, keys[0])) // by a request that was overtaken
	}
	must(t, s.Discard(t.Context(), "one"))
	must(t, s.Delete(t.Context(), alice, keys[0]))
	if got := read(t, s, alice, keys[1]); !bytes.Equal(got, data) {
		t.Errorf("read %d bytes that differ from the %d written", len(got), len(data))
	}
	if len(blobs(t, s)) != 1 || len(stagedNames(t, s)) != 0 {
		t.Errorf("blobs: %v, staged: %v", blobs(t, s), stagedNames(t, s))
	}
}

func wantAt(t testing.TB, r io.ReaderAt, data []byte, off int64) {
	t.Helper()
	got := make([]byte, 1000)
	_, err := r.ReadAt(got, off)
	must(t, err)
	if !bytes.Equal(got, data[off:off+1000]) {
		t.Errorf("ReadAt(%d) gave other bytes than were written", off)
	}
}

func whole(t *testing.T, open Opener) {
	s := open(t)
	for _, n := range []int{0, 1, 100_000, 3_000_000} {
		data := noise(n)
		wholeOf(t, s, data, sha256.Sum256(data))
	}
}

func wholeWithoutDigest(t *testing.T, open Opener) {
	s := open(t)
	for _, n := range []int{0, 1, 3_000_000} {
		wholeOf(t, s, noise(n), photo.ID{})
	}
}

func wholeOf(t *testing.T, s Store, data []byte, digest photo.ID) {
	t.Helper()
	h, err := s.Whole(t.Context(), alice, int64(len(data)), digest)
	must(t, err)
	writeAll(t, h, data)
	wantDigest(t, h, data)
	for off := int64(0); off+1000 <= int64(len(data)); off += 500_500 {
		wantAt(t, h, data, off)
	}
	key, err := h.Commit(t.Context(), false)
	must(t, err)
	must(t, h.Close())
	must(t, h.Close())
	if got := read(t, s, alice, key); !bytes.Equal(got, data) {
		t.Errorf("read %d bytes that differ from the %d written", len(got), len(data))
	}
	if names := stagedNames(t, s); len(names) != 0 {
		t.Errorf("staged: %v", names)
	}
}

func writeAll(t testing.TB, h blob.Staged, data []byte) {
	t.Helper()
	for at := 0; at < len(data); {
		n := min(70_001, len(data)-at)
		write(t, h, data[at:at+n])
		at += n
	}
}

// The store may notice itself that the digest is wrong. Otherwise the caller does, and
// does not commit.
func wholeWrong(t *testing.T, open Opener) {
	s := open(t)
	for _, n := range []int{100_000, 3_000_000} {
		data := noise(n)
		h, err := s.Whole(t.Context(), alice, int64(n), sha256.Sum256([]byte("other bytes")))
		must(t, err)
		for at := 0; at < n && err == nil; at += 50_000 {
			_, err = h.Write(data[at : at+50_000])
		}
		if id, err := h.Digest(); err == nil && id != sha256.Sum256(data) {
			t.Errorf("digest of %d bytes is %s", n, id)
		}
		must(t, h.Close())
		if got := len(blobs(t, s)) + len(stagedNames(t, s)); got != 0 {
			t.Errorf("%d names are left", got)
		}
	}
}

func wholeCut(t *testing.T, open Opener) {
	s := open(t)
	data := noise(3_000_000)
	for _, n := range []int{0, 100_000, 2_000_000, len(data)} {
		h, err := s.Whole(t.Context(), alice, int64(len(data)), sha256.Sum256(data))
		must(t, err)
		writeAll(t, h, data[:n])
		must(t, h.Close())
		if got := len(blobs(t, s)) + len(stagedNames(t, s)); got != 0 {
			t.Errorf("%d names are left of %d bytes", got, n)
		}
		if _, err := h.Write(data[:1]); err == nil {
			t.Error("wrote after Close")
		}
	}
}

// noise returns n random bytes. Two calls differ only in the length.
func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

func create(t testing.TB, s Store, name string) blob.Staged {
	t.Helper()
	h, err := s.Create(t.Context(), alice, name)
	must(t, err)
	return h
}

func write(t testing.TB, h blob.Staged, p []byte) {
	t.Helper()
	size := h.Size()
	n, err := h.Write(p)
	must(t, err)
	if n != len(p) || h.Size() != size+int64(n) {
		t.Fatalf("wrote %d of %d bytes; size %d, was %d", n, len(p), h.Size(), size)
	}
}

func put(t testing.TB, s Store, name, owner string, data []byte) string {
	t.Helper()
	key, err := tryPut(t.Context(), s, name, owner, data)
	must(t, err)
	return key
}

func tryPut(ctx context.Context, s Store, name, owner string, data []byte) (string, error) {
	h, err := s.Create(ctx, owner, name)
	if err != nil {
		return "", err
	}
	defer h.Close()
	if _, err := h.Write(data); err != nil {
		return "", err
	}
	key, err := h.Commit(ctx, false)
	if err != nil {
		return "", err
	}
	return key, errors.Join(h.Close(), s.Discard(ctx, name))
}

func read(t testing.TB, s Store, owner, key string) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), owner, key)
	must(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	must(t, err)
	return b
}

// A Late store lists what is new only after some time, like some stores of objects.
type Late interface{ ListsAfter() time.Duration }

func waitForLists(s Store) {
	if late, ok := s.(Late); ok {
		time.Sleep(late.ListsAfter())
	}
}

func blobs(t testing.TB, s Store) map[string]time.Time {
	t.Helper()
	waitForLists(s)
	found := map[string]time.Time{}
	must(t, s.EachBlob(t.Context(), func(owner, key string, at time.Time) error {
		found[owner+"/"+key] = at
		return nil
	}))
	return found
}

func stagedNames(t testing.TB, s Store) map[string]time.Time {
	t.Helper()
	waitForLists(s)
	found := map[string]time.Time{}
	must(t, s.EachStaged(t.Context(), func(name string, at time.Time) error {
		found[name] = at
		return nil
	}))
	return found
}

func wantDigest(t testing.TB, h blob.Staged, data []byte) {
	t.Helper()
	got, err := h.Digest()
	must(t, err)
	if want := photo.ID(sha256.Sum256(data)); got != want {
		t.Errorf("digest of %d bytes = %s, want %s", len(data), got, want)
	}
}

func wantNotFound(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("%s: %v, want blob.ErrNotFound", what, err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
