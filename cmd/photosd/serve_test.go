package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"photos/internal/api"
	"photos/internal/blob/disk"
	"photos/internal/buildinfo"
)

// running is a photosd that runs in the test's process.
type running struct {
	url    string
	stderr *syncBuffer
	stop   func() (code int)
}

// firstLine receives each write as one line.
type firstLine chan string

func (f firstLine) Write(p []byte) (int, error) {
	f <- string(p)
	return len(p), nil
}

// startRun runs photosd on a free port until the test stops it.
func startRun(t *testing.T, args ...string) running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, code, stderr := make(firstLine, 1), make(chan int, 1), new(syncBuffer)
	go func() { code <- run(ctx, append([]string{"--listen", "127.0.0.1:0"}, args...), none, out, stderr) }()
	r := running{stderr: stderr, stop: func() int { cancel(); return <-code }}
	select {
	case line := <-out:
		r.url = strings.TrimSpace(strings.TrimPrefix(line, "photosd listening on "))
	case c := <-code:
		cancel()
		t.Fatalf("photosd ended with code %d: %s", c, stderr)
	case <-time.After(time.Minute):
		t.Fatalf("photosd did not listen: %s", stderr)
	}
	return r
}

// resource reads the metadata that a service publishes for signing in.
func resource(t *testing.T, address string) (r api.ProtectedResource) {
	t.Helper()
	resp, err := http.Get(address + "/.well-known/oauth-protected-resource")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&r); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return r
}

// TestRunWithItsOwnAccounts starts photosd with the local user pool, calls it, and stops it.
func TestRunWithItsOwnAccounts(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	r := startRun(t, "--data", data, "--log-format", "json", "--log-level", "info", "--connections", "20")
	got := resource(t, r.url)
	if got.Resource != r.url || got.Domain != r.url+localPath || got.ClientID != localClient || len(got.RedirectURIs) != 12 {
		t.Errorf("published %+v at %s", got, r.url)
	}
	resp, err := http.Get(r.url + "/v1/photos")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token: status %d", resp.StatusCode)
	}
	var second syncBuffer
	if code := run(t.Context(), []string{"--listen", "127.0.0.1:0", "--data", data}, none, io.Discard, &second); code != 1 || !strings.HasPrefix(second.String(), "photosd: another photosd uses ") {
		t.Errorf("a second one ends with code %d: %s", code, second.String())
	}
	if code := r.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	said := objects(t, r.stderr.String())
	if len(said) < 4 || !strings.HasPrefix(said[0]["msg"].(string), "photos and the database are in ") {
		t.Errorf("it said %v", said)
	}
	if code := startRun(t, "--data", data).stop(); code != 0 {
		t.Errorf("exit code %d after a restart", code)
	}
}

// TestRunWithCognito checks that the service publishes the user pool of the settings. The start needs no answer of the pool.
func TestRunWithCognito(t *testing.T) {
	t.Parallel()
	r := startRun(t, "--data", t.TempDir()+"/data", "--pool-id", "eu-west-1_AbC", "--client-id", "web", "--cli-client-id", "cli",
		"--domain", "p.auth.eu-west-1.amazoncognito.com")
	got := resource(t, r.url)
	if got.ClientID != "cli" || got.Domain != "https://p.auth.eu-west-1.amazoncognito.com" || got.AuthorizationServers[0] != "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC" {
		t.Errorf("published %+v", got)
	}
	resp, err := http.Get(r.url + localPath + "/login")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("there is a local user pool too: status %d", resp.StatusCode)
	}
	if code := r.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestRunRefuses checks the exit code and the message of starts that fail.
func TestRunRefuses(t *testing.T) {
	t.Parallel()
	data := t.TempDir() + "/data"
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	for want, test := range map[string]struct {
		code int
		args []string
	}{
		"photosd: unknown flag --colour\nhint: 'photosd --help' lists the settings\n":      {2, []string{"--colour"}},
		"photosd: there is no database: ":                                                  {2, []string{"account", "list", "--data", data}},
		"photosd: account must be followed by list, disable OWNER or enable OWNER\nhint: ": {2, []string{"account", "--data", data}},
		"photosd: --listen: 0.0.0.0:0 is open to other machines, ":                         {2, []string{"--listen", "0.0.0.0:0", "--data", data}},
		"photosd: --listen: clients cannot use the address 0.0.0.0:0: set --base-url":      {2, []string{"--listen", "0.0.0.0:0", "--data", data, "--pool-id", "eu-west-1_A", "--client-id", "c"}},
		"photosd: listen: ":                 {1, []string{"--listen", other.Listener.Addr().String(), "--data", data, "--base-url", "http://127.0.0.1:1"}},
		"photosd: create the data folder: ": {1, []string{"--listen", "127.0.0.1:0", "--data", "/dev/null/x"}},
		"photosd: --database-url: \"oracle:x\" is not of the form sqlite:PATH": {2, []string{"--listen", "127.0.0.1:0", "--data", data, "--database-url", "oracle:x", "--pool-id", "eu-west-1_A", "--client-id", "c"}},
	} {
		var out, problems syncBuffer
		if code := run(t.Context(), test.args, none, &out, &problems); code != test.code || !strings.HasPrefix(problems.String(), want) || out.String() != "" {
			t.Errorf("%v: exit code %d, %q", test.args, code, problems.String())
		}
	}
}

