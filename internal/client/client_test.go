package client_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/testkit/pipenet"
)

// serve runs a small service for one test and returns a client of it.
func serve(t *testing.T, patience time.Duration, h http.HandlerFunc) *client.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := client.New(client.Options{Server: s.URL, Patience: patience})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serveIdle is serve in a synctest bubble: the patience ends while nothing moves, however slow
// the machine is.
func serveIdle(t *testing.T, patience time.Duration, h http.HandlerFunc) *client.Client {
	t.Helper()
	network := pipenet.New(&net.TCPAddr{})
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(network) }()
	web := &http.Transport{DialContext: network.Dial}
	t.Cleanup(func() { web.CloseIdleConnections(); _ = server.Close() })
	c, err := client.New(client.Options{Server: "http://photos.example", Patience: patience, Transport: web})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func problem(w http.ResponseWriter, k photo.Kind, detail string) {
	w.Header().Set("Content-Type", api.ProblemType)
	w.WriteHeader(api.Status(k))
	fmt.Fprintf(w, `{"kind":%q,"title":"t","detail":%q,"hint":"try this","request_id":"r1"}`, k, detail)
}

func TestFailuresKeepTheirKind(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   photo.Kind
		text   string
		hint   string
	}{
		"problem": {
			func(w http.ResponseWriter, _ *http.Request) { problem(w, photo.KindNotFound, "no such photo") },
			photo.KindNotFound, "no such photo", "try this",
		},
		"internal names the request": {
			func(w http.ResponseWriter, _ *http.Request) { problem(w, photo.KindInternal, "internal error") },
			photo.KindInternal, "internal error (request r1)", "try this",
		},
		"another server's page": {
			func(w http.ResponseWriter, _ *http.Request) {
				http.Error(w, "<h1>nothing here</h1>", http.StatusNotFound)
			},
			photo.KindProtocol, "answered 404 Not Found", "the address of a photo service",
		},
		"success that is not JSON": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				fmt.Fprint(w, "hello")
			},
			photo.KindUnavailable, "answer of /v1/me", "",
		},
		"a web page": {
			func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
			photo.KindUnavailable, "it answered with a web page", "wants a sign-in first",
		},
		"redirect elsewhere": {
			func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://127.0.0.2/", http.StatusFound)
			},
			photo.KindUnavailable, "it redirects to http://127.0.0.2", "wants a sign-in first",
		},
		"redirect to its own https": {
			func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://127.0.0.1/", http.StatusFound)
			},
			photo.KindProtocol, "redirects to https://127.0.0.1", "sign in again",
		},
		"401 about the token": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
				w.WriteHeader(http.StatusUnauthorized)
			},
			photo.KindNotSignedIn, "does not accept the access token", "",
		},
		"401 of a proxy": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("WWW-Authenticate", `Basic realm="staff"`)
				w.WriteHeader(http.StatusUnauthorized)
			},
			photo.KindProtocol, "answered 401 Unauthorized", "a sign-in of its own",
		},
		"misdirected": {
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMisdirectedRequest) },
			photo.KindProtocol, "answered 421", "proxy_set_header Host",
		},
		"413 of a proxy": {
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestEntityTooLarge) },
			photo.KindTooLarge, "refuses a request of 0 bytes", "client_max_body_size",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := serve(t, time.Second, c.answer).Me(context.Background())
			if photo.KindOf(err) != c.kind || !strings.Contains(fmt.Sprint(err), c.text) || !strings.Contains(photo.HintOf(err), c.hint) {
				t.Errorf("kind %s, error %v, hint %q", photo.KindOf(err), err, photo.HintOf(err))
			}
		})
	}
}

func TestPassingFailuresAreRetried(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := serve(t, 10*time.Second, func(w http.ResponseWriter, _ *http.Request) {
		switch calls.Add(1) {
		case 1:
			problem(w, photo.KindUnavailable, "busy")
		case 2:
			w.WriteHeader(http.StatusTooManyRequests)
		case 3:
			w.WriteHeader(http.StatusBadGateway)
		default:
			fmt.Fprint(w, `{"owner":"o"}`)
		}
	})
	me, err := c.Me(context.Background())
	if err != nil || me.Owner != "o" || calls.Load() != 4 {
		t.Errorf("owner %q after %d calls, %v", me.Owner, calls.Load(), err)
	}
}

// roundTrip is a transport without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return f(r)
}

