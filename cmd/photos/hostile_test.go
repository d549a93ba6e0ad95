package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"photos/internal/api"
	"photos/internal/auth"
	"photos/internal/auth/oidc"
	"photos/internal/auth/secret"
	"photos/internal/auth/signin"
	"photos/internal/photo"
	"photos/internal/term"
)

// evil would rename the window, colour and erase text, reverse the reading direction and imitate
// a line of ours.
const evil = "\x1b]0;owned\x07\x1b[2J\u009b31m\x7f\b\u202e\u2066gpj\u200f\nphotos: forged\r\nhint: forged\u2028\u0085\u009d"

// hostilePicture is the content of the only photo that the hostile service has.
var hostilePicture = []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xd9")

// hostileService is a network where every text is evil. With refuse, every request to the
// API fails with a problem document that is also evil.
type hostileService struct{ refuse bool }

func (h hostileService) RoundTrip(req *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	h.serve(rec, req)
	res := rec.Result()
	res.Request = req
	return res, nil
}

func (h hostileService) serve(w http.ResponseWriter, r *http.Request) {
	id := photo.ID(sha256.Sum256(hostilePicture))
	p := api.Photo{
		ID: id, Name: evil, Bytes: int64(len(hostilePicture)), MediaType: evil, TakenSource: evil, PositionSource: evil, Camera: evil, Description: evil,
		DescriptionSource: evil, Position: &photo.Position{Latitude: 1, Longitude: 2}, TakenAt: photo.AtWallClock(time.Unix(1700000000, 0)), UploadedAt: api.Time{Time: time.Now()},
	}
	problem := api.Problem{Title: evil, Detail: evil, Hint: evil, Kind: evil, RequestID: evil, Status: 400}
	var body any
	switch path := r.URL.Path; {
	case path == api.PathProtectedResource:
		body = api.ProtectedResource{
			Resource: "https://evil.example", ResourceName: evil, AuthorizationServers: []string{"https://issuer.example/" + evil},
			ClientID: evil, Domain: evil, RedirectURIs: []string{evil},
		}
	case path == "/token":
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		body = map[string]string{"error": evil, "error_description": evil}
	case !strings.HasPrefix(path, "/v1/"):
		body = map[string]any{"issuer": evil, "authorization_endpoint": evil}
	case h.refuse:
		w.Header().Set("Content-Type", api.ProblemType)
		w.WriteHeader(http.StatusBadRequest)
		body = problem
	case path == api.PathPhotos && r.Method == http.MethodPatch:
		body = api.DescriptionsResponse{Results: []api.DescriptionResult{{ID: id, Photo: &p, Changed: true, Problem: &problem}}}
	case path == api.PathPhotos:
		body = api.PhotoPage{Photos: []api.Photo{p, p}}
	case path == api.PathCheck:
		body = api.CheckResponse{Results: []api.CheckResult{{ID: id, State: evil, Description: evil, Upload: evil}}}
	case strings.HasSuffix(path, "/history"):
		body = api.History{ID: id, Revisions: []api.Revision{{Description: evil, DescriptionSource: evil}}}
	case strings.HasPrefix(path, api.PathKeys):
		body = map[string]any{"keys": []api.AccessKey{{Name: evil, Scope: evil}}, "name": evil, "scope": evil, "secret": evil}
	case strings.HasSuffix(path, "/content"):
		_, _ = w.Write(hostilePicture)
		return
	default:
		body = p
	}
	_ = json.NewEncoder(w).Encode(body)
}

// hostileEnv returns the environment of a machine whose files, settings and service are hostile. With session it
// is signed in by a hostile profile, otherwise by PHOTOS_TOKEN.
func hostileEnv(t *testing.T, terminal, refuse, session bool) (e *env, out, talk *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	vars := map[string]string{"PHOTOS_CONFIG_DIR": dir, "PHOTOS_BROWSER": evil}
	if session {
		hostileProfile(t, dir)
	} else {
		vars["PHOTOS_TOKEN"], vars["PHOTOS_SERVER"] = "token", "https://evil.example"
	}
	out, talk = new(bytes.Buffer), new(bytes.Buffer)
	console := term.New("photos", strings.NewReader(""), out, talk)
	console.Out.Terminal, console.Err.Terminal = terminal, terminal
	console.Width = func() int { return 200 }
	return &env{
		Console: console, network: hostileService{refuse}, now: time.Now,
		getenv: func(name string) string { return vars[name] },
		browse: func(string) error { return errors.New(evil) },
	}, out, talk
}

