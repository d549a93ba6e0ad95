package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"photos/internal/api"
	"photos/internal/photo"
)

// slowly sends a request with a body of size bytes of which only the first one comes until leave is
// called. It returns when the handler has read that byte.
func (u user) slowly(method, path string, h header, size int64) (leave func()) {
	u.s.t.Helper()
	body, more := io.Pipe()
	req := u.request(method, path, h, body)
	req.ContentLength = size
	served := make(chan struct{})
	go func() {
		defer close(served)
		u.s.server.ServeHTTP(httptest.NewRecorder(), req)
		body.Close() // a handler that was refused reads nothing
	}()
	if _, err := more.Write([]byte("{")); err != nil {
		u.s.t.Errorf("%s %s of %.10s was not read", method, path, u.name)
	}
	return func() { more.Close(); <-served }
}

// stuckAnswer is a client that takes no byte of its answer until it leaves.
type stuckAnswer struct {
	*httptest.ResponseRecorder
	begun, left chan struct{}
	once        sync.Once
}

func (a *stuckAnswer) Write(p []byte) (int, error) {
	a.once.Do(func() { close(a.begun) })
	<-a.left
	return len(p), nil
}

// Some clients send large bodies slowly, or do not take the answers. Others get their work done meanwhile.
func TestSlowBatchesKeepNobodyFromWork(t *testing.T) {
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	id := ada.album(1)[0]
	describe := func() answer {
		return ada.json(http.MethodPatch, api.PathPhotos, nil, api.DescriptionsPatch{Items: []api.DescriptionItem{{ID: id, Description: "x"}}})
	}
	asJSON := header{"Content-Type": "application/json"}
	for i := range 5 {
		who := s.as(fmt.Sprint("slow", i))
		for range 2 {
			t.Cleanup(who.slowly(http.MethodPatch, []string{api.PathPhotos, api.PathTags}[i%2], asJSON, 100_000))
		}
		who.call(http.MethodPatch, api.PathTags, asJSON, []byte(`{}`)).refused(http.StatusTooManyRequests, photo.KindUnavailable)
	}
	describe().has(http.StatusOK, nil)
	for i := range 5 {
		who := s.as(fmt.Sprint("stuck", i))
		for range 2 {
			req := who.request(http.MethodPatch, api.PathPhotos, asJSON, strings.NewReader(fmt.Sprintf(`{"items":[{"id":%q,"description":"x"}]}`, id)))
			a := &stuckAnswer{httptest.NewRecorder(), make(chan struct{}), make(chan struct{}), sync.Once{}}
			served := make(chan struct{})
			go func() { defer close(served); s.server.ServeHTTP(a, req) }()
			<-a.begun
			t.Cleanup(func() { close(a.left); <-served })
		}
	}
	describe().has(http.StatusOK, nil)
}

// One owner does not take all connections: some requests of the others are always answered.
func TestRequestsOfOneOwner(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *config) { c.Limits.Requests = 2 })
	ada, bob := s.as("ada"), s.as("bob")
	id := ada.album(1)[0]
	machine := ada.key("nas", photo.ScopeAll)
	creation := withBytes(creating(1000, api.UploadMetadata{}))
	first := ada.slowly(http.MethodPost, api.PathUploads, creation, 1000)
	second := machine.slowly(http.MethodPatch, photoPath(id), header{"Content-Type": "application/json"}, 1000)
	for _, u := range []user{ada, machine} {
		a := u.call(http.MethodGet, api.PathPhotos, nil, nil)
		a.refused(http.StatusTooManyRequests, photo.KindUnavailable)
		a.has(http.StatusTooManyRequests, header{"Retry-After": "1", "Connection": ""})
	}
	if a := ada.upload(jpeg(t, 2, 1000), api.UploadMetadata{}); a.status != http.StatusTooManyRequests {
		t.Errorf("an upload: %d", a.status)
	}
	bob.call(http.MethodGet, api.PathPhotos, nil, nil).has(http.StatusOK, nil)
	first()
	ada.call(http.MethodGet, api.PathPhotos, nil, nil).has(http.StatusOK, nil)
	second()
	ada.upload(jpeg(t, 2, 1000), api.UploadMetadata{}).has(http.StatusCreated, nil)
}