// TestCutAnswerIsRetried: a request is repeated if its answer ends after the header.
func TestCutAnswerIsRetried(t *testing.T) {
	t.Parallel()
	const answer = `{"owner":"o"}`
	var calls atomic.Int32
	c := serve(t, 10*time.Second, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
		_, _ = io.WriteString(w, answer[:min(len(answer), 5*int(calls.Add(1)))])
	})
	me, err := c.Me(context.Background())
	if err != nil || me.Owner != "o" || calls.Load() != 3 {
		t.Errorf("owner %q after %d calls, %v", me.Owner, calls.Load(), err)
	}
}

// TestAnswersThatOnlyLookWhole checks that a request is repeated if its answer ends early and the connection does not
// show that. nginx passes such an answer on when it speaks HTTP/1.0 with a service that is killed.
func TestAnswersThatOnlyLookWhole(t *testing.T) {
	t.Parallel()
	digest := photo.ID{1}
	check := fmt.Sprintf(`{"results":[{"id":%q,"state":"stored"}]}`, digest)
	list := fmt.Sprintf(`{"photos":[{"id":%q}]}`, digest)
	for _, part := range []int{0, 1, 20, len(list) - 1} {
		var calls atomic.Int32
		c := serve(t, 10*time.Second, func(w http.ResponseWriter, r *http.Request) {
			answer := list
			if r.Method == http.MethodPost {
				answer = check
			}
			if calls.Add(1)%2 == 1 {
				answer = answer[:part]
			}
			_, _ = io.WriteString(w, answer) // with its own length, so that nothing seems to be missing
		})
		known, err := c.Check(t.Context(), []photo.ID{digest})
		if err != nil || len(known) != 1 || known[0].State != photo.Stored || calls.Load() != 2 {
			t.Errorf("after %d bytes: %v, %v after %d calls", part, known, err, calls.Load())
		}
		for p, err := range c.List(t.Context(), photo.Filter{}, 0) {
			if err != nil || p.ID != digest {
				t.Errorf("after %d bytes: %v, %v", part, p.ID, err)
			}
		}
		if calls.Load() != 4 {
			t.Errorf("after %d bytes: %d calls", part, calls.Load())
		}
	}
}

// TestSecretsAreMadeOnce: the service makes one share or access key of a request and of its repetition.
func TestSecretsAreMadeOnce(t *testing.T) {
	t.Parallel()
	var keys []string // requests come one after the other
	c := serve(t, 10*time.Second, func(w http.ResponseWriter, r *http.Request) {
		if keys = append(keys, r.Header.Get(api.HeaderKey)); len(keys) == 1 {
			w.Header().Set("Content-Length", "1000") // and the connection ends
		}
		fmt.Fprint(w, `{"id":"abcdefgh","name":"nas"}`)
	})
	createShare := func() error {
		made, err := c.CreateShare(context.Background(), api.NewShare{})
		if err == nil && made.ID != "abcdefgh" {
			return fmt.Errorf("created %+v", made)
		}
		return err
	}
	createKey := func() error {
		made, err := c.CreateKey(context.Background(), api.NewAccessKey{})
		if err == nil && made.Name != "nas" {
			return fmt.Errorf("created %+v", made)
		}
		return err
	}
	for what, create := range map[string]func() error{"share": createShare, "access key": createKey} {
		keys = nil
		for range 2 {
			if err := create(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		if len(keys) != 3 || len(keys[0]) < 22 || keys[1] != keys[0] || keys[2] == keys[0] {
			t.Errorf("%s: the keys of the requests are %q", what, keys)
		}
	}
}

// TestCutRefusalIsRetried: a refusal that ends early does not say why, so the request is sent again.
func TestCutRefusalIsRetried(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := serve(t, 10*time.Second, func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			w.Header().Set("Content-Length", "1000")
		}
		problem(w, photo.KindQuota, "the account is full")
	})
	if _, err := c.Me(context.Background()); photo.KindOf(err) != photo.KindQuota || calls.Load() != 2 {
		t.Errorf("after %d calls: %v", calls.Load(), err)
	}
}

