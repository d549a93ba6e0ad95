// Package e2e runs scripts over the real programs: it builds photos, photosd
// and a person at the browser, starts the service, and gives scripts the
// commands they need. Production code does not import it.
package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"photos/internal/testkit/dbserver"
	"photos/internal/testkit/npm"
	"photos/internal/testkit/sample"
)

// environment that Main hands to itself when it goes on as another user.
const (
	envBin       = "PHOTOS_E2E_BIN"       // folder of the programs
	envSamples   = "PHOTOS_E2E_SAMPLES"   // folder of real photos
	envArtifacts = "PHOTOS_E2E_ARTIFACTS" // folder of what a run leaves for people to look at; scripts have it as $ARTIFACTS
	envScripts   = "PHOTOS_E2E_SCRIPTS"   // folder of the calling package
)

// nobody is the user and group that tests run as instead of root: root ignores
// the mode bits whose effect is tested, and database servers refuse it.
const nobody = 65534

// Main builds the programs, runs the package's tests as an unprivileged user
// and removes what it made. Call it from TestMain.
func Main(m *testing.M) {
	flag.Parse()
	if os.Getenv(envBin) != "" || testing.Short() || fuzzing() {
		os.Exit(m.Run())
	}
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// fuzzing reports whether this is a run of go test -fuzz: its workers find what they keep
// in a folder of the user who started it.
func fuzzing() bool {
	fuzz := flag.Lookup("test.fuzz")
	return fuzz != nil && fuzz.Value.String() != ""
}

func runAll(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "photos-e2e-*")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, removeAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil { // the unprivileged user has to get in
		return 1, err
	}
	bin := filepath.Join(dir, "bin")
	if err := build(bin); err != nil {
		return 1, err
	}
	if err := copyDeploy(bin); err != nil {
		return 1, err
	}
	if err := installNPM(filepath.Join(bin, "npm")); err != nil {
		return 1, err
	}
	if err := addS3Server(bin); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: scripts with a bucket are left out:", err)
	}
	samples := filepath.Join(dir, "samples")
	if err := sample.Collect(samples); err != nil {
		return 1, err
	}
	wd, err := os.Getwd()
	if err != nil {
		return 1, err
	}
	artifacts := filepath.Join(dir, "artifacts")
	if err := os.Mkdir(artifacts, 0o755); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, keepArtifacts(artifacts)) }()
	env := []string{envBin + "=" + bin, envSamples + "=" + samples, envArtifacts + "=" + artifacts}
	if os.Getuid() != 0 {
		for _, kv := range append(env, envScripts+"="+wd) {
			k, v, _ := strings.Cut(kv, "=")
			if err := os.Setenv(k, v); err != nil {
				return 1, err
			}
		}
		return m.Run(), nil
	}
	if err := os.Chown(artifacts, nobody, nobody); err != nil {
		return 1, err
	}
	return runAsNobody(dir, wd, env)
}

// removeAll removes a folder in which a program that a script left behind may still write a moment.
func removeAll(dir string) (err error) {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if err = os.RemoveAll(dir); err == nil || time.Now().After(end) {
			return err
		}
	}
}

// keepArtifacts copies what the tests left to artifacts/ of the module.
func keepArtifacts(from string) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil || len(entries) == 0 {
		return err
	}
	to := filepath.Join(root, "artifacts")
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return copyTree(to, from)
}

// build compiles the programs, with the race detector when the tests have it, and puts onterminal next to them.
func build(bin string) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	args := []string{"build", "-o", bin + string(filepath.Separator)}
	if raceEnabled {
		args = append(args, "-race")
	}
	args = append(args, "./cmd/photos", "./cmd/photosd", "./internal/testkit/person/xdg-open", "./internal/userpool/poolserver", "./demo", "./internal/testkit/e2e/machine")
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	script, err := os.ReadFile(filepath.Join(root, "internal", "testkit", "e2e", "onterminal.sh"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(bin, "onterminal"), script, 0o755)
}

// copyDeploy puts the shipped configurations where the unprivileged user can read them.
func copyDeploy(bin string) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	return copyTree(filepath.Join(bin, "deploy"), filepath.Join(root, "deploy"))
}

// installNPM brings what scripts need from npm. Without npm there is nothing, and a script that
// needs it asks for the condition [npm].
func installNPM(to string) error {
	const folder = "internal/testkit/e2e/npm"
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	kept, err := npm.Install(context.Background(), folder)
	if errors.Is(err, exec.ErrNotFound) {
		return nil
	}
	if err == nil {
		err = copyTree(to, kept)
	}
	if err != nil {
		return err
	}
	return copyTree(to, filepath.Join(root, filepath.FromSlash(folder))) // its own programs
}

func moduleRoot() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// runAsNobody runs this test binary again as an unprivileged user, from copies
// of the binary and of the package's scripts that this user can read.
func runAsNobody(dir, wd string, env []string) (int, error) {
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	test := filepath.Join(dir, "run.test")
	if err := sample.CopyFile(test, self, 0o755); err != nil {
		return 1, err
	}
	pkg, err := copyPackage(filepath.Join(dir, "module"), wd)
	if err != nil {
		return 1, err
	}
	tmp := filepath.Join(dir, "tmp")
	if err := errors.Join(os.Mkdir(tmp, 0o700), os.Chown(tmp, nobody, nobody)); err != nil {
		return 1, err
	}
	var args []string
	for _, a := range os.Args[1:] {
		if !strings.HasPrefix(a, "-test.testlogfile=") { // the go command's, in a folder of root's
			args = append(args, a)
		}
	}
	cmd := exec.Command(test, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = pkg, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), append(env, envScripts+"="+pkg, "TMPDIR="+tmp, "HOME="+tmp, "USER=nobody", "XDG_RUNTIME_DIR="+tmp)...)
	dbserver.AsNobody(cmd)
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// copyPackage copies the package in wd to its place below to, together with the documents and
// the source that its tests read, and returns the place.
func copyPackage(to, wd string) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(root, wd)
	if err != nil {
		return "", err
	}
	pkg := filepath.Join(to, rel)
	err = copyTree(pkg, wd)
	for _, part := range []string{"README.md", "docs", "internal/photo"} {
		err = errors.Join(err, copyTree(filepath.Join(to, part), filepath.Join(root, part)))
	}
	return pkg, err
}

func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		return sample.CopyFile(filepath.Join(to, rel), path, 0o644)
	})
}
