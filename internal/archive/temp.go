package archive

import (
	"errors"
	"io/fs"
	"os"
	"sync"

	"photos/internal/photo"
)

// tempFile makes a private temporary file. Where the system allows it, the file has no name from
// then on, so that nothing is left when the program is killed.
func tempFile() (*os.File, error) {
	f, err := os.CreateTemp("", "photos-archive-*") // 0600
	if err != nil {
		return nil, &photo.Error{Kind: photo.KindUnreadable, Msg: "make a temporary file", Err: err}
	}
	_ = os.Remove(f.Name()) // Windows removes it in removeTemp
	return f, nil
}

func removeTemp(f *os.File) error {
	err := f.Close()
	if rm := os.Remove(f.Name()); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	return err
}

// Limits of the photos of a tgz that wait to be sent.
const (
	maxWaiting      = 128     // each has an open file
	maxWaitingBytes = 1 << 30 // unless one photo alone is larger
)

// A waitingRoom limits the photos of a tgz that are copied but not sent yet.
type waitingRoom struct {
	mu    sync.Mutex
	free  sync.Cond
	files int
	bytes int64
}

// enter waits until there is space for a photo of this size.
func (w *waitingRoom) enter(size int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.files > 0 && (w.files >= maxWaiting || w.bytes+size > maxWaitingBytes) {
		w.free.Wait()
	}
	w.files++
	w.bytes += size
}

// leave gives the space back.
func (w *waitingRoom) leave(size int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files--
	w.bytes -= size
	w.free.Broadcast()
}
