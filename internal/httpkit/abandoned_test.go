package httpkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// brokenWriter is a connection whose other end is gone.
type brokenWriter struct{ *httptest.ResponseRecorder }

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("write: broken pipe") }

// Only what follows from the client's leaving is not a fault of the service.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	cause := fmt.Errorf("read the row: %w", context.Canceled)
	for name, c := range map[string]struct {
		left   bool // the client has left
		broken bool // so a piece of the answer could not be sent
		err    error
		want   int // status, 0: the handler has to answer
	}{
		"the client left":                          {left: true, err: cause, want: StatusAbandoned},
		"the answer could not be sent":             {broken: true, err: errors.New("write: broken pipe"), want: http.StatusOK},
		"another fault, and the client left":       {left: true, err: errors.New("the disk is damaged")},
		"another fault":                            {err: errors.New("the disk is damaged")},
		"the service itself stopped what it began": {err: cause},
	} {
		ctx, leave := context.WithCancel(t.Context())
		if c.left {
			leave()
		}
		recorder := httptest.NewRecorder()
		var to http.ResponseWriter = recorder
		if c.broken {
			to = brokenWriter{recorder}
		}
		status, abandoned := 0, false
		see := func(w *Response, _ *http.Request, next func()) {
			next()
			status = w.status
		}
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c.broken {
				_, _ = io.WriteString(w, "the start")
			}
			abandoned = Abandoned(w, r, c.err)
		})
		Chain(h, time.Minute, see).ServeHTTP(to, httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
		if status != c.want || abandoned != (c.want != 0) {
			t.Errorf("%s: abandoned %t with status %d, want status %d", name, abandoned, status, c.want)
		}
		leave()
	}
}
