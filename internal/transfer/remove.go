package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"photos/internal/batch"
	"photos/internal/photo"
	"photos/internal/safefile"
	"photos/internal/sidecar"
)

// FileRemoval is a local file that goes, because the service is proven to have its bytes.
type FileRemoval struct {
	Path    string
	To      string   // where it is moved; empty: it is deleted
	ID      photo.ID // of the photo
	Sidecar bool     // the file is a sidecar of the photo
}

// Remover removes local files whose bytes the service is proven to have, or moves them. Close must be
// called in the end.
//
// A file goes only if all of this holds: it is a regular file, below the path that was uploaded, and
// not reached through a link. Its bytes were read once more, and have the digest of the photo. The
// service has read its stored bytes after that, and they have the same digest. The size, the time and
// the inode of the file are the same as before.
type Remover struct {
	svc     Verifier
	dir     string
	journal func(FileRemoval) error
	checks  chan deepCheck
	done    sync.WaitGroup

	mu       sync.Mutex
	sidecars map[string]sidecarState // by path
}

// sidecarState is what is known about a sidecar whose photo is gone.
type sidecarState struct {
	kept bool // a photo has not taken all of its values
	root string
	info fs.FileInfo
	FileRemoval
}

// deepCheck asks whether the service has the bytes of a photo.
type deepCheck struct {
	id     photo.ID
	answer chan<- deepAnswer
}

type deepAnswer struct {
	state photo.State
	err   error
}

// Many photos can wait for one check of the service, which allows each user few of them at a time.
const (
	deepBatch = 100
	deepIdle  = 20 * time.Millisecond
	deepAge   = 200 * time.Millisecond
)

// NewRemover returns a Remover that moves files to dir, or deletes them if dir is empty. It calls
// journal with each removal before the file goes. If journal fails, the file stays. ctx ends its
// questions to the service.
func NewRemover(ctx context.Context, svc Verifier, dir string, journal func(FileRemoval) error) *Remover {
	r := &Remover{svc: svc, dir: dir, journal: journal, checks: make(chan deepCheck), sidecars: map[string]sidecarState{}}
	r.done.Go(func() {
		for asked := range batch.Of(r.checks, batch.Limits{Size: deepBatch, Idle: deepIdle, Age: deepAge}) {
			r.check(ctx, asked)
		}
	})
	return r
}

// Close ends the Remover.
func (r *Remover) Close() {
	close(r.checks)
	r.done.Wait()
}

// check answers several questions with one request.
func (r *Remover) check(ctx context.Context, asked []deepCheck) {
	ids := make([]photo.ID, len(asked))
	for i, c := range asked {
		ids[i] = c.id
	}
	statuses, err := r.svc.Verify(ctx, ids, photo.LookAtBytes)
	for i, c := range asked {
		a := deepAnswer{err: err}
		if err == nil {
			a.state = statuses[i].State
		}
		c.answer <- a
	}
}

// hasBytes returns nil if the service has read the bytes of the photo, and they are right.
func (r *Remover) hasBytes(id photo.ID) error {
	answer := make(chan deepAnswer, 1)
	r.checks <- deepCheck{id, answer}
	a := <-answer
	switch {
	case a.err != nil:
		return a.err
	case a.state != photo.Stored:
		return &photo.Error{Kind: photo.KindConflict, Msg: fmt.Sprintf("the service reports the photo as %s", a.state), Hint: "photos verify --deep shows such files"}
	}
	return nil
}

// Target returns where the file of an item goes; empty if it is deleted.
func (r *Remover) Target(i Item) string {
	if r.dir == "" {
		return ""
	}
	return filepath.Join(r.dir, filepath.FromSlash(i.below()), filepath.Base(i.Path))
}

// below returns the folder of the file below the path that was uploaded, with slashes.
func (i Item) below() string {
	if i.Root == "" {
		return ""
	}
	rel, err := filepath.Rel(i.Root, filepath.Dir(i.Path))
	if err != nil {
		return ""
	}
	return filepath.ToSlash(rel)
}

// Check returns why the file of an item would stay whatever the service has, or nil.
func (r *Remover) Check(i Item) error {
	p, err := openPlace(i.Root, i.Path)
	if err != nil {
		return removeError(i.Path, err)
	}
	defer p.close()
	return r.isFree(r.Target(i))
}

// isFree returns an error if there is a file at a path.
func (r *Remover) isFree(target string) error {
	if target == "" {
		return nil
	}
	if _, err := os.Lstat(target); err == nil {
		return existsError(target)
	}
	return nil
}

func existsError(target string) error {
	return &photo.Error{Kind: photo.KindConflict, Msg: "there is a file " + target + " already", Hint: "move it away, or choose another folder with --move-to"}
}

// Remove removes the file of an item, which is the photo p at the service, and returns where it is
// now.
func (r *Remover) Remove(ctx context.Context, i Item, p photo.Photo) (target string, err error) {
	at, err := openPlace(i.Root, i.Path)
	if err != nil {
		return "", removeError(i.Path, err)
	}
	defer at.close()
	id, err := at.digest(ctx)
	switch {
	case err != nil:
		return "", removeError(i.Path, err)
	case id != p.ID:
		return "", changed()
	}
	target = r.Target(i)
	if err := r.isFree(target); err != nil {
		return "", err
	}
	if err := r.hasBytes(p.ID); err != nil {
		return "", err
	}
	found := sidecar.Of(i.Path, p)
	if err := r.away(ctx, at, FileRemoval{Path: i.Path, To: target, ID: p.ID}); err != nil {
		return "", removeError(i.Path, err)
	}
	r.remember(i, p.ID, found)
	return target, nil
}

