package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"photos/internal/api"
	"photos/internal/term"
	"photos/internal/testkit/freeport"
	"photos/internal/testkit/person"
	"photos/internal/userpool"
)

// world is a user's machine with a real user pool, and services on a simulated network.
type world struct {
	t         *testing.T
	dir       string
	pool      *userpool.Pool
	issuer    string
	redirect  string
	behaviour *userpool.Behaviour
	hosts     map[string]*outside
	vars      map[string]string
	who       string // the user at the browser
}

// outside is a service in the world. It publishes the pool and records the requests.
type outside struct {
	mu     sync.Mutex
	tokens []string
	calls  int
}

const password = "correct horse battery"

func newWorld(t *testing.T, hosts ...string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), behaviour: new(userpool.Behaviour), hosts: map[string]*outside{}, vars: map[string]string{}, who: "ada"}
	for _, host := range hosts {
		w.hosts[host] = new(outside)
	}
	w.redirect = freeport.Redirect(t)
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	pool, err := userpool.Open(t.Context(), userpool.Config{
		BaseURL: srv.URL, Path: filepath.Join(w.dir, "pool.db"), Behaviour: w.behaviour,
		Clients: []userpool.Client{{ID: "cli", RedirectURIs: []string{w.redirect}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		srv.Close()
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	w.pool = pool
	w.addUser("ada")
	for _, path := range pool.Paths() {
		mux.Handle(path, pool.Handler())
	}
	w.issuer = pool.Issuer()
	return w
}

func (w *world) addUser(name string) {
	w.t.Helper()
	if err := w.pool.AddUser(w.t.Context(), userpool.NewUser{Email: name + "@example.org", Nickname: name, Password: password}); err != nil {
		w.t.Fatal(err)
	}
}

// RoundTrip implements the network: services by name, the pool by its address.
func (w *world) RoundTrip(req *http.Request) (*http.Response, error) {
	service, ok := w.hosts[req.URL.Host]
	if !ok {
		return http.DefaultTransport.RoundTrip(req)
	}
	rec := httptest.NewRecorder()
	service.serve(w, rec, req)
	resp := rec.Result()
	resp.Request = req
	return resp, nil
}

func (s *outside) serve(w *world, rw http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	rw.Header().Set("Content-Type", "application/json")
	var body any = map[string]any{"photos": []any{}}
	if strings.HasPrefix(r.URL.Path, "/.well-known/") {
		body = map[string]any{
			"resource": "https://" + r.URL.Host, "authorization_servers": []string{w.issuer},
			"photos_client_id": "cli", "photos_redirect_uris": []string{w.redirect},
		}
	} else {
		if r.URL.Path == api.PathMe {
			body = api.Me{}
		}
		s.tokens = append(s.tokens, r.Header.Get("Authorization"))
	}
	if err := json.NewEncoder(rw).Encode(body); err != nil {
		w.t.Error(err)
	}
}

// result is the result of one command.
type result struct {
	code     int
	out, err string
}

// answering is the stderr of a terminal. When a question appears on it, the user types an answer.
type answering struct {
	bytes.Buffer
	answer string
	typed  *io.PipeWriter
}

func (a *answering) Write(b []byte) (int, error) {
	if strings.Contains(string(b), "Type yes to go on") {
		go func() { _, _ = io.WriteString(a.typed, a.answer) }()
	}
	return a.Buffer.Write(b)
}

// photos runs one command line. With an answer there is a terminal, and the user gives it to
// every question.
func (w *world) photos(answer string, args ...string) result {
	w.t.Helper()
	in, typed := io.Pipe()
	defer in.Close()
	var out bytes.Buffer
	talk := answering{answer: answer, typed: typed}
	terminal := answer != ""
	vars := map[string]string{"PHOTOS_CONFIG_DIR": filepath.Join(w.dir, "config")}
	for k, v := range w.vars {
		vars[k] = v
	}
	visitor := person.Person{Email: w.who + "@example.org", Nickname: w.who, Password: password}
	console := term.New("photos", in, &out, &talk)
	console.In.Terminal, console.Err.Terminal = terminal, terminal
	e := &env{
		Console: console, network: w, now: time.Now,
		getenv: func(name string) string { return vars[name] },
		browse: func(address string) error {
			_, err := visitor.Visit(context.WithoutCancel(w.t.Context()), address)
			return err
		},
	}
	code := runCommand(w.t.Context(), append(args, "--timeout", "5s"), e)
	return result{code, out.String(), talk.String()}
}

// login signs in without any question.
func (w *world) login(args ...string) {
	w.t.Helper()
	if r := w.photos("", append([]string{"login", "--insecure-storage"}, args...)...); r.code != 0 {
		w.t.Fatalf("login %q: exit code %d\n%s", args, r.code, r.err)
	}
}

// want checks the exit code and that stderr has every text.
func (r result) want(t *testing.T, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d\n%s", r.code, code, r.err)
	}
	for _, text := range texts {
		if !strings.Contains(r.err, text) {
			t.Errorf("stderr lacks %q:\n%s", text, r.err)
		}
	}
}

func TestLoginAsksBeforeItSendsTokensToAService(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "photos.example")
	login := []string{"login", "photos.example", "--insecure-storage"}
	question := "tokens of " + w.issuer + " will be sent to photos.example"
	w.photos("", login...).want(t, exitUsage, question, "--trust-server photos.example")
	w.photos("", append(login, "--yes")...).want(t, exitUsage, question)
	w.photos("no\n", login...).want(t, exitFailure, question, "not confirmed")
	w.photos("", append(login, "--trust-server", "other.example")...).want(t, exitUsage, question)
	if n := w.behaviour.Requests()["/oauth2/authorize"]; n != 0 {
		t.Fatalf("the browser was opened %d times before anybody said yes", n)
	}
	w.photos("yes\n", login...).want(t, exitDone, "signed in to https://photos.example as ada <ada@example.org>")
	if r := w.photos("", login...); r.code != exitDone || strings.Contains(r.err, "will be sent") {
		t.Errorf("asked again, exit code %d:\n%s", r.code, r.err)
	}
}

func TestLoginTakesAProviderGivenByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "photos.example")
	w.vars["COGNITO_ISSUER"], w.vars["COGNITO_CLIENT_ID"] = w.issuer, " cli\n"
	w.vars["COGNITO_DOMAIN"] = strings.TrimSuffix(w.issuer, "/"+filepath.Base(w.issuer)) + "/"
	w.login("photos.example")
	w.vars = map[string]string{}
	w.photos("", "list").want(t, exitDone)

	w.photos("", "login", "photos.example", "--client-secret").want(t, exitUsage, "on a terminal only", "COGNITO_CLIENT_SECRET")
	w.vars["COGNITO_CLIENT_SECRET"] = "s3cret"
	w.photos("", "login", "photos.example", "--insecure-storage").want(t, exitFailure, "a client secret was given without its issuer and client id")
}

