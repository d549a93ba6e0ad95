package service_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/store"
	"photos/internal/testkit/sample"
)

// TestAcknowledgedBytesStay runs random calls in two processes over one database and one
// folder: uploads are created, appended to, cut, taken over, finished, deleted and expired,
// sweeps run, and processes die at any call. Acknowledged bytes stay until their upload is
// finished, deleted, expired or refused.
//
// When it fails, rapid prints the steps and the seed. -rapid.seed repeats them.
func TestAcknowledgedBytesStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 30*time.Millisecond) // the lease of a process that died expires soon
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		owner, err := w.processes[0].db.Owner(t.Context(), "model", fmt.Sprint(runs))
		if err != nil {
			rt.Fatal(err)
		}
		m := &model{w: w, owner: owner}
		rt.Repeat(map[string]func(*rapid.T){
			"create":    m.create,
			"append":    m.append,
			"cut":       m.cut,
			"take over": m.takeOver,
			"crash":     m.crash,
			"status":    m.status,
			"delete":    m.delete,
			"expire":    m.expire,
			"sweep":     m.sweep,
			"":          m.check,
		})
		m.end(rt)
	})
}

// model is what the processes should have stored for one owner.
type model struct {
	w       *world
	owner   string
	uploads []*modelUpload
}

// modelUpload is an upload as its client knows it.
type modelUpload struct {
	id       string
	data     []byte
	refusal  photo.Kind // the error that the last byte must lead to; empty: it becomes a photo
	acked    int64
	finished bool
	over     bool // deleted, expired or refused
	leased   bool // a process died while it had the lease
}

func (u *modelUpload) photo() photo.ID { return sha256.Sum256(u.data) }

var writers = []string{"", "one", "two"}

func (m *model) request(rt *rapid.T) service.Request {
	return service.Request{Caller: service.Caller{Owner: m.owner}, Writer: rapid.SampledFrom(writers).Draw(rt, "writer")}
}

func (m *model) process(rt *rapid.T) *process {
	return m.w.processes[rapid.IntRange(0, len(m.w.processes)-1).Draw(rt, "process")]
}

// one draws an upload. It skips the step if there is none.
func (m *model) one(rt *rapid.T) *modelUpload {
	if len(m.uploads) == 0 {
		rt.Skip("no upload")
	}
	return m.uploads[rapid.IntRange(0, len(m.uploads)-1).Draw(rt, "upload")]
}

func (m *model) create(rt *rapid.T) {
	data, err := sample.Picture(rapid.Uint64Range(1, 4).Draw(rt, "picture"), 6000)
	if err != nil {
		rt.Fatal(err)
	}
	u := &modelUpload{data: data}
	meta := service.Meta{Name: "a.jpg"}
	switch rapid.SampledFrom([]string{"unnamed", "announced", "mismatch", "text"}).Draw(rt, "kind") {
	case "announced":
		meta.Photo = u.photo()
	case "mismatch":
		meta.Photo, u.refusal = photo.ID{byte(len(m.uploads)), 1}, photo.KindDigestMismatch
	case "text":
		u.data, u.refusal = bytes.Repeat([]byte("not a picture "), 600), photo.KindNotPicture
	}
	at, err := m.process(rt).uploads.Begin(context.Background(), service.Creation{Request: m.request(rt), Meta: meta, Length: int64(len(u.data))})
	if err != nil {
		rt.Fatal(err)
	}
	if at.Done != nil { // the photo is already stored
		if at.Done.Photo.ID != meta.Photo {
			rt.Fatalf("began %s and got %s", meta.Photo, at.Done.Photo.ID)
		}
		return
	}
	for _, earlier := range m.uploads {
		if earlier.id == at.Upload.ID { // a creation that is repeated
			return
		}
	}
	u.id = at.Upload.ID
	m.uploads = append(m.uploads, u)
}