// TestPatienceEnds: the time without progress begins again with each byte that moves. If the
// service refuses the request or cuts its answer each time, the bytes count only once.
func TestPatienceEnds(t *testing.T) {
	t.Parallel()
	const patience, enough = time.Minute, 50
	for name, c := range map[string]struct {
		cut  bool // the connection is cut before an answer
		torn bool // the answer ends early
		kind photo.Kind
	}{
		"cut again and again":     {cut: true},
		"refused again and again": {kind: photo.KindUnavailable},
		"torn again and again":    {torn: true, kind: photo.KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls, began := 0, time.Now()
				network := roundTrip(func(r *http.Request) (*http.Response, error) {
					w := httptest.NewRecorder()
					switch calls++; {
					case calls == enough:
						fmt.Fprint(w, `{"results":[]}`)
					case c.cut && calls > 1:
						return nil, io.ErrUnexpectedEOF
					case c.torn:
						return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(io.MultiReader(strings.NewReader(`{"resul`), iotest.ErrReader(io.ErrUnexpectedEOF))), Request: r}, nil
					default:
						problem(w, photo.KindUnavailable, "busy")
					}
					res := w.Result()
					res.Request = r
					return res, nil
				})
				cl, err := client.New(client.Options{Server: "http://photos.example", Patience: patience, Transport: network})
				if err != nil {
					t.Fatal(err)
				}
				_, err = cl.Check(t.Context(), nil)
				took := time.Since(began)
				if c.kind == "" && err != nil || c.kind != "" && (photo.KindOf(err) != c.kind || took > patience) {
					t.Errorf("after %d calls in %s: %v", calls, took, err)
				}
			})
		})
	}
}

// TestChangesWithLittlePatience: a client whose patience is too short for the service to wait asks once a second.
func TestChangesWithLittlePatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const asks = 10
		network := roundTrip(func(r *http.Request) (*http.Response, error) {
			if wait := r.URL.Query().Get("wait"); wait != "0s" {
				t.Errorf("the service is asked to wait %q", wait)
			}
			w := httptest.NewRecorder()
			fmt.Fprint(w, `{"changes":[],"cursor":"c"}`)
			res := w.Result()
			res.Request = r
			return res, nil
		})
		c, err := client.New(client.Options{Server: "http://photos.example", Patience: 1900 * time.Millisecond, Transport: network})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for range asks {
			if _, err := c.Changes(t.Context(), "c"); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != asks*time.Second {
			t.Errorf("%d requests in %s", asks, took)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	var first time.Time
	c := serve(t, 10*time.Second, func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) == 1 {
			first = time.Now()
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprint(w, `{}`)
	})
	if _, err := c.Me(context.Background()); err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(first); waited < time.Second {
		t.Errorf("came back after %s", waited)
	}
}

func TestFullStorageIsNotRetried(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := serve(t, 10*time.Second, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		problem(w, photo.KindStorageFull, "the disk is full")
	})
	if _, err := c.Me(context.Background()); photo.KindOf(err) != photo.KindStorageFull || calls.Load() != 1 {
		t.Errorf("%d calls, %v", calls.Load(), err)
	}
}

func TestUnreachableServiceFailsSoon(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(client.Options{Server: "http://" + addr, Patience: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Me(context.Background())
	if photo.KindOf(err) != photo.KindUnavailable || !strings.Contains(err.Error(), "cannot reach "+addr+": connect: connection refused") {
		t.Errorf("error %v of kind %s", err, photo.KindOf(err))
	}
}

func TestStalledAnswerEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := serveIdle(t, 300*time.Millisecond, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		if _, err := c.Me(t.Context()); photo.KindOf(err) != photo.KindUnavailable || !strings.Contains(err.Error(), "no progress for 300ms") {
			t.Errorf("error %v", err)
		}
	})
}

func TestInterruptedWait(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	c := serve(t, 2*time.Hour, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
		cancel()
	})
	if _, err := c.Me(ctx); photo.KindOf(err) != photo.KindInterrupted || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	var asked []string
	c := serve(t, time.Second, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		asked = append(asked, q.Get("cursor")+"/"+q.Get("limit")+"/"+q.Get("search"))
		next := map[string]string{"": "two", "two": "three"}[q.Get("cursor")]
		photos := fmt.Sprintf(`{"id":"%064d"},{"id":"%064d"}`, len(asked), len(asked)+10)
		if q.Get("limit") == "1" {
			photos, _, _ = strings.Cut(photos, ",")
		}
		fmt.Fprintf(w, `{"photos":[%s],"next":%q}`, photos, next)
	})
	n := 0
	for _, err := range c.List(context.Background(), photo.Filter{Search: "a&b"}, 5) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if d := cmp.Diff([]string{"/5/a&b", "two/3/a&b", "three/1/a&b"}, asked); d != "" || n != 5 {
		t.Errorf("%d photos; %s", n, d)
	}
}

