package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/safefile"
	"photos/internal/sidecar"
)

// Source is what a download needs of the photo service. *client.Client implements it.
type Source interface {
	Content(ctx context.Context, id photo.ID, offset int64) (*client.Content, error)
	Rendition(ctx context.Context, id photo.ID, size int) ([]byte, error)
}

// OutcomeDownloaded is the outcome of a download that brought the bytes.
const OutcomeDownloaded photo.Outcome = "downloaded"

// DownloadOptions say how a download runs.
type DownloadOptions struct {
	Jobs     int      // photos at a time; 0: DefaultDownloadJobs
	DryRun   bool     // write nothing; records say what would happen
	Progress Progress // nil: none

	// Name is the file name of the only photo. If it is empty, each photo has its own name.
	Name string

	// Layout says in which folder below the download's each photo goes, and under which
	// name. If it is nil, there are no folders, and each photo has its own name.
	Layout *PathLayout

	// Size asks for small JPEGs (renditions) whose longer side has at most this many pixels. If
	// it is 0, the photos themselves are downloaded.
	Size int

	// Mirror is the folder as a mirror: what an earlier run wrote is moved there where that is
	// enough. If it is nil, the folder is not a mirror.
	Mirror *Mirror

	// Sidecar makes the sidecar of each photo. If it is nil, there are none.
	Sidecar sidecar.Writer

	// UpdateSidecars also updates XMP sidecars that somebody else wrote or changed, without
	// touching anything else in them.
	UpdateSidecars bool
}

// DefaultDownloadJobs is enough to hide the time between a request and its answer.
const DefaultDownloadJobs = 8

// Wanted is a photo to download, or the error of finding it. An error without a name ends the
// list.
type Wanted struct {
	Photo photo.Photo
	Name  string // as the user named it
	Index int    // the caller's number for the photo, which comes back in its record
	Err   error
}

// Download writes photos to files in dir and calls each with one record per photo, from one
// goroutine. A photo is verified before its file gets its name. An existing file is never
// replaced. The error says what ended the run early. Failures of single photos are only in
// their records.
func Download(ctx context.Context, src Source, dir string, photos iter.Seq[Wanted], o DownloadOptions, each func(Record)) (Summary, error) {
	if o.DryRun {
		o.Sidecar = nil
	} else if err := os.MkdirAll(dir, 0o777); err != nil {
		return Summary{}, fmt.Errorf("%s: %w", dir, unreadable(dir, err))
	}
	if o.Progress == nil {
		o.Progress = noProgress{}
	}
	if o.Jobs <= 0 {
		o.Jobs = DefaultDownloadJobs
	}
	d := &download{DownloadOptions: o, src: src, dir: dir, taken: map[string]photo.ID{}, names: map[string]sidecar.Names{}, busy: newPhotoLocks(), done: make(chan Record)}
	d.ctx, d.stop = context.WithCancelCause(ctx)
	defer d.stop(nil)
	queue := make(chan Wanted)
	all := workers(o.Jobs, func() { d.fetchAll(queue) })
	all.Go(func() { d.queueAll(photos, queue) })
	go func() { all.Wait(); close(d.done) }()
	var sum Summary
	for rec := range d.done {
		sum.Add(rec)
		o.Progress.Done(rec)
		each(rec)
	}
	if err := context.Cause(d.ctx); err != nil {
		return sum, stopError(err)
	}
	return sum, nil
}

type download struct {
	DownloadOptions
	src  Source
	dir  string
	ctx  context.Context // one run's own, ended by the failure that ends the run
	stop context.CancelCauseFunc
	done chan Record

	mu    sync.Mutex
	taken map[string]photo.ID // paths of this run, in lower case
	busy  *photoLocks

	namesMu sync.Mutex
	names   map[string]sidecar.Names // the files in some folders, by folder
}

func (d *download) queueAll(photos iter.Seq[Wanted], queue chan<- Wanted) {
	defer close(queue)
	for w := range photos {
		switch {
		case w.Err == nil:
			d.Mirror.list(w.Photo.ID)
			d.Progress.Found(w.Photo.Name, d.bytesOf(w.Photo))
			select {
			case queue <- w:
				continue
			case <-d.ctx.Done():
			}
			if w.Name != "" {
				return // the caller reports the named photos that were not begun
			}
			d.done <- Record{Item: Item{Path: w.Photo.Name, Index: w.Index}, ID: w.Photo.ID, Bytes: d.bytesOf(w.Photo), Outcome: photo.OutcomePending}
			if photo.KindOf(context.Cause(d.ctx)) != photo.KindStorageFull {
				return // a service that is not available lists no more photos
			}
		case photo.EndsRun(w.Err), w.Name == "":
			d.stop(w.Err)
			return
		default:
			d.done <- Record{Item: Item{Path: w.Name, Index: w.Index}, Outcome: photo.OutcomeFailed, Err: w.Err}
		}
	}
}