// TestStopBeforeReady stops a photosd that still waits for its database.
func TestStopBeforeReady(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var out, problems syncBuffer
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"--listen", "127.0.0.1:0", "--data", t.TempDir() + "/data", "--pool-id", "eu-west-1_A", "--client-id", "c",
			"--database-url", "postgres://u@127.0.0.1:1/photos"}, none, &out, &problems)
	}()
	for !strings.HasPrefix(problems.String(), "waiting for the database: ") {
		select {
		case c := <-code:
			t.Fatalf("photosd ended with code %d: %s", c, problems.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	cancel()
	if c := <-code; c != 0 || strings.Contains(problems.String(), "canceled") || out.String() != "" {
		t.Errorf("exit code %d, %q, %q", c, problems.String(), out.String())
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	version := func(want int, args ...string) string {
		var out, problems syncBuffer
		if code := run(t.Context(), args, none, &out, &problems); code != want {
			t.Errorf("%q: exit code %d, %q", args, code, problems.String())
		}
		return out.String()
	}
	for _, args := range [][]string{{"--version"}, {"version"}} {
		if got := version(0, args...); !strings.HasPrefix(got, "photosd version ") {
			t.Errorf("%q: %q", args, got)
		}
	}
	var build buildinfo.Info
	if err := json.Unmarshal([]byte(version(0, "version", "--json")), &build); err != nil || build != buildinfo.Read() {
		t.Errorf("version --json: %+v, %v", build, err)
	}
	version(2, "version", "1")
}

// TestAccountCommand disables and enables an account in the database of a service that has stopped.
func TestAccountCommand(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	r := startRun(t, "--data", data)
	r.stop()
	s, err := parseSettings([]string{"--data", data}, none)
	if err != nil {
		t.Fatal(err)
	}
	db, err := openExisting(t.Context(), s, newTalk(io.Discard, formatText))
	if err != nil {
		t.Fatal(err)
	}
	owner, err := db.Owner(t.Context(), "local_1", "sub\u202e1")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	account := func(words ...string) (code int, out, problems string) {
		var o, p syncBuffer
		code = run(t.Context(), append([]string{"account", "--data", data}, words...), none, &o, &p)
		return code, o.String(), p.String()
	}
	for _, step := range []struct {
		words         []string
		code          int
		out, problems string
	}{
		{[]string{"list"}, 0, owner + "\tenabled\tlocal_1\t\"sub\\u202e1\"\t0\t0\t0\t", ""},
		{[]string{"disable", owner}, 0, "", "photosd: account " + owner + " is disabled"},
		{[]string{"list"}, 0, owner + "\tdisabled\t", ""},
		{[]string{"enable", "sub\u202e1"}, 0, "", "photosd: account " + owner + " is enabled"},
		{[]string{"disable", "nobody"}, 1, "", "photosd: no account \"nobody\"\nhint: "},
		{[]string{"lock", owner}, 2, "", "photosd: account must be followed by list"},
	} {
		code, out, problems := account(step.words...)
		if code != step.code || !strings.HasPrefix(out, step.out) || !strings.HasPrefix(problems, step.problems) || step.problems == "" && problems != "" {
			t.Errorf("account %v: exit code %d, %q, %q", step.words, code, out, problems)
		}
	}
}

// TestNewDatabaseWithOldPhotos: a new database is refused if the data folder has photos. Its name may be mistyped, or the old file lost.
func TestNewDatabaseWithOldPhotos(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	startRun(t, "--data", data).stop()
	keepBlob(t, data)
	var problems syncBuffer
	args := []string{"--listen", "127.0.0.1:0", "--data", data, "--database-url", "sqlite:" + filepath.Join(data, "typo.db")}
	if code := run(t.Context(), args, none, io.Discard, &problems); code != 1 || !strings.Contains(problems.String(), "is new, but there are photos in the data folder") {
		t.Errorf("exit code %d, %s", code, problems.String())
	}
}

// keepBlob stores a blob in a data folder.
func keepBlob(t *testing.T, data string) {
	t.Helper()
	blobs, err := disk.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	defer blobs.Close()
	staged, err := blobs.Create(t.Context(), "0e2f3a44-0000-4000-8000-000000000000", "0123456789abcdef0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	defer staged.Close()
	if _, err := staged.Write([]byte("a photo")); err != nil {
		t.Fatal(err)
	}
	if _, err := staged.Commit(t.Context(), true); err != nil {
		t.Fatal(err)
	}
}
