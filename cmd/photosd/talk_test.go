package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	openapi "photos/api"
	"photos/internal/blob/disk"
	"photos/internal/httpapi"
	"photos/internal/photo"
	"photos/internal/picture/metadata"
	"photos/internal/service"
	"photos/internal/store/sqldb"
	"photos/internal/text"
)

// hostile is text that would control a terminal.
const hostile = "a\u202eb\u009b31mc\x1b[2Jd\x7fe\nf\xff"

// objects parses lines, each a JSON object, and checks that no character could control a terminal.
func objects(t *testing.T, out string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(out) {
		line, whole := strings.CutSuffix(line, "\n")
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil || !whole || text.Line(line) != line {
			t.Errorf("%q is not a line with a clean JSON object: %v", line, err)
		}
		all = append(all, object)
	}
	return all
}

// sayEverything writes messages in every way there is, and returns how many lines of JSON that makes. Only one
// test at a time may call it, because package log has one output.
func sayEverything(t *talk) int {
	logger := t.logger(slog.LevelDebug)
	logger.Warn("request", "path", hostile, "err", errors.New(hostile))
	t.say("photos are in %s", hostile)
	_, _ = io.WriteString(t, "to confirm "+hostile+" open\n  http://x\n")
	t.fail(errors.New(hostile))
	t.fail(&photo.Error{Kind: photo.KindUsage, Msg: hostile, Hint: hostile})
	log.Print(hostile)
	slog.NewLogLogger(logger.Handler(), slog.LevelDebug).Print("http: panic serving " + hostile)
	return 7
}

func TestTalk(t *testing.T) { // not parallel: it changes where package log writes
	var out bytes.Buffer
	want := sayEverything(newTalk(&out, formatJSON))
	if got := objects(t, out.String()); len(got) != want {
		t.Errorf("%d lines, want %d:\n%s", len(got), want, out.String())
	}
	out.Reset()
	sayEverything(newTalk(&out, formatText))
	for line := range strings.Lines(out.String()) {
		if line = strings.TrimSuffix(line, "\n"); text.Line(line) != line {
			t.Errorf("%q could drive a terminal", line)
		}
	}
}

// TestPanicInAHandler: a panic and its request are each logged as one line of JSON.
func TestPanicInAHandler(t *testing.T) { // not parallel: it changes where package log writes
	var out syncBuffer
	web := servePanic(t, newTalk(&out, formatJSON).logger(slog.LevelInfo))
	resp, err := http.Get(web + "/boom/%E2%80%AE")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusInternalServerError {
		t.Errorf("status %d, want 500", resp.StatusCode)
	}
	var said []string
	for _, o := range objects(t, out.String()) {
		said = append(said, o["msg"].(string))
	}
	if strings.Join(said, ", ") != "panic, request failed, request" {
		t.Errorf("the log says %q", said)
	}
}

// syncBuffer is a buffer that a server writes and a test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// servePanic serves photosd's handlers, and a handler below /boom/ that panics.
func servePanic(t *testing.T, log *slog.Logger) (address string) {
	t.Helper()
	dir := t.TempDir()
	blobs, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	db, err := sqldb.Open(t.Context(), "sqlite:"+dir+"/photos.db")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	web := httptest.NewUnstartedServer(nil)
	svc, err := service.New(service.Config{
		Store: db, Blobs: blobs, Staging: blobs, Inspect: metadata.Read, Log: log,
		Verify: func(context.Context, string) (service.Identity, error) { return service.Identity{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := httpapi.New(httpapi.Config{
		BaseURL: "http://" + web.Listener.Addr().String(), Service: svc, Log: log,
		OpenAPI: sync.OnceValues(openapi.JSON),
		Extra:   map[string]http.Handler{"GET /boom/": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(hostile) })},
	})
	if err != nil {
		t.Fatal(err)
	}
	web.Config.Handler = handler
	web.Start()
	t.Cleanup(web.Close)
	return web.URL
}
