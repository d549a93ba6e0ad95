package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"photos/internal/api"
	"photos/internal/blob/s3"
	"photos/internal/store"
	"photos/internal/testkit/s3server"
)

// inBucket puts the photos into a bucket of a real S3 server.
func inBucket(t *testing.T) func(*config) {
	t.Helper()
	server, err := s3server.Start(t.Context(), s3server.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, server.Close()) })
	must(t, server.CreateBucket(t.Context(), "photos"))
	return func(c *config) {
		rows, ok := c.Store.(store.StagedRows)
		if !ok {
			t.Fatal("the store has no rows for a bucket")
		}
		blobs, err := s3.Open(t.Context(), s3.Config{
			Bucket: "photos", PathStyle: true, Checksums: true, Rows: rows, Spool: t.TempDir(),
			Endpoint: server.URL, Region: s3server.Region, Credentials: s3server.Credentials(),
		})
		must(t, err)
		c.Blobs, c.Staging = blobs, blobs
	}
}

// TestTusJSClientWithBucket uploads to a bucket with tus-js-client: with its default, which is
// one request for everything, and with chunks of 1 MiB through nginx as it is installed. Both
// are stopped on the way and go on.
func TestTusJSClientWithBucket(t *testing.T) {
	if testing.Short() {
		t.Skip("installs from npm")
	}
	t.Parallel()
	s := start(t, inBucket(t), func(c *config) { c.HTTP.Local = false }) // a proxy is allowed
	ada := s.as("ada")
	photos := map[string][]byte{"one.jpg": jpeg(t, 1, 30_000_000), "pieces.jpg": jpeg(t, 2, 14_000_000)}
	dir := tusJSFolder(t, photos)
	ask, err := json.Marshal(map[string]any{
		"endpoint": s.web.URL + api.PathUploads, "proxied": nginx(t, s.web.URL) + api.PathUploads, "token": "ada",
		"storage": filepath.Join(dir, "urls.json"), "one": filepath.Join(dir, "one.jpg"), "pieces": filepath.Join(dir, "pieces.jpg"),
	})
	must(t, err)
	var got map[string]jsUpload
	if text := command(t, dir, ask, "node", "large.js"); json.Unmarshal(text, &got) != nil {
		t.Fatalf("large.js printed %s", text)
	}
	outcomes := map[string]string{}
	for name, u := range got {
		outcomes[name] = u.Outcome
	}
	if d := cmp.Diff(map[string]string{"onePaused": "aborted", "oneResumed": "done", "piecesPaused": "aborted", "piecesResumed": "done"}, outcomes); d != "" {
		t.Errorf("outcomes (-want +got):\n%s\n%v", d, got)
	}
	if sent := got["oneResumed"].Sent; len(sent) != 2 || sent[0] != "HEAD" || sent[1] == "PATCH 0" {
		t.Errorf("the upload in one request was resumed by %v", sent)
	}
	if sent := got["piecesResumed"].Sent; len(sent) < 8 || sent[0] != "HEAD" || sent[1] == "PATCH 0" {
		t.Errorf("the upload in pieces was resumed by %v", sent)
	}
	for name, data := range photos {
		if a := ada.call(http.MethodGet, photoPath(idOf(data))+"/content", nil, nil); idOf(a.body) != idOf(data) {
			t.Errorf("%s: %d bytes came back, not the %d sent", name, len(a.body), len(data))
		}
	}
}

// nginx runs nginx with hardly any settings in front of a service, and returns its address.
func nginx(t *testing.T, service string) string {
	t.Helper()
	const program = "/usr/sbin/nginx"
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("%v: apt-get install nginx-light", err)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	address := l.Addr().String()
	must(t, l.Close())
	dir := t.TempDir()
	var temp strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temp, "%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	host := strings.TrimPrefix(service, "http://")
	conf := fmt.Sprintf("daemon off;\nmaster_process off;\npid nginx.pid;\nevents {}\nhttp {\naccess_log off;\n%sserver { listen %s; location / { proxy_pass %s; proxy_set_header Host %s; } }\n}\n", temp.String(), address, service, host)
	must(t, os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(conf), 0o600))
	cmd := exec.Command(program, "-p", dir, "-e", "error.log", "-c", "nginx.conf")
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	eventually(t, "nginx listens", func() bool {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return "http://" + address
}
