// Package npm installs packages from npm that tests run, in the versions of a package-lock.json.
package npm

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Install returns a folder with the packages of the package-lock.json in a folder of this module. The
// packages are kept in .cache for later runs, until the lock changes. Without npm its error is
// exec.ErrNotFound.
func Install(ctx context.Context, folder string) (string, error) {
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "photos").Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	from := filepath.Join(strings.TrimSpace(string(root)), filepath.FromSlash(folder))
	lock, err := os.ReadFile(filepath.Join(from, "package-lock.json"))
	if err != nil {
		return "", err
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return "", err
	}
	kept := filepath.Join(strings.TrimSpace(string(root)), ".cache", fmt.Sprintf("npm-%x", sha256.Sum256(lock))[:20])
	if _, err := os.Stat(kept); err == nil {
		return kept, nil
	}
	return kept, install(ctx, from, kept)
}

// install installs in a folder of its own, because several packages may install at a time.
func install(ctx context.Context, from, kept string) error {
	if err := os.MkdirAll(filepath.Dir(kept), 0o700); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(filepath.Dir(kept), "npm")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temporary)
	for _, name := range []string{"package.json", "package-lock.json"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(temporary, name), text, 0o600); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir = temporary
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, &said)
	}
	err = os.Rename(temporary, kept)
	if errors.Is(err, os.ErrExist) {
		return nil // another process was faster
	}
	return err
}
