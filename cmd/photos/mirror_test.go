package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/term"
)

// listService is a network with a photo service that has some photos and answers a list with a
// page per photo. fault may answer a request in its place.
type listService struct {
	owner  string
	photos [][]byte
	fault  func(w http.ResponseWriter, r *http.Request) (done bool)
}

func (s *listService) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	if s.fault == nil || !s.fault(rec, req) {
		s.serve(rec, req)
	}
	res := rec.Result()
	res.Request = req
	return res, nil
}

func (s *listService) serve(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case path == api.PathMe:
		_ = json.NewEncoder(w).Encode(api.Me{Owner: s.owner})
	case path == api.PathPhotos:
		s.list(w, r)
	default:
		for _, content := range s.photos {
			if strings.Contains(path, fmt.Sprintf("%x", sha256.Sum256(content))) {
				_, _ = w.Write(content)
			}
		}
	}
}

func (s *listService) list(w http.ResponseWriter, r *http.Request) {
	var all []api.Photo
	for i, content := range s.photos {
		p := api.Photo{ID: sha256.Sum256(content), Name: fmt.Sprintf("%d.jpg", i), Bytes: int64(len(content)), UploadedAt: api.Time{Time: time.Unix(1, 0)}}
		if strings.HasPrefix(p.ID.String(), r.URL.Query().Get("id_prefix")) {
			all = append(all, p)
		}
	}
	n := 0
	_, _ = fmt.Sscan(r.URL.Query().Get("cursor"), &n)
	page := api.PhotoPage{Photos: all[min(n, len(all)):min(n+1, len(all))]}
	if n+1 < len(all) {
		page.Next = fmt.Sprint(n + 1)
	}
	_ = json.NewEncoder(w).Encode(page)
}

// mirror runs photos download --mirror against the service.
func (s *listService) mirror(t *testing.T, dir string, more ...string) (code int, talk string) {
	t.Helper()
	vars := map[string]string{"PHOTOS_CONFIG_DIR": t.TempDir(), "PHOTOS_TOKEN": "token", "PHOTOS_SERVER": "https://photos.example"}
	var out, messages bytes.Buffer
	e := &env{
		Console: term.New("photos", strings.NewReader(""), &out, &messages), network: s, now: time.Now,
		getenv: func(name string) string { return vars[name] },
	}
	args := append([]string{"--timeout", "100ms", "download", "--wait-service", "0", "--mirror", "-o", dir}, more...)
	code = runCommand(t.Context(), args, e)
	return code, messages.String()
}

// manyPhotos returns the contents of so many photos.
func manyPhotos(n int) [][]byte {
	var all [][]byte
	for i := range n {
		all = append(all, fmt.Appendf(nil, "photo %d", i))
	}
	return all
}