// TestTagsComeInPages: a service that never ends is noticed.
func TestTagsComeInPages(t *testing.T) {
	t.Parallel()
	pages := map[string]string{
		"": `{"tags":[{"tag":"a"},{"tag":"b"}],"next":"b"}`, "b": `{"tags":[],"next":"c"}`, "c": `{"tags":[{"tag":"d"}]}`,
	}
	c := serve(t, time.Second, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, pages[r.URL.Query().Get("cursor")]) })
	read := func() (tags string, err error) {
		for tag, err := range c.Tags(context.Background()) {
			if err != nil {
				return tags, err
			}
			tags += tag.Tag
		}
		return tags, nil
	}
	if tags, err := read(); tags != "abd" || err != nil {
		t.Errorf("tags %s, %v", tags, err)
	}
	pages["c"] = `{"tags":[{"tag":"d"}],"next":"b"}`
	if _, err := read(); photo.KindOf(err) != photo.KindProtocol {
		t.Errorf("pages without an end: %v", err)
	}
}

// TestInterruptedListEndsWithAnError: whoever mirrors a list would take it for a whole one otherwise.
func TestInterruptedListEndsWithAnError(t *testing.T) {
	t.Parallel()
	c := serve(t, time.Minute, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") == "" {
			fmt.Fprintf(w, `{"photos":[%s{"id":"%064d"}],"next":"two"}`, strings.Repeat(fmt.Sprintf(`{"id":"%064d"},`, 1), 100), 2)
			return
		}
		<-r.Context().Done()
	})
	for range 50 { // the outcome was a matter of chance
		ctx, cancel := context.WithCancel(t.Context())
		var last error
		n := 0
		for _, err := range c.List(ctx, photo.Filter{}, 0) {
			if n, last = n+1, err; n == 100 {
				cancel()
			}
		}
		cancel()
		if photo.KindOf(last) != photo.KindInterrupted {
			t.Fatalf("after %d photos: %v", n, last)
		}
	}
}

// TestSearchThatTookTooLongIsNotRetried: the same search would take as long again.
func TestSearchThatTookTooLongIsNotRetried(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := serve(t, time.Minute, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		problem(w, photo.KindSearchTimeout, "not finished within 10s")
	})
	for _, err := range c.List(context.Background(), photo.Filter{Search: "x"}, 0) {
		if photo.KindOf(err) != photo.KindSearchTimeout || calls.Load() != 1 {
			t.Errorf("after %d calls: %v", calls.Load(), err)
		}
	}
}

// TestFaultyListsAreRefused: a faulty service can neither fill the client's memory nor keep it
// busy without end.
func TestFaultyListsAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		text   string
	}{
		"more than asked for": {`{"photos":[{},{},{},{},{},{}]}`, "asked for 5 photos, answered with 6"},
		"many more":           {`{"photos":[{}` + strings.Repeat(",{}", 1<<20) + `]}`, "a list of more than 64 items"},
		"a long string":       {`{"photos":[],"next":"` + strings.Repeat("x", 1<<20) + `"}`, "a string of more than"},
		"a long name":         {`{"photos":[{"name":"` + strings.Repeat("x", 1<<20) + `"}]}`, "a string of more than"},
		"deeply nested":       {`{"photos":` + strings.Repeat("[", 1<<20), "nested more than"},
		"endless blanks":      {strings.Repeat(" ", 1<<20), "larger than"},
		"the same page again": {`{"photos":[{"id":"` + strings.Repeat("0", 64) + `"}],"next":"same"}`, "the list does not advance"},
		"empty pages forever": {`{"photos":[],"next":"more"}`, "the list does not advance"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			svc := serve(t, time.Minute, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				_, _ = io.WriteString(w, c.answer) // the client may have closed the connection
			})
			var last error
			for _, err := range svc.List(context.Background(), photo.Filter{}, 5) {
				last = err
			}
			if photo.KindOf(last) != photo.KindProtocol || !strings.Contains(fmt.Sprint(last), c.text) || calls.Load() > 2 {
				t.Errorf("after %d calls: %v", calls.Load(), last)
			}
		})
	}
}

// tusServer is a small tus service that fails as a test wants.
type tusServer struct {
	mu    sync.Mutex // a request that was cut may still be read when the next one comes
	data  []byte
	fail  func(r *http.Request, n int) bool // cut the n-th request after half of its bytes
	calls int
	want  int // bytes, as announced
}

