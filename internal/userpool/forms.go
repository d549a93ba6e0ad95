package userpool

import (
	"errors"
	"net/http"
	"os"
	"time"
)

const (
	maxBody  = 64 << 10         // bytes of the body of a request; forms have a few lines
	bodyTime = 10 * time.Second // for the body of a request, unless Config has another
)

// withForm reads the form of a request before h runs. It disconnects a client that sends its body slowly, whatever the
// method, so that no such client keeps a connection.
func (p *Pool) withForm(h http.Handler, refuse func(w http.ResponseWriter, status int)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			h.ServeHTTP(w, r)
			return
		}
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(p.conf.BodyTime)) // a test's recorder has no deadline
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			if err := r.ParseForm(); err != nil {
				w.Header().Set("Connection", "close")
				refuse(w, formStatus(err))
				return
			}
			_ = control.SetReadDeadline(time.Time{}) // otherwise it would cancel the request while h runs
		}
		h.ServeHTTP(w, r)
	})
}

// formStatus returns the status for a form that cannot be read.
func formStatus(err error) int {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout
	}
	return http.StatusBadRequest
}

// refuseForm shows a page that says that the form cannot be read.
func (p *Pool) refuseForm(w http.ResponseWriter, status int) {
	p.show(w, status, page{Name: "error", Title: "This form cannot be read", Text: "It is incomplete or too long. Go back and try again."})
}

// refuseParameters answers a program whose request cannot be read.
func (p *Pool) refuseParameters(w http.ResponseWriter, status int) {
	p.answerError(w, &tokenError{status, "invalid_request"})
}
