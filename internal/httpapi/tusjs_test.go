package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/api"
	"photos/internal/photo"
)

// jsUpload is the result of one upload of tus-js-client.
type jsUpload struct {
	Outcome string   `json:"outcome"`
	URL     string   `json:"url"`
	Sent    []string `json:"sent"`    // the methods and offsets of the requests
	Expires bool     `json:"expires"` // every answer before the end said when the upload expires
}

// TestTusJSClient uses tus-js-client, the client of the tus project, to upload, pause, resume
// and end uploads.
func TestTusJSClient(t *testing.T) {
	if testing.Short() {
		t.Skip("installs from npm")
	}
	t.Parallel()
	s := start(t)
	ada := s.as("ada")
	const chunk = 100_000
	photos := map[string][]byte{"big.jpg": jpeg(t, 1, 450_000), "other.jpg": jpeg(t, 2, 250_000), "small.jpg": jpeg(t, 3, 50_000), "twin.jpg": jpeg(t, 4, 250_000)}
	got := tusJS(t, s, chunk, photos)

	outcomes := map[string]string{}
	for name, u := range got {
		outcomes[name] = u.Outcome
	}
	if d := cmp.Diff(map[string]string{
		"paused": "aborted", "resumed": "done", "again": "done", "stream": "done", "atOnce": "done", "terminated": "aborted",
		"gone": "404", "offset": "409", "twin1": "done", "twin2": "done", "parallel": "400", "deferred": "400", "stranger": "401", "text": "415",
	}, outcomes); d != "" {
		t.Errorf("outcomes (-want +got):\n%s\n%v", d, got)
	}
	// Resuming asks how far the upload is and sends only the rest.
	n := len(photos["big.jpg"])
	if d := cmp.Diff([]string{"HEAD", "PATCH 200000", "PATCH 300000", "PATCH 400000"}, got["resumed"].Sent); d != "" {
		t.Errorf("requests of the resumed upload of %d bytes (-want +got):\n%s", n, d)
	}
	if d := cmp.Diff([]string{"POST", "PATCH 0", "HEAD"}, got["again"].Sent); d != "" {
		t.Errorf("requests for a stored photo (-want +got):\n%s", d)
	}
	for _, name := range []string{"resumed", "stream", "twin1", "twin2"} {
		if !got[name].Expires {
			t.Errorf("%s: an answer does not say when the upload expires", name)
		}
	}
	s.holdsOnly(ada, photos)
	if big := ada.list("?search=big"); len(big) != 1 || big[0].Description != "by tus-js-client" {
		t.Errorf("described as %+v", big)
	}
}

// holdsOnly requires that a user has exactly these photos, undamaged, and that no upload is
// left.
func (s *fixture) holdsOnly(u user, photos map[string][]byte) {
	t := s.t
	t.Helper()
	for name, data := range photos {
		id := idOf(data)
		if a := u.call(http.MethodGet, photoPath(id)+"/content", nil, nil); !bytes.Equal(a.body, data) {
			t.Errorf("%s: %d bytes came back, not the %d sent", name, len(a.body), len(data))
		}
		if st := u.state(id, photo.LookAtBytes); st.State != photo.Stored {
			t.Errorf("%s: %s", name, st.State)
		}
	}
	if list := u.list(""); len(list) != len(photos) {
		t.Errorf("%d photos, want %d", len(list), len(photos))
	}
	if s.stagedCount() != 0 {
		t.Errorf("%d uploads are left behind", s.stagedCount())
	}
}

// tusJSFolder installs the client in the version of the lock file, next to photos.
func tusJSFolder(t *testing.T, photos map[string][]byte) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is not on PATH: apt-get install nodejs npm", program)
		}
	}
	dir := filepath.Join(t.TempDir(), "tusjs")
	must(t, os.CopyFS(dir, os.DirFS("testdata/tusjs")))
	for name, data := range photos {
		must(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	command(t, dir, nil, "npm", "ci", "--ignore-scripts")
	return dir
}

// tusJS runs the client.
func tusJS(t *testing.T, s *fixture, chunk int, photos map[string][]byte) map[string]jsUpload {
	t.Helper()
	dir := tusJSFolder(t, photos)
	ask, err := json.Marshal(map[string]any{
		"endpoint": s.web.URL + api.PathUploads, "token": "ada", "chunk": chunk, "storage": filepath.Join(dir, "urls.json"),
		"file": filepath.Join(dir, "big.jpg"), "other": filepath.Join(dir, "other.jpg"), "small": filepath.Join(dir, "small.jpg"),
		"sha256": idOf(photos["big.jpg"]).String(), "twin": filepath.Join(dir, "twin.jpg"), "twinSHA256": idOf(photos["twin.jpg"]).String(),
	})
	must(t, err)
	var out map[string]jsUpload
	if text := command(t, dir, ask, "node", "upload.js"); json.Unmarshal(text, &out) != nil {
		t.Fatalf("upload.js printed %s", text)
	}
	return out
}

// command runs a program in dir and returns what it prints.
func command(t *testing.T, dir string, input []byte, name string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var talk strings.Builder
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, bytes.NewReader(input), &talk
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(fmt.Errorf("%s %v: %w\n%s%s", name, args, err, out, talk.String()))
	}
	return out
}