func (s *tusServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	length, _ := strconv.Atoi(r.Header.Get(api.HeaderUploadLength))
	if r.Method == http.MethodPost {
		s.want = length
	}
	if r.Method == http.MethodPost && r.ContentLength <= 0 {
		w.Header().Set("Location", api.PathUploads+"/u1")
	}
	body := io.Reader(r.Body)
	cut := s.fail != nil && s.fail(r, s.calls)
	if cut {
		body = io.LimitReader(r.Body, r.ContentLength/2)
	}
	if r.Method != http.MethodHead {
		b, _ := io.ReadAll(body)
		s.data = append(s.data, b...)
	}
	if cut {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set(api.HeaderUploadOffset, strconv.Itoa(len(s.data)))
	if s.want == len(s.data) || s.want == 0 {
		w.Header().Set(api.HeaderID, photo.ID(sha256.Sum256(s.data)).String())
		w.Header().Set(api.HeaderOutcome, "uploaded")
	}
	if r.Method == http.MethodPost {
		w.WriteHeader(http.StatusCreated)
	}
}

func upload(t *testing.T, s *tusServer, size int) (client.Uploaded, int64) {
	t.Helper()
	data := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	c := serve(t, 10*time.Second, s.ServeHTTP)
	var sent int64
	up, err := c.Upload(context.Background(), client.Upload{
		Meta: api.UploadMetadata{Filename: "a.jpg", ID: sha256.Sum256(data)},
		Body: bytes.NewReader(data), Size: int64(size),
		Sent: func(n int64) { sent += n },
	})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(s.data, data) {
		t.Errorf("%d bytes arrived, not the %d that were sent", len(s.data), size)
	}
	return up, sent
}

func TestSmallPhotoIsOneRequest(t *testing.T) {
	t.Parallel()
	s := &tusServer{}
	up, sent := upload(t, s, 1<<20)
	if s.calls != 1 || up.Outcome != photo.OutcomeUploaded || sent != 1<<20 {
		t.Errorf("%d requests, %+v, %d bytes reported", s.calls, up, sent)
	}
}

func TestLargePhotoResumesWhereItWasCut(t *testing.T) {
	t.Parallel()
	s := &tusServer{fail: func(r *http.Request, n int) bool { return r.Method == http.MethodPatch && n < 6 }}
	const size = 9 << 20
	up, sent := upload(t, s, size)
	if up.Outcome != photo.OutcomeUploaded || sent != size || up.Attempts < 3 {
		t.Errorf("%+v, %d bytes reported", up, sent)
	}
}

// A client whose upload another one finished says what it knows of the photo, without the bytes.
func TestUploadFinishedByAnotherClient(t *testing.T) {
	t.Parallel()
	var said atomic.Bool
	data := bytes.Repeat([]byte("0123456789abcdef"), 1000)
	meta := api.UploadMetadata{Filename: "a.jpg", ID: sha256.Sum256(data), Description: "Sunset"}
	c := serve(t, time.Minute, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(api.HeaderUploadOffset, strconv.Itoa(len(data)))
		w.Header().Set(api.HeaderID, meta.ID.String())
		w.Header().Set(api.HeaderOutcome, string(photo.OutcomeExists))
		switch r.Method {
		case http.MethodPatch:
			problem(w, photo.KindConflict, "the upload is at its end")
		case http.MethodPost:
			said.Store(r.ContentLength == 0 && r.Header.Get(api.HeaderUploadMetadata) == meta.String())
			w.Header().Set(api.HeaderOutcome, string(photo.OutcomeDescribed))
			w.WriteHeader(http.StatusCreated)
		}
	})
	up, err := c.Upload(t.Context(), client.Upload{Meta: meta, Body: bytes.NewReader(data), Size: int64(len(data)), ID: "u1", Offset: 5000})
	if err != nil || up.Outcome != photo.OutcomeDescribed || !said.Load() {
		t.Errorf("%+v, %v; metadata sent: %t", up, err, said.Load())
	}
}

// TestLeaseOfAnotherClientFailsOneUpload: when another client has the lease of an upload, this item
// fails, and the run goes on.
func TestLeaseOfAnotherClientFailsOneUpload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := serveIdle(t, 300*time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
			switch r.Method {
			case http.MethodPost:
				w.Header().Set("Location", api.PathUploads+"/u1")
				w.WriteHeader(http.StatusCreated)
			case http.MethodPatch:
				io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", api.ProblemType)
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusLocked)
				fmt.Fprint(w, `{"kind":"unavailable","title":"t","detail":"another client is sending this photo"}`)
			case http.MethodHead:
				w.Header().Set(api.HeaderUploadOffset, "0")
			}
		})
		size := int64(photo.MaxWhole + 1)
		_, err := c.Upload(context.Background(), client.Upload{Body: bytes.NewReader(make([]byte, size)), Size: size})
		if photo.KindOf(err) != photo.KindConflict || !strings.Contains(err.Error(), "another client") {
			t.Errorf("error %v of kind %s", err, photo.KindOf(err))
		}
	})
}

