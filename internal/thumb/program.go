package thumb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"photos/internal/picture"
	"photos/internal/picture/metadata"
)

// maxOutput is more bytes than the largest rendition takes.
const maxOutput = 16 << 20

// vips has vipsthumbnail make the largest rendition. It applies the turn, and converts the
// colors to sRGB if there is a profile. What it takes for unsafe with foreign files stays off.
func (m *Maker) vips(ctx context.Context, r *io.SectionReader, look metadata.Inside) (decoded, error) {
	side := strconv.Itoa(Sizes()[0])
	args := []string{"--size", side + "x" + side + ">"}
	if len(look.Colors.Profile) > 0 {
		look.Colors = metadata.Colors{}
		args = append(args, "--eprofile", "srgb") // without a profile this would change the colors
	}
	img, err := m.run(ctx, r, m.c.VIPS, "out.jpg", func(in, out string) []string {
		return append([]string{in}, append(args, "-o", out+"[Q=92,strip]")...)
	})
	return decoded{image: img, colors: look.Colors}, err
}

// demuxer returns ffmpeg's name for a container, "" for one that it may not open. A
// playlist that calls itself a video is not opened as a playlist.
func demuxer(mediaType string) string {
	switch mediaType {
	case picture.MP4, picture.M4V, picture.QuickTime, picture.ThreeGP, picture.ThreeGP2:
		return "mov"
	case picture.Matroska, picture.WebM:
		return "matroska"
	case picture.AVI:
		return "avi"
	case picture.MPEG:
		return "mpeg"
	case picture.MPEGTS:
		return "mpegts"
	case picture.WMV:
		return "asf"
	case picture.FLV:
		return "flv"
	case picture.Ogg:
		return "ogg"
	case picture.MXF:
		return "mxf"
	}
	return ""
}

// stillDemuxer returns ffmpeg's name for a format of pictures that only ffmpeg decodes here, ""
// for any other.
func stillDemuxer(mediaType string) string {
	switch mediaType {
	case picture.JXL:
		return "jpegxl_pipe"
	case picture.JP2:
		return "j2k_pipe"
	case picture.PSD:
		return "psd_pipe"
	}
	return ""
}

// still has ffmpeg decode a picture.
func (m *Maker) still(ctx context.Context, mediaType string, r *io.SectionReader, look metadata.Inside) (decoded, error) {
	img, err := m.ffmpeg(ctx, r, stillDemuxer(mediaType), "0")
	if mediaType == picture.JXL {
		look.Colors = metadata.Colors{}
	}
	return decoded{image: img, colors: look.Colors}, err
}

// frame has ffmpeg take one frame of a video. It takes the frame at one second, since the
// first is often black, and the first frame of a shorter video.
func (m *Maker) frame(ctx context.Context, mediaType string, r *io.SectionReader, look metadata.Inside) (decoded, error) {
	format := demuxer(mediaType)
	if m.c.FFmpeg == "" || format == "" {
		return decoded{}, ErrUnsupported
	}
	img, err := m.ffmpeg(ctx, r, format, "1")
	if err != nil && ctx.Err() == nil {
		img, err = m.ffmpeg(ctx, r, format, "0")
	}
	return decoded{image: img, colors: look.Colors}, err
}

// ffmpeg decodes the frame at this second. The output is a PNG: ffmpeg would write a JPEG with
// the numbers of the video, which have another meaning there.
func (m *Maker) ffmpeg(ctx context.Context, r *io.SectionReader, format, second string) (*image.RGBA, error) {
	side := strconv.Itoa(Sizes()[0])
	return m.run(ctx, r, m.c.FFmpeg, "out.png", func(in, out string) []string {
		return []string{
			"-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1",
			"-protocol_whitelist", "file,pipe", "-f", format, "-ss", second, "-i", "file:" + in,
			"-an", "-sn", "-frames:v", "1", "-map_metadata", "-1",
			"-vf", "scale='max(1,trunc(iw*sar))':ih,setsar=1,scale='min(" + side + ",iw)':'min(" + side + ",ih)':force_original_aspect_ratio=decrease",
			"-pix_fmt", "rgba", "-f", "image2", "-update", "1", "-y", "file:" + out,
		}
	})
}

// workPrefix begins the names of the folders in which programs work.
const workPrefix = "photosd-rendition-"

// removeLeftovers removes the folders in dir that a killed process left behind: those that are much older than
// a program may run. It leaves alone what it may not remove.
func removeLeftovers(dir string) {
	const old = time.Hour
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.IsDir() && strings.HasPrefix(e.Name(), workPrefix) && time.Since(info.ModTime()) > old {
			_ = os.RemoveAll(filepath.Join(dir, e.Name())) // it does not follow links
		}
	}
}

