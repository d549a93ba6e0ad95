package service_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"photos/internal/accesskey"
	"photos/internal/blob"
	"photos/internal/blob/disk"
	"photos/internal/photo"
	"photos/internal/picture/metadata"
	"photos/internal/service"
	"photos/internal/store"
	"photos/internal/store/sqldb"
	"photos/internal/testkit/sample"
)

// open makes a service over a new database and folder. A token is the name of a user;
// nobody has the name "nobody".
func open(t *testing.T) (svc *service.Service, dir string) {
	t.Helper()
	dir = t.TempDir()
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(dir, "photos.db"))
	must(t, err)
	blobs, err := disk.Open(dir)
	must(t, err)
	t.Cleanup(func() { must(t, errors.Join(db.Close(), blobs.Close())) })
	svc, err = service.New(service.Config{Store: db, Blobs: blobs, Staging: blobs, Inspect: metadata.Read, Verify: verify})
	must(t, err)
	return svc, dir
}

func verify(_ context.Context, token string) (service.Identity, error) {
	if token == "nobody" {
		return service.Identity{}, &photo.Error{Kind: photo.KindNotSignedIn, Msg: "the access token has expired"}
	}
	return service.Identity{Pool: "pool", Subject: token, Expires: time.Now().Add(time.Hour)}, nil
}

func signIn(t *testing.T, svc *service.Service, token string) service.Caller {
	t.Helper()
	by, err := svc.Accounts.Authenticate(t.Context(), token, service.AnyScope)
	must(t, err)
	return by
}

// add uploads picture number n in one call.
func add(t *testing.T, svc *service.Service, by service.Caller, n uint64) photo.ID {
	t.Helper()
	data, err := sample.Picture(n, 2000)
	must(t, err)
	c := service.Creation{Length: int64(len(data)), Meta: service.Meta{Name: "album/beach.jpg"}}
	c.Caller, c.Size = by, c.Length
	c.Open = func(int64) (service.Body, error) { return &body{bytes.NewReader(data)}, nil }
	at, err := svc.Uploads.Begin(t.Context(), c)
	must(t, err)
	if at.Done == nil || at.Done.Photo.ID != sha256.Sum256(data) || at.Done.Photo.Name != "beach.jpg" {
		t.Fatalf("uploaded %+v", at.Done)
	}
	return at.Done.Photo.ID
}

// leavingBody is the body of a client that leaves as soon as its bytes have come.
type leavingBody struct {
	body
	data  *bytes.Reader
	leave context.CancelFunc
}

func (b *leavingBody) Read(p []byte) (int, error) {
	n, err := b.data.Read(p)
	if b.data.Len() == 0 {
		b.leave()
	}
	return n, err
}

// TestClientThatLeavesFindsItsPhoto: a client may leave while the service still makes a photo of its
// bytes.
func TestClientThatLeavesFindsItsPhoto(t *testing.T) {
	t.Parallel()
	svc, _ := open(t)
	by := signIn(t, svc, "ada")
	for n, send := range []func(context.Context, service.Creation) error{
		func(ctx context.Context, c service.Creation) error { _, err := svc.Uploads.Begin(ctx, c); return err },
		func(ctx context.Context, c service.Creation) error {
			at, err := svc.Uploads.Begin(t.Context(), service.Creation{Request: service.Request{Caller: by}, Length: c.Length})
			must(t, err)
			_, err = svc.Uploads.Append(ctx, service.Append{Request: c.Request, ID: at.Upload.ID})
			return err
		},
	} {
		data, err := sample.Picture(uint64(n), 2000)
		must(t, err)
		ctx, leave := context.WithCancel(t.Context())
		c := service.Creation{Length: int64(len(data))}
		c.Caller, c.Size = by, c.Length
		c.Open = func(int64) (service.Body, error) { return &leavingBody{data: bytes.NewReader(data), leave: leave}, nil }
		must(t, send(ctx, c))
		if ctx.Err() == nil {
			t.Error("the client is still there")
		}
		_, err = svc.Photos.Get(t.Context(), by, sha256.Sum256(data))
		must(t, err)
	}
}