func (d *download) fetchAll(queue <-chan Wanted) {
	for w := range queue {
		p, start := w.Photo, time.Now()
		rec := Record{Item: Item{Index: w.Index}, ID: p.ID, Bytes: d.bytesOf(p)}
		d.fetch(p, &rec)
		if rec.Err == nil {
			if rec.SidecarErr = d.renewSidecar(p, rec.Path); photo.EndsRun(rec.SidecarErr) {
				d.stop(rec.SidecarErr)
			}
		}
		rec.Seconds = time.Since(start).Seconds()
		if rec.Err != nil {
			rec.Outcome = photo.OutcomeFailed
			if photo.EndsRun(rec.Err) {
				rec.Outcome = photo.OutcomePending
				d.stop(rec.Err)
				rec.Err = nil
			}
		}
		d.done <- rec
	}
}

// bytesOf returns how many bytes the download of a photo brings, or 0 if that is not known.
func (d *download) bytesOf(p photo.Photo) int64 {
	if d.Size != 0 {
		return 0
	}
	return p.Size
}

// fetch downloads one photo, or its rendition, and completes its record.
func (d *download) fetch(p photo.Photo, rec *Record) {
	defer d.busy.lock(p.ID)()
	if d.Size == 0 {
		whole := content{p.ID, p.Size}
		rec.Path, rec.Outcome, rec.Err = d.bring(p, whole, func(path string) error { return d.downloadTo(p, path, &rec.Attempts) })
		return
	}
	rec.Path, rec.Outcome = p.Name, photo.OutcomeFailed
	rec.Attempts++
	picture, err := d.src.Rendition(d.ctx, p.ID, d.Size)
	if rec.Err = err; err != nil {
		return
	}
	p.Name = jpegName(p.Name)
	rec.Bytes = int64(len(picture))
	rec.Path, rec.Outcome, rec.Err = d.bring(p, content{sha256.Sum256(picture), rec.Bytes}, func(path string) error {
		part := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%s-%d.photos-part", p.ID, d.Size))
		return writeFile(part, path, picture, fileTime(p), false)
	})
}

// jpegName returns the name of a photo's rendition, which is a JPEG.
func jpegName(name string) string {
	ext := filepath.Ext(name)
	if lower := strings.ToLower(ext); lower == ".jpg" || lower == ".jpeg" {
		return name
	}
	return strings.TrimSuffix(name, ext) + ".jpg"
}

// content is the digest and the length of the bytes that a file is to have.
type content struct {
	digest photo.ID
	size   int64
}

// bring chooses a free path for a photo and calls write with it, unless a file has its bytes
// already.
func (d *download) bring(p photo.Photo, c content, write func(path string) error) (string, photo.Outcome, error) {
	for range 3 {
		path, there, err := d.choosePath(p, c)
		if err != nil {
			return path, photo.OutcomeFailed, err
		}
		if there {
			o, err := d.Mirror.keep(path, p.ID)
			return path, o, err
		}
		if !d.DryRun {
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				return path, photo.OutcomeFailed, unreadable(path, err)
			}
		}
		o, err := d.put(p, path, write)
		switch {
		case err == nil:
			d.Mirror.found(path, p.ID)
			return path, o, nil
		case !errors.Is(err, fs.ErrExist):
			return path, photo.OutcomeFailed, err
		}
	}
	return p.Name, photo.OutcomeFailed, &photo.Error{Kind: photo.KindUnreadable, Msg: "all possible names are in use"}
}

// put moves the file that a mirror has of the photo to path or, if there is none, calls write.
func (d *download) put(p photo.Photo, path string, write func(path string) error) (photo.Outcome, error) {
	if moved, err := d.Mirror.move(d.ctx, p, path); moved || err != nil {
		return OutcomeMoved, err
	}
	if d.DryRun {
		return OutcomeDownloaded, nil
	}
	return OutcomeDownloaded, write(path)
}

// downloadTo downloads into a part file next to path and renames that to path if the digest
// is right. After an interruption the next run continues the part file.
func (d *download) downloadTo(p photo.Photo, path string, requests *int) error {
	part := filepath.Join(filepath.Dir(path), "."+p.ID.String()+".photos-part")
	f, err := openPart(part)
	if err != nil {
		return unreadable(path, err)
	}
	defer f.Close()
	d.Progress.Sending(path, p.Size)
	err = d.complete(f, p, progressOf{d.Progress, path}, requests)
	if err == nil {
		if err = errors.Join(f.Sync(), f.Close()); err != nil {
			err = unreadable(part, err)
		}
	}
	if err != nil {
		if full := photo.KindStorageFull; photo.KindOf(err) == photo.KindDigestMismatch || photo.KindOf(err) == full || photo.KindOf(context.Cause(d.ctx)) == full {
			_ = f.Close()       // Windows does not remove an open file
			_ = os.Remove(part) // the bytes are wrong, or the disk has no room for them
		}
		return err
	}
	if t := fileTime(p); !t.IsZero() {
		_ = os.Chtimes(part, time.Time{}, t) // optional: so folders can be sorted by the date of the photos
	}
	if err := d.Mirror.claim(path, p.ID); err != nil {
		return err
	}
	return safefile.MoveNew(part, path)
}