func hostileProfile(t *testing.T, dir string) {
	t.Helper()
	p := profile{Server: "https://evil.example", Store: "file", Session: signin.Session{
		Provider: oidc.Provider{Issuer: evil, AuthorizationEndpoint: evil, TokenEndpoint: "https://evil.example/token", RevocationEndpoint: evil},
		ClientID: evil, Credential: "c", Account: oidc.Account{Subject: evil, Name: evil, Email: evil},
	}}
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		os.Mkdir(filepath.Join(dir, "profiles"), 0o700),
		os.WriteFile(filepath.Join(dir, "profiles", "default.json"), data, 0o600),
		secret.NewFileStore(filepath.Join(dir, "credentials")).Set(t.Context(), "c.refresh", auth.NewSecret("r")),
		os.MkdirAll(filepath.Join(dir, "sessions"), 0o700),
		os.WriteFile(filepath.Join(dir, "sessions", "c.json"), fmt.Appendf(nil, `{"failure":%q}`, evil), 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
}

// hostileFiles makes a picture and another file with evil names.
func hostileFiles(t *testing.T) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	file = filepath.Join(dir, evil+"\xff.jpg")
	other := filepath.Join(dir, evil+".txt")
	if err := errors.Join(os.WriteFile(file, hostilePicture, 0o600), os.WriteFile(other, []byte(evil), 0o600)); err != nil {
		t.Skip("this system has no such file names: ", err) // Windows
	}
	return dir, file
}

// TestNothingForeignDrivesTheTerminal runs every command against the hostile service, on
// a terminal and in a pipe, as text and as JSON.
func TestNothingForeignDrivesTheTerminal(t *testing.T) {
	t.Parallel()
	dir, file := hostileFiles(t)
	id := fmt.Sprintf("%x", sha256.Sum256(hostilePicture))
	all := "id,name,description,description_source,media_type,camera,taken_at,name_base64"
	commands := [][]string{
		{"list"}, {"list", "--fields", all}, {"list", "-q"}, {"list", "--trash"}, {"list", "--limit", evil}, {evil}, {"list", "--" + evil},
		{"describe", id}, {"describe", file}, {"describe", id, id}, {"describe", id, "--desc", evil}, {"describe", id, "--history"}, {"describe", id, "--undo"},
		{"describe", evil}, {"describe", id[:9]}, {"upload", file}, {"upload", dir, "-v"}, {"upload", "-q", dir}, {"upload", file, "--desc", "x"},
		{"verify", dir}, {"verify", "-q", dir}, {"verify", file}, {"download", id, "-o", t.TempDir()}, {"download", evil}, {"download", id, "-o", filepath.Join(t.TempDir(), evil+"/x\x00")},
		{"delete", id}, {"delete", file, evil}, {"restore", id}, {"key", "list"}, {"key", "create", "x"}, {"key", "revoke", evil}, {"config", "list"}, {"config", "path"}, {"version"},
		{"list", "--config", evil}, {"list", "--profile", evil}, {"list", "--server", evil}, {"list", "--fields", evil},
	}
	account := [][]string{
		{"status"}, {"status", "-q"}, {"doctor"}, {"token"}, {"list"}, {"config", "list"}, {"logout"},
		{"login", "--wait", "1ms"}, {"login", "--no-browser", "--trust-server", "evil.example", "--insecure-storage"},
	}
	for _, mode := range []hostileMode{
		{terminal: true}, {terminal: true, json: true}, {}, {json: true}, {terminal: true, refuse: true}, {json: true, refuse: true},
	} {
		for _, args := range commands {
			mode.check(t, args)
		}
		mode.session = true
		for _, args := range account {
			mode.check(t, args)
		}
	}
}

// hostileMode is one way to run a command.
type hostileMode struct{ terminal, json, refuse, session bool }

func (m hostileMode) check(t *testing.T, args []string) {
	t.Helper()
	full := append([]string{"--timeout", "100ms"}, args...)
	if m.json {
		full = append(full, "--json")
	}
	e, out, talk := hostileEnv(t, m.terminal, m.refuse, m.session)
	runCommand(t.Context(), full, e)
	quiet := len(args) > 1 && args[1] == "-q"
	for where, got := range map[string]string{"stdout": out.String(), "stderr": talk.String()} {
		pipe := where == "stdout" && !m.terminal
		if pipe && quiet && !m.json {
			continue // bytes, as --from reads them
		}
		if bad := drives(got, pipe && !m.json); bad != "" {
			t.Errorf("photos %q (%+v): %s has %s: %q", args, m, where, bad, got)
		}
	}
}

// drives returns what a terminal would obey in the output of a command. A pipe may get direction
// marks and bytes that are not UTF-8.
func drives(s string, pipe bool) string {
	for _, style := range []string{"\x1b[0m", "\x1b[1m", "\x1b[2m"} {
		s = strings.ReplaceAll(s, style, "")
	}
	for line := range strings.Lines(s) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "photos: forged") || strings.HasPrefix(line, "hint: forged") {
			return "a forged line"
		}
		for _, r := range line {
			switch {
			case r == '\t' && pipe:
			case unicode.IsControl(r):
				return fmt.Sprintf("the control %U", r)
			case pipe:
			case unicode.Is(unicode.Bidi_Control, r), r == '\u2028':
				return fmt.Sprintf("the mark %U", r)
			}
		}
	}
	if !pipe && !utf8.ValidString(s) {
		return "bytes that are not UTF-8"
	}
	return ""
}