// run has a program turn the file in into the picture out, in a folder that is removed
// afterwards, and decodes that.
func (m *Maker) run(ctx context.Context, r *io.SectionReader, program, out string, args func(in, out string) []string) (img *image.RGBA, err error) {
	dir, err := os.MkdirTemp("", workPrefix+"*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	in, err := m.input(dir, r)
	if err != nil {
		return nil, err
	}
	defer in.close()
	out = filepath.Join(dir, out)
	ctx, cancel := context.WithTimeout(ctx, m.c.Timeout)
	defer cancel()
	if err := m.boxed(ctx, dir, in.file, program, args(in.path, out)); err != nil {
		return nil, err
	}
	f, err := os.Open(out)
	if err != nil {
		return nil, fmt.Errorf("%w: %s wrote nothing", ErrRefused, filepath.Base(program))
	}
	defer f.Close()
	made, _, err := image.Decode(io.LimitReader(f, maxOutput))
	if err != nil {
		return nil, fmt.Errorf("%w: the output of %s: %w", ErrRefused, filepath.Base(program), err)
	}
	return shrink(made, Sizes()[0]), nil
}

// An input is the file that a program reads.
type input struct {
	path string
	file *os.File // that the program gets as its descriptor 3; nil if it opens the path
}

func (i input) close() {
	if i.file != nil {
		_ = i.file.Close() // it was only read
	}
}

// input gives a program the bytes of r: the open file itself if r is one, otherwise a copy in
// dir.
func (m *Maker) input(dir string, r *io.SectionReader) (input, error) {
	if f := openFile(r); f != nil {
		return input{path: descriptor, file: f}, nil
	}
	path := filepath.Join(dir, "in")
	return input{path: path}, spool(path, r)
}

// What spool copies of a large file.
const (
	spoolStart = 64 << 20
	spoolEnd   = 32 << 20
	spoolRead  = 4 << 20 // at a time: in a bucket, each read is a request
)

// spool writes r to a file that only this user can read. Of a large file it writes only the
// start and the end, and leaves a hole between them: a video has its first frames at the start,
// and its index at the start or at the end.
func spool(path string, r *io.SectionReader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	start, end := r.Size(), r.Size()
	if r.Size() > spoolStart+spoolEnd {
		start, end = spoolStart, r.Size()-spoolEnd
	}
	buffer := make([]byte, min(max(r.Size(), 1), spoolRead))
	_, err = io.CopyBuffer(writerOnly{f}, io.NewSectionReader(r, 0, start), buffer)
	if err == nil && start < end {
		_, err = io.CopyBuffer(writerOnly{io.NewOffsetWriter(f, end)}, io.NewSectionReader(r, end, r.Size()-end), buffer)
	}
	return errors.Join(err, f.Close())
}

// writerOnly hides ReadFrom, which would read with a buffer of its own.
type writerOnly struct{ io.Writer }

// boxed runs a program with limits on memory, output and time, at low priority and with
// an empty environment. In a box it has no network, and no files other than the system's and
// those in dir.
func (m *Maker) boxed(ctx context.Context, dir string, in *os.File, program string, args []string) error {
	const limits = `ulimit -v "$1"; ulimit -f "$2"; ulimit -c 0; shift 2; exec nice -n 10 "$@"`
	words := []string{"/bin/sh", "-c", limits, "sh", strconv.FormatInt(m.c.Memory>>10, 10), strconv.Itoa(maxOutput >> 9), program}
	if m.box != nil {
		words = slices.Concat(m.box, []string{"--bind", dir, dir, "--chdir", dir}, words)
	}
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], args...)...)
	if in != nil {
		cmd.ExtraFiles = []*os.File{in}
	}
	killGroup(cmd)
	cmd.WaitDelay = waitDelay
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir, "TMPDIR=" + dir, "VIPS_BLOCK_UNTRUSTED=1", "VIPS_CONCURRENCY=1", "LC_ALL=C.UTF-8"}
	var said tail
	cmd.Stderr = &said
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled): // the caller has given up
		return ctx.Err()
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %s took longer than %s", ErrRefused, filepath.Base(program), m.c.Timeout)
	}
	return fmt.Errorf("%w: %s: %w: %s", ErrRefused, filepath.Base(program), err, said.line())
}

// waitDelay is how long a program that was killed may keep its standard error open.
const waitDelay = 5 * time.Second

// A tail keeps the first bytes that a program says.
type tail struct{ bytes.Buffer }

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	const maxSaid = 1024
	t.Buffer.Write(p[:min(len(p), max(maxSaid-t.Len(), 0))])
	return len(p), nil
}

func (t *tail) line() string {
	return strings.Join(strings.Fields(t.String()), " ")
}
