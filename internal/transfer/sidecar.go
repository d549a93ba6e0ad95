package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"photos/internal/photo"
	"photos/internal/sidecar"
)

// renewSidecar writes the sidecar of the photo at path. It replaces an existing sidecar only
// if an earlier download wrote it and nobody has changed it. Another one it updates, if that is
// wanted.
func (d *download) renewSidecar(p photo.Photo, path string) error {
	if d.Sidecar == nil {
		return nil
	}
	suffix, content := d.Sidecar(p)
	path += suffix
	old, err := readSidecar(path)
	there := !errors.Is(err, fs.ErrNotExist)
	switch {
	case !there && content == nil, there && err == nil && bytes.Equal(old, content):
		return nil
	case there && (err != nil || !sidecar.Unchanged(old)):
		if content == nil {
			return nil
		}
		if err == nil && d.UpdateSidecars {
			return d.updateSidecar(p, path, old)
		}
		return &photo.Error{Kind: photo.KindConflict, Msg: path + " was changed by somebody else and stays", Hint: "move it away to get the service's description"}
	case content == nil:
		err = os.Remove(path)
	default:
		part := filepath.Join(filepath.Dir(path), "."+p.ID.String()+suffix+".photos-part")
		err = writeFile(part, path, content, time.Time{}, there)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, unreadable(path, err))
	}
	return nil
}

// updateSidecar changes a sidecar that somebody else wrote or changed. Everything in it that the
// service does not know better keeps its bytes.
func (d *download) updateSidecar(p photo.Photo, path string, old []byte) error {
	content, kept, err := sidecar.Update(old, p, func() ([]string, error) { return d.earlierTexts(p.ID) })
	if err == nil && !bytes.Equal(content, old) {
		err = d.replaceSidecar(p, path, old, content)
	}
	switch {
	case err != nil && (photo.EndsRun(err) || photo.KindOf(err) != photo.KindInternal):
		return fmt.Errorf("update %s: %w", path, err)
	case err != nil:
		return &photo.Error{Kind: photo.KindUnreadable, Msg: path + " cannot be updated and stays", Err: err}
	case kept:
		return &photo.Error{Kind: photo.KindConflict, Msg: path + " has a description of somebody else, which stays", Hint: "photos sync-xmp --prefer decides which one counts"}
	}
	return nil
}

// earlierTexts returns the descriptions that a photo had.
func (d *download) earlierTexts(id photo.ID) ([]string, error) {
	src, ok := d.src.(Original)
	if !ok {
		return nil, nil
	}
	h, err := src.History(d.ctx, id)
	if kind := photo.KindOf(err); err != nil && kind != photo.KindNotFound && kind != photo.KindForbidden {
		return nil, err
	}
	var texts []string
	for _, r := range h.Revisions {
		texts = append(texts, r.Description)
	}
	return texts, nil
}

// replaceSidecar replaces a sidecar by another one with the same mode, unless somebody has changed it
// after it was read.
func (d *download) replaceSidecar(p photo.Photo, path string, old, content []byte) error {
	info, err := os.Lstat(path)
	if err != nil {
		return unreadable(path, err)
	}
	part := filepath.Join(filepath.Dir(path), "."+p.ID.String()+".xmp.photos-part")
	f, err := openPart(part)
	if err != nil {
		return unreadable(path, err)
	}
	if err := errors.Join(f.Chmod(info.Mode().Perm()), f.Close()); err != nil {
		return unreadable(path, err)
	}
	if now, err := readSidecar(path); err != nil || !bytes.Equal(now, old) {
		_ = os.Remove(part) // nothing is in it yet
		return &photo.Error{Kind: photo.KindConflict, Msg: "somebody has just changed it"}
	}
	return writeFile(part, path, content, time.Time{}, true)
}

// writeFile writes a temporary file with the name part, and renames it to path. With replace, path
// may exist. The file gets the time, unless that is zero.
func writeFile(part, path string, content []byte, modified time.Time, replace bool) error {
	f, err := openPart(part)
	if err != nil {
		return unreadable(path, err)
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Truncate(int64(len(content))), f.Sync(), f.Close())
	if err == nil && !modified.IsZero() {
		_ = os.Chtimes(part, time.Time{}, modified) // optional, as for photos
	}
	switch {
	case err != nil:
		err = unreadable(path, err)
	case replace:
		err = os.Rename(part, path)
	default:
		err = moveNew(part, path)
	}
	if err != nil {
		_ = os.Remove(part) // the next run makes it again
	}
	return err
}

// maxSidecar is larger than any sidecar that a download writes, in bytes.
const maxSidecar = 1 << 20

// errForeign is the error of a sidecar that no download wrote.
var errForeign = errors.New("not a file that a download wrote")

// readSidecar reads a sidecar. It does not read a link, a pipe, a device or a large file, since
// no download writes such a sidecar.
func readSidecar(path string) ([]byte, error) {
	before, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() || before.Size() > maxSidecar {
		return nil, errForeign
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // it may have become a pipe
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !os.SameFile(before, info) {
		return nil, errors.Join(errForeign, err)
	}
	return io.ReadAll(io.LimitReader(f, maxSidecar))
}
