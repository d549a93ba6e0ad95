package deploy_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestSmallImage builds the small image, looks at what is in it, and runs it with a read-only root.
func TestSmallImage(t *testing.T) {
	t.Parallel()
	b := newBuilder(t)
	i := b.build(t)
	if i.Entrypoint[0] != "/photosd" {
		t.Errorf("the entry point is %s", i.Entrypoint[0])
	}
	var files []string
	err := filepath.WalkDir(i.root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files = append(files, strings.TrimPrefix(path, i.root))
		}
		return err
	})
	if got := strings.Join(files, " "); err != nil || got != "/etc/ssl/certs/ca-certificates.crt /photosd" {
		t.Errorf("the image has %s, %v", got, err)
	}
	i.serve(t)
}

// builder runs buildah with a storage of its own.
type builder struct{ flags []string }

func newBuilder(t *testing.T) *builder {
	t.Helper()
	if testing.Short() {
		t.Skip("builds an image")
	}
	if _, err := exec.LookPath("buildah"); err != nil {
		t.Skip("buildah is not installed")
	}
	if os.Getuid() != 0 {
		t.Skip("buildah needs user namespaces or root")
	}
	storage := t.TempDir()
	return &builder{[]string{"--root", filepath.Join(storage, "root"), "--runroot", filepath.Join(storage, "run")}}
}

// environment lets buildah work inside of a container.
func (b *builder) environment() []string {
	return append(os.Environ(), "STORAGE_DRIVER=vfs", "BUILDAH_ISOLATION=chroot")
}

// buildah runs a command and returns what it prints.
func (b *builder) buildah(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("buildah", append(slices.Clone(b.flags), args...)...)
	cmd.Env = b.environment()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("buildah %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// image is a built image.
type image struct {
	User       string
	Entrypoint []string
	Env        []string
	root       string // where its files are
}

// build runs build-image and checks the configuration of the image.
func (b *builder) build(t *testing.T) image {
	t.Helper()
	const name = "localhost/photosd-test"
	build := exec.Command("./build-image", name)
	build.Env = append(b.environment(), "BUILDER_FLAGS="+strings.Join(b.flags, " "))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build-image: %v\n%s", err, out)
	}
	var inspected struct {
		OCIv1 struct {
			Config image `json:"config"`
		}
	}
	if err := json.Unmarshal([]byte(b.buildah(t, "inspect", "--type", "image", name)), &inspected); err != nil {
		t.Fatal(err)
	}
	i := inspected.OCIv1.Config
	if i.User != "65532:65532" || len(i.Entrypoint) != 1 || !slices.Contains(i.Env, "PHOTOSD_DATA=/data") {
		t.Fatalf("the image is %+v", i)
	}
	container := b.buildah(t, "from", name)
	i.root = b.buildah(t, "mount", container)
	t.Cleanup(func() { b.buildah(t, "rm", container) })
	return i
}

// command runs a program of the image as its user. All files but those in /data are read-only.
func (i image) command(args ...string) *exec.Cmd {
	const script = `root=$1 && shift && mount --bind "$root" "$root" && mount --bind "$root/data" "$root/data" &&
		mount -o remount,ro,bind "$root" && ! touch "$root/probe" 2>/dev/null && exec chroot --userspec="$user" "$root" "$@"`
	cmd := exec.Command("unshare", append([]string{"--mount", "sh", "-c", script, "sh", i.root}, args...)...)
	cmd.Env = append(slices.Clone(i.Env), "user="+i.User, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	return cmd
}

// serve runs the service, asks it, and stops it.
func (i image) serve(t *testing.T) {
	t.Helper()
	cmd := i.command(i.Entrypoint...)
	cmd.Env = append(cmd.Env, "PHOTOSD_LISTEN=127.0.0.1:0", "COGNITO_POOL_ID=eu-central-1_EXAMPLE", "COGNITO_CLIENT_ID=example",
		"COGNITO_DOMAIN=https://example.auth.eu-central-1.amazoncognito.com")
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	address, found := strings.CutPrefix(strings.TrimSpace(line), "photosd listening on ")
	status := 0
	if found {
		if answer, err := http.Get(address + "/readyz"); err == nil {
			status = answer.StatusCode
			_ = answer.Body.Close()
		}
	}
	owner, err := i.owner()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if waited := cmd.Wait(); !found || status != http.StatusOK || waited != nil {
		t.Fatalf("photosd said %q and answered %d; its end: %v\n%s", line, status, waited, said.String())
	}
	if err != nil || fmt.Sprintf("%d:%d", owner, owner) != i.User {
		t.Errorf("the database belongs to user %d, %v", owner, err)
	}
}

// owner returns the user to whom the database of the service belongs.
func (i image) owner() (uint32, error) {
	info, err := os.Stat(filepath.Join(i.root, "data", "photos.db"))
	if err != nil {
		return 0, err
	}
	return info.Sys().(*syscall.Stat_t).Uid, nil
}
