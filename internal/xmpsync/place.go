package xmpsync

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"photos/internal/photo"
	"photos/internal/safefile"
)

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
// another one by now, it stays. A link stays a link.
func writeFile(path string, data []byte, before fs.FileInfo) (err error) {
	if before == nil {
		err = safefile.Create(path, data)
	} else if path, err = filepath.EvalSymlinks(path); err == nil {
		err = safefile.Replace(path, data, before)
	}
	if errors.Is(err, safefile.ErrChanged) || errors.Is(err, fs.ErrExist) {
		return &photo.Error{Kind: photo.KindChanged, Msg: "the sidecar was changed in the meantime", Hint: "run the command again"}
	}
	return err
}
