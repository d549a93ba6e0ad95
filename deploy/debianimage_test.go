//go:build image && linux

package deploy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDebianImage builds the larger image on a Debian that scripts/image-test makes, and uses a service that runs from it:
// as its user, with a read-only root. It takes minutes and half a gigabyte of packages, so only make image-test runs it.
func TestDebianImage(t *testing.T) {
	t.Parallel()
	base := os.Getenv("PHOTOS_IMAGE_BASE")
	if base == "" {
		t.Fatal("PHOTOS_IMAGE_BASE is not set: make image-test runs this test")
	}
	b := newBuilder(t)
	container := b.buildah(t, "from", "scratch")
	b.buildah(t, "add", "--quiet", container, base, "/")
	b.buildah(t, "commit", "--quiet", "--rm", container, "localhost/debian")
	i := b.build(t, "localhost/debian")
	if i.Entrypoint[0] != "/usr/local/bin/photosd" {
		t.Errorf("the entry point is %s", i.Entrypoint[0])
	}
	for _, program := range []string{"vipsthumbnail", "ffmpeg", "bwrap"} {
		if _, err := os.Stat(filepath.Join(i.root, "usr", "bin", program)); err != nil {
			t.Errorf("the image has no %s: %v", program, err)
		}
	}
	stop := i.serve(t)
	u := newUser(t)
	u.upload(t, i.address)
	stop(t)
	if strings.Contains(i.log.String(), "bubblewrap does not work") {
		t.Errorf("pictures are decoded without bubblewrap: %s", i.log)
	}
}
