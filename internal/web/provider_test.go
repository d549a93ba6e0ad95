package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestPoolThatIsAway: many requests wait for one question to a user pool that does not answer, and not one after
// the other. Those whose browser has left do not wait.
func TestPoolThatIsAway(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	asking, answer := make(chan struct{}, 10), make(chan struct{})
	pool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		asking <- struct{}{}
		<-answer
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(pool.Close)
	p := newProvider(Config{Issuer: pool.URL, ClientID: "web"})
	p.pause = time.Hour
	var waiting sync.WaitGroup
	open := func() {
		waiting.Go(func() {
			if _, err := p.open(t.Context()); err == nil {
				t.Error("the pool is known")
			}
		})
	}
	open()
	<-asking
	for range 5 {
		open()
	}
	left, leave := context.WithCancel(t.Context())
	leave()
	if _, err := p.open(left); !errors.Is(err, context.Canceled) {
		t.Errorf("a browser that has left: %v", err)
	}
	close(answer)
	waiting.Wait()
	if n := asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}