// bytesFrom draws where the bytes of a request begin, mostly at the right offset, and where
// they end.
func (m *model) bytesFrom(rt *rapid.T, u *modelUpload) (offset, end int64) {
	length := int64(len(u.data))
	offset = m.w.staged(u.id)
	if offset < 0 || rapid.IntRange(0, 4).Draw(rt, "right offset") == 0 {
		offset = rapid.Int64Range(0, length).Draw(rt, "offset")
	}
	end = length
	if rapid.Bool().Draw(rt, "a part") {
		end = rapid.Int64Range(offset, length).Draw(rt, "end")
	}
	return offset, end
}

func (m *model) appendTo(rt *rapid.T, p *process, u *modelUpload, body *body, offset int64) (service.Progress, error) {
	a := service.Append{Request: m.request(rt), ID: u.id, Offset: offset}
	a.Size = -1
	a.Open = func(int64) (service.Body, error) { return body, nil }
	return p.uploads.Append(context.Background(), a)
}

func (m *model) append(rt *rapid.T) {
	u, p := m.one(rt), m.process(rt)
	offset, end := m.bytesFrom(rt, u)
	before := m.w.staged(u.id)
	at, err := m.appendTo(rt, p, u, &body{Reader: bytes.NewReader(u.data[offset:end])}, offset)
	m.learn(rt, u, at, err)
	if err == nil && !u.finished && at.Offset != end {
		rt.Fatalf("appended up to %d, the service says %d", end, at.Offset)
	}
	if err == nil && before >= 0 && before != offset && !u.finished {
		rt.Fatalf("bytes were accepted at %d, the upload was at %d", offset, before)
	}
}

// cut sends a request whose connection breaks.
func (m *model) cut(rt *rapid.T) {
	u, p := m.one(rt), m.process(rt)
	offset, end := m.bytesFrom(rt, u)
	broken := io.MultiReader(bytes.NewReader(u.data[offset:end]), failing{errors.New("cut")})
	at, err := m.appendTo(rt, p, u, &body{Reader: broken}, offset)
	if err == nil && at.Done == nil {
		rt.Fatal("a request that was cut succeeded")
	}
	m.learn(rt, u, at, err)
}

// takeOver sends a request whose connection hangs, and another one meanwhile.
func (m *model) takeOver(rt *rapid.T) {
	u := m.one(rt)
	offset, end := m.bytesFrom(rt, u)
	hangs, before := hanging(u.data[offset:end]), *u
	first := m.process(rt)
	a := service.Append{Request: m.request(rt), ID: u.id, Offset: offset}
	a.Size, a.Open = -1, func(int64) (service.Body, error) { return hangs, nil }
	var at service.Progress
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		at, err = first.uploads.Append(context.Background(), a)
	}()
	select {
	case <-hangs.waiting: // it has written all its bytes
	case <-done: // it was refused at once
	}
	offset, end = m.bytesFrom(rt, u)
	second, secondErr := m.appendTo(rt, m.process(rt), u, &body{Reader: bytes.NewReader(u.data[offset:end])}, offset)
	hangs.Stop()
	<-done
	if u.refusal != "" && photo.KindOf(err) == u.refusal { // then the other one may find no upload
		m.learnSince(rt, u, before, at, err)
		m.learnSince(rt, u, before, second, secondErr)
		return
	}
	m.learnSince(rt, u, before, second, secondErr)
	m.learnSince(rt, u, before, at, err) // its answer may be older than that of the other one
}

// crash sends a request during which the process dies.
func (m *model) crash(rt *rapid.T) {
	u := m.one(rt)
	n := rapid.IntRange(0, len(m.w.processes)-1).Draw(rt, "process")
	p := m.w.processes[n]
	offset, end := m.bytesFrom(rt, u)
	p.fuse.light(rapid.Int64Range(1, 12).Draw(rt, "calls"), rapid.Bool().Draw(rt, "the last call is done"))
	at, err := m.appendTo(rt, p, u, &body{Reader: bytes.NewReader(u.data[offset:end])}, offset)
	if !p.fuse.extinguish() {
		m.learn(rt, u, at, err) // it ended before the process could die
		return
	}
	u.leased = true
	m.w.restart(n)
}

