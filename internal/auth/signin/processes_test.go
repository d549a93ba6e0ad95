package signin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/secret"
)

// childEnv is the variable that makes the test binary a process that asks for one access token.
const childEnv = "PHOTOS_AUTH_TEST_CHILD"

func TestMain(m *testing.M) {
	if arguments := os.Getenv(childEnv); arguments != "" {
		os.Exit(child(arguments))
	}
	if kind := os.Getenv(keyringEnv); kind != "" {
		os.Exit(keyringChild(kind))
	}
	os.Exit(m.Run())
}

// task has the arguments of such a process.
type task struct {
	Session Session
	Store   string // folder of the file store
	State   string
	HangAt  string // the key, without the credential, at whose writing it hangs
}

// child prints "token T" or "error KIND".
func child(arguments string) int {
	var e task
	if err := json.Unmarshal([]byte(arguments), &e); err != nil {
		fmt.Println("error", err)
		return 1
	}
	var store secret.Store = secret.NewFileStore(e.Store)
	if e.HangAt != "" {
		store = hanging{store, e.Session.Credential + "." + e.HangAt}
	}
	s := NewSource(SourceOptions{Session: e.Session, Store: store, StateDir: e.State})
	token, err := s.Token(context.Background())
	if err != nil {
		fmt.Println("error", auth.KindOf(err))
		return 1
	}
	fmt.Println("token", token.Value.Reveal())
	return 0
}

// hanging is a store that hangs when it writes one key, until the process is killed.
type hanging struct {
	secret.Store
	key string
}

func (h hanging) Set(ctx context.Context, key string, value auth.Secret) error {
	if key == h.key {
		fmt.Println("hanging")
		select {}
	}
	return h.Store.Set(ctx, key, value)
}

// sharedSession is a session that needs a refresh, its provider, and the processes that use it.
type sharedSession struct {
	t        *testing.T
	provider *fakeProvider
	task     task
}

func newSharedSession(t *testing.T, grace time.Duration) *sharedSession {
	t.Helper()
	p := newFakeProvider(t)
	p.with(func(p *fakeProvider) { p.rotate, p.grace = true, grace })
	dir := t.TempDir()
	e := task{Store: filepath.Join(dir, "store"), State: filepath.Join(dir, "state")}
	e.Session = p.session(t, secret.NewFileStore(e.Store), time.Now().Add(-time.Minute))
	return &sharedSession{t, p, e}
}

// process starts a process. hangAt may be empty.
func (h *sharedSession) process(hangAt string) (*exec.Cmd, *bufio.Reader) {
	h.t.Helper()
	e := h.task
	e.HangAt = hangAt
	arguments, err := json.Marshal(e)
	if err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(arguments))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	return cmd, bufio.NewReader(out)
}

// others starts n processes. The function that it returns waits for them and says how often each line was printed.
func (h *sharedSession) others(n int) func() map[string]int {
	var all sync.WaitGroup
	var mu sync.Mutex
	said := map[string]int{}
	for range n {
		cmd, out := h.process("")
		all.Go(func() {
			text, _ := io.ReadAll(out)
			_ = cmd.Wait()
			mu.Lock()
			defer mu.Unlock()
			said[strings.TrimSpace(string(text))]++
		})
	}
	return func() map[string]int { all.Wait(); return said }
}

// TestFiftyProcessesRefreshOnce has rotation without a grace period, so a second request would end the session.
func TestFiftyProcessesRefreshOnce(t *testing.T) {
	t.Parallel()
	n := 50
	if testing.Short() {
		n = 8
	}
	h := newSharedSession(t, 0)
	said := h.others(n)()
	if said["token access-1"] != n {
		t.Errorf("%d processes said %v", n, said)
	}
	if asked := h.provider.count("/oauth2/token"); asked != 1 {
		t.Errorf("%d refresh requests, want 1", asked)
	}
}

// TestTheOwnerOfTheLockIsKilled kills the owner with SIGKILL at each stage, while others wait.
// The session ends only if the token was rotated but not stored and there is no grace period.
func TestTheOwnerOfTheLockIsKilled(t *testing.T) {
	t.Parallel()
	const others = 3
	reached := make(chan struct{}, 8)
	stuckBefore := func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // a server hears of a lost connection only after the body
		reached <- struct{}{}
		<-r.Context().Done()
	}
	for _, test := range []struct {
		stage string
		grace time.Duration
		fault func(*fakeProvider) http.HandlerFunc
		hang  string
		want  string
	}{
		{"before the exchange", 0, func(*fakeProvider) http.HandlerFunc { return stuckBefore }, "", "token access-1"},
		{"rotated, answer under way", 0, stuckAfter(reached), "", "error session_ended"},
		{"rotated, answer under way", 10 * time.Second, stuckAfter(reached), "", "token access-2"},
		{"rotated, not stored", 0, nil, "refresh", "error session_ended"},
		{"rotated, not stored", 10 * time.Second, nil, "refresh", "token access-2"},
		{"refresh token stored", 0, nil, "access", "token access-2"},
	} {
		t.Run(fmt.Sprintf("%s, grace %s", test.stage, test.grace), func(t *testing.T) {
			h := newSharedSession(t, test.grace)
			if test.fault != nil {
				h.provider.with(func(p *fakeProvider) { p.faults = []http.HandlerFunc{test.fault(p)} })
			}
			owner, out := h.process(test.hang)
			if test.hang == "" {
				<-reached
			} else if line, err := out.ReadString('\n'); line != "hanging\n" {
				t.Fatalf("the owner said %q, %v", line, err)
			}
			result := h.others(others)
			if err := owner.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, out)
			_ = owner.Wait()
			if said := result(); said[test.want] != others {
				t.Errorf("%d processes said %v, want %q", others, said, test.want)
			}
		})
	}
}

// stuckAfter returns a fault that rotates the token and never answers.
func stuckAfter(reached chan<- struct{}) func(*fakeProvider) http.HandlerFunc {
	return func(p *fakeProvider) http.HandlerFunc {
		return func(_ http.ResponseWriter, r *http.Request) {
			p.redeemRefresh(httptest.NewRecorder(), r)
			reached <- struct{}{}
			<-r.Context().Done()
		}
	}
}

// TestFilesOutsideTheStoreHoldNoSecrets reads every file of the session outside the store.
func TestFilesOutsideTheStoreHoldNoSecrets(t *testing.T) {
	t.Parallel()
	h := newSharedSession(t, 0)
	h.others(1)()
	err := filepath.WalkDir(h.task.State, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte("access-")) || bytes.Contains(data, []byte("refresh-")) {
			t.Errorf("%s holds a token", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
