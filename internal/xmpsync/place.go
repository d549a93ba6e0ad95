package xmpsync

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"photos/internal/photo"
)

// sidecarOf returns the name of a photo's sidecar among the names of its folder, or the name that a new one gets.
//
// Programs name sidecars in two ways: darktable and digiKam append .xmp (IMG.JPG.xmp), Adobe's programs
// replace the extension (IMG.xmp). One rule decides: the long name wins; the short name belongs to the
// photo of that name if there is only one, or only one raw photo, or else only one that is not a video; a new
// sidecar gets the long name. about returns the extension that a sidecar says it is about, or "".
func sidecarOf(name string, names []string, about func(sidecar string) string) string {
	if found := find(names, name+".xmp"); found != "" {
		return found
	}
	ext := filepath.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	short := find(names, stem+".xmp")
	if ext == "" || short == "" {
		return name + ".xmp"
	}
	if kind := about(short); kind != "" {
		if strings.EqualFold("."+strings.TrimPrefix(kind, "."), ext) {
			return short
		}
		return name + ".xmp"
	}
	if ownerOf(stem, names) == name {
		return short
	}
	return name + ".xmp"
}

// find returns the name as it is among names: exactly, or in another case.
func find(names []string, wanted string) string {
	if slices.Contains(names, wanted) {
		return wanted
	}
	if i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, wanted) }); i >= 0 {
		return names[i]
	}
	return ""
}

// ownerOf returns the photo that a sidecar without an extension belongs to, or "" if that is doubtful.
func ownerOf(stem string, names []string) string {
	best, owner := 0, ""
	for _, n := range names {
		ext := filepath.Ext(n)
		if !strings.EqualFold(strings.TrimSuffix(n, ext), stem) {
			continue
		}
		switch rank := rankOf(ext); {
		case rank == 0:
		case rank > best:
			best, owner = rank, n
		case rank == best:
			owner = ""
		}
	}
	return owner
}

// rankOf orders the kinds of files that a sidecar can be about. It is 0 for other files.
func rankOf(ext string) int {
	switch strings.ToLower(ext) {
	case ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".iiq", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf",
		".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f":
		return 3
	case ".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".webm", ".wmv":
		return 1
	case ".avif", ".bmp", ".gif", ".heic", ".heif", ".jp2", ".jpeg", ".jpg", ".jxl", ".png", ".psd", ".tif", ".tiff", ".webp":
		return 2
	}
	return 0
}

// maxSidecar is the size of the largest sidecar that is read, in bytes.
const maxSidecar = 1 << 20

// readFile reads a sidecar. info identifies what was read; it is nil if there is no file.
func readFile(path string) (data []byte, info fs.FileInfo, err error) {
	info, err = os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	data, err = io.ReadAll(io.LimitReader(f, maxSidecar+1))
	if err == nil && len(data) > maxSidecar {
		err = fmt.Errorf("more than %d MiB for a sidecar", maxSidecar>>20)
	}
	return data, info, err
}

// writeFile replaces the sidecar at path in one step, or makes it. before is what readFile returned: if the file is
// another one by now, it stays. The new file has the mode and the owner of the old one.
func writeFile(path string, data []byte, before fs.FileInfo) (err error) {
	if before != nil {
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	part, err := openPart(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".photos-part"))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part.Name()) // it has nothing that is not elsewhere
		}
	}()
	if err = fill(part, data, before); err != nil {
		return err
	}
	if before == nil {
		return moveNew(part.Name(), path)
	}
	if err = checkUnchanged(path, before); err != nil {
		return err
	}
	return os.Rename(part.Name(), path)
}

// fill writes a temporary file to the disk and closes it.
func fill(part *os.File, data []byte, before fs.FileInfo) error {
	_, err := part.Write(data)
	if err == nil {
		err = keepOwner(part, before)
	}
	return errors.Join(err, part.Sync(), part.Close())
}

// checkUnchanged refuses a file that is another one than before.
func checkUnchanged(path string, before fs.FileInfo) error {
	after, err := os.Stat(path)
	if err == nil && (!os.SameFile(before, after) || after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime())) {
		return errChanged()
	}
	return err
}

// openPart makes a temporary file with the usual mode. It removes one that an earlier run has left.
func openPart(path string) (*os.File, error) {
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	f, err := os.OpenFile(path, flags, 0o666)
	if !errors.Is(err, fs.ErrExist) {
		return f, err
	}
	if err := os.Remove(path); err != nil {
		return nil, err
	}
	return os.OpenFile(path, flags, 0o666)
}

// moveNew renames a file to a name that no file has.
func moveNew(part, path string) error {
	err := os.Link(part, path)
	switch {
	case err == nil:
		return os.Remove(part)
	case errors.Is(err, fs.ErrExist):
		return errChanged()
	}
	if _, err := os.Lstat(path); err == nil { // a file system without hard links
		return errChanged()
	}
	return os.Rename(part, path)
}

func errChanged() error {
	return &photo.Error{Kind: photo.KindChanged, Msg: "the sidecar was changed in the meantime", Hint: "run the command again"}
}

// keepOwner gives a file the mode and the owner of an earlier one, if there is one.
func keepOwner(f *os.File, before fs.FileInfo) error {
	if before == nil {
		return nil
	}
	if err := chown(f, before); err != nil {
		return fmt.Errorf("keep the owner of the sidecar: %w", err)
	}
	return f.Chmod(before.Mode().Perm())
}