func (m *model) status(rt *rapid.T) {
	u := m.one(rt)
	at, err := m.process(rt).uploads.Status(context.Background(), m.request(rt), u.id)
	m.learn(rt, u, at, err)
	if err == nil && at.Offset != int64(len(u.data)) && at.Offset != m.w.staged(u.id) {
		rt.Fatalf("the status says %d, the file has %d", at.Offset, m.w.staged(u.id))
	}
}

func (m *model) delete(rt *rapid.T) {
	u := m.one(rt)
	err := m.process(rt).uploads.End(context.Background(), service.Caller{Owner: m.owner}, u.id)
	switch {
	case err == nil:
		u.over = true
	case !u.over || photo.KindOf(err) != photo.KindNotFound:
		rt.Fatal(err)
	}
}

func (m *model) expire(rt *rapid.T) {
	u := m.one(rt)
	m.w.exec(rt, `UPDATE upload SET expires_at = 0, leased_until = 0 WHERE id = ?`, u.id)
	m.sweep(rt)
	u.over = true
}

// sweep runs a sweep that takes every staged file for an old one.
func (m *model) sweep(rt *rapid.T) {
	m.w.age(rt)
	if err := m.process(rt).sweeper.Sweep(context.Background()); err != nil {
		rt.Fatal(err)
	}
}

// learn records what a client learns from an answer, and fails if it cannot be true.
func (m *model) learn(rt *rapid.T, u *modelUpload, at service.Progress, err error) {
	rt.Helper()
	m.learnSince(rt, u, *u, at, err)
}

// learnSince is learn for an answer to a request that began when the upload was as before.
func (m *model) learnSince(rt *rapid.T, u *modelUpload, before modelUpload, at service.Progress, err error) {
	rt.Helper()
	var elsewhere *service.OffsetError
	var leased *service.LeasedError
	kind := photo.KindOf(err)
	switch {
	case err == nil:
	case errors.As(err, &elsewhere):
		at = elsewhere.Progress
	case errors.As(err, &leased):
		return
	case kind == photo.KindNotFound && u.over:
		return
	case u.refusal != "" && kind == u.refusal:
		u.over = true
		return
	case errors.Is(err, errBroken) || kind == photo.KindTooLarge:
		return
	default:
		rt.Fatalf("upload %s: %v", u.id, err)
	}
	if before.over && at.Done == nil {
		rt.Fatalf("upload %s is over, and answers that it is at %d", u.id, at.Offset)
	}
	if at.Offset < before.acked {
		rt.Fatalf("upload %s: %d bytes were acknowledged, now there are %d", u.id, before.acked, at.Offset)
	}
	u.acked = max(u.acked, at.Offset)
	if at.Done == nil {
		return
	}
	if u.refusal != "" || at.Done.Photo.ID != u.photo() || at.Offset != int64(len(u.data)) || at.Done.Outcome == "" {
		rt.Fatalf("upload %s became %+v", u.id, at.Done)
	}
	u.finished = true
}

// check compares the stores with the model.
func (m *model) check(rt *rapid.T) {
	p := m.w.processes[0]
	for _, u := range m.uploads {
		row, err := p.db.Upload(context.Background(), m.owner, u.id)
		switch {
		case photo.KindOf(err) == photo.KindNotFound && u.over:
		case photo.KindOf(err) == photo.KindNotFound && u.refusal != "" && u.leased:
			u.over = true // refused, and the process died before it could answer
		case err != nil:
			rt.Fatalf("upload %s: %v", u.id, err)
		case row.Finished():
			u.finished = true
		case u.finished:
			rt.Fatalf("upload %s was finished and is not", u.id)
		default:
			m.checkStaged(rt, u)
		}
		if u.finished {
			m.checkPhoto(rt, p, u)
		}
	}
}