func TestUploadToAnotherHostIsRefused(t *testing.T) {
	t.Parallel()
	c := serve(t, time.Second, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "https://collector.example/u1")
		w.WriteHeader(http.StatusCreated)
	})
	_, err := c.Upload(context.Background(), client.Upload{Body: bytes.NewReader(nil), Size: photo.MaxWhole + 1})
	if photo.KindOf(err) != photo.KindProtocol || !strings.Contains(err.Error(), "sent to collector.example") {
		t.Errorf("error %v", err)
	}
}

// shrunk is a file that became shorter after its size was taken.
type shrunk struct{}

func (shrunk) ReadAt(_ []byte, _ int64) (int, error) {
	return 0, &photo.Error{Kind: photo.KindChanged, Msg: "the file changed while it was read"}
}

func TestFileThatChangesIsNotANetworkFailure(t *testing.T) {
	t.Parallel()
	c := serve(t, 2*time.Minute, func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	start := time.Now()
	_, err := c.Upload(context.Background(), client.Upload{Body: shrunk{}, Size: 1000})
	if photo.KindOf(err) != photo.KindChanged || time.Since(start) > time.Minute {
		t.Errorf("error %v after %s", err, time.Since(start))
	}
}

// TestAnswerAboutAnotherPhotoIsRefused: a download is verified against the ID in the answer, so
// that must be the ID of the request.
func TestAnswerAboutAnotherPhotoIsRefused(t *testing.T) {
	t.Parallel()
	asked := photo.ID{1}
	c := serve(t, time.Second, func(w http.ResponseWriter, r *http.Request) {
		other := photo.ID{2}.String()
		switch r.URL.Path {
		case api.PathPhotos:
			if r.Method == http.MethodPatch {
				fmt.Fprintf(w, `{"results":[{"changed":true,"photo":{"id":%q}}]}`, other)
				return
			}
			fmt.Fprintf(w, `{"photos":[{"id":%q}]}`, other)
		default:
			fmt.Fprintf(w, `{"id":%q}`, other)
		}
	})
	ctx := context.Background()
	for name, request := range map[string]func() error{
		"get":      func() error { _, err := c.Get(ctx, asked); return err },
		"delete":   func() error { _, err := c.Delete(ctx, asked); return err },
		"restore":  func() error { _, err := c.Restore(ctx, asked); return err },
		"describe": func() error { _, err := c.Describe(ctx, []api.DescriptionItem{{ID: asked}}); return err },
		"prefix": func() error {
			for _, err := range c.List(ctx, photo.Filter{IDPrefix: asked.String()[:8]}, 10) {
				return err
			}
			return nil
		},
	} {
		if err := request(); photo.KindOf(err) != photo.KindProtocol {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

// TestUploadWithoutProgressEnds: an upload ends when the service accepts bytes and the offset
// never grows.
func TestUploadWithoutProgressEnds(t *testing.T) {
	t.Parallel()
	for name, offset := range map[string]string{"no offset": "", "never more": "0"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := serveIdle(t, 300*time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost {
						w.Header().Set("Location", api.PathUploads+"/u1")
						w.WriteHeader(http.StatusCreated)
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					if offset != "" {
						w.Header().Set(api.HeaderUploadOffset, offset)
					}
					w.WriteHeader(http.StatusNoContent)
				})
				size := int64(photo.MaxWhole + 1)
				_, err := c.Upload(t.Context(), client.Upload{Body: bytes.NewReader(make([]byte, size)), Size: size})
				if photo.KindOf(err) != photo.KindProtocol {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

// TestUploadThatSomebodyElseFinished: an upload that another client finished is not found. HEAD
// says so without a body, and creating it again shows that the photo exists.
func TestUploadThatSomebodyElseFinished(t *testing.T) {
	t.Parallel()
	data := make([]byte, photo.MaxWhole+1)
	id := photo.ID(sha256.Sum256(data))
	posts := 0
	c := serve(t, 10*time.Second, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodPost:
			w.Header().Set("Location", api.PathUploads+"/u1")
			if posts++; posts > 1 {
				w.Header().Set(api.HeaderUploadOffset, strconv.Itoa(len(data)))
				w.Header().Set(api.HeaderID, id.String())
				w.Header().Set(api.HeaderOutcome, "exists")
			}
			w.WriteHeader(http.StatusCreated)
		case http.MethodPatch:
			panic(http.ErrAbortHandler)
		case http.MethodHead:
			problem(w, photo.KindNotFound, "no such upload")
		}
	})
	up, err := c.Upload(t.Context(), client.Upload{Meta: api.UploadMetadata{ID: id}, Body: bytes.NewReader(data), Size: int64(len(data))})
	if err != nil || up.Outcome != photo.OutcomeExists || posts != 2 {
		t.Errorf("%+v, %v, %d creations", up, err, posts)
	}
}

// limited refuses bodies above a limit, as a proxy does.
type limited struct {
	*tusServer
	limit   int64
	refused atomic.Int32
}

func (l *limited) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength > l.limit {
		l.refused.Add(1)
		http.Error(w, "<h1>413 Request Entity Too Large</h1>", http.StatusRequestEntityTooLarge)
		return
	}
	l.tusServer.ServeHTTP(w, r)
}

func TestPiecesFitThroughAProxy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limit, known int64
		size         int
		learned      int64 // 0: no size
		refused      int32
		kind         photo.Kind
	}{
		"small photo":           {1 << 20, 0, 1 << 20, 0, 0, ""},
		"one request and more":  {1 << 20, 0, 2 << 20, 1<<20 - 4<<10, 1, ""},
		"large photo":           {1 << 20, 0, 9 << 20, 1<<20 - 4<<10, 2, ""},
		"known before":          {1 << 20, 1<<20 - 4<<10, 9 << 20, 0, 0, ""},
		"known, and lower now":  {100 << 10, 1<<20 - 4<<10, 2 << 20, 64 << 10, 2, ""},
		"below the least piece": {10 << 10, 0, 2 << 20, 0, 4, photo.KindTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := &limited{tusServer: &tusServer{}, limit: c.limit}
			s := httptest.NewServer(proxy)
			t.Cleanup(s.Close)
			var learned atomic.Int64
			cl, err := client.New(client.Options{Server: s.URL, Patience: time.Minute, Piece: c.known, Learned: learned.Store})
			if err != nil {
				t.Fatal(err)
			}
			data := bytes.Repeat([]byte("a photo"), c.size/7+1)[:c.size]
			up, err := cl.Upload(t.Context(), client.Upload{Meta: api.UploadMetadata{ID: sha256.Sum256(data)}, Body: bytes.NewReader(data), Size: int64(len(data))})
			if c.kind != "" {
				if photo.KindOf(err) != c.kind || !strings.Contains(photo.HintOf(err), "client_max_body_size") {
					t.Errorf("error %v, hint %q", err, photo.HintOf(err))
				}
			} else if err != nil || up.Outcome != photo.OutcomeUploaded || !bytes.Equal(proxy.data, data) {
				t.Errorf("%+v, %v", up, err)
			}
			if learned.Load() != c.learned || proxy.refused.Load() != c.refused {
				t.Errorf("learned %d after %d refusals, want %d after %d", learned.Load(), proxy.refused.Load(), c.learned, c.refused)
			}
		})
	}
}

func TestDescriptionsGoInPartsThroughAProxy(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	c := serve(t, time.Minute, func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1); r.ContentLength > 1<<20 {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		var in api.DescriptionsPatch
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		var out api.DescriptionsResponse
		for _, item := range in.Items {
			out.Results = append(out.Results, api.DescriptionResult{Photo: &api.Photo{ID: item.ID}})
		}
		_ = json.NewEncoder(w).Encode(out)
	})
	items := make([]api.DescriptionItem, photo.MaxDescribe)
	for i := range items {
		items[i] = api.DescriptionItem{ID: sha256.Sum256([]byte(strconv.Itoa(i))), Description: strings.Repeat("x", photo.MaxDescription)}
	}
	results, err := c.Describe(t.Context(), items)
	if err != nil || len(results) != len(items) || requests.Load() < 5 {
		t.Errorf("%d results after %d requests, %v", len(results), requests.Load(), err)
	}
}