// TestMirrorRemovesOnlyAfterAWholeList: as long as the list may be incomplete, nothing is removed, and
// nothing if the service finds a photo when it is asked again.
func TestMirrorRemovesOnlyAfterAWholeList(t *testing.T) {
	t.Parallel()
	isList := func(r *http.Request, asks string) bool {
		return r.URL.Path == api.PathPhotos && r.URL.Query().Has(asks)
	}
	at := func(r *http.Request, cursor string) bool {
		return r.URL.Path == api.PathPhotos && r.URL.Query().Get("cursor") == cursor
	}
	for name, c := range map[string]struct {
		fault   func(w http.ResponseWriter, r *http.Request) bool
		code    int
		removed bool
	}{
		"the whole list": {code: exitDone, removed: true},
		"the service goes away": {code: exitUnavailable, fault: func(w http.ResponseWriter, r *http.Request) bool {
			if at(r, "5") {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return at(r, "5")
		}},
		"a cut page": {code: exitUnavailable, fault: func(w http.ResponseWriter, r *http.Request) bool {
			if at(r, "5") {
				_, _ = w.Write([]byte(`{"photos":[{"id":`))
			}
			return at(r, "5")
		}},
		"a page without end": {code: exitFailure, fault: func(w http.ResponseWriter, r *http.Request) bool {
			if at(r, "5") {
				_, _ = w.Write([]byte(`{"photos":[],"next":"5"}`))
			}
			return at(r, "5")
		}},
		"a session that ends": {code: exitNotSignedIn, fault: func(w http.ResponseWriter, r *http.Request) bool {
			if at(r, "5") {
				w.Header().Set("WWW-Authenticate", "Bearer")
				w.Header().Set("Content-Type", api.ProblemType)
				w.WriteHeader(http.StatusUnauthorized)
				_, _ = w.Write([]byte(`{"kind":"not_signed_in","title":"the session ended"}`))
			}
			return at(r, "5")
		}},
		"a list that ends early": {code: exitDone, fault: func(w http.ResponseWriter, r *http.Request) bool {
			if at(r, "18") {
				_, _ = w.Write([]byte(`{"photos":[]}`))
			}
			return at(r, "18")
		}},
		"nobody confirms": {code: exitUnavailable, fault: func(w http.ResponseWriter, r *http.Request) bool {
			if isList(r, "id_prefix") {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return isList(r, "id_prefix")
		}},
		"another account": {code: exitUsage, fault: func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == api.PathMe {
				_ = json.NewEncoder(w).Encode(api.Me{Owner: "somebody"})
			}
			return r.URL.Path == api.PathMe
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := &listService{owner: "me", photos: manyPhotos(20)}
			if code, talk := s.mirror(t, dir); code != exitDone {
				t.Fatalf("code %d: %s", code, talk)
			}
			s.fault = c.fault
			if name != "a list that ends early" { // there, all photos are still on the service
				s.photos = s.photos[:19]
			}
			code, talk := s.mirror(t, dir)
			if code != c.code {
				t.Errorf("code %d, want %d: %s", code, c.code, talk)
			}
			_, err := os.Stat(filepath.Join(dir, "19.jpg"))
			if removed := os.IsNotExist(err); removed != c.removed {
				t.Errorf("removed: %v, want %v: %s", removed, c.removed, talk)
			}
			s.fault = nil
			if code, talk := s.mirror(t, dir); code != exitDone {
				t.Errorf("the next run ends with %d: %s", code, talk)
			}
		})
	}
}

// TestMirrorOfAnEmptyAccount: a service that has lost its database does not empty the mirror.
func TestMirrorOfAnEmptyAccount(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := &listService{owner: "me", photos: manyPhotos(5)}
	s.mirror(t, dir)
	s.photos = nil
	code, talk := s.mirror(t, dir)
	if code != exitFailure || !strings.Contains(talk, "5 of 5 files would be removed") {
		t.Errorf("code %d: %s", code, talk)
	}
	if found, err := filepath.Glob(filepath.Join(dir, "*.jpg")); err != nil || len(found) != 5 {
		t.Errorf("%d files are left, %v", len(found), err)
	}
}

// TestMirrorKnowsWhatItWrote: a file that was there before the first run, with the same bytes, is
// not the mirror's. What a run wrote that was killed at any moment is.
func TestMirrorKnowsWhatItWrote(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := &listService{owner: "me", photos: manyPhotos(3)}
	if err := os.WriteFile(filepath.Join(dir, "0.jpg"), s.photos[0], 0o600); err != nil {
		t.Fatal(err)
	}
	s.mirror(t, dir)
	state := filepath.Join(dir, ".photos-mirror")
	data, err := os.ReadFile(state)
	if err != nil || bytes.Contains(data, []byte(`"0.jpg"`)) || bytes.Count(data, []byte("\n")) != 3 {
		t.Fatalf("%s, %v", data, err)
	}
	id := photo.ID(sha256.Sum256(s.photos[0]))
	torn := fmt.Appendf(data, `{"path":"0.jpg","id":"%s"`, id) // the process was killed while it wrote
	if err := os.WriteFile(state, torn, 0o600); err != nil {
		t.Fatal(err)
	}
	s.photos = nil
	if code, talk := s.mirror(t, dir, "--max-delete", "10"); code != exitDone {
		t.Errorf("code %d: %s", code, talk)
	}
	if found, err := filepath.Glob(filepath.Join(dir, "*.jpg")); err != nil || len(found) != 1 || filepath.Base(found[0]) != "0.jpg" {
		t.Errorf("%q is left, %v", found, err)
	}
	if trashed, err := filepath.Glob(filepath.Join(dir, ".photos-trash", "*", "*.jpg")); err != nil || len(trashed) != 2 {
		t.Errorf("%q is in the trash, %v", trashed, err)
	}
}

// TestMirrorsWaitForNobody: two runs do not mirror to one folder at the same time.
func TestMirrorsWaitForNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := &listService{owner: "me", photos: manyPhotos(2)}
	s.fault = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == api.PathPhotos {
			other := &listService{owner: "me"}
			if code, talk := other.mirror(t, dir); code != exitFailure || !strings.Contains(talk, "another run is mirroring to") {
				t.Errorf("code %d: %s", code, talk)
			}
		}
		return false
	}
	if code, talk := s.mirror(t, dir); code != exitDone {
		t.Errorf("code %d: %s", code, talk)
	}
}