func (m *model) checkStaged(rt *rapid.T, u *modelUpload) {
	if u.over {
		rt.Fatalf("upload %s is over, and its row still exists", u.id)
	}
	got, err := os.ReadFile(m.w.stagedPath(u.id))
	if err != nil {
		rt.Fatalf("%d bytes were acknowledged: %v", u.acked, err)
	}
	if int64(len(got)) < u.acked || !bytes.HasPrefix(u.data, got) {
		rt.Fatalf("upload %s: %d bytes were acknowledged, there are %d", u.id, u.acked, len(got))
	}
}

func (m *model) checkPhoto(rt *rapid.T, p *process, u *modelUpload) {
	_, key, err := p.db.Get(context.Background(), m.owner, u.photo(), store.Live)
	if err != nil {
		rt.Fatalf("the photo of upload %s: %v", u.id, err)
	}
	r, err := p.disk.Open(context.Background(), m.owner, key)
	if err != nil {
		rt.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, u.data) {
		rt.Fatalf("the photo of upload %s has %d other bytes: %v", u.id, len(got), err)
	}
}

// end finishes every upload that can be finished. No staged bytes remain.
func (m *model) end(rt *rapid.T) {
	p := m.w.processes[0]
	m.w.exec(rt, `UPDATE upload SET leased_until = 0 WHERE id LIKE ?`, "%") // of dead processes
	for _, u := range m.uploads {
		if u.over || u.finished {
			continue
		}
		offset := m.w.staged(u.id)
		at, err := m.appendTo(rt, p, u, &body{Reader: bytes.NewReader(u.data[offset:])}, offset)
		m.learn(rt, u, at, err)
		if !u.finished && !u.over {
			rt.Fatalf("upload %s cannot be finished: %v", u.id, err)
		}
	}
	m.check(rt)
	m.sweep(rt)
	for _, u := range m.uploads {
		if n := m.w.staged(u.id); n >= 0 {
			rt.Fatalf("upload %s left %d staged bytes behind", u.id, n)
		}
	}
}

var errBroken = errors.New("the connection broke")

type failing struct{ error }

func (failing) Read([]byte) (int, error) { return 0, errBroken }

// body is the bytes of a request.
type body struct{ io.Reader }

func (*body) Close() error { return nil }
func (*body) Stop()        {}

// hangingBody returns its bytes and then blocks until it is stopped.
type hangingBody struct {
	data    *bytes.Reader
	waiting chan struct{} // closed when the bytes are used up
	stopped chan struct{}
	once    sync.Once
}

func hanging(data []byte) *hangingBody {
	return &hangingBody{data: bytes.NewReader(data), waiting: make(chan struct{}), stopped: make(chan struct{})}
}

func (b *hangingBody) Read(p []byte) (int, error) {
	if b.data.Len() > 0 {
		return b.data.Read(p)
	}
	close(b.waiting)
	<-b.stopped
	return 0, errBroken
}

func (*hangingBody) Close() error { return nil }
func (b *hangingBody) Stop()      { b.once.Do(func() { close(b.stopped) }) }

// staged returns the length of a staged file, or -1.
func (w *world) staged(id string) int64 {
	info, err := os.Stat(w.stagedPath(id))
	if err != nil {
		return -1
	}
	return info.Size()
}

func (w *world) stagedPath(id string) string { return filepath.Join(w.dir, "uploads", id) }

// age makes staged files look more than a day old.
func (w *world) age(rt *rapid.T) {
	files, err := filepath.Glob(w.stagedPath("*"))
	if err != nil {
		rt.Fatal(err)
	}
	then := time.Now().Add(-25 * time.Hour)
	for _, f := range files {
		if err := os.Chtimes(f, then, then); err != nil {
			rt.Fatal(err)
		}
	}
}