// TestSignsOfLifeAreBelievedForALimitedTime: a faulty service can send signs of life without
// end.
func TestSignsOfLifeAreBelievedForALimitedTime(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		beat func(w http.ResponseWriter)
		ask  func(ctx context.Context, c *client.Client) error
	}{
		"102":    {func(w http.ResponseWriter) { w.WriteHeader(http.StatusProcessing) }, func(ctx context.Context, c *client.Client) error { _, err := c.Me(ctx); return err }},
		"blanks": {func(w http.ResponseWriter) { _, _ = io.WriteString(w, " "); _ = http.NewResponseController(w).Flush() }, func(ctx context.Context, c *client.Client) error { _, err := c.Me(ctx); return err }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cl := serveIdle(t, 300*time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
					for {
						c.beat(w)
						select {
						case <-r.Context().Done():
							return
						case <-time.After(20 * time.Millisecond):
						}
					}
				})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if err := c.ask(ctx, cl); photo.KindOf(err) != photo.KindUnavailable || !strings.Contains(err.Error(), "no progress") {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

// TestContentFromAnOffset: the client asks for the rest of a photo, and for nothing else that the
// service may have at its address.
func TestContentFromAnOffset(t *testing.T) {
	t.Parallel()
	id := photo.ID{1}
	network := roundTrip(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		w.Header().Set("ETag", `"`+photo.ID{2}.String()+`"`) // of other bytes
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("other bytes"))
		res := w.Result()
		res.Request = r
		return res, nil
	})
	cl, err := client.New(client.Options{Server: "http://photos.example", Transport: network})
	if err != nil {
		t.Fatal(err)
	}
	content, err := cl.Content(t.Context(), id, 6)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if bytes, err := io.ReadAll(content); err != nil || content.Offset != 0 || string(bytes) != "other bytes" {
		t.Errorf("from %d: %q, %v", content.Offset, bytes, err)
	}
}

