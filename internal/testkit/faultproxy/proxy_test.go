package faultproxy_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"photos/internal/testkit/faultproxy"
)

// Without faults everything passes; with them each kind happens, the service
// sees some requests twice, and what comes back is either whole or an error.
func TestProxy(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		served.Add(1)
		w.Header().Set("Photos-Outcome", "done")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(b)
	}))
	t.Cleanup(service.Close)
	p := faultproxy.New(func() string { return strings.TrimPrefix(service.URL, "http://") }, 1)
	front := httptest.NewServer(p)
	t.Cleanup(front.Close)
	body := bytes.Repeat([]byte("0123456789"), 1000)
	send := func() error {
		res, err := front.Client().Post(front.URL+"/x", "text/plain", bytes.NewReader(body))
		if err != nil {
			return err
		}
		defer res.Body.Close()
		got, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		if res.StatusCode != http.StatusCreated || res.Header.Get("Photos-Outcome") != "done" || !bytes.Equal(got, body) {
			t.Errorf("%s, %d bytes", res.Status, len(got))
		}
		return nil
	}
	for range 20 {
		if err := send(); err != nil {
			t.Fatalf("at rate 0: %v", err)
		}
	}
	p.SetRate(0.1)
	failed := 0
	for range 120 {
		if send() != nil {
			failed++
		}
	}
	counts := p.Counts()
	for _, f := range faultproxy.Faults() {
		if counts[f] == 0 {
			t.Errorf("no %s among %v", f, counts)
		}
	}
	// Go's client repeats nothing with a body, so every broken request is a failure.
	if want := counts[faultproxy.CutRequest] + counts[faultproxy.CutAnswer] + counts[faultproxy.Reset] + counts[faultproxy.Stall]; failed != want {
		t.Errorf("%d failed, %d were broken: %v", failed, want, counts)
	}
	if got, want := int(served.Load()), 140-failed+counts[faultproxy.CutAnswer]+counts[faultproxy.Duplicate]; got != want {
		t.Errorf("the service served %d, want %d: %v", got, want, counts)
	}
}

// TestPartOfAnAnswer checks that a part of an answer in JSON looks whole to HTTP, and that other answers are whole.
func TestPartOfAnAnswer(t *testing.T) {
	t.Parallel()
	const answer = `{"results":[1,2,3,4,5,6,7,8,9]}`
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", strings.TrimPrefix(r.URL.Path, "/"))
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(service.Close)
	p := faultproxy.New(func() string { return strings.TrimPrefix(service.URL, "http://") }, 1)
	front := httptest.NewServer(p)
	t.Cleanup(front.Close)
	p.SetRate(1.0 / float64(len(faultproxy.Faults()))) // every request meets one
	parts := map[string]int{}
	for i := range 60 {
		media := []string{"application/json", "text/plain"}[i%2]
		res, err := front.Client().Get(front.URL + "/" + media)
		if err != nil {
			continue // another fault
		}
		got, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err == nil && string(got) != answer {
			parts[media]++
		}
	}
	if parts["application/json"] == 0 || parts["text/plain"] > 0 {
		t.Errorf("parts that look whole: %v", parts)
	}
}
