package transfer

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"photos/internal/photo"
	"photos/internal/safefile"
	"photos/internal/sidecar"
)

// Files of a mirror in its folder. No photo has such a name, because it would be hidden.
const (
	MirrorState = ".photos-mirror" // what the mirror is of, and the files that it wrote
	MirrorTrash = ".photos-trash"  // the files that it removed
)

// Outcomes of a mirror that package photo does not have.
const (
	OutcomeMoved   photo.Outcome = "moved"   // its file was renamed
	OutcomeRemoved photo.Outcome = "removed" // its file is in the folder MirrorTrash
)

// MirrorOf says what a folder mirrors. A mirror never changes to another service, account or
// filter without being asked to.
type MirrorOf struct {
	Server string `json:"server"`
	Owner  string `json:"owner"`            // the service's ID of the account
	Filter string `json:"filter,omitempty"` // as the user wrote it
}

// mirrorHeader is the first line of the state.
type mirrorHeader struct {
	Version int `json:"photos_mirror"`
	MirrorOf
}

const mirrorVersion = 1

// mirrorLine is another line of the state: a file that the mirror wrote, or that is not its own
// any more.
type mirrorLine struct {
	Path string   `json:"path"` // relative to the folder, with slashes
	ID   photo.ID `json:"id"`
	Gone bool     `json:"gone,omitempty"`
}

// Mirror is a folder that follows the photos of an account. It knows which files it wrote, and
// moves or removes only those, and only as long as they have the bytes that it wrote. A nil Mirror
// is a download that is not a mirror.
type Mirror struct {
	dir  string
	of   MirrorOf
	dry  bool
	lock *flock.Flock
	log  *os.File // the state, to which lines are appended; nil in a dry run

	mu     sync.Mutex
	files  map[string]photo.ID   // what the mirror wrote, by path
	places map[photo.ID][]string // the paths of each photo in files when the run began
	wanted map[string]bool       // the paths that photos have now
	placed map[photo.ID]bool     // the photos that have a path now
	listed map[photo.ID]bool     // the photos that the service has
	before int                   // files when the run began
}

// OpenMirror opens a mirror and locks it against other runs. It refuses a folder that mirrors
// another service or account. A folder with another filter is accepted only if refilter is set. The
// caller calls Close.
func OpenMirror(dir string, of MirrorOf, refilter, dry bool) (*Mirror, error) {
	m := &Mirror{
		dir: dir, of: of, dry: dry, files: map[string]photo.ID{}, places: map[photo.ID][]string{},
		wanted: map[string]bool{}, placed: map[photo.ID]bool{}, listed: map[photo.ID]bool{},
	}
	if !dry {
		if err := m.lockFolder(); err != nil {
			return nil, err
		}
	}
	found, err := m.read()
	if err == nil {
		err = m.check(found, refilter)
	}
	if err == nil && !dry {
		err = m.openLog()
	}
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	m.before = len(m.files)
	for path, id := range m.files {
		m.places[id] = append(m.places[id], path)
	}
	return m, nil
}

func (m *Mirror) state() string { return filepath.Join(m.dir, MirrorState) }

func (m *Mirror) lockFolder() error {
	if err := os.MkdirAll(m.dir, 0o777); err != nil {
		return fmt.Errorf("%s: %w", m.dir, unreadable(m.dir, err))
	}
	lock := flock.New(m.state() + ".lock")
	locked, err := lock.TryLock()
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", m.dir, unreadable(m.dir, err))
	case !locked:
		return &photo.Error{Kind: photo.KindConflict, Msg: "another run is mirroring to " + m.dir, Hint: "wait until it is done"}
	}
	m.lock = lock
	return nil
}

// read reads the state. Its header is nil if there is no state yet. A last line without an end was
// being written when the process was killed, and counts as not written.
func (m *Mirror) read() (*mirrorHeader, error) {
	f, err := os.Open(m.state())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%s: %w", m.state(), unreadable(m.state(), err))
	}
	defer f.Close()
	var header *mirrorHeader
	in := bufio.NewReader(f)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF):
			return header, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", m.state(), unreadable(m.state(), err))
		case n > 1:
			err = m.readLine(line)
		default:
			if err = json.Unmarshal(line, &header); err == nil && (header == nil || header.Version != mirrorVersion) {
				err = errors.New("another version")
			}
		}
		if err != nil {
			return nil, m.badLine(n, err)
		}
	}
}

