// Package gotool builds programs that tests run and that need modules of their own, below tools/.
package gotool

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// Build builds a package of the module tools/MODULE and returns the path of the program. "."
// is the module's own package. The program is kept in .cache/bin for later runs, until the
// module changes.
func Build(ctx context.Context, module, pkg string) (string, error) {
	root, err := output(ctx, "", "list", "-m", "-f", "{{.Dir}}", "photos")
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "tools", module)
	version, err := digest(dir)
	if err != nil {
		return "", err
	}
	name := path.Base(pkg)
	if pkg == "." {
		name = module
	}
	bin := filepath.Join(root, ".cache", "bin", name+"-"+version)
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	return bin, build(ctx, dir, pkg, bin)
}

// build builds in a folder of its own, because several packages may build at a time.
func build(ctx context.Context, dir, pkg, bin string) error {
	if err := os.MkdirAll(filepath.Dir(bin), 0o700); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(filepath.Dir(bin), "build")
	if err != nil {
		return err
	}
	built := filepath.Join(temporary, "program")
	_, err = output(ctx, dir, "build", "-o", built, pkg)
	if err == nil {
		err = os.Rename(built, bin)
	}
	return errors.Join(err, os.RemoveAll(temporary))
}

// digest returns a word that changes with the files of a module.
func digest(dir string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", filepath.Base(file), len(text), text)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:6]), nil
}

func output(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, &problem)
	}
	return strings.TrimSpace(string(out)), nil
}
