package httpapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	openapi "photos/api"
	"photos/internal/api"
	"photos/internal/blob/disk"
	"photos/internal/httpapi"
	"photos/internal/photo"
	"photos/internal/picture/metadata"
	"photos/internal/service"
	"photos/internal/store"
	"photos/internal/store/sqldb"
	"photos/internal/testkit/pipenet"
	"photos/internal/testkit/sample"
	"photos/internal/thumb"
)

// config is what a fixture is made from.
type config struct {
	service.Config
	HTTP     httpapi.Config
	inMemory bool // over a network in memory instead of real connections
}

// fixture is a server over a real database and real files, reached over real connections.
// Only the access tokens belong to the test: a token is the name of a user.
type fixture struct {
	t       testing.TB
	dir     string
	config  config
	store   store.Store
	blobs   *disk.Store
	service *service.Service
	server  *httpapi.Server
	web     *httptest.Server
}

// start starts a service in a new folder. A tweak may replace any part.
func start(t testing.TB, tweaks ...func(*config)) *fixture {
	t.Helper()
	s := &fixture{t: t, dir: t.TempDir()}
	s.open(tweaks...)
	return s
}

func (s *fixture) open(tweaks ...func(*config)) {
	s.t.Helper()
	db, err := sqldb.Open(context.Background(), "sqlite:"+filepath.Join(s.dir, "photos.db"))
	must(s.t, err)
	blobs, err := disk.Open(s.dir)
	must(s.t, err)
	s.store, s.blobs = db, blobs
	s.web = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.server.ServeHTTP(w, r) }))
	base := "http://" + s.web.Listener.Addr().String()
	s.config = config{
		Config: service.Config{Store: db, Blobs: blobs, Staging: blobs, Verify: verify, Inspect: metadata.Read, Renditions: thumb.New(thumb.Config{})},
		HTTP: httpapi.Config{
			BaseURL: base, Local: true, OpenAPI: openapi.JSON,
			Resource: api.ProtectedResource{
				Resource: base, AuthorizationServers: []string{"https://issuer.example/pool"}, ClientID: "cli", RedirectURIs: []string{"http://127.0.0.1:18484/callback"},
			},
		},
	}
	for _, tweak := range tweaks {
		tweak(&s.config)
	}
	s.service, err = service.New(s.config.Config)
	must(s.t, err)
	s.config.HTTP.Service, s.config.HTTP.Log = s.service, s.config.Log
	s.server, err = httpapi.New(s.config.HTTP)
	must(s.t, err)
	if s.config.inMemory {
		must(s.t, s.web.Listener.Close())
		s.web.Listener = pipenet.New(s.web.Listener.Addr())
	}
	s.web.Start()
	s.t.Cleanup(s.close)
}

// close stops the service. A second call does nothing.
func (s *fixture) close() {
	if s.web == nil {
		return
	}
	s.web.CloseClientConnections()
	s.web.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := errors.Join(s.server.Close(ctx), s.store.Close(), s.blobs.Close())
	s.web = nil
	must(s.t, err)
}

// restart stops the service and starts another one with the same folder.
func (s *fixture) restart() {
	s.t.Helper()
	s.close()
	s.open()
}

// verify accepts every name except nobody.
func verify(_ context.Context, token string) (service.Identity, error) {
	switch token {
	case "nobody":
		return service.Identity{}, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "the access token has expired", Err: errors.New("secret cause")}
	case "unverifiable":
		return service.Identity{}, &photo.Error{Kind: photo.KindUnavailable, Msg: "the access token cannot be checked now"}
	}
	return service.Identity{Pool: "pool", Subject: token, Expires: time.Now().Add(time.Hour)}, nil
}

// user is a user who calls the service.
type user struct {
	s    *fixture
	name string // empty: the user sends no token
}

func (s *fixture) as(name string) user { return user{s, name} }

// answer is a response that was read whole.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

type header map[string]string

// call sends a request with a whole body, and checks the answer against the description of
// the API.
func (u user) call(method, path string, h header, body []byte) answer {
	u.s.t.Helper()
	var r io.Reader
	if body != nil {
		r = bytes.NewReader(body)
	}
	req := u.request(method, path, h, r)
	res, err := u.s.web.Client().Do(req)
	must(u.s.t, err)
	a := read(u.s.t, res)
	checkAnswer(u.s.t, req, res, a.body)
	return a
}

func (u user) request(method, path string, h header, body io.Reader) *http.Request {
	u.s.t.Helper()
	req, err := http.NewRequest(method, u.s.web.URL+path, body)
	must(u.s.t, err)
	if u.name != "" {
		req.Header.Set("Authorization", "Bearer "+u.name)
	}
	for k, v := range h {
		req.Header.Set(k, v)
	}
	return req
}

func read(t testing.TB, res *http.Response) answer {
	t.Helper()
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return answer{t, res.StatusCode, res.Header, body}
}

// json sends v as JSON.
func (u user) json(method, path string, h header, v any) answer {
	u.s.t.Helper()
	body, err := json.Marshal(v)
	must(u.s.t, err)
	all := header{"Content-Type": "application/json"}
	maps.Copy(all, h)
	return u.call(method, path, all, body)
}