func (m *Mirror) badLine(n int, err error) error {
	return &photo.Error{
		Kind: photo.KindUnreadable, Msg: fmt.Sprintf("%s:%d is not a line that this version of photos writes", m.state(), n), Err: err,
		Hint: "without this file, a mirror begins again: it finds the photos that are there, and removes none of them later",
	}
}

// readLine reads what became of one file. Somebody else may have written the line, so its path must
// be one that a layout makes.
func (m *Mirror) readLine(line []byte) error {
	var l mirrorLine
	if err := json.Unmarshal(line, &l); err != nil {
		return err
	}
	for part := range strings.SplitSeq(l.Path, "/") {
		if part == "" || part != photo.SafeName(part) {
			return fmt.Errorf("the path %q is not safe", l.Path)
		}
	}
	switch {
	case !l.Gone:
		m.files[l.Path] = l.ID
	case m.files[l.Path] == l.ID:
		delete(m.files, l.Path)
	}
	return nil
}

// check compares what the folder mirrors with what this run mirrors.
func (m *Mirror) check(found *mirrorHeader, refilter bool) error {
	switch {
	case found == nil:
		return nil
	case found.Owner != m.of.Owner || found.Server != m.of.Server:
		return &photo.Error{
			Kind: photo.KindUsage, Msg: fmt.Sprintf("%s mirrors another account: %s at %s", m.dir, found.Owner, found.Server),
			Hint: "choose another folder with -o; if the service or the account has moved, remove " + m.state(),
		}
	case found.Filter != m.of.Filter && !refilter:
		return &photo.Error{
			Kind: photo.KindUsage, Msg: fmt.Sprintf("%s mirrors other photos: %s", m.dir, cmp.Or(found.Filter, "all")),
			Hint: "choose another folder with -o, or give --max-delete if this folder is to mirror other photos from now on",
		}
	}
	return nil
}

// openLog writes the state as it is known, and opens it for appending.
func (m *Mirror) openLog() (err error) {
	if err = m.writeState(); err == nil {
		m.log, err = os.OpenFile(m.state(), os.O_WRONLY|os.O_APPEND, 0)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", m.state(), unreadable(m.state(), err))
	}
	return nil
}

// writeState replaces the state as a whole.
func (m *Mirror) writeState() error {
	part := m.state() + ".part"
	f, err := openPart(part)
	if err == nil {
		err = f.Truncate(0)
	}
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	e := json.NewEncoder(w)
	err = e.Encode(mirrorHeader{mirrorVersion, m.of})
	for path, id := range m.files {
		err = errors.Join(err, e.Encode(mirrorLine{Path: path, ID: id}))
	}
	if err = errors.Join(err, w.Flush(), f.Sync(), f.Close()); err == nil {
		err = safefile.Rename(part, m.state())
	}
	return err
}

// Close writes the state and releases the folder.
func (m *Mirror) Close() (err error) {
	if m == nil {
		return nil
	}
	if m.log != nil {
		err = errors.Join(m.log.Close(), m.writeState())
	}
	if m.lock != nil {
		err = errors.Join(err, m.lock.Unlock())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", m.state(), unreadable(m.state(), err))
	}
	return nil
}

// list records that the service has a photo.
func (m *Mirror) list(id photo.ID) {
	if m != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.listed[id] = true
	}
}

// relative returns a path in the folder as the state has it.
func (m *Mirror) relative(path string) string {
	rel, err := filepath.Rel(m.dir, path)
	if err != nil {
		return path
	}
	return filepath.ToSlash(rel)
}

// found records that a photo has its file at path.
func (m *Mirror) found(path string, id photo.ID) {
	if m != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.wanted[m.relative(path)], m.placed[id] = true, true
	}
}

// claim records that the mirror is about to write a photo to path. That is known before the file
// gets its name. If the process is killed between, no file is there, which does no harm.
func (m *Mirror) claim(path string, id photo.ID) error {
	if m == nil {
		return nil
	}
	rel := m.relative(path)
	if err := m.append(mirrorLine{Path: rel, ID: id}); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[rel] = id
	return nil
}

