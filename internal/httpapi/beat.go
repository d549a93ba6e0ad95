package httpapi

import (
	"net/http"
	"time"
)

// everyBeat calls f now and then until stop returns; it is not running after that.
// Clients and proxies give up after a silence about as long as ours with them.
func (s *Server) everyBeat(f func()) (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(s.Limits.Stall / 12)
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

// processing tells the client now and then that its request is being worked on,
// until stop returns (102, RFC 2518, section 10.1). HTTP/1.0 knows no such answers
// (RFC 9110, section 15.2).
func (s *Server) processing(w http.ResponseWriter, r *http.Request) (stop func()) {
	if !r.ProtoAtLeast(1, 1) {
		return func() {}
	}
	return s.everyBeat(func() { w.WriteHeader(http.StatusProcessing) })
}
