package s3server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Fault is what happens to a request.
type Fault string

// The faults. With None, nothing happens.
const (
	None     Fault = ""
	SlowDown Fault = "answer 503"       // the store does nothing
	Lost     Fault = "lost answer"      // the store does what it is asked
	Error200 Fault = "error behind 200" // the store does what it is asked
	Cut      Fault = "cut body"         // the connection ends in the middle of a body
)

// Faults returns all faults.
func Faults() []Fault { return []Fault{SlowDown, Lost, Error200, Cut} }

// Suitable returns the faults that can happen to a request.
func Suitable(r *http.Request) []Fault {
	switch r.Method {
	case http.MethodGet:
		return []Fault{SlowDown, Lost, Cut}
	case http.MethodPost, http.MethodPut:
		return Faults()
	}
	return []Fault{SlowDown, Lost}
}

// Streams reports whether a request is the PUT of a photo while it arrives, which only the client
// of photosd can repeat.
func Streams(r *http.Request) bool {
	return r.Method == http.MethodPut && r.ContentLength > 256<<10 && r.URL.RawQuery == "x-id=PutObject"
}

// Faulty passes requests on to a store, and lets faults happen. Its lists do not have what is
// younger than a time. It is an aws.HTTPClient.
type Faulty struct {
	next       aws.HTTPClient
	listsAfter time.Duration
	choose     func(r *http.Request, attempt int) Fault

	mu       sync.Mutex
	attempts map[string]int
	made     map[string]time.Time // when each object was last put, by path
	happened map[Fault]int
}

// NewFaulty returns a Faulty that asks choose about each request, of which this is the given attempt.
func NewFaulty(next aws.HTTPClient, listsAfter time.Duration, choose func(r *http.Request, attempt int) Fault) *Faulty {
	return &Faulty{next: next, listsAfter: listsAfter, choose: choose, attempts: map[string]int{}, made: map[string]time.Time{}, happened: map[Fault]int{}}
}

// Happened returns how often a fault happened.
func (f *Faulty) Happened(what Fault) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.happened[what]
}

// Do implements aws.HTTPClient.
func (f *Faulty) Do(r *http.Request) (*http.Response, error) {
	what := f.begin(r)
	switch {
	case what == SlowDown:
		return answer(r, http.StatusServiceUnavailable, "SlowDown"), nil
	case what == Cut && r.Body != nil && r.ContentLength > 0:
		r.Body = part{io.LimitReader(r.Body, r.ContentLength/2), r.Body}
	}
	resp, err := f.next.Do(r)
	switch {
	case err != nil:
		return nil, err
	case what == Lost:
		_ = resp.Body.Close()
		return nil, errors.New("connection reset by test")
	case what == Error200:
		_ = resp.Body.Close()
		return answer(r, http.StatusOK, "InternalError"), nil
	case what == Cut && r.Method == http.MethodGet:
		resp.Body = part{io.MultiReader(io.LimitReader(resp.Body, max(resp.ContentLength, 0)/2), brokenReader{}), resp.Body}
	case isList(r):
		return f.withoutNew(resp)
	}
	return resp, nil
}

// begin counts a request and returns what happens to it.
func (f *Faulty) begin(r *http.Request) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := r.Method + r.URL.String() + r.Header.Get("Range")
	f.attempts[id]++
	what := f.choose(r, f.attempts[id])
	f.happened[what]++
	if r.Method == http.MethodPut || r.Method == http.MethodPost {
		f.made[r.URL.Path] = time.Now()
	}
	return what
}

// Handler returns a handler with these faults in front of the store at an address. A fault without an
// answer ends the connection.
func (f *Faulty) Handler(store *url.URL) http.Handler {
	return &httputil.ReverseProxy{
		Transport: roundTripper(f.Do),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(store)
			r.Out.Host = r.In.Host // it is signed
			r.Out.RequestURI = ""  // http.Client refuses it
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// part is some bytes of a body.
type part struct {
	io.Reader
	io.Closer
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

// withoutNew removes from a list what is too young.
func (f *Faulty) withoutNew(resp *http.Response) (*http.Response, error) {
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	listed, keyOf := regexp.MustCompile(`(?s)<(Contents|Upload)>.*?</(Contents|Upload)>`), regexp.MustCompile(`<Key>(.*?)</Key>`)
	f.mu.Lock()
	defer f.mu.Unlock()
	text = listed.ReplaceAllFunc(text, func(entry []byte) []byte {
		key := strings.ReplaceAll(string(keyOf.FindSubmatch(entry)[1]), "%2F", "/")
		for path, at := range f.made {
			if strings.HasSuffix(path, "/"+key) && time.Since(at) < f.listsAfter {
				return nil
			}
		}
		return entry
	})
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	resp.Header.Del("Content-Length")
	return resp, nil
}