// fileTime returns the time of modification for the file of a photo. It is that of the file
// that was uploaded or, if that is not known, when the photo was taken. A clock without an
// offset is read in this machine's time zone, which is most likely that of the camera.
func fileTime(p photo.Photo) time.Time {
	if !p.ModifiedAt.IsZero() || p.TakenAt.IsZero() {
		return p.ModifiedAt
	}
	t := p.TakenAt.Time()
	if _, known := p.TakenAt.Offset(); known {
		return t
	}
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.Local)
}

// openPart opens the part file of an earlier run, or a new one. It replaces a file that
// somebody else may have made, such as a link or another user's file.
func openPart(path string) (*os.File, error) {
	before, err := os.Lstat(path)
	if err == nil && !ownFile(before) {
		err = os.Remove(path)
		before = nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if before == nil {
		return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	}
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0) // it might be a pipe by now
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !os.SameFile(before, info) || !ownFile(info) {
		return nil, errors.Join(&fs.PathError{Op: "open", Path: path, Err: errors.New("it was replaced meanwhile")}, err, f.Close())
	}
	return f, nil
}

// complete writes the photo's bytes to f and verifies them. It keeps the bytes of an earlier
// run. After a connection was cut, it continues at the same place.
func (d *download) complete(f *os.File, p photo.Photo, moved progressOf, requests *int) error {
	h := sha256.New()
	have, err := hashRest(d.ctx, h, io.LimitReader(f, p.Size))
	if err != nil {
		return err
	}
	moved.Moved(moved.path, have)
	for have < p.Size {
		*requests++
		n, err := d.appendContent(f, h, p, have, moved)
		if err != nil && (n <= have || photo.KindOf(err) != photo.KindUnavailable) {
			return err
		}
		have = n
	}
	if err := f.Truncate(p.Size); err != nil {
		return unreadable(f.Name(), err)
	}
	if sum(h) != p.ID {
		return &photo.Error{Kind: photo.KindDigestMismatch, Msg: "the bytes that arrived are not the photo's", Hint: "download it again; if that fails too, the service's copy is damaged"}
	}
	return nil
}

// appendContent appends the bytes of one request and returns how many there are then.
func (d *download) appendContent(f *os.File, h hash.Hash, p photo.Photo, have int64, moved progressOf) (int64, error) {
	body, err := d.src.Content(d.ctx, p.ID, have)
	if err != nil {
		return have, err
	}
	defer body.Close()
	if body.Offset != have { // the service ignores ranges and begins at the start
		moved.Moved(moved.path, body.Offset-have)
		have = body.Offset
		h.Reset()
	}
	if _, err := f.Seek(have, io.SeekStart); err != nil {
		return have, unreadable(f.Name(), err)
	}
	buf, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	n, err := io.CopyBuffer(onlyWriter{io.MultiWriter(f, h, moved)}, io.LimitReader(body, p.Size-have), *buf)
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = unreadable(f.Name(), err)
	}
	return have + n, cutShort(err, have+n, p.Size)
}

// cutShort returns an error for an answer that ended early without one.
func cutShort(err error, have, want int64) error {
	if err == nil && have < want {
		return &photo.Error{Kind: photo.KindUnavailable, Msg: fmt.Sprintf("the answer ended after %d of %d bytes", have, want)}
	}
	return err
}

// progressOf reports the bytes of one file.
type progressOf struct {
	Progress
	path string
}

// Write implements io.Writer.
func (p progressOf) Write(b []byte) (int, error) {
	p.Moved(p.path, int64(len(b)))
	return len(b), nil
}

// onlyWriter hides ReaderFrom, so that CopyBuffer uses the buffer it is given.
type onlyWriter struct{ io.Writer }

// StreamRendition writes a rendition of one photo to w.
func StreamRendition(ctx context.Context, src Source, id photo.ID, size int, w io.Writer) error {
	picture, err := src.Rendition(ctx, id, size)
	if err == nil {
		_, err = w.Write(picture)
	}
	return err
}

// Stream writes one photo's bytes to w and verifies them. It knows the digest only at the end,
// so after a failure w has received wrong or incomplete bytes.
func Stream(ctx context.Context, src Source, p photo.Photo, w io.Writer) error {
	h := sha256.New()
	for have := int64(0); have < p.Size; {
		body, err := src.Content(ctx, p.ID, have)
		if err != nil {
			return err
		}
		if body.Offset != have {
			body.Close()
			return &photo.Error{Kind: photo.KindUnavailable, Msg: "the connection was cut, and the service cannot send the rest alone"}
		}
		n, err := io.Copy(io.MultiWriter(w, h), io.LimitReader(body, p.Size-have))
		body.Close()
		have += n
		if err = cutShort(err, have, p.Size); err != nil && (n == 0 || photo.KindOf(err) != photo.KindUnavailable) {
			return err
		}
	}
	if sum(h) != p.ID {
		return &photo.Error{Kind: photo.KindDigestMismatch, Msg: "the bytes that arrived are not the photo's"}
	}
	return nil
}
