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

// childEnv makes the test binary a process that asks for one access token.
const childEnv = "PHOTOS_AUTH_TEST_CHILD"

func TestMain(m *testing.M) {
	if task := os.Getenv(childEnv); task != "" {
		os.Exit(child(task))
	}
	if kind := os.Getenv(keyringEnv); kind != "" {
		os.Exit(keyringChild(kind))
	}
	os.Exit(m.Run())
}

// errand is what such a process is told.
type errand struct {
	Session Session
	Store   string // folder of the file store
	State   string
	HangAt  string // the key, without the credential, at whose writing it hangs
}

// child prints "token T", or "error KIND".
func child(task string) int {
	var e errand
	if err := json.Unmarshal([]byte(task), &e); err != nil {
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

// hanging is a store whose process is killed in the middle of a write.
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

// household is a provider, a session that needs a refresh, and processes around them.
type household struct {
	t        *testing.T
	provider *fakeProvider
	errand   errand
}

func newHousehold(t *testing.T, grace time.Duration) *household {
	t.Helper()
	p := newFakeProvider(t)
	p.with(func(p *fakeProvider) { p.rotate, p.grace = true, grace })
	dir := t.TempDir()
	e := errand{Store: filepath.Join(dir, "store"), State: filepath.Join(dir, "state")}
	e.Session = p.session(t, secret.NewFileStore(e.Store), time.Now().Add(-time.Minute))
	return &household{t, p, e}
}

// process starts one; hangAt may be empty.
func (h *household) process(hangAt string) (*exec.Cmd, *bufio.Reader) {
	h.t.Helper()
	e := h.errand
	e.HangAt = hangAt
	task, err := json.Marshal(e)
	if err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(task))
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

// others runs n processes at once and returns how often each line was printed.
func (h *household) others(n int) func() map[string]int {
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

// TestFiftyProcessesRefreshOnce: rotation without grace forgives no second request.
func TestFiftyProcessesRefreshOnce(t *testing.T) {
	t.Parallel()
	n := 50
	if testing.Short() {
		n = 8
	}
	h := newHousehold(t, 0)
	said := h.others(n)()
	if said["token access-1"] != n {
		t.Errorf("%d processes said %v", n, said)
	}
	if asked := h.provider.count("/oauth2/token"); asked != 1 {
		t.Errorf("%d refresh requests, want 1", asked)
	}
}

// TestTheHolderOfTheLockIsKilled kills it with SIGKILL at each stage, while others
// wait. Only what the provider rotated and nobody stored can be lost, and only without
// grace.
func TestTheHolderOfTheLockIsKilled(t *testing.T) {
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
			h := newHousehold(t, test.grace)
			if test.fault != nil {
				h.provider.with(func(p *fakeProvider) { p.faults = []http.HandlerFunc{test.fault(p)} })
			}
			holder, out := h.process(test.hang)
			if test.hang == "" {
				<-reached
			} else if line, err := out.ReadString('\n'); line != "hanging\n" {
				t.Fatalf("the holder said %q, %v", line, err)
			}
			result := h.others(others)
			if err := holder.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, out)
			_ = holder.Wait()
			if said := result(); said[test.want] != others {
				t.Errorf("%d processes said %v, want %q", others, said, test.want)
			}
		})
	}
}

// stuckAfter rotates the token and never answers.
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
	h := newHousehold(t, 0)
	h.others(1)()
	err := filepath.WalkDir(h.errand.State, func(path string, d os.DirEntry, err error) error {
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
