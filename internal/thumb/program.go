package thumb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"photos/internal/picture"
)

// maxOutput is more bytes than the largest rendition takes.
const maxOutput = 16 << 20

// vips has vipsthumbnail make the largest rendition. It applies the turn and converts
// the colors to sRGB; what it takes for unsafe with foreign files stays off.
func (m *Maker) vips(ctx context.Context, r *io.SectionReader) (decoded, error) {
	side := strconv.Itoa(Sizes()[0])
	return m.run(ctx, r, m.c.VIPS, func(in, out string) []string {
		return []string{in, "--size", side + "x" + side + ">", "--eprofile", "srgb", "-o", out + "[Q=92,strip]"}
	})
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

// frame has ffmpeg take one frame of a video. It takes the frame at one second, since the
// first is often black, and the first frame of a shorter video.
func (m *Maker) frame(ctx context.Context, mediaType string, r *io.SectionReader) (decoded, error) {
	format := demuxer(mediaType)
	if m.c.FFmpeg == "" || format == "" {
		return decoded{}, ErrUnsupported
	}
	side := strconv.Itoa(Sizes()[0])
	var d decoded
	var err error
	for _, second := range []string{"1", "0"} {
		d, err = m.run(ctx, r, m.c.FFmpeg, func(in, out string) []string {
			return []string{
				"-nostdin", "-hide_banner", "-loglevel", "error", "-threads", "1",
				"-protocol_whitelist", "file,pipe", "-f", format, "-ss", second, "-i", "file:" + in,
				"-an", "-sn", "-frames:v", "1", "-map_metadata", "-1",
				"-vf", "scale='min(" + side + ",iw)':'min(" + side + ",ih)':force_original_aspect_ratio=decrease",
				"-q:v", "2", "-y", "file:" + out,
			}
		})
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	return d, err
}

// run has a program turn the file in into the JPEG out, in a folder that is removed
// afterwards, and decodes that.
func (m *Maker) run(ctx context.Context, r *io.SectionReader, program string, args func(in, out string) []string) (d decoded, err error) {
	dir, err := os.MkdirTemp("", "photosd-rendition-*")
	if err != nil {
		return decoded{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out.jpg")
	if err := spool(in, r); err != nil {
		return decoded{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, m.c.Timeout)
	defer cancel()
	if err := m.boxed(ctx, dir, program, args(in, out)); err != nil {
		return decoded{}, err
	}
	f, err := os.Open(out)
	if err != nil {
		return decoded{}, fmt.Errorf("%w: %s wrote nothing", ErrRefused, filepath.Base(program))
	}
	defer f.Close()
	img, err := jpeg.Decode(io.LimitReader(f, maxOutput))
	if err != nil {
		return decoded{}, fmt.Errorf("%w: the output of %s: %w", ErrRefused, filepath.Base(program), err)
	}
	return decoded{image: img}, nil
}

// spool writes r to a file that only this user can read.
func spool(path string, r *io.SectionReader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, io.NewSectionReader(r, 0, r.Size()))
	return errors.Join(err, f.Close())
}

// boxed runs a program with limits on memory, output and time, at low priority and with
// an empty environment. With bubblewrap it has no network, and no files other than the
// system's and those in dir.
func (m *Maker) boxed(ctx context.Context, dir, program string, args []string) error {
	const limits = `ulimit -v "$1"; ulimit -f "$2"; ulimit -c 0; shift 2; exec nice -n 10 "$@"`
	words := []string{"/bin/sh", "-c", limits, "sh", strconv.FormatInt(m.c.Memory>>10, 10), strconv.Itoa(maxOutput >> 9), program}
	if m.c.Bubblewrap != "" {
		box := []string{
			m.c.Bubblewrap, "--unshare-all", "--die-with-parent", "--new-session",
			"--ro-bind", "/usr", "/usr", "--ro-bind-try", "/lib", "/lib", "--ro-bind-try", "/lib64", "/lib64", "--ro-bind-try", "/bin", "/bin",
			"--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives", "--proc", "/proc", "--dev", "/dev", "--bind", dir, dir, "--chdir", dir,
		}
		words = append(box, words...)
	}
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], args...)...)
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
