package secret_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"photos/internal/auth/secret"
)

func TestReadTokenFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "token")
	write := func(text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "link")
	write("", 0o600)
	if err := os.Symlink(path, link); err != nil {
		t.Skip("this system makes no symbolic links: ", err) // Windows, without a special right
	}
	if _, err := os.Lstat(link); err != nil {
		t.Skip("Wine makes no symbolic links, but does not say so")
	}
	for _, mode := range []os.FileMode{0o600, 0o400} {
		write("\n  photos_abc \r\n", mode)
		for _, name := range []string{path, link} {
			if got, err := secret.ReadTokenFile(name); err != nil || got.Reveal() != "photos_abc" {
				t.Errorf("%s of mode %o: %d characters, %v", name, mode, len(got.Reveal()), err)
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	write("\xff\xfep\x00_\x00a\x00\r\x00\n\x00", 0o600) // as Windows PowerShell writes it
	if got, err := secret.ReadTokenFile(path); err != nil || got.Reveal() != "p_a" {
		t.Errorf("UTF-16: %q, %v", got.Reveal(), err)
	}
	if runtime.GOOS != "windows" { // has no mode bits
		for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o644} {
			write("photos_abc", mode)
			if _, err := secret.ReadTokenFile(path); err == nil || !strings.Contains(err.Error(), "open to others") || strings.Contains(err.Error(), "photos_abc") {
				t.Errorf("mode %o: %v", mode, err)
			}
		}
	}
	for _, name := range []string{dir, filepath.Join(dir, "missing")} {
		if _, err := secret.ReadTokenFile(name); err == nil || !strings.Contains(err.Error(), name) || strings.Count(err.Error(), name) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