// into decodes an answer that must be a success.
func (a answer) into(v any) {
	a.t.Helper()
	if a.status != http.StatusOK {
		a.t.Fatalf("status %d: %s", a.status, a.body)
	}
	must(a.t, json.Unmarshal(a.body, v))
}

// problem decodes an answer that must be an error.
func (a answer) problem() api.Problem {
	a.t.Helper()
	var p api.Problem
	if a.header.Get("Content-Type") != api.ProblemType {
		a.t.Fatalf("the answer with status %d has no problem document: %s", a.status, a.body)
	}
	must(a.t, json.Unmarshal(a.body, &p))
	if p.Status != a.status || p.RequestID == "" || p.RequestID != a.header.Get(api.HeaderRequestID) {
		a.t.Errorf("problem %+v of status %d and request %s", p, a.status, a.header.Get(api.HeaderRequestID))
	}
	return p
}

// refused requires an error with a status and a kind.
func (a answer) refused(status int, kind photo.Kind) api.Problem {
	a.t.Helper()
	p := a.problem()
	if a.status != status || p.Kind != kind {
		a.t.Errorf("status %d, kind %s (%s), want %d, %s", a.status, p.Kind, p.Detail, status, kind)
	}
	return p
}

// has requires a status and headers. An empty value means that the header is absent.
func (a answer) has(status int, h header) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Errorf("status %d, want %d: %s", a.status, status, a.body)
	}
	for k, v := range h {
		if got := a.header.Get(k); got != v {
			a.t.Errorf("%s: %q, want %q", k, got, v)
		}
	}
	return a
}

// tusHeader returns the headers of every tus request and more.
func tusHeader(more header) header {
	h := header{api.HeaderTusResumable: api.TusVersion}
	maps.Copy(h, more)
	return h
}

// creating returns the headers of a creation.
func creating(size int, m api.UploadMetadata) header {
	return tusHeader(header{api.HeaderUploadLength: strconv.Itoa(size), api.HeaderUploadMetadata: m.String()})
}

func withBytes(h header) header {
	h["Content-Type"] = api.OffsetContentType
	return h
}

// upload sends a photo in one request.
func (u user) upload(data []byte, m api.UploadMetadata) answer {
	u.s.t.Helper()
	return u.call(http.MethodPost, api.PathUploads, withBytes(creating(len(data), m)), data)
}

// begin creates an upload without bytes and returns its path.
func (u user) begin(size int, m api.UploadMetadata) string {
	u.s.t.Helper()
	a := u.call(http.MethodPost, api.PathUploads, creating(size, m), nil)
	a.has(http.StatusCreated, header{api.HeaderUploadOffset: "0", api.HeaderOutcome: ""})
	if a.header.Get("Location") == "" || a.header.Get(api.HeaderUploadExpires) == "" {
		u.s.t.Fatalf("created without Location or Upload-Expires: %v", a.header)
	}
	return a.header.Get("Location")
}

// appending returns the headers of a PATCH.
func appending(offset int, writer string) header {
	return withBytes(tusHeader(header{api.HeaderUploadOffset: strconv.Itoa(offset), api.HeaderWriter: writer}))
}

func (u user) append(path string, offset int, data []byte) answer {
	u.s.t.Helper()
	return u.call(http.MethodPatch, path, appending(offset, "w"), data)
}

func (u user) offset(path string) string {
	u.s.t.Helper()
	return u.call(http.MethodHead, path, tusHeader(nil), nil).header.Get(api.HeaderUploadOffset)
}

func (u user) list(query string) []api.Photo {
	u.s.t.Helper()
	var page api.PhotoPage
	u.call(http.MethodGet, api.PathPhotos+query, nil, nil).into(&page)
	return page.Photos
}

func (u user) state(id photo.ID, how photo.Scrutiny) api.CheckResult {
	u.s.t.Helper()
	var res api.CheckResponse
	u.json(http.MethodPost, api.PathCheck, nil, api.CheckRequest{IDs: []photo.ID{id}, Verify: how}).into(&res)
	return res.Results[0]
}

// blobCount returns how many blobs are stored, without unfinished uploads.
func (s *fixture) blobCount() int {
	s.t.Helper()
	n := 0
	must(s.t, s.blobs.EachBlob(context.Background(), func(string, string, time.Time) error { n++; return nil }))
	return n
}

func (s *fixture) stagedCount() int {
	s.t.Helper()
	n := 0
	must(s.t, s.blobs.EachStaged(context.Background(), func(string, time.Time) error { n++; return nil }))
	return n
}

func jpeg(t testing.TB, seed uint64, size int) []byte {
	t.Helper()
	data, err := sample.Picture(seed, size)
	must(t, err)
	return data
}

func idOf(data []byte) photo.ID { return sha256.Sum256(data) }

func photoPath(id photo.ID) string { return api.PathPhotos + "/" + id.String() }

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, happened func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// exec changes the database without the service.
func (s *fixture) exec(query string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.dir, "photos.db")+"?_pragma=foreign_keys(1)")
	must(s.t, err)
	defer db.Close()
	_, err = db.ExecContext(context.Background(), query)
	must(s.t, err)
}