// TestPermissions lists what each scope of an access key allows.
func TestPermissions(t *testing.T) {
	t.Parallel()
	all := []service.Permission{service.AnyScope, service.MayRead, service.MayUpload, service.MayChange, service.SignedIn}
	for scope, want := range map[photo.KeyScope][]service.Permission{
		"":                all,
		photo.ScopeAll:    all[:4],
		photo.ScopeRead:   {service.AnyScope, service.MayRead},
		photo.ScopeUpload: {service.AnyScope, service.MayUpload},
		"of the future":   {service.AnyScope},
	} {
		for _, p := range all {
			err := service.Caller{Scope: scope}.Check(p)
			if (err == nil) != slices.Contains(want, p) || err != nil && photo.KindOf(err) != photo.KindForbidden {
				t.Errorf("scope %q, permission %d: %v", scope, p, err)
			}
		}
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	svc, _ := open(t)
	ada := signIn(t, svc, "ada")
	if again := signIn(t, svc, "ada"); again.Owner != ada.Owner || ada.Owner == signIn(t, svc, "bob").Owner || ada.Scope != "" {
		t.Errorf("ada is %+v and %+v", ada, again)
	}
	_, secret, err := svc.Accounts.CreateKey(t.Context(), ada, "", photo.AccessKey{Name: "nas", Scope: photo.ScopeRead})
	must(t, err)
	if nas := signIn(t, svc, secret); nas.Owner != ada.Owner || nas.Scope != photo.ScopeRead {
		t.Errorf("the key is %+v", nas)
	}
	for _, c := range []struct {
		token string
		needs service.Permission
		kind  photo.Kind
	}{
		{"nobody", service.AnyScope, photo.KindNotSignedIn},
		{secret[:len(secret)-1], service.AnyScope, photo.KindNotSignedIn},
		{accesskey.New(), service.AnyScope, photo.KindNotSignedIn},
		{secret, service.MayChange, photo.KindForbidden},
		{secret, service.SignedIn, photo.KindForbidden},
	} {
		if _, err := svc.Accounts.Authenticate(t.Context(), c.token, c.needs); photo.KindOf(err) != c.kind {
			t.Errorf("permission %d: %v, want one of kind %s", c.needs, err, c.kind)
		}
	}
	must(t, svc.Accounts.RevokeKey(t.Context(), ada, "nas"))
	if _, err := svc.Accounts.Authenticate(t.Context(), secret, service.AnyScope); photo.KindOf(err) != photo.KindNotSignedIn {
		t.Errorf("a revoked key: %v", err)
	}
}

// TestLifeOfAPhoto calls what a front end calls, without HTTP.
func TestLifeOfAPhoto(t *testing.T) {
	t.Parallel()
	svc, _ := open(t)
	ada, bob := signIn(t, svc, "ada"), signIn(t, svc, "bob")
	id := add(t, svc, ada, 1)
	ctx := t.Context()
	p, err := svc.Photos.Describe(ctx, ada, service.Description{ID: id, Text: "Dawn"})
	if err != nil || p.Description != "Dawn" || p.DescriptionSource != photo.FromFlag {
		t.Fatalf("described %+v, %v", p, err)
	}
	_, err = svc.Photos.Describe(ctx, ada, service.Description{ID: id, Text: "Noon", Source: photo.FromWeb})
	must(t, err)
	h, err := svc.Photos.History(ctx, ada, id)
	must(t, err)
	if p, err = svc.Photos.Undo(ctx, ada, id, h.Revisions[1].Number, &h.Photo.Version); err != nil || p.Description != "Dawn" {
		t.Errorf("undone to %q, %v", p.Description, err)
	}
	p, r, err := svc.Photos.Open(ctx, ada, id)
	must(t, err)
	data, err := io.ReadAll(r)
	if must(t, errors.Join(err, r.Close())); sha256.Sum256(data) != p.ID {
		t.Errorf("read %d other bytes", len(data))
	}
	page, err := svc.Photos.List(ctx, ada, photo.Filter{Search: "dawn"}, "", 10)
	if err != nil || len(page.Photos) != 1 {
		t.Errorf("found %+v, %v", page, err)
	}
	if p, err = svc.Photos.Trash(ctx, ada, id); err != nil || p.PurgeAt.Sub(p.TrashedAt) != 30*24*time.Hour {
		t.Errorf("kept from %s until %s, %v", p.TrashedAt, p.PurgeAt, err)
	}
	for what, call := range map[string]func(by service.Caller) error{
		"get":     func(by service.Caller) error { _, err := svc.Photos.Get(ctx, by, id); return err },
		"open":    func(by service.Caller) error { _, _, err := svc.Photos.Open(ctx, by, id); return err },
		"history": func(by service.Caller) error { _, err := svc.Photos.History(ctx, by, id); return err },
	} {
		if err := call(ada); photo.KindOf(err) != photo.KindNotFound {
			t.Errorf("%s of a photo in the trash: %v", what, err)
		}
	}
	if _, err := svc.Photos.Restore(ctx, bob, id); photo.KindOf(err) != photo.KindNotFound {
		t.Errorf("restored for another owner: %v", err)
	}
	if p, err = svc.Photos.Restore(ctx, ada, id); err != nil || !p.TrashedAt.IsZero() {
		t.Errorf("restored %+v, %v", p, err)
	}
	u, err := svc.Accounts.Usage(ctx, ada)
	if err != nil || u.Photos != 1 || u.Bytes != int64(len(data)) || u.Quota != (store.Quota{Uploads: 1000}) {
		t.Errorf("usage %+v, %v", u, err)
	}
}

// An access key that may only upload fills empty descriptions, and changes none.
func TestDescriptionsByAnUploadKey(t *testing.T) {
	t.Parallel()
	svc, _ := open(t)
	ada := signIn(t, svc, "ada")
	empty, described := add(t, svc, ada, 1), add(t, svc, ada, 2)
	_, err := svc.Photos.Describe(t.Context(), ada, service.Description{ID: described, Text: "Dawn"})
	must(t, err)
	nas := ada
	nas.Scope = photo.ScopeUpload
	results, err := svc.Photos.DescribeMany(t.Context(), nas, []service.Description{
		{ID: empty, Text: "filled", OnlyIfEmpty: true},
		{ID: described, Text: "not used", OnlyIfEmpty: true},
		{ID: described, Text: "changed"},
		{ID: described, OnlyIfEmpty: true}, // would erase
		{ID: described, Text: strings.Repeat("x", photo.MaxDescription+1), OnlyIfEmpty: true},
	})
	must(t, err)
	want := []photo.Kind{"", "", photo.KindForbidden, photo.KindForbidden, photo.KindUsage}
	for i, r := range results {
		if (r.Err == nil) != (want[i] == "") || r.Err != nil && photo.KindOf(r.Err) != want[i] {
			t.Errorf("item %d: %+v, want an error of kind %q", i, r, want[i])
		}
	}
	p, err := svc.Photos.Get(t.Context(), ada, described)
	if err != nil || p.Description != "Dawn" || results[0].Photo.Description != "filled" {
		t.Errorf("the descriptions are %q and %q, %v", results[0].Photo.Description, p.Description, err)
	}
}

// A check yields one result per digest in the order asked, stops when the caller does, and
// records the damage that it finds.
func TestCheck(t *testing.T) {
	t.Parallel()
	svc, dir := open(t)
	ada := signIn(t, svc, "ada")
	sound, broken := add(t, svc, ada, 1), add(t, svc, ada, 2)
	p, r, err := svc.Photos.Open(t.Context(), ada, broken)
	must(t, err)
	must(t, damage(dir, r))
	ids := []photo.ID{broken, {9}, sound, broken}
	for _, c := range []struct {
		how  photo.Scrutiny
		want []photo.State
	}{
		{photo.LookAtRow, []photo.State{photo.Stored, photo.Absent, photo.Stored, photo.Stored}},
		{photo.LookAtSize, []photo.State{photo.Stored, photo.Absent, photo.Stored, photo.Stored}},
		{photo.LookAtBytes, []photo.State{photo.Damaged, photo.Absent, photo.Stored, photo.Damaged}},
		{photo.LookAtRow, []photo.State{photo.Damaged, photo.Absent, photo.Stored, photo.Damaged}},
	} {
		var got []photo.State
		for st, err := range svc.Photos.Check(t.Context(), ada, ids, c.how) {
			must(t, err)
			if st.ID != ids[len(got)] {
				t.Fatalf("result %d is about %s", len(got), st.ID)
			}
			got = append(got, st.State)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("check %q: %q, want %q", c.how, got, c.want)
		}
	}
	for range svc.Photos.Check(t.Context(), ada, ids, photo.LookAtBytes) {
		break
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	results := 0
	for _, err = range svc.Photos.Check(ended, ada, ids, photo.LookAtBytes) {
		results++
	}
	if results != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("after the caller left: %d results, %v", results, err)
	}
	for _, err = range svc.Photos.Check(t.Context(), ada, ids, "hard") {
	}
	if photo.KindOf(err) != photo.KindUsage {
		t.Errorf("an unknown scrutiny: %v", err)
	}
	if add(t, svc, ada, 2) != p.ID { // repairs it
		t.Error("another photo was repaired")
	}
	for st, err := range svc.Photos.Check(t.Context(), ada, ids[:1], photo.LookAtBytes) {
		if err != nil || st.State != photo.Stored {
			t.Errorf("after the repair: %s, %v", st.State, err)
		}
	}
}

// damage changes one byte of the file with the same bytes as r.
func damage(dir string, r blob.Reader) error {
	want, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "blobs", "*", "*", "*"))
	if err != nil {
		return err
	}
	for _, f := range files {
		got, err := os.ReadFile(f)
		if err == nil && bytes.Equal(got, want) {
			return overwrite(f, 500)
		}
	}
	return errors.New("no file has these bytes")
}

