package web_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	openapi "photos/api"
	"photos/internal/api"
	"photos/internal/blob/disk"
	"photos/internal/cognito"
	"photos/internal/httpapi"
	"photos/internal/photo"
	"photos/internal/picture/metadata"
	"photos/internal/service"
	"photos/internal/store/sqldb"
	"photos/internal/testkit/sample"
	"photos/internal/thumb"
	"photos/internal/userpool"
	"photos/internal/web"
)

// site is two replicas of the service over one real database, with a user pool in the place
// of Amazon Cognito. Requests go to the replicas in turns.
type site struct {
	t         *testing.T
	url       string
	db        *sqldb.DB
	pool      *userpool.Pool
	poolURL   string
	behaviour *userpool.Behaviour
	later     atomic.Int64 // how much time has passed for the pages, in nanoseconds
	limits    service.Limits
	blobs     *disk.Store
	spool     string           // where the photos of forms are received; empty for a folder for each replica
	service   *service.Service // of one of the replicas
	handlers  []http.Handler
	turn      atomic.Int64
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func startSite(t *testing.T) *site {
	t.Helper()
	return startSiteWith(t, service.Limits{})
}

func startSiteWith(t *testing.T, limits service.Limits) *site {
	t.Helper()
	s := &site{t: t, behaviour: new(userpool.Behaviour), limits: limits}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.handlers[int(s.turn.Add(1))%len(s.handlers)].ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	s.url = front.URL
	s.openPool()
	dir := t.TempDir()
	var err error
	s.db, err = sqldb.Open(context.Background(), "sqlite:"+filepath.Join(dir, "photos.db"))
	must(t, err)
	t.Cleanup(func() { must(t, s.db.Close()) })
	s.blobs, err = disk.Open(dir)
	must(t, err)
	t.Cleanup(func() { must(t, s.blobs.Close()) })
	for range 2 {
		s.handlers = append(s.handlers, s.replica())
	}
	t.Cleanup(front.CloseClientConnections)
	return s
}

func (s *site) openPool() {
	server := httptest.NewServer(http.NotFoundHandler())
	s.t.Cleanup(server.Close)
	pool, err := userpool.Open(s.t.Context(), userpool.Config{
		BaseURL: server.URL, Path: filepath.Join(s.t.TempDir(), "pool.db"), Rotation: true, Behaviour: s.behaviour,
		Clients: []userpool.Client{{
			ID: "web", Secret: "s3cret", RedirectURIs: []string{s.url + "/callback"}, LogoutURIs: []string{s.url + "/"},
			IdentityProviders: []string{"LoginWithAmazon"},
		}},
	})
	must(s.t, err)
	s.t.Cleanup(func() { must(s.t, pool.Close()) })
	server.Config.Handler = pool.Handler()
	s.pool, s.poolURL = pool, server.URL
	for _, name := range []string{"ada", "bob"} {
		must(s.t, pool.AddUser(s.t.Context(), userpool.NewUser{Email: name + "@example.org", Nickname: name, Password: "correct horse"}))
	}
}

func (s *site) replica() http.Handler {
	verifier, err := cognito.New(cognito.Config{Issuer: s.pool.Issuer(), ClientIDs: []string{"web"}})
	must(s.t, err)
	svc, err := service.New(service.Config{
		Store: s.db, Blobs: s.blobs, Staging: s.blobs, Inspect: metadata.Read, Renditions: thumb.New(thumb.Config{}), Limits: s.limits,
		Verify: func(ctx context.Context, token string) (service.Identity, error) {
			c, err := verifier.Verify(ctx, token)
			return service.Identity{Pool: c.Pool, Subject: c.Subject, Expires: c.ExpiresAt}, err
		},
	})
	must(s.t, err)
	s.service = svc
	pages, err := web.New(web.Config{
		BaseURL: s.url, Service: svc, Sessions: s.db, Issuer: s.pool.Issuer(), ClientID: "web", Secret: "s3cret", Spool: cmp.Or(s.spool, s.t.TempDir()),
		Providers: []string{"LoginWithAmazon"}, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Now().Add(time.Duration(s.later.Load())) },
	})
	must(s.t, err)
	server, err := httpapi.New(httpapi.Config{
		BaseURL: s.url, Local: true, Service: svc, OpenAPI: openapi.JSON, Session: pages.Caller, Extra: pages.Handlers(), NoPage: pages.NoPage(),
		Resource: api.ProtectedResource{Resource: s.url},
	})
	must(s.t, err)
	return server
}

// pass lets time pass for the pages, not for the pool.
func (s *site) pass(d time.Duration) { s.later.Add(int64(d)) }

// fail makes the pool's token endpoint fail.
func (s *site) fail(f userpool.Fault) {
	s.behaviour.Set(userpool.Knobs{Faults: map[string]userpool.Fault{"/oauth2/token": f}})
}

