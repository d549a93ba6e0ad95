package s3_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"sync"
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
)

// fault is what happens to a request.
type fault int

const (
	none     fault = iota
	slowDown       // the store answers 503 and does nothing
	lost           // the store does it, and the answer is lost
	error200       // the store answers 200, and then an error
	cut            // the connection ends in the middle of a body
)

const listsAfter = 300 * time.Millisecond

// faulty passes requests on to a store. Something happens to the first attempt of many of
// them. Its lists do not have what is younger than listsAfter.
type faulty struct {
	aws.HTTPClient
	choose func(r *http.Request, attempt int) fault

	mu       sync.Mutex
	attempts map[string]int
	made     map[string]time.Time // when each object was last put, by path
	happened map[fault]int
}

func newFaulty(inner aws.HTTPClient, choose func(*http.Request, int) fault) *faulty {
	if inner == nil {
		inner = awshttp.NewBuildableClient()
	}
	return &faulty{HTTPClient: inner, choose: choose, attempts: map[string]int{}, made: map[string]time.Time{}, happened: map[fault]int{}}
}

// Do implements aws.HTTPClient.
func (f *faulty) Do(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	id := r.Method + r.URL.String() + r.Header.Get("Range")
	f.attempts[id]++
	what := f.choose(r, f.attempts[id])
	f.happened[what]++
	if r.Method == http.MethodPut || r.Method == http.MethodPost {
		f.made[r.URL.Path] = time.Now()
	}
	f.mu.Unlock()
	switch {
	case what == slowDown:
		return answer(r, http.StatusServiceUnavailable, "SlowDown"), nil
	case what == cut && r.Body != nil && r.ContentLength > 0:
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(r.Body, r.ContentLength/2), r.Body}
	}
	resp, err := f.HTTPClient.Do(r)
	switch {
	case err != nil:
		return nil, err
	case what == lost:
		_ = resp.Body.Close()
		return nil, errors.New("connection reset by test")
	case what == error200:
		_ = resp.Body.Close()
		return answer(r, http.StatusOK, "InternalError"), nil
	case what == cut && r.Method == http.MethodGet:
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(resp.Body, max(resp.ContentLength, 0)/2), brokenReader{}), resp.Body}
	case isList(r):
		return f.withoutNew(resp)
	}
	return resp, nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func answer(r *http.Request, status int, code string) *http.Response {
	body := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>test</Message></Error>`, code)
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/xml"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

func isList(r *http.Request) bool {
	return r.Method == http.MethodGet && (r.URL.Query().Has("list-type") || r.URL.Query().Has("uploads"))
}

var (
	listed  = regexp.MustCompile(`(?s)<(Contents|Upload)>.*?</(Contents|Upload)>`)
	keyOf   = regexp.MustCompile(`<Key>(.*?)</Key>`)
	unslash = strings.NewReplacer("%2F", "/")
)

// withoutNew removes from a list what is too young.
func (f *faulty) withoutNew(resp *http.Response) (*http.Response, error) {
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	text = listed.ReplaceAllFunc(text, func(entry []byte) []byte {
		key := keyOf.FindSubmatch(entry)
		for path, at := range f.made {
			if strings.HasSuffix(path, "/"+unslash.Replace(string(key[1]))) && time.Since(at) < listsAfter {
				return nil
			}
		}
		return entry
	})
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// streams reports whether a request is the PUT of a photo while it arrives, which nobody can
// repeat but the client.
func streams(r *http.Request) bool {
	return r.Method == http.MethodPut && r.ContentLength > 256<<10 && r.URL.RawQuery == "x-id=PutObject"
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
	f := newFaulty(c.HTTP, func(r *http.Request, attempt int) fault {
		switch {
		case attempt > 1 || streams(r) || r.URL.Query().Get("max-keys") == "1" || strings.HasSuffix(r.URL.Path, ".uploads/probe"):
			return none
		case r.Method == http.MethodPost && r.URL.Query().Has("uploads"): // a lost answer leaves an upload that only a sweep finds
			return []fault{none, slowDown}[dice.IntN(2)]
		case r.Method == http.MethodGet:
			return []fault{none, none, slowDown, lost, cut}[dice.IntN(5)]
		case r.Method == http.MethodPost, r.Method == http.MethodPut:
			return []fault{none, none, slowDown, lost, error200, cut}[dice.IntN(6)]
		}
		return []fault{none, none, slowDown, lost}[dice.IntN(4)]
	})
	t.Cleanup(func() {
		for what := slowDown; what <= cut; what++ {
			if f.happened[what] == 0 {
				t.Errorf("fault %d did not happen", what)
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
	for what := slowDown; what <= cut; what++ {
		f := newFaulty(c.HTTP, func(r *http.Request, _ int) fault {
			if streams(r) {
				return what
			}
			return none
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
			t.Errorf("fault %d: %v, want an error of kind %s", what, err, photo.KindUnavailable)
		}
		if err := h.Close(); err != nil {
			t.Errorf("fault %d: close: %v", what, err)
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
