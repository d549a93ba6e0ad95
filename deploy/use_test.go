//go:build linux

package deploy_test

import (
	"bytes"
	"errors"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"photos/internal/testkit/sample"
)

// user is a user of a photosd, with the real client.
type user struct{ home string }

// newUser builds the client, and a program that plays the user at the browser.
func newUser(t *testing.T) user {
	t.Helper()
	u := user{t.TempDir()}
	build(t, u.home, "../cmd/photos", "../internal/testkit/person/xdg-open")
	if err := sample.Collect(filepath.Join(u.home, "samples")); err != nil {
		t.Fatal(err)
	}
	encode := exec.Command("heif-enc", "-q", "50", "-o", "photo.heic", "sunrise.jpg")
	encode.Dir = filepath.Join(u.home, "samples")
	if out, err := encode.CombinedOutput(); errors.Is(err, exec.ErrNotFound) {
		t.Skip("heif-enc is not installed")
	} else if err != nil {
		t.Fatalf("heif-enc: %v\n%s", err, out)
	}
	return u
}

// build builds programs without a C library into a folder.
func build(t *testing.T, dir string, packages ...string) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"build", "-trimpath", "-o", dir + string(filepath.Separator)}, packages...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %q: %v\n%s", packages, err, out)
	}
}

// photos runs the client.
func (u user) photos(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(u.home, "photos"), args...)
	cmd.Dir = u.home
	cmd.Env = []string{
		"HOME=" + u.home, "PATH=/usr/bin:/bin", "PHOTOS_CONFIG_DIR=" + filepath.Join(u.home, "config"), "PHOTOS_BROWSER=" + filepath.Join(u.home, "xdg-open"),
		"PERSON_EMAIL=ada@example.org", "PERSON_NICKNAME=ada", "PERSON_PASSWORD=correct horse ada", "PERSON_SIGNUP=1",
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("photos %q: %v\n%s", args, err, out)
	}
}

// upload signs up, uploads two photos, and looks at small pictures of them. Only vipsthumbnail can
// decode one of them.
func (u user) upload(t *testing.T, address string) {
	t.Helper()
	u.photos(t, "login", address, "--insecure-storage")
	u.photos(t, "upload", "samples/sunrise.jpg", "samples/photo.heic")
	u.photos(t, "download", "--all", "-o", "small", "--size", "256")
	for _, name := range []string{"sunrise.jpg", "photo.jpg"} {
		data, err := os.ReadFile(filepath.Join(u.home, "small", name))
		if err != nil {
			t.Fatal(err)
		}
		if c, err := jpeg.DecodeConfig(bytes.NewReader(data)); err != nil || max(c.Width, c.Height) != 256 {
			t.Errorf("%s has %d × %d pixels, %v", name, c.Width, c.Height, err)
		}
	}
}

// verify checks that the service still has the photos.
func (u user) verify(t *testing.T) {
	t.Helper()
	u.photos(t, "verify", "--deep", "samples/sunrise.jpg", "samples/photo.heic")
}