// disown records that the file of a photo is not at a path any more. Another photo may have that
// path already.
func (m *Mirror) disown(rel string, id photo.ID) error {
	m.mu.Lock()
	if m.files[rel] == id {
		delete(m.files, rel)
	}
	m.mu.Unlock()
	return m.append(mirrorLine{Path: rel, ID: id, Gone: true})
}

// append writes one line of the state.
func (m *Mirror) append(l mirrorLine) error {
	if m.dry {
		return nil
	}
	line, err := json.Marshal(l)
	if err == nil {
		_, err = m.log.Write(append(line, '\n'))
	}
	if err != nil {
		return unreadable(m.state(), err)
	}
	return nil
}

// move renames the file that a photo had in an earlier run to path. moved is false if there is none
// that the mirror may move.
func (m *Mirror) move(ctx context.Context, p photo.Photo, path string) (moved bool, err error) {
	if m == nil {
		return false, nil
	}
	m.mu.Lock()
	places := m.places[p.ID]
	m.mu.Unlock()
	for _, rel := range places {
		old := filepath.Join(m.dir, filepath.FromSlash(rel))
		if _, err := m.intact(ctx, rel, p.ID); rel == m.relative(path) || err != nil {
			continue
		}
		if m.dry {
			m.found(old, p.ID)
			return true, nil
		}
		if err := m.claim(path, p.ID); err != nil {
			return false, err
		}
		if err := safefile.MoveNew(old, path); err != nil {
			return false, err
		}
		renameSidecars(old, path)
		m.removeEmpty(rel)
		return true, m.disown(rel, p.ID)
	}
	return false, nil
}

// renameSidecars renames the sidecars of a photo. One stays if there is a file at its new path.
func renameSidecars(old, path string) {
	for _, suffix := range sidecarSuffixes() {
		_ = safefile.MoveNew(old+suffix, path+suffix)
	}
}

// sidecarSuffixes returns what is added to the name of a photo for that of its sidecar.
func sidecarSuffixes() []string { return []string{".xmp", ".json"} }

// keep records that a photo has its file at path already. Where names that differ only in case or in their form
// of Unicode are the same, that may be the file that the mirror wrote under an earlier name of the photo. It is renamed
// then.
func (m *Mirror) keep(path string, id photo.ID) (photo.Outcome, error) {
	if m == nil {
		return photo.OutcomeExists, nil
	}
	rel := m.otherName(path, id)
	old := filepath.Join(m.dir, filepath.FromSlash(rel))
	switch {
	case rel == "":
		m.found(path, id)
		return photo.OutcomeExists, nil
	case m.dry:
		m.found(old, id)
		return OutcomeMoved, nil
	}
	if err := m.claim(path, id); err != nil {
		return photo.OutcomeFailed, err
	}
	if err := safefile.Rename(old, path); err != nil {
		return photo.OutcomeFailed, unreadable(path, err)
	}
	renameSidecars(old, path)
	m.found(path, id)
	return OutcomeMoved, m.disown(rel, id)
}

// otherName returns the path under which the mirror wrote the file at path, if that is another one, or "".
func (m *Mirror) otherName(path string, id photo.ID) string {
	m.mu.Lock()
	places := m.places[id]
	m.mu.Unlock()
	rel := m.relative(path)
	if slices.Contains(places, rel) {
		return ""
	}
	info, err := os.Lstat(path)
	if err != nil {
		return ""
	}
	for _, other := range places {
		there, err := os.Lstat(filepath.Join(m.dir, filepath.FromSlash(other)))
		if err == nil && folded(other) == folded(rel) && os.SameFile(info, there) {
			return other
		}
	}
	return ""
}

// errNotOurs says that a file is not the one that the mirror wrote.
var errNotOurs = errors.New("changed by somebody else")

// intact returns an error unless the file at a path is still the one that the mirror wrote. It returns
// fs.ErrNotExist if there is none, and errNotOurs if somebody has changed it, or put a link in its
// way.
func (m *Mirror) intact(ctx context.Context, rel string, id photo.ID) (fs.FileInfo, error) {
	local := filepath.FromSlash(rel)
	path := filepath.Join(m.dir, local)
	if checkFolder(m.dir, filepath.Dir(local)) != nil {
		return nil, errNotOurs
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotOurs
	}
	got, err := FileID(ctx, path)
	if err == nil && got != id {
		err = errNotOurs
	}
	return info, err
}

