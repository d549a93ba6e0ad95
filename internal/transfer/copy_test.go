package transfer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/transfer"
)

// target is an account with some photos. Each upload is read in pieces, and pieces may be read
// again, as by a client whose requests fail.
type target struct {
	mu     sync.Mutex
	has    map[photo.ID]photo.Status
	bytes  map[photo.ID][]byte
	meta   map[photo.ID]api.UploadMetadata
	told   []string // descriptions that were set, in order
	cut    int64    // an upload fails once after so many bytes; 0: never
	resume int64    // an unfinished upload has so many bytes already
	fail   error    // of descriptions
}

func newTarget() *target {
	return &target{has: map[photo.ID]photo.Status{}, bytes: map[photo.ID][]byte{}, meta: map[photo.ID]api.UploadMetadata{}}
}

func (s *target) Check(_ context.Context, ids []photo.ID) ([]photo.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []photo.Status
	for _, id := range ids {
		status, known := s.has[id]
		if !known {
			status = photo.Status{ID: id, State: photo.Absent}
			if s.resume > 0 {
				status = photo.Status{ID: id, State: photo.Unfinished, Upload: "u", Offset: s.resume}
			}
		}
		out = append(out, status)
	}
	return out, nil
}

func (s *target) Upload(_ context.Context, u client.Upload) (client.Uploaded, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.Stored {
		return client.Uploaded{ID: u.Meta.ID, Outcome: photo.OutcomeExists}, nil
	}
	at := u.Offset
	if s.cut > 0 {
		if _, err := io.Copy(io.Discard, io.NewSectionReader(u.Body, at, s.cut)); err != nil {
			return client.Uploaded{}, err
		}
		at, s.cut = max(at, s.cut-100), 0 // the service has a little less than was sent
	}
	rest, err := io.ReadAll(io.NewSectionReader(u.Body, at, u.Size-at))
	if err != nil {
		return client.Uploaded{}, err
	}
	s.bytes[u.Meta.ID], s.meta[u.Meta.ID] = rest, u.Meta
	s.has[u.Meta.ID] = photo.Status{ID: u.Meta.ID, State: photo.Stored, Description: u.Meta.Description}
	return client.Uploaded{ID: u.Meta.ID, Outcome: photo.OutcomeUploaded, Attempts: 1}, nil
}

func (s *target) Describe(_ context.Context, items []api.DescriptionItem) ([]api.DescriptionResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return nil, s.fail
	}
	for _, i := range items {
		status := s.has[i.ID]
		status.Description = i.Description
		s.has[i.ID] = status
		s.told = append(s.told, i.Description)
	}
	return make([]api.DescriptionResult, len(items)), nil
}

func (*target) Edit(context.Context, photo.ID, api.PhotoPatch, *int64) (photo.Photo, error) {
	return photo.Photo{}, nil
}

// original has photos with histories.
type original struct {
	*client.Client
	texts []string // earlier ones
}

func (o original) History(_ context.Context, id photo.ID) (api.History, error) {
	h := api.History{ID: id}
	for i, text := range o.texts {
		h.Revisions = append(h.Revisions, api.Revision{Number: int64(i), Description: text, DescriptionSource: photo.FromFlag})
	}
	return h, nil
}

