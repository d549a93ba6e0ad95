//go:build linux

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
	"sync"
	"syscall"
	"testing"
)

// TestSmallImage builds the small image, looks at what is in it, and runs it with a read-only root.
func TestSmallImage(t *testing.T) {
	t.Parallel()
	b := newBuilder(t)
	i := b.build(t, "")
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
	stop := i.serve(t, "COGNITO_POOL_ID=eu-central-1_EXAMPLE", "COGNITO_CLIENT_ID=example", "COGNITO_DOMAIN=https://example.auth.eu-central-1.amazoncognito.com")
	stop(t)
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
	address    string // of the service that runs from it
	log        *strings.Builder
}

// build runs build-image, for the larger image if a base is given, and checks the configuration of the image.
func (b *builder) build(t *testing.T, base string) *image {
	t.Helper()
	const name = "localhost/photosd-test"
	build := exec.Command("./build-image", name)
	build.Env = append(b.environment(), "BUILDER_FLAGS="+strings.Join(b.flags, " "))
	if base != "" {
		build.Args = append(build.Args, "debian")
		build.Env = append(build.Env, "BASE="+base)
	}
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
	i := &inspected.OCIv1.Config
	if i.User != "65532:65532" || len(i.Entrypoint) != 1 || !slices.Contains(i.Env, "PHOTOSD_DATA=/data") {
		t.Fatalf("the image is %+v", i)
	}
	container := b.buildah(t, "from", name)
	i.root = b.buildah(t, "mount", container)
	t.Cleanup(func() { b.buildah(t, "rm", container) })
	return i
}

// command runs a program of the image as its user. All files but those in /data are read-only. The kernel allows no user
// namespaces, which bubblewrap needs, in a root that chroot has set, so the root of the larger image is set as for a container.
func (i *image) command(args ...string) *exec.Cmd {
	const script = `root=$1 && shift && mount --bind "$root" "$root" && mount --bind "$root/data" "$root/data" &&
		for own in proc dev; do [ ! -d "$root/$own" ] || mount --bind "/$own" "$root/$own"; done &&
		mount -o remount,ro,bind "$root" && ! touch "$root/probe" 2>/dev/null || exit
		[ -x "$root/usr/sbin/chroot" ] || exec chroot --userspec="$user" "$root" "$@"
		cd "$root" && pivot_root . . && umount -l . && exec chroot --userspec="$user" / "$@"`
	cmd := exec.Command("unshare", append([]string{"--mount", "sh", "-c", script, "sh", i.root}, args...)...)
	cmd.Env = append(slices.Clone(i.Env), "user="+i.User, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	return cmd
}

// serve runs the service with some settings, and asks whether it is ready. The function that it returns stops the service.
func (i *image) serve(t *testing.T, settings ...string) (stop func(*testing.T)) {
	t.Helper()
	cmd := i.command(i.Entrypoint...)
	cmd.Env = slices.Concat(cmd.Env, []string{"PHOTOSD_LISTEN=127.0.0.1:0"}, settings)
	i.log = &strings.Builder{}
	cmd.Stderr = i.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	end := sync.OnceValue(func() error {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		return cmd.Wait()
	})
	t.Cleanup(func() { _ = end() }) // of a test that failed
	address, found := strings.CutPrefix(strings.TrimSpace(line), "photosd listening on ")
	status := 0
	if i.address = address; found {
		if answer, err := http.Get(address + "/readyz"); err == nil {
			status = answer.StatusCode
			_ = answer.Body.Close()
		}
	}
	if status != http.StatusOK {
		t.Fatalf("photosd said %q and answered %d; its end: %v\n%s", line, status, end(), i.log)
	}
	return func(t *testing.T) {
		t.Helper()
		owner, err := i.owner()
		if err != nil || fmt.Sprintf("%d:%d", owner, owner) != i.User {
			t.Errorf("the database belongs to user %d, %v", owner, err)
		}
		if err := end(); err != nil {
			t.Errorf("photosd ended with %v\n%s", err, i.log)
		}
	}
}

// owner returns the user to whom the database of the service belongs.
func (i *image) owner() (uint32, error) {
	info, err := os.Stat(filepath.Join(i.root, "data", "photos.db"))
	if err != nil {
		return 0, err
	}
	return info.Sys().(*syscall.Stat_t).Uid, nil
}