// TestRedirectsOfContent: a service may keep photos at another address, but cannot redirect the
// client to every address.
func TestRedirectsOfContent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		server, to string
		refused    string // "": followed
	}{
		{"https://203.0.113.1", "https://198.51.100.1/blob", ""},
		{"https://203.0.113.1", "https://203.0.113.1/blob", ""},
		{"https://203.0.113.1", "http://198.51.100.1/blob", "from https to http"},
		{"https://203.0.113.1", "https://127.0.0.1/blob", "address of this machine or network"},
		{"https://203.0.113.1", "https://[::1]/blob", "address of this machine or network"},
		{"https://203.0.113.1", "https://[::ffff:127.0.0.1]/blob", "address of this machine or network"},
		{"https://203.0.113.1", "https://169.254.169.254/latest", "address of this machine or network"},
		{"https://203.0.113.1", "https://10.0.0.1/blob", "address of this machine or network"},
		{"https://203.0.113.1", "https://192.168.1.1/blob", "address of this machine or network"},
		{"https://203.0.113.1", "https://[fd00::1]/blob", "address of this machine or network"},
		{"https://203.0.113.1", "https://100.64.0.1/blob", "address of this machine or network"},
		{"https://203.0.113.1", "https://0.0.0.0/blob", "address of this machine or network"},
		{"https://203.0.113.1", "https://203.0.113.1/again/content", "too often"},
		{"https://10.0.0.1", "https://10.0.0.2/blob", ""},
		{"https://10.0.0.1", "https://198.51.100.1/blob", ""},
		{"https://10.0.0.1", "https://127.0.0.1/blob", "address of this machine or network"},
		{"http://127.0.0.1", "http://127.0.0.1:9000/blob", ""},
		{"http://127.0.0.1", "https://198.51.100.1/blob", ""},
		{"http://127.0.0.1", "http://198.51.100.1/blob", "plain http"},
	} {
		var asked []string
		network := roundTrip(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.String())
			res := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("photo")), Request: r}
			if strings.HasSuffix(r.URL.Path, "/content") {
				res.StatusCode = http.StatusFound
				res.Header.Set("Location", c.to)
			}
			return res, nil
		})
		cl, err := client.New(client.Options{Server: c.server, Patience: time.Second, Transport: network})
		if err != nil {
			t.Fatal(err)
		}
		content, err := cl.Content(t.Context(), photo.ID{1}, 0)
		if err == nil {
			content.Close()
		}
		if c.refused == "" && err != nil || c.refused != "" && (photo.KindOf(err) != photo.KindProtocol || !strings.Contains(err.Error(), c.refused)) {
			t.Errorf("%s to %s: %v", c.server, c.to, err)
		}
		if n := len(asked); c.refused != "" && n > 4 || c.refused != "too often" && c.refused != "" && n != 1 {
			t.Errorf("%s to %s: %d requests", c.server, c.to, n)
		}
	}
}