func copyOne(t *testing.T, from transfer.Original, to transfer.Target, p photo.Photo) transfer.Record {
	t.Helper()
	var got transfer.Record
	one := func(yield func(transfer.Wanted) bool) { yield(transfer.Wanted{Photo: p}) }
	if _, err := transfer.Copy(t.Context(), from, to, one, transfer.CopyOptions{Jobs: 1, To: "there"}, func(r transfer.Record) { got = r }); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestCopySurvivesCutConnections: the connection to the source is cut every 300,000 bytes, and the
// target asks for some bytes again.
func TestCopySurvivesCutConnections(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	c, served := source(t, 300_000, content)
	to := newTarget()
	to.cut = 450_000
	p := of("a.jpg", content)
	p.Description, p.Folder, p.Tags, p.ModifiedAt = "a bay", "2024", []string{"sea"}, time.Unix(1, 0).UTC()
	if r := copyOne(t, original{Client: c}, to, p); r.Outcome != transfer.OutcomeCopied || r.Err != nil {
		t.Fatalf("%+v", r)
	}
	if got := to.bytes[p.ID]; !bytes.Equal(got, content[450_000-100:]) || served.Load() > 6 {
		t.Errorf("%d bytes in %d requests", len(got), served.Load())
	}
	m := to.meta[p.ID]
	want := photo.Facts{Modified: p.ModifiedAt, Folder: "2024", Tags: []string{"sea"}}
	if d := cmp.Diff(want, m.Facts, cmp.AllowUnexported(photo.Moment{})); d != "" || m.Description != "a bay" || m.Filename != "a.jpg" || m.Caption != photo.CaptionNever {
		t.Errorf("%+v\n%s", m, d)
	}
}

// TestCopyContinuesAnUpload: an upload that the target has in part gets the rest only.
func TestCopyContinuesAnUpload(t *testing.T) {
	t.Parallel()
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	c, _ := source(t, 0, content)
	to := newTarget()
	to.resume = 700_000
	if r := copyOne(t, original{Client: c}, to, of("a.jpg", content)); r.Outcome != transfer.OutcomeCopied {
		t.Fatalf("%+v", r)
	}
	if got := to.bytes[sha256.Sum256(content)]; !bytes.Equal(got, content[700_000:]) {
		t.Errorf("%d bytes", len(got))
	}
}

// TestCopyRefusesWrongBytes: what the source sends is not the photo, and so the target never gets
// the last bytes.
func TestCopyRefusesWrongBytes(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(strings.Repeat("x", 1000)))
	}))
	defer s.Close()
	c, err := client.New(client.Options{Server: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	to := newTarget()
	r := copyOne(t, original{Client: c}, to, of("a.jpg", bytes.Repeat([]byte("y"), 1000)))
	if photo.KindOf(r.Err) != photo.KindDigestMismatch || len(to.has) != 0 {
		t.Errorf("%+v, and the target has %d photos", r, len(to.has))
	}
}

// TestCopyOfHistories: which descriptions the target gets, by what it has.
func TestCopyOfHistories(t *testing.T) {
	t.Parallel()
	content := []byte("x")
	id := photo.ID(sha256.Sum256(content))
	for name, c := range map[string]struct {
		there *string // the description at the target; nil: the photo is not there
		now   string
		told  []string
		final string
		kept  bool
	}{
		"a new photo":             {nil, "c", []string{"b", "c"}, "c", false},
		"interrupted at first":    {new("a"), "c", []string{"b", "c"}, "c", false},
		"interrupted later":       {new("b"), "c", []string{"c"}, "c", false},
		"the same":                {new("c"), "c", nil, "c", false},
		"none there":              {new(""), "c", []string{"c"}, "c", false},
		"another one there":       {new("z"), "c", nil, "z", true},
		"erased here":             {new("a"), "", nil, "a", false},
		"erased here, not there":  {nil, "", nil, "", false},
		"the first one came back": {new("a"), "a", nil, "a", false},
	} {
		src, _ := source(t, 0, content)
		to := newTarget()
		if c.there != nil {
			to.has[id] = photo.Status{ID: id, State: photo.Stored, Description: *c.there}
		}
		p := of("a.jpg", content)
		p.Description, p.Version = c.now, 3
		r := copyOne(t, original{src, []string{"a", "b"}}, to, p)
		if d := cmp.Diff(c.told, to.told); d != "" || to.has[id].Description != c.final || r.DescriptionKept != c.kept {
			t.Errorf("%s: %+v, the description is %q: %s", name, r, to.has[id].Description, d)
		}
	}
	// The descriptions fail after the bytes have arrived. The next copy continues.
	src, _ := source(t, 0, content)
	to := newTarget()
	to.fail = &photo.Error{Kind: photo.KindInternal}
	p := of("a.jpg", content)
	p.Description, p.Version = "c", 3
	if r := copyOne(t, original{src, []string{"a", "b"}}, to, p); r.Outcome != photo.OutcomeFailed {
		t.Errorf("%+v", r)
	}
	to.fail = nil
	if r := copyOne(t, original{src, []string{"a", "b"}}, to, p); r.Outcome != photo.OutcomeDescribed || to.has[id].Description != "c" {
		t.Errorf("%+v, the description is %q", r, to.has[id].Description)
	}
}
