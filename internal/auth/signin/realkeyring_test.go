package signin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/auth/secret"
)

// keyringEnv is the variable that makes the test binary a process in its own desktop session: "open"
// with an unlocked keyring, "locked" with one that nobody can unlock.
const keyringEnv = "PHOTOS_AUTH_TEST_KEYRING"

// desktop has the commands that start gnome-keyring, unlocked or not, and then the program.
var desktop = map[string]string{
	"open":   `printf 'pw\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$0"`,
	"locked": `gnome-keyring-daemon --start --components=secrets >/dev/null && exec "$0"`,
}

// inDesktop runs this test binary in such a session and returns what it prints.
func inDesktop(t *testing.T, kind string) string {
	t.Helper()
	for _, program := range []string{"dbus-run-session", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s here: apt-get install gnome-keyring dbus", program)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "dbus-run-session", "--", "sh", "-c", desktop[kind], os.Args[0])
	home := t.TempDir()
	cmd.Env = append(os.Environ(), keyringEnv+"="+kind, "HOME="+home, "XDG_DATA_HOME="+home, "XDG_CACHE_HOME="+home, "XDG_RUNTIME_DIR="+home, "DISPLAY=", "WAYLAND_DISPLAY=")
	cmd.WaitDelay = 5 * time.Second
	var out, talk strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &talk
	if err := cmd.Run(); err != nil {
		t.Fatalf("desktop session: %v\n%s%s", err, &out, &talk)
	}
	return strings.TrimSpace(out.String())
}

// TestRealKeyring stores a session in a real Secret Service and removes it.
func TestRealKeyring(t *testing.T) {
	t.Parallel()
	if got := inDesktop(t, "open"); got != "fine" {
		t.Errorf("in a real keyring: %s", got)
	}
}

// TestRealKeyringThatNobodyUnlocks checks that a prompt that nobody sees does not hang the program.
func TestRealKeyringThatNobodyUnlocks(t *testing.T) {
	t.Parallel()
	if got := inDesktop(t, "locked"); !strings.HasPrefix(got, string(auth.Keyring)) || !strings.Contains(got, "--insecure-storage") {
		t.Errorf("with a locked keyring: %s", got)
	}
}

// keyringChild prints "fine" or an error.
func keyringChild(kind string) int {
	ctx := context.Background()
	store := secret.NewKeyring(secret.KeyringOptions{Service: "photos-test"})
	err := secret.Probe(ctx, store)
	for i := 0; kind == "open" && err != nil && i < 150; i++ {
		time.Sleep(200 * time.Millisecond) // the service is still taking its name on the bus
		err = secret.Probe(ctx, store)
	}
	if err == nil {
		err = useKeyring(ctx, credential{id: newCredentialID(), store: store})
	}
	var e *auth.Error
	switch {
	case err == nil:
		fmt.Println("fine")
	case errors.As(err, &e):
		fmt.Println(e.Kind, e, e.Hint)
	default:
		fmt.Println(err)
	}
	return 0
}

// useKeyring writes a session of Cognito's size, replaces it by another one, and removes it.
func useKeyring(ctx context.Context, c credential) error {
	for _, letter := range []string{"a", "b"} {
		refresh := auth.NewSecret(strings.Repeat(letter, 1852))
		access := oidc.Token{Value: auth.NewSecret(strings.Repeat(letter, 5000)), Obtained: time.Now(), Expiry: time.Now().Add(time.Hour)}
		if err := c.setRefresh(ctx, refresh); err != nil {
			return err
		}
		if err := c.setAccess(ctx, access); err != nil {
			return err
		}
		gotRefresh, err := c.refresh(ctx)
		if err != nil || !gotRefresh.Equal(refresh) {
			return fmt.Errorf("refresh token came back as %d bytes: %w", len(gotRefresh.Reveal()), err)
		}
		gotAccess, err := c.access(ctx)
		if err != nil || !gotAccess.Value.Equal(access.Value) {
			return fmt.Errorf("access token came back as %d bytes: %w", len(gotAccess.Value.Reveal()), err)
		}
	}
	if err := c.remove(ctx); err != nil {
		return err
	}
	if _, err := c.refresh(ctx); auth.KindOf(err) != auth.NotSignedIn {
		return fmt.Errorf("after remove: %w", err)
	}
	return nil
}
