package disk_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"photos/internal/blob"
	"photos/internal/photo"
	"photos/internal/store/sqldb"
)

// BenchmarkSmallPhotos does what the service does with a small photo, without HTTP: it stages
// 60 KiB, computes the digest, commits the bytes, and commits the row. Run it with
// -benchtime 5000x.
func BenchmarkSmallPhotos(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("%d at once", writers), func(b *testing.B) {
			blobs, db, owner := openBoth(b, b.TempDir())
			var next atomic.Int64
			var wg sync.WaitGroup
			b.SetBytes(60 << 10)
			b.ResetTimer()
			for range writers {
				wg.Go(func() {
					data := noise(60 << 10)
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						binary.BigEndian.PutUint64(data, uint64(i))
						if err := keep(b.Context(), blobs, db, owner, fmt.Sprint(i), data); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "photos/s")
		})
	}
}

// BenchmarkLargeVideo stores a video of 512 MiB, one buffer at a time.
func BenchmarkLargeVideo(b *testing.B) {
	blobs, db, owner := openBoth(b, b.TempDir())
	buf := noise(1 << 20)
	b.SetBytes(512 << 20)
	for i := 0; b.Loop(); i++ {
		h, err := blobs.Create(b.Context(), owner, fmt.Sprint(i))
		if err != nil {
			b.Fatal(err)
		}
		for n := range 512 {
			binary.BigEndian.PutUint64(buf, uint64(i<<10+n))
			if _, err := h.Write(buf); err != nil {
				b.Fatal(err)
			}
		}
		if err := errors.Join(commit(b.Context(), h, db, owner), h.Close(), blobs.Discard(b.Context(), fmt.Sprint(i))); err != nil {
			b.Fatal(err)
		}
	}
}

func keep(ctx context.Context, blobs blob.Staging, db *sqldb.DB, owner, name string, data []byte) error {
	h, err := blobs.Create(ctx, owner, name)
	if err != nil {
		return err
	}
	defer h.Close()
	if _, err := h.Write(data); err != nil {
		return err
	}
	if err := commit(ctx, h, db, owner); err != nil {
		return err
	}
	return errors.Join(h.Close(), blobs.Discard(ctx, name))
}

func commit(ctx context.Context, h blob.Staged, db *sqldb.DB, owner string) error {
	id, err := h.Digest()
	if err != nil {
		return err
	}
	size := h.Size()
	key, err := h.Commit(ctx, false)
	if err != nil {
		return err
	}
	_, err = db.Add(ctx, owner, photo.Photo{ID: id, Name: "IMG_0001.JPG", Size: size, MediaType: "image/jpeg"}, key)
	return err
}

func noise(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8(sha256.Sum256(nil)).Read(b)
	return b
}
