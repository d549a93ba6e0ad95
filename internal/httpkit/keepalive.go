package httpkit

import (
	"net/http"
	"time"
)

// Repeat calls f once per interval until stop is called. f is not running after stop
// returns.
func Repeat(interval time.Duration, f func()) (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(interval)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				f()
			case <-quit:
				return
			}
		}
	}()
	return func() { close(quit); <-ended }
}

// Processing tells the client once per interval that its request is being processed, until
// stop is called (status 102, RFC 2518, section 10.1). Clients and proxies give up a silent
// connection. HTTP/1.0 has no such answers (RFC 9110, section 15.2).
func Processing(w http.ResponseWriter, r *http.Request, interval time.Duration) (stop func()) {
	if !r.ProtoAtLeast(1, 1) {
		return func() {}
	}
	return Repeat(interval, func() { w.WriteHeader(http.StatusProcessing) })
}