// One owner gets a share of the slots, so that another owner finds a free one.
func TestLimiter(t *testing.T) {
	t.Parallel()
	l := service.NewLimiter("searches", 3, 2)
	acquire := func(owner string) func() {
		t.Helper()
		release, err := l.Acquire(owner)
		must(t, err)
		return release
	}
	release := acquire("ada")
	acquire("ada")
	var busy *service.BusyError
	if _, err := l.Acquire("ada"); !errors.As(err, &busy) || !busy.Share || photo.KindOf(err) != photo.KindUnavailable {
		t.Errorf("beyond the share: %v", err)
	}
	acquire("bob")
	if _, err := l.Acquire("bob"); !errors.As(err, &busy) || busy.Share {
		t.Errorf("beyond the total: %v", err)
	}
	got := make(chan error)
	go func() {
		_, err := l.Wait(context.Background(), "bob")
		got <- err
	}()
	release()
	must(t, <-got)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Wait(ended, "ada"); !errors.Is(err, context.Canceled) {
		t.Errorf("after the caller left: %v", err)
	}
}

// A client learns nothing from an error that was not meant for it.
func TestUserError(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		kind photo.Kind
	}{
		{errors.New("secret"), photo.KindInternal},
		{errors.Join(errors.New("secret"), blob.ErrFull), photo.KindStorageFull},
		{errors.Join(errors.New("secret"), blob.ErrReadOnly), photo.KindUnavailable},
		{context.DeadlineExceeded, photo.KindUnavailable},
		{&photo.Error{Kind: photo.KindQuota, Msg: "no space", Err: errors.New("secret")}, photo.KindQuota},
	} {
		if got := service.UserError(c.err); got.Kind != c.kind || strings.Contains(got.Msg, "secret") {
			t.Errorf("%v became %+v", c.err, got)
		}
	}
}
