package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"photos/internal/store/sqldb"
	"photos/internal/testkit/sample"
)

// list is how long a command takes with a session that has a valid token, against a bare program that
// sends the same request, and how fast a list of a million photos is.
func (b *bench) list(ctx context.Context) error {
	return errors.Join(b.shortList(ctx), b.longList(ctx))
}

// shortList lists 100 photos.
func (b *bench) shortList(ctx context.Context) error {
	const photos, times = 100, 10 // times in one figure: a single call is too short to time
	s, err := b.site(ctx, false)
	if err != nil {
		return err
	}
	defer s.stop()
	dir := filepath.Join(s.home, "small")
	if err := sample.Write(dir, photos, 2048, 1); err != nil {
		return err
	}
	if _, err := timed(s.photos(ctx, "upload", "--quiet", dir)); err != nil {
		return err
	}
	token, err := s.photos(ctx, "token").Output()
	if err != nil {
		return err
	}
	many := func(command func() *exec.Cmd) func() (figure, error) {
		return func() (figure, error) {
			var sum figure
			for range times {
				f, err := timed(command())
				if err != nil {
					return sum, err
				}
				sum.seconds, sum.mib = sum.seconds+f.seconds/times, max(sum.mib, f.mib)
			}
			return sum, nil
		}
	}
	p, err := b.pairs(many(func() *exec.Cmd { return s.photos(ctx, "list") }), many(func() *exec.Cmd {
		cmd := exec.CommandContext(ctx, filepath.Join(b.bin, "barelist"), s.addr+"/v1/photos?by=uploaded&limit=1000")
		cmd.Env = append(os.Environ(), "TOKEN="+strings.TrimSpace(string(token)))
		return cmd
	}))
	if err == nil {
		p.report("photos list, 100 photos", "bare request")
	}
	return err
}

// longList lists a million photos of one owner, from a service of its own.
func (b *bench) longList(ctx context.Context) error {
	dir, err := b.folder()
	if err != nil {
		return err
	}
	n := int(millionPhotos * b.scale)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	// In a process of its own: Linux counts the memory of this one as that of its children.
	if _, err := timed(exec.CommandContext(ctx, self, "fill-library", dir, strconv.Itoa(n))); err != nil {
		return err
	}
	s, err := serve(exec.CommandContext(ctx, self, "discard-serve", dir))
	if err != nil {
		return err
	}
	for _, form := range []string{"tsv", "jsonl"} {
		var rates, first, busy, mib []float64
		for i := range b.runs + 1 {
			l, err := b.timeLongList(ctx, dir, s.addr, form, n)
			if err != nil {
				_, stopErr := s.stop()
				return errors.Join(err, stopErr)
			}
			if i > 0 {
				rates, first, busy, mib = append(rates, float64(n)/l.seconds/1000), append(first, l.first*1000), append(busy, l.busy*1e6/float64(n)), append(mib, l.mib)
			}
		}
		fmt.Printf("%-28s %s thousand lines/s   first line after %s ms   processor time of the client %s µs per line   client %.0f MiB\n",
			fmt.Sprintf("list of %d, %s", n, form), spreadOf(rates), spreadOf(first), spreadOf(busy), spreadOf(mib).most)
	}
	serviceMiB, err := s.stop()
	busy := s.cmd.ProcessState.UserTime() + s.cmd.ProcessState.SystemTime()
	fmt.Printf("%-28s service: %.1f µs of processor time per line   %.0f MiB\n", "", busy.Seconds()*1e6/float64(2*(b.runs+1)*n), serviceMiB)
	return err
}

// fillLibrary makes a database with photos of one owner in dir.
func fillLibrary(ctx context.Context, dir, number string) error {
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(dir, "photos.db"))
	if err != nil {
		return err
	}
	owner, err := db.Owner(ctx, "bench", "ada")
	if err == nil {
		err = fillMillion(ctx, db, owner, n)
	}
	return errors.Join(err, db.Close())
}

// longListed is what a list took.
type longListed struct {
	figure
	first float64 // seconds until the first line
	busy  float64 // seconds of processor time
}

// timeLongList runs photos list to its end and counts the lines.
func (b *bench) timeLongList(ctx context.Context, home, address, form string, want int) (l longListed, err error) {
	cmd := exec.CommandContext(ctx, filepath.Join(b.bin, "photos"), "list", "--format", form)
	cmd.Env = append(os.Environ(), "PHOTOS_CONFIG_DIR="+filepath.Join(home, "config"), "PHOTOS_SERVER=http://"+address, "PHOTOS_TOKEN=bench", "PHOTOS_TOKEN_FILE=", "PHOTOS_PROFILE=")
	var talk strings.Builder
	cmd.Stderr = &talk
	out, err := cmd.StdoutPipe()
	if err != nil {
		return l, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return l, err
	}
	lines, readErr := 0, error(nil)
	for r := bufio.NewReaderSize(out, 1<<16); readErr == nil; {
		var piece []byte
		if piece, readErr = r.ReadSlice('\n'); len(piece) > 0 && piece[len(piece)-1] == '\n' {
			if lines++; lines == 1 {
				l.first = time.Since(began).Seconds()
			}
		}
		if errors.Is(readErr, bufio.ErrBufferFull) {
			readErr = nil
		}
	}
	err = cmd.Wait()
	l.seconds, l.mib = time.Since(began).Seconds(), resident(cmd.ProcessState)
	l.busy = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	switch {
	case err != nil:
		return l, fmt.Errorf("photos list: %w\n%s", err, talk.String())
	case !errors.Is(readErr, io.EOF):
		return l, readErr
	case lines != want:
		return l, fmt.Errorf("%d lines, want %d", lines, want)
	}
	return l, nil
}
