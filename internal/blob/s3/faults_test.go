package s3_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"photos/internal/blob"
	"photos/internal/blob/blobtest"
	"photos/internal/blob/s3"
	"photos/internal/photo"
	"photos/internal/testkit/s3server"
)

const listsAfter = 300 * time.Millisecond

func newFaulty(inner aws.HTTPClient, choose func(*http.Request, int) s3server.Fault) *s3server.Faulty {
	if inner == nil {
		inner = awshttp.NewBuildableClient()
	}
	return s3server.NewFaulty(inner, listsAfter, choose)
}

// lateStore is a store whose lists are late.
type lateStore struct{ blobtest.Store }

func (lateStore) ListsAfter() time.Duration { return 2 * listsAfter }

// TestStoreWithFaults runs the suite over a store that fails in every way there is.
func TestStoreWithFaults(t *testing.T) {
	t.Parallel()
	c := realServer(t, false)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	f := newFaulty(c.HTTP, func(r *http.Request, attempt int) s3server.Fault {
		switch {
		case attempt > 1 || s3server.Streams(r) || r.URL.Query().Get("max-keys") == "1" || strings.HasSuffix(r.URL.Path, ".uploads/probe"):
			return s3server.None
		case r.Method == http.MethodPost && r.URL.Query().Has("uploads"): // a lost answer leaves an upload that only a sweep finds
			return []s3server.Fault{s3server.None, s3server.SlowDown}[dice.IntN(2)]
		case dice.IntN(2) == 0:
			return s3server.None
		}
		suitable := s3server.Suitable(r)
		return suitable[dice.IntN(len(suitable))]
	})
	t.Cleanup(func() {
		for _, what := range s3server.Faults() {
			if f.Happened(what) == 0 {
				t.Errorf("no %s happened", what)
			}
		}
	})
	blobtest.Run(t, func(t testing.TB) blobtest.Opener {
		open := freshOver(t, c, func(c *s3.Config) { c.HTTP = f; s3.Hurry(c) })
		return func(t testing.TB) blobtest.Store { return lateStore{open(t)} }
	})
}

// TestStreamWithFaults: a PUT that streams fails at once. The caller is told to come back,
// and nothing is left.
func TestStreamWithFaults(t *testing.T) {
	t.Parallel()
	c := realServer(t, false)
	data := make([]byte, 3_000_000)
	for _, what := range s3server.Faults() {
		f := newFaulty(c.HTTP, func(r *http.Request, _ int) s3server.Fault {
			if s3server.Streams(r) {
				return what
			}
			return s3server.None
		})
		s := freshOver(t, c, func(c *s3.Config) { c.HTTP = f })(t)
		h, err := s.Whole(t.Context(), owner, int64(len(data)), sha256.Sum256(data))
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(data) && err == nil; at += 100_000 {
			_, err = h.Write(data[at : at+100_000])
		}
		if err == nil {
			_, err = h.Commit(t.Context(), false)
		}
		if photo.KindOf(err) != photo.KindUnavailable {
			t.Errorf("%s: %v, want an error of kind %s", what, err, photo.KindUnavailable)
		}
		if err := h.Close(); err != nil {
			t.Errorf("%s: close: %v", what, err)
		}
		wantNoBlobs(t, s)
	}
}

const owner = "33333333-3333-4333-8333-333333333333"

func wantNoBlobs(t *testing.T, s blob.Store) {
	t.Helper()
	err := s.EachBlob(t.Context(), func(_, key string, _ time.Time) error { return fmt.Errorf("there is a blob %s", key) })
	if err != nil {
		t.Error(err)
	}
}

// TestStoreRefusesWrongBytes: the store itself notices that a body is not what the request
// is signed for.
func TestStoreRefusesWrongBytes(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		c := realServer(t, secure)
		var bucket string
		s := freshOver(t, c, func(c *s3.Config) { bucket = c.Bucket })(t)
		data := make([]byte, 3_000_000)
		h, err := s.Whole(t.Context(), owner, int64(len(data)), sha256.Sum256([]byte("other bytes")))
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(data) && err == nil; at += 100_000 {
			_, err = h.Write(data[at : at+100_000])
		}
		if err == nil { // bytes in the middle are only in the store
			_, err = h.ReadAt(make([]byte, 10), 1_500_000)
		}
		var refusal smithy.APIError
		if !errors.As(err, &refusal) || refusal.ErrorCode() != "XAmzContentSHA256Mismatch" && refusal.ErrorCode() != "BadDigest" {
			t.Errorf("https %t: the store said %v", secure, err)
		}
		list, err := plainClient(c).ListObjectsV2(t.Context(), &awss3.ListObjectsV2Input{Bucket: &bucket})
		if err != nil || aws.ToInt32(list.KeyCount) != 0 {
			t.Errorf("https %t: %d objects, %v", secure, aws.ToInt32(list.KeyCount), err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
}