// forget makes the pool refuse every refresh token: all of them have expired.
func (s *site) forget() {
	s.behaviour.Set(userpool.Knobs{ClockOffset: userpool.Duration(31 * 24 * time.Hour)})
}

// exchanges returns how often the pool's token endpoint was asked.
func (s *site) exchanges() int { return s.behaviour.Requests()["/oauth2/token"] }

// browser is a user's browser without JavaScript.
type browser struct {
	s      *site
	client *http.Client
	header http.Header // sent with every request
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	return &browser{s: s, client: &http.Client{Jar: jar}, header: http.Header{}}
}

// answer is a page that was read whole.
type answer struct {
	status int
	url    *url.URL // at which the browser ended
	header http.Header
	body   string
}

func (b *browser) send(method, address string, body io.Reader, header map[string]string) (answer, error) {
	if strings.HasPrefix(address, "/") {
		address = b.s.url + address
	}
	req, err := http.NewRequestWithContext(b.s.t.Context(), method, address, body)
	if err != nil {
		return answer{}, err
	}
	for k, v := range b.header {
		req.Header[k] = v
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Request.URL, resp.Header, string(text)}, err
}

func (b *browser) get(address string) answer {
	b.s.t.Helper()
	a, err := b.send(http.MethodGet, address, nil, map[string]string{"Sec-Fetch-Site": "same-origin"})
	must(b.s.t, err)
	return a
}

func (b *browser) post(address string, form url.Values) answer {
	b.s.t.Helper()
	a, err := b.send(http.MethodPost, address, strings.NewReader(form.Encode()), map[string]string{
		"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded",
	})
	must(b.s.t, err)
	return a
}

var formAction = regexp.MustCompile(`<form method="post" action="([^"]+)"`)

// signIn goes through the pool's pages.
func (b *browser) signIn(name, start string) answer {
	b.s.t.Helper()
	page := b.get(start)
	action := formAction.FindStringSubmatch(page.body)
	if action == nil {
		b.s.t.Fatalf("%s has no form: %s", page.url, page.body)
	}
	return b.post(b.s.poolURL+html.UnescapeString(action[1]), url.Values{"email": {name + "@example.org"}, "password": {"correct horse"}})
}

// signedIn is a browser in which a user is signed in.
func (s *site) signedIn(name string) *browser {
	s.t.Helper()
	b := s.browser()
	if a := b.signIn(name, "/login"); a.status != http.StatusOK || a.url.Path != "/myphotos" || !strings.Contains(a.body, name) {
		s.t.Fatalf("signed in as %s: %d at %s: %s", name, a.status, a.url, a.body)
	}
	return b
}

// album is a browser in which a user is signed in, and the user's only photo.
type album struct {
	*browser
	photo []byte
	id    photo.ID
	page  string // the path of the photo's page
}

// startAlbum starts a site where ada has a photo with a description.
func startAlbum(t *testing.T, description string) album {
	t.Helper()
	return startSite(t).album(description)
}

// album signs ada in and uploads a photo for her.
func (s *site) album(description string) album {
	s.t.Helper()
	data, id := scene(s.t, 1)
	a := album{s.signedIn("ada"), data, id, "/myphotos/" + id.String()}
	a.upload(description, map[string][]byte{"one.jpg": data})
	return a
}

// manyPhotos returns photos by their file names, and their IDs.
func manyPhotos(t *testing.T, n int) (photos map[string][]byte, ids []photo.ID) {
	t.Helper()
	photos = map[string][]byte{}
	for i := range n {
		data, err := sample.Picture(uint64(i), 0)
		must(t, err)
		photos[fmt.Sprintf("%03d.jpg", i)] = data
		ids = append(ids, idOf(data))
	}
	return photos, ids
}

// cookies returns the cookies that the browser has of the pages, by name.
func (b *browser) cookies() map[string]string {
	u, err := url.Parse(b.s.url)
	must(b.s.t, err)
	all := map[string]string{}
	for _, c := range b.client.Jar.Cookies(u) {
		if strings.HasPrefix(c.Name, "photos-") { // others are the pool's: ports share cookies
			all[c.Name] = c.Value
		}
	}
	return all
}

// session returns the value of the session's cookie.
func (b *browser) session() string {
	for name, value := range b.cookies() {
		if strings.HasSuffix(name, "-session") {
			return value
		}
	}
	return ""
}

// isIn reports whether the browser sees My photos, without signing in again by the pool's own
// session.
func (b *browser) isIn() bool {
	b.s.t.Helper()
	follow := b.client.CheckRedirect
	b.stop()
	defer func() { b.client.CheckRedirect = follow }()
	return b.get("/myphotos").status == http.StatusOK
}

// stop makes the browser follow no redirects.
func (b *browser) stop() {
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
}

func idOf(data []byte) photo.ID { return photo.ID(sha256.Sum256(data)) }
