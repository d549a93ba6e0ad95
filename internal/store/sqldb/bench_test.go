package sqldb

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"photos/internal/photo"
	"photos/internal/store"
)

// BenchmarkAdd measures adding photos by callers that each wait for their commit. The
// 100,000th photo should cost no more than the first.
func BenchmarkAdd(b *testing.B) {
	for _, there := range []int{0, 100_000} {
		for _, callers := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("%d there, %d callers", there, callers), func(b *testing.B) {
				db, owner := library(b, there)
				b.ResetTimer()
				addMany(b, db, owner, there, there+b.N, callers)
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}

// BenchmarkList measures one page of a library of 100,000 photos.
func BenchmarkList(b *testing.B) {
	db, owner := library(b, 100_000)
	for name, f := range map[string]photo.Filter{
		"newest":           {},
		"by taken":         {By: photo.ByTaken},
		"a prefix":         {IDPrefix: numbered(5).ID.String()[:8]},
		"a word of none":   {Search: "absent"},
		"none undescribed": {Trash: true},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := db.List(b.Context(), owner, f, "", 100); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCaller measures the query that every request runs first, for a user and for
// an access key.
func BenchmarkCaller(b *testing.B) {
	db, owner := library(b, 1000)
	for i := range photo.MaxKeys {
		k := photo.AccessKey{Name: fmt.Sprint("k", i), Scope: photo.ScopeAll}
		if _, err := db.CreateKey(b.Context(), owner, k, store.KeyHash(numbered(i).ID)); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("user", func(b *testing.B) {
		for b.Loop() {
			if disabled, err := db.Disabled(b.Context(), owner); disabled || err != nil {
				b.Fatal(disabled, err)
			}
		}
	})
	b.Run("key", func(b *testing.B) {
		for b.Loop() {
			if _, err := db.Key(b.Context(), store.KeyHash(numbered(7).ID)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCheck checks 5,000 digests, half of them stored.
func BenchmarkCheck(b *testing.B) {
	db, owner := library(b, 100_000)
	var ids []photo.ID
	for i := range photo.MaxCheck {
		ids = append(ids, numbered(100_000-photo.MaxCheck/2+i).ID)
	}
	for b.Loop() {
		if _, err := db.Check(b.Context(), owner, ids); err != nil {
			b.Fatal(err)
		}
	}
}

// library returns a database in which an owner has n photos.
func library(b *testing.B, n int) (*DB, string) {
	b.Helper()
	db := open(b, filepath.Join(b.TempDir(), "photos.db"))
	owner, err := db.Owner(b.Context(), "pool", "alice")
	if err != nil {
		b.Fatal(err)
	}
	addMany(b, db, owner, 0, n, 256)
	return db, owner
}

func addMany(b testing.TB, db *DB, owner string, first, last, callers int) {
	var next atomic.Int64
	next.Store(int64(first))
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(last); i = next.Add(1) {
				if _, err := db.Add(b.Context(), owner, numbered(int(i)), fmt.Sprintf("%032x", i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func numbered(i int) photo.Photo {
	return photo.Photo{
		ID: sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(i))), Name: fmt.Sprintf("IMG_%06d.JPG", i),
		Size: 60 << 10, MediaType: "image/jpeg", Width: 4000, Height: 3000, Camera: "Nikon D850",
	}
}