// away removes or moves a file.
func (r *Remover) away(ctx context.Context, at place, rem FileRemoval) error {
	if err := r.journal(rem); err != nil {
		return err
	}
	if rem.To != "" {
		err := os.MkdirAll(filepath.Dir(rem.To), 0o777)
		if err == nil {
			err = at.copyTo(ctx, rem)
		}
		if err != nil {
			return cannotWrite(filepath.Dir(rem.To), err)
		}
	}
	err := at.remove()
	if err != nil && rem.To != "" {
		err = errors.Join(err, os.Remove(rem.To)) // it was made just now
	}
	return cannotWrite(filepath.Dir(rem.Path), err)
}

// cannotWrite gives the error of a full or read-only disk its kind, because no other file can be moved
// there.
func cannotWrite(dir string, err error) error {
	if err == nil || !diskFull(err) {
		return err
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err // its path is that of a temporary file
	}
	return &photo.Error{Kind: photo.KindStorageFull, Msg: "cannot write to " + dir, Hint: "make room there, or choose another folder with --move-to", Err: err}
}

// copyTo gives the file a second name, or copies it to another file system. It never replaces a file.
func (p place) copyTo(ctx context.Context, rem FileRemoval) error {
	err := os.Link(rem.Path, rem.To)
	if errors.Is(err, fs.ErrExist) {
		return existsError(rem.To)
	}
	if err == nil {
		if now, err := os.Lstat(rem.To); err != nil || !unchanged(p.info, now) { // the path leads elsewhere
			return errors.Join(changed(), err, os.Remove(rem.To))
		}
		return nil
	}
	part := filepath.Join(filepath.Dir(rem.To), "."+rem.ID.String()+".photos-part")
	if rem.Sidecar {
		part += ".sidecar"
	}
	if err = p.copyBytes(ctx, part); err == nil {
		err = safefile.MoveNew(part, rem.To)
	}
	if errors.Is(err, fs.ErrExist) {
		err = existsError(rem.To)
	}
	if err != nil {
		_ = os.Remove(part)
	}
	return err
}

// copyBytes copies the file and its time to a path, and reads the copy again.
func (p place) copyBytes(ctx context.Context, path string) error {
	from, err := p.open()
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := openPart(path)
	if err != nil {
		return err
	}
	defer to.Close()
	h := sha256.New()
	if _, err := hashRest(ctx, h, io.TeeReader(from, to)); err != nil {
		return err
	}
	if err := errors.Join(to.Truncate(p.info.Size()), to.Sync(), to.Chmod(p.info.Mode().Perm()), os.Chtimes(path, time.Time{}, p.info.ModTime())); err != nil {
		return err
	}
	if _, err := to.Seek(0, io.SeekStart); err != nil {
		return err
	}
	again := sha256.New()
	if _, err := hashRest(ctx, again, to); err != nil {
		return err
	}
	if sum(h) != sum(again) {
		return &photo.Error{Kind: photo.KindUnreadable, Msg: "the copy has other bytes"}
	}
	return nil
}

// remember notes the sidecars of a photo that is gone.
func (r *Remover) remember(i Item, id photo.ID, found []sidecar.File) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range found {
		state := r.sidecars[f.Path]
		state.kept = state.kept || !f.Taken || filepath.Dir(f.Path) != filepath.Dir(i.Path)
		state.root, state.info = i.Root, f.Info
		state.FileRemoval = FileRemoval{Path: f.Path, ID: id, Sidecar: true}
		if r.dir != "" {
			state.To = filepath.Join(filepath.Dir(r.Target(i)), filepath.Base(f.Path))
		}
		r.sidecars[f.Path] = state
	}
}

// RemoveSidecars removes the sidecars of photos that are gone. One stays if a photo that is still here
// needs it, or if it has a value that the service has not taken. It returns how many went, and
// calls failed with those that could not be removed.
func (r *Remover) RemoveSidecars(ctx context.Context, failed func(path string, err error)) (removed int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	needed := map[string]map[string]bool{} // by folder; nil if it cannot be listed
	for path, s := range r.sidecars {
		delete(r.sidecars, path)
		dir, _ := filepath.Split(path)
		if _, listed := needed[dir]; !listed {
			needed[dir], _ = sidecar.NeededIn(dir)
		}
		if s.kept || s.info == nil || needed[dir] == nil || needed[dir][path] {
			continue
		}
		if err := r.removeSidecar(ctx, s); err != nil {
			failed(path, removeError(path, err))
			continue
		}
		removed++
	}
	return removed
}

func (r *Remover) removeSidecar(ctx context.Context, s sidecarState) error {
	at, err := openPlace(s.root, s.Path)
	if err != nil {
		return err
	}
	defer at.close()
	if !unchanged(s.info, at.info) {
		return changed()
	}
	if err := r.isFree(s.To); err != nil {
		return err
	}
	return r.away(ctx, at, s.FileRemoval)
}

// removeError returns the error of a file that could not be removed.
func removeError(path string, err error) error {
	var e *photo.Error
	switch {
	case errors.As(err, &e), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, errThroughLink):
		return &photo.Error{Kind: photo.KindConflict, Err: err}
	}
	return unreadable(path, err)
}
