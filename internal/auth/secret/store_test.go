package secret

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"

	"photos/internal/auth"
)

// TestStores checks that both stores do what Store says.
func TestStores(t *testing.T) {
	keyring.MockInit()
	for name, store := range map[string]Store{
		"keyring": NewKeyring(KeyringOptions{Service: "photos-test"}),
		"file":    NewFileStore(filepath.Join(t.TempDir(), "credentials")),
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if store.Name() != name {
				t.Errorf("name %q", store.Name())
			}
			if _, err := store.Get(ctx, "a.refresh"); !errors.Is(err, ErrNoEntry) {
				t.Errorf("get of nothing: %v, want ErrNoEntry", err)
			}
			if err := store.Delete(ctx, "a.refresh"); err != nil {
				t.Errorf("delete of nothing: %v", err)
			}
			for _, value := range []string{"one", strings.Repeat("two", 1000)} {
				if err := store.Set(ctx, "a.refresh", auth.NewSecret(value)); err != nil {
					t.Fatal(err)
				}
				if got, err := store.Get(ctx, "a.refresh"); err != nil || got.Reveal() != value {
					t.Errorf("get: %d bytes, %v; want %d bytes", len(got.Reveal()), err, len(value))
				}
			}
			if err := store.Delete(ctx, "a.refresh"); err != nil {
				t.Error(err)
			}
			if _, err := store.Get(ctx, "a.refresh"); !errors.Is(err, ErrNoEntry) {
				t.Errorf("get after delete: %v, want ErrNoEntry", err)
			}
			if err := Probe(ctx, store); err != nil {
				t.Errorf("probe: %v", err)
			}
		})
	}
}

func TestFileStoreIsPrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows keeps access lists, not modes")
	}
	dir := filepath.Join(t.TempDir(), "state", "credentials")
	store := NewFileStore(dir)
	if err := store.Set(t.Context(), "k", auth.NewSecret("v")); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, "k"): 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestFileStoreWhileAnotherProcessReads: Windows neither replaces nor removes a file that is open. The store waits.
func TestFileStoreWhileAnotherProcessReads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := NewFileStore(dir)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, do := range []func() error{
		func() error { return store.Set(t.Context(), "k", auth.NewSecret("old")) },
		func() error { return store.Set(t.Context(), "k", auth.NewSecret("new")) },
		func() error { return store.Delete(t.Context(), "k") },
	} {
		reader, err := os.Open(filepath.Join(dir, "k"))
		if err == nil {
			time.AfterFunc(100*time.Millisecond, func() { _ = reader.Close() })
		}
		if err := do(); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestFileStoreRefusesWhatOthersMayHaveTouched(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows keeps access lists, not modes")
	}
	for name, spoil := range map[string]func(dir, file string) error{
		"file open to others":   func(_, file string) error { return os.Chmod(file, 0o644) },
		"folder open to others": func(dir, _ string) error { return os.Chmod(dir, 0o755) },
		"file is a link": func(dir, file string) error {
			return errors.Join(os.Rename(file, dir+"/real"), os.Symlink("real", file))
		},
		"folder is a link": func(dir, _ string) error {
			return errors.Join(os.Rename(dir, dir+".real"), os.Symlink(dir+".real", dir))
		},
		"file is a folder": func(_, file string) error {
			return errors.Join(os.Remove(file), os.Mkdir(file, 0o700))
		},
		"folder is a file": func(dir, _ string) error {
			return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "credentials")
			store := NewFileStore(dir)
			if err := store.Set(t.Context(), "k", auth.NewSecret("v")); err != nil {
				t.Fatal(err)
			}
			if err := spoil(dir, filepath.Join(dir, "k")); err != nil {
				t.Fatal(err)
			}
			if got, err := store.Get(t.Context(), "k"); auth.KindOf(err) != auth.Keyring || !got.IsZero() {
				t.Errorf("get: %v, want kind %s", err, auth.Keyring)
			}
			if strings.HasPrefix(name, "folder") {
				if err := store.Set(t.Context(), "k", auth.NewSecret("v")); auth.KindOf(err) != auth.Keyring {
					t.Errorf("set: %v, want kind %s", err, auth.Keyring)
				}
			}
		})
	}
}

// stuck is a keyring whose calls hang until letGo is closed.
type stuck struct {
	goKeyring
	letGo chan struct{}
	calls atomic.Int32
}

func (s *stuck) Get(string, string) (string, error) {
	s.calls.Add(1)
	<-s.letGo
	return "late", nil
}

func TestKeyringGivesUpAndWaitsForTheAbandonedCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hung := &stuck{letGo: make(chan struct{})}
		slow := 0
		k := NewKeyring(KeyringOptions{Service: "photos-test", Slow: func() { slow++ }})
		k.system = hung
		for range 2 {
			began := time.Now()
			if _, err := k.Get(t.Context(), "k"); auth.KindOf(err) != auth.Keyring {
				t.Errorf("err = %v, want kind %s", err, auth.Keyring)
			}
			if took := time.Since(began); took != 3*time.Second {
				t.Errorf("gave up after %s, want 3 s", took)
			}
		}
		if n := hung.calls.Load(); n != 1 || slow != 1 {
			t.Errorf("%d calls reached the keyring, %d said to be slow; want 1 and 1", n, slow)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := k.Get(ctx, "k"); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v, want canceled", err)
		}
		close(hung.letGo)
		if got, err := k.Get(t.Context(), "k"); err != nil || got.Reveal() != "late" {
			t.Errorf("after the hang: %v, %v", got.Reveal(), err)
		}
	})
}

func TestKeyringErrorsSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	for text, c := range map[string]struct{ msg, hint string }{
		`exec: "dbus-launch": executable file not found in $PATH`:                         {"there is no desktop session here", "access key"},
		"dial unix /run/user/1000/bus: connect: no such file or directory":                {"there is no desktop session here", "access key"},
		"dbus: couldn't determine address of session bus":                                 {"there is no desktop session here", "access key"},
		"failed to unlock correct collection '/org/freedesktop/secrets/collection/login'": {"it is locked", "unlock the keyring"},
		"The name org.freedesktop.secrets was not provided by any .service files":         {"no Secret Service", "gnome-keyring"},
		"exit status 36": {"it is locked", "unlock the keyring"},
		"a specified logon session does not exist": {"a specified logon session does not exist", "--insecure-storage"},
	} {
		err := keyringError("reading from", errors.New(text))
		e, ok := errors.AsType[*auth.Error](err)
		if !ok || e.Kind != auth.Keyring || !strings.Contains(e.Hint, c.hint) || !strings.Contains(e.Hint, "--insecure-storage") {
			t.Errorf("%s: %+v, want a hint with %q", text, err, c.hint)
		}
		if got := err.Error(); !strings.Contains(got, c.msg) || c.msg != text && strings.Contains(got, text) {
			t.Errorf("%s: the message is %q, want one with %q", text, got, c.msg)
		}
	}
	if err := keyringError("reading from", keyring.ErrNotFound); !errors.Is(err, ErrNoEntry) {
		t.Errorf("not found: %v", err)
	}
}