// removeEmpty removes the folders of a file that have nothing in them.
func (m *Mirror) removeEmpty(rel string) {
	for dir := filepath.Dir(filepath.FromSlash(rel)); dir != "."; dir = filepath.Dir(dir) {
		if os.Remove(filepath.Join(m.dir, dir)) != nil {
			return
		}
	}
}

// Removal says how a mirror removes files.
type Removal struct {
	// Most is how many files may be removed. If it is negative, at most 100 and at most a tenth
	// of all.
	Most int
	// Gone asks the service again whether it does not have a photo.
	Gone func(ctx context.Context, id photo.ID) (bool, error)
	// Now is the day of the folder in MirrorTrash.
	Now time.Time
}

// Limits of a removal that the user did not set.
const (
	mostRemoved      = 100
	mostRemovedShare = 10 // one in so many files
)

// doomed is a file that a mirror is about to remove.
type doomed struct {
	rel  string
	info fs.FileInfo // of the file whose bytes were compared
}

// Remove moves the files of photos that the service does not have any more to the folder
// MirrorTrash. The caller has listed and downloaded all photos before. It calls each with a record per
// file. If there are more than the removal allows, none is removed; a dry run has a record of each all the
// same.
//
// A run that is killed leaves each file in its place or in MirrorTrash. The next run continues.
func (m *Mirror) Remove(ctx context.Context, r Removal, each func(Record)) error {
	files, err := m.findDoomed(ctx, r, each)
	if err != nil {
		return err
	}
	refused := m.allowed(r, len(files))
	if refused != nil && !m.dry {
		return refused
	}
	for _, f := range files {
		if ctx.Err() != nil {
			return stopError(ctx.Err())
		}
		rec := m.record(f.rel)
		switch rec.Err = m.remove(f, r.Now); {
		case rec.Err == nil:
			rec.Outcome = OutcomeRemoved
		case errors.Is(rec.Err, errNotOurs):
			rec = m.leave(f.rel)
		default:
			rec.Outcome = photo.OutcomeFailed
		}
		each(rec)
	}
	return refused
}

// findDoomed returns the files that are to be removed. It calls each with a record of those that stay.
func (m *Mirror) findDoomed(ctx context.Context, r Removal, each func(Record)) ([]doomed, error) {
	var found []doomed
	for _, rel := range m.leftOver() {
		rec := m.record(rel)
		switch info, err := m.intact(ctx, rel, rec.ID); {
		case ctx.Err() != nil:
			return nil, stopError(ctx.Err())
		case err == nil:
			found = append(found, doomed{rel, info})
		case errors.Is(err, fs.ErrNotExist):
			m.removeStrays(rel, r.Now)
			delete(m.files, rel)
		case errors.Is(err, errNotOurs):
			each(m.leave(rel))
		default:
			rec.Outcome, rec.Err = photo.OutcomeFailed, err
			each(rec)
		}
	}
	return m.confirm(ctx, r, found)
}

// leave forgets a file that is not the mirror's any more, and returns its record.
func (m *Mirror) leave(rel string) Record {
	rec := m.record(rel)
	rec.Outcome, rec.Reason = photo.OutcomeSkipped, errNotOurs.Error()
	delete(m.files, rel)
	return rec
}

func (m *Mirror) record(rel string) Record {
	return Record{Item: Item{Path: filepath.Join(m.dir, filepath.FromSlash(rel)), Index: math.MaxInt}, ID: m.files[rel]}
}

// leftOver returns the paths that the mirror wrote and that no photo has now. It leaves out those of
// photos that the service has and that could not be written elsewhere.
func (m *Mirror) leftOver() []string {
	var out []string
	for rel, id := range m.files {
		if !m.wanted[rel] && (!m.listed[id] || m.placed[id]) {
			out = append(out, rel)
		}
	}
	slices.Sort(out)
	return out
}

