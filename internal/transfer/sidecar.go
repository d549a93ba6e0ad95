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
	"photos/internal/safefile"
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
	path = d.sidecarOf(path, suffix)
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

// sidecarOf returns the path of the sidecar of the photo at path. An XMP sidecar may have another name than
// a new one would get.
func (d *download) sidecarOf(path, suffix string) string {
	if suffix != ".xmp" {
		return path + suffix
	}
	dir, name := filepath.Split(path)
	d.namesMu.Lock()
	defer d.namesMu.Unlock()
	names := d.namesIn(dir)
	names.Add(name) // it may be new
	return dir + names.XMP(name, func(file string) string {
		content, err := readSidecar(dir + file)
		if err != nil {
			return ""
		}
		return sidecar.ExtensionIn(content)
	})
}

// maxFolders is in how many folders a download remembers the names of the files.
const maxFolders = 1000

// namesIn returns the names of the files in a folder: those that were there when the download first looked, and the
// photos that it has written since.
func (d *download) namesIn(dir string) sidecar.Names {
	names, known := d.names[dir]
	if !known {
		if len(d.names) >= maxFolders {
			clear(d.names)
		}
		names = sidecar.NamesIn(filepath.Clean(dir))
		d.names[dir] = names
	}
	return names
}

// updateSidecar changes a sidecar that somebody else wrote or changed. Everything in it that the
// service does not know better keeps its bytes.
func (d *download) updateSidecar(p photo.Photo, path string, old []byte) error {
	content, kept, err := sidecar.Update(old, p, func() ([]string, error) { return d.earlierTexts(p.ID) })
	if err == nil && !bytes.Equal(content, old) {
		err = replaceSidecar(path, old, content)
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

// replaceSidecar replaces a sidecar, unless somebody has changed it after it was read.
func replaceSidecar(path string, old, content []byte) error {
	info, err := os.Lstat(path)
	if err != nil {
		return unreadable(path, err)
	}
	if now, err := readSidecar(path); err != nil || !bytes.Equal(now, old) {
		return errReplaced()
	}
	err = safefile.Replace(path, content, info)
	switch {
	case errors.Is(err, safefile.ErrChanged):
		return errReplaced()
	case err != nil:
		return unreadable(path, err)
	}
	return nil
}

func errReplaced() error {
	return &photo.Error{Kind: photo.KindConflict, Msg: "somebody has just changed it"}
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
		err = safefile.Rename(part, path)
	default:
		err = safefile.MoveNew(part, path)
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
