package userpool

import (
	"errors"
	"net/http"
	"os"
	"time"
)

const (
	maxBody  = 64 << 10         // bytes of a request's body: forms of a few lines
	bodyTime = 10 * time.Second // for a request's body, unless Config says otherwise
)

// withForm reads the form that a request brings before h runs. A client that sends its body slowly is cut off,
// whatever the method, so that it does not hold its connection.
func (p *Pool) withForm(h http.Handler, refuse func(w http.ResponseWriter, status int)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			h.ServeHTTP(w, r)
			return
		}
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(p.conf.BodyTime)) // a test's recorder has none
		if r.Method == http.MethodPost {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			if err := r.ParseForm(); err != nil {
				w.Header().Set("Connection", "close")
				refuse(w, formStatus(err))
				return
			}
			_ = control.SetReadDeadline(time.Time{}) // else it would cancel the request while h runs
		}
		h.ServeHTTP(w, r)
	})
}

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

// refuseForm tells a user that the form cannot be read.
func (p *Pool) refuseForm(w http.ResponseWriter, status int) {
	p.show(w, status, page{Name: "error", Title: "This form cannot be read", Text: "It did not arrive whole, or it is too long. Go back and try again."})
}

// refuseParameters tells a program that its request cannot be read.
func (p *Pool) refuseParameters(w http.ResponseWriter, status int) {
	p.answerError(w, &tokenError{status, "invalid_request"})
}