// TestAServiceThatBorrowsAProviderIsRefused tests the mix-up attack: a hostile service names the
// provider and client of an honest one to get its tokens.
func TestAServiceThatBorrowsAProviderIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "photos.example", "evil.example")
	w.login("photos.example", "--trust-server", "photos.example")
	for _, typed := range []string{"", "yes\n"} {
		w.photos(typed, "login", "evil.example", "--insecure-storage", "--profile", "evil", "--trust-server", "evil.example", "--yes").
			want(t, exitFailure, "https://evil.example names the provider and client that https://photos.example uses")
	}
}

func TestTokensReachNoOtherService(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "photos.example", "evil.example")
	w.login("photos.example", "--trust-server", "photos.example")
	w.photos("", "list").want(t, exitDone)
	w.vars["PHOTOS_SERVER"] = "https://evil.example"
	w.photos("", "list").want(t, exitNotSignedIn, "not signed in at https://evil.example", "hint: photos login https://evil.example")
	w.photos("", "list", "--profile", "default").want(t, exitNotSignedIn, "profile default is signed in at https://photos.example")
	w.vars["PHOTOS_SERVER"] = ""
	w.photos("", "list", "--server", "evil.example").want(t, exitNotSignedIn)
	if n := w.hosts["evil.example"].calls; n != 0 {
		t.Errorf("evil.example got %d requests", n)
	}
	if got := w.hosts["photos.example"].tokens; len(got) != 1 || !strings.HasPrefix(got[0], "Bearer ey") {
		t.Errorf("photos.example got %d tokens", len(got))
	}
}

func TestLoginOverAnotherAccountAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "photos.example")
	w.login("photos.example", "--trust-server", "photos.example")
	before, _ := os.ReadFile(filepath.Join(w.dir, "config", "profiles", "default.json"))
	w.addUser("eve")
	w.who = "eve"
	again := []string{"login", "--insecure-storage"}
	question := "profile default is ada <ada@example.org>"
	w.photos("", again...).want(t, exitUsage, question, "--yes", "--profile NAME")
	w.photos("no\n", again...).want(t, exitFailure, question)
	if after, _ := os.ReadFile(filepath.Join(w.dir, "config", "profiles", "default.json")); !bytes.Equal(before, after) {
		t.Error("the profile was changed all the same")
	}
	w.photos("", "status", "--quiet").want(t, exitDone)
	revoked := w.behaviour.Requests()["/oauth2/revoke"]
	if revoked != 2 {
		t.Errorf("%d of the 2 refused sessions revoked", revoked)
	}
	w.photos("yes\n", again...).want(t, exitDone, "as eve <eve@example.org>")
	if n := w.behaviour.Requests()["/oauth2/revoke"]; n != revoked+1 {
		t.Errorf("the old session was revoked %d times", n-revoked)
	}
	if left, _ := filepath.Glob(filepath.Join(w.dir, "config", "credentials", "*")); len(left) != 2 {
		t.Errorf("entries in the store: %q, want two of one session", left)
	}
}

func TestProfiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "photos.example", "work.example")
	w.login("photos.example", "--trust-server", "photos.example")
	w.vars["COGNITO_ISSUER"], w.vars["COGNITO_CLIENT_ID"] = w.issuer, "cli"
	w.login("https://work.example")
	w.vars = map[string]string{}
	for _, test := range []struct {
		args []string
		want string
	}{
		{nil, "https://photos.example"},
		{[]string{"--server", "work.example"}, "https://work.example"},
		{[]string{"--profile", "work.example"}, "https://work.example"},
		{[]string{"--profile", "DEFAULT"}, "https://photos.example"},
	} {
		r := w.photos("", append([]string{"status", "--json", "--fields", "server"}, test.args...)...)
		r.want(t, exitDone)
		if want := `{"server":"` + test.want + `"}` + "\n"; r.out != want {
			t.Errorf("%q: %s, want %s", test.args, r.out, want)
		}
	}
	w.photos("", "status", "--profile", "nobody").want(t, exitNotSignedIn, "no profile nobody")
	w.photos("", "logout").want(t, exitDone, "signed out of https://photos.example")
	w.photos("", "status").want(t, exitNotSignedIn, "profile default is signed out; another one, work.example, is ada")
	for _, selects := range [][]string{{"--profile", "work.example"}, {"--server", "work.example"}} {
		r := w.photos("", append([]string{"status", "--json", "--fields", "profile"}, selects...)...)
		if r.out != `{"profile":"work.example"}`+"\n" {
			t.Errorf("%q after logout of the default one: %s%s", selects, r.out, r.err)
		}
	}
}

// TestConfigFolderIsNoPattern: the profiles are found in any folder, whatever characters its path has.
func TestConfigFolderIsNoPattern(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "photos.example")
	w.vars["PHOTOS_CONFIG_DIR"] = filepath.Join(w.dir, "config [of ada]")
	w.login("photos.example", "--trust-server", "photos.example")
	if r := w.photos("", "status", "--json", "--fields", "server"); r.code != exitDone || r.out != `{"server":"https://photos.example"}`+"\n" {
		t.Errorf("status: %d, %s%s", r.code, r.out, r.err)
	}
}

func TestStatusOfASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "photos.example")
	w.login("photos.example", "--trust-server", "photos.example")
	calls := w.hosts["photos.example"].calls
	asked := w.behaviour.Requests()
	var got sessionJSON
	r := w.photos("", "status", "--json")
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || strings.Count(r.out, "\n") != 1 {
		t.Fatalf("status --json: %v\n%s", err, r.out)
	}
	if !got.SignedIn || got.Store != "file" || got.Account.Email != "ada@example.org" || got.Issuer != w.issuer || got.Failure != "" {
		t.Errorf("status = %+v", got)
	}
	if left := time.Until(got.AccessUntil); left < 59*time.Minute || left > time.Hour {
		t.Errorf("access token ends in %s", left)
	}
	for _, want := range []string{"account\tada <ada@example.org>\n", "service\thttps://photos.example\n", "store\tfile, unencrypted", "last refresh\t"} {
		if r := w.photos("", "status"); !strings.Contains(r.out, want) {
			t.Errorf("status lacks %q:\n%s", want, r.out)
		}
	}
	for path, n := range w.behaviour.Requests() {
		if n != asked[path] {
			t.Errorf("status asked %s", path)
		}
	}
	if n := w.hosts["photos.example"].calls; n != calls {
		t.Errorf("status asked the service %d times", n-calls)
	}
}

func TestLogoutWithTheProviderAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "photos.example")
	w.login("photos.example", "--trust-server", "photos.example")
	w.behaviour.Set(userpool.Knobs{Faults: map[string]userpool.Fault{"/oauth2/revoke": {Reset: true}}})
	w.photos("", "logout").want(t, exitDone, "not revoked at the provider", "refresh token would work until it expires", "stays valid for ")
	if left, _ := filepath.Glob(filepath.Join(w.dir, "config", "*", "*")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	w.photos("", "logout").want(t, exitNotSignedIn, "not signed in")
}

func TestTokenForOtherPrograms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "photos.example")
	w.login("photos.example", "--trust-server", "photos.example")
	bare, header := w.photos("", "token"), w.photos("", "token", "--header")
	if header.out != "Authorization: Bearer "+bare.out || !strings.HasPrefix(bare.out, "ey") || bare.err != "" {
		t.Errorf("token %q, with header %q", bare.out, header.out)
	}
	w.vars["PHOTOS_TOKEN"], w.vars["PHOTOS_SERVER"] = "given", "https://photos.example"
	if r := w.photos("", "token"); r.out != "given\n" {
		t.Errorf("PHOTOS_TOKEN: %q", r.out)
	}
}

func TestDoctorChecksEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "photos.example")
	results := func(args ...string) (code int, checks []string) {
		r := w.photos("", append([]string{"doctor", "--json"}, args...)...)
		for line := range strings.Lines(r.out) {
			var f finding
			if err := json.Unmarshal([]byte(line), &f); err != nil {
				t.Fatal(err)
			}
			checks = append(checks, f.Check+" "+f.Result)
			if f.Result != fine && f.Hint == "" {
				t.Errorf("no hint: %s", line)
			}
		}
		return r.code, checks
	}
	w.login("photos.example", "--trust-server", "photos.example")
	code, got := results()
	want := []string{"settings ok", "profile ok", "service ok", "clock ok", "provider ok", "redirects ok", "store warning", "session ok", "quota ok"}
	if code != exitDone || !slices.Equal(got, want) {
		t.Errorf("exit code %d, %q; want 0, %q", code, got, want)
	}
	w.behaviour.Set(userpool.Knobs{RedirectMismatch: true})
	code, got = results()
	if code != exitFailure || !slices.Contains(got, "redirects failure") {
		t.Errorf("no redirect URI is registered: exit code %d, %q", code, got)
	}
	w.behaviour.Set(userpool.Knobs{Faults: map[string]userpool.Fault{"/.well-known/openid-configuration": {Status: 503}}})
	code, got = results()
	if code != exitUnavailable || !slices.Contains(got, "provider failure") {
		t.Errorf("provider away: exit code %d, %q", code, got)
	}
	w.photos("", "logout")
	code, got = results("--server", "photos.example")
	if code != exitNotSignedIn || !slices.Contains(got, "service ok") || !slices.Contains(got, "profile failure") {
		t.Errorf("nobody signed in: exit code %d, %q", code, got)
	}
}