// confirm asks the service again about the photos that were not in its list. A photo may have come
// back meanwhile, or changed its place in the list while that was read.
func (m *Mirror) confirm(ctx context.Context, r Removal, found []doomed) ([]doomed, error) {
	var gone []doomed
	for _, f := range found {
		id := m.files[f.rel]
		if !m.listed[id] {
			yes, err := r.Gone(ctx, id)
			if err != nil {
				return nil, err
			}
			if !yes {
				continue
			}
		}
		gone = append(gone, f)
	}
	return gone, nil
}

// allowed refuses a removal of so many files that it is hardly meant.
func (m *Mirror) allowed(r Removal, n int) error {
	limit, why := r.Most, "more than --max-delete allows"
	if limit < 0 {
		limit, why = min(mostRemoved, m.before/mostRemovedShare), "more than 100, or more than a tenth of all"
	}
	if n <= limit {
		return nil
	}
	return &photo.Error{
		Kind: photo.KindForbidden, Msg: fmt.Sprintf("%d of %d files would be removed, which is %s; none was removed", n, m.before, why),
		Hint: fmt.Sprintf("--dry-run lists them, and --max-delete %d removes them", n),
	}
}

// trashed returns the path in MirrorTrash that a file gets, if it is free.
func (m *Mirror) trashed(rel string, now time.Time) string {
	return filepath.Join(m.dir, MirrorTrash, now.Format("2006-01-02"), filepath.FromSlash(rel))
}

// remove moves one file to the folder MirrorTrash, with its sidecar if nobody has changed that. The sidecar
// goes first: if the process is killed between, the next run finds the photo, and both are together again.
func (m *Mirror) remove(f doomed, now time.Time) error {
	if m.dry {
		return nil
	}
	path, id := filepath.Join(m.dir, filepath.FromSlash(f.rel)), m.files[f.rel]
	to := m.trashed(f.rel, now)
	if err := m.makeFolder(to); err != nil {
		return err
	}
	to = freeName(to, id)
	if info, err := os.Lstat(path); err != nil || !unchanged(f.info, info) {
		return errNotOurs
	}
	moveSidecars(path, to)
	if err := safefile.MoveNew(path, to); err != nil {
		moveSidecars(to, path)
		return unreadable(path, err)
	}
	m.removeEmpty(f.rel)
	return m.disown(f.rel, id)
}

// removeStrays removes the sidecars of a photo that is gone or elsewhere. A run that was killed may have left
// them.
func (m *Mirror) removeStrays(rel string, now time.Time) {
	path, to := filepath.Join(m.dir, filepath.FromSlash(rel)), m.trashed(rel, now)
	if m.dry || !slices.ContainsFunc(sidecarSuffixes(), func(suffix string) bool { return isOurs(path + suffix) }) {
		return
	}
	if m.makeFolder(to) == nil {
		moveSidecars(path, to)
		m.removeEmpty(rel)
	}
}

// makeFolder makes the folder of a path below that of the mirror.
func (m *Mirror) makeFolder(path string) error {
	local, err := filepath.Rel(m.dir, filepath.Dir(path))
	if err == nil {
		err = checkFolder(m.dir, local)
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o777)
	}
	if err != nil && photo.KindOf(err) == photo.KindInternal {
		err = unreadable(path, err)
	}
	return err
}

// freeName returns the path, or one with digits of the photo's ID if there is a file already.
func freeName(path string, id photo.ID) string {
	ext := filepath.Ext(path)
	stem := strings.TrimSuffix(path, ext)
	for _, free := range []string{path, stem + "-" + id.String()[:8] + ext} {
		if _, err := os.Lstat(free); errors.Is(err, fs.ErrNotExist) {
			return free
		}
	}
	return stem + "-" + id.String() + ext
}

// moveSidecars moves the sidecars of a photo that nobody has changed. One stays if there is a file at its
// new path.
func moveSidecars(from, to string) {
	for _, suffix := range sidecarSuffixes() {
		if isOurs(from + suffix) {
			_ = safefile.MoveNew(from+suffix, to+suffix)
		}
	}
}

// isOurs reports whether a download wrote a sidecar, and nobody has changed it.
func isOurs(path string) bool {
	content, err := readSidecar(path)
	return err == nil && sidecar.Unchanged(content)
}
