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
	"slices"
	"strings"
	"syscall"
	"time"

	"photos/internal/testkit/sample"
)

const floorConns = 16

// corpora are what is uploaded.
var corpora = []corpus{
	{"A", 200, 4 << 20, false},
	{"B", 5000, 60 << 10, false},
	{"C", 4, 512 << 20, true},
}

type corpus struct {
	name  string
	files int
	bytes int64
	video bool
}

// bench is one run of this program.
type bench struct {
	dir, bin string
	runs     int
	scale    float64
	fresh    int // folders handed out
}

func prepare(ctx context.Context, runs int, scale float64) (*bench, error) {
	dir, err := os.MkdirTemp("", "photos-bench-*")
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, bin: filepath.Join(dir, "bin"), runs: runs, scale: scale}
	built := filepath.Join(dir, "built")
	build := exec.CommandContext(ctx, "go", "build", "-o", built+string(filepath.Separator),
		"./cmd/photos", "./cmd/photosd", "./bench/hello", "./bench/barelist", "./bench/keyring", "./internal/testkit/person/xdg-open", "./internal/userpool/poolserver")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		b.close()
		return nil, fmt.Errorf("go build: %w", err)
	}
	// Users start a program that was copied or unpacked. The file that the linker wrote starts a tenth
	// slower: it is in memory in small pieces, until it is read from the disk again.
	if err := os.CopyFS(b.bin, os.DirFS(built)); err != nil {
		b.close()
		return nil, fmt.Errorf("copy the programs: %w", err)
	}
	return b, nil
}

func (b *bench) close() {
	if err := os.RemoveAll(b.dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}

// folder is a new one: file systems are slower where many files were just deleted.
func (b *bench) folder() (string, error) {
	b.fresh++
	dir := filepath.Join(b.dir, fmt.Sprint("run", b.fresh))
	return dir, os.Mkdir(dir, 0o700)
}

// files makes a corpus once and returns its folder.
func (b *bench) files(c corpus) (dir string, n int, err error) {
	dir = filepath.Join(b.dir, c.name)
	n = max(1, int(float64(c.files)*b.scale))
	if _, err := os.Stat(dir); err == nil {
		return dir, n, nil
	}
	if !c.video {
		return dir, n, sample.Write(dir, n, int(c.bytes), 1)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return dir, n, err
	}
	for i := range n {
		if err := sample.WriteVideo(filepath.Join(dir, fmt.Sprintf("VID_%d.mp4", i)), uint64(i), int64(float64(c.bytes)*b.scale)); err != nil {
			return dir, n, err
		}
	}
	return dir, n, nil
}

// figure is what one process took.
type figure struct {
	seconds float64
	mib     float64 // largest resident size
}

// timed runs a command to its end.
func timed(cmd *exec.Cmd) (figure, error) {
	var errOut strings.Builder
	cmd.Stderr = &errOut
	start := time.Now()
	err := cmd.Run()
	f := figure{seconds: time.Since(start).Seconds(), mib: resident(cmd.ProcessState)}
	if err != nil {
		return f, fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, errOut.String())
	}
	return f, nil
}

// resident is the largest resident size in MiB (getrusage(2), ru_maxrss).
func resident(s *os.ProcessState) float64 {
	if u, ok := s.SysUsage().(*syscall.Rusage); ok {
		return float64(u.Maxrss) / 1024
	}
	return 0
}

// spread is minimum, median and maximum of some numbers.
type spread struct{ least, median, most float64 }

func spreadOf(v []float64) spread {
	v = slices.Sorted(slices.Values(v))
	return spread{v[0], v[len(v)/2], v[len(v)-1]}
}

func (s spread) String() string { return fmt.Sprintf("%.3f (%.3f–%.3f)", s.median, s.least, s.most) }

// paired are the figures of two commands taken in turn.
type paired struct{ ours, theirs []figure }

// pairs runs theirs and ours in turn: one pair to warm up, then the counted ones.
func (b *bench) pairs(ours, theirs func() (figure, error)) (paired, error) {
	var p paired
	for i := range b.runs + 1 {
		t, err := theirs()
		if err != nil {
			return p, err
		}
		o, err := ours()
		if err != nil {
			return p, err
		}
		if i > 0 {
			p.ours, p.theirs = append(p.ours, o), append(p.theirs, t)
		}
	}
	return p, nil
}

// report prints the pairs: seconds of both, and the ratio ours/theirs pair by pair.
func (p paired) report(what, against string) {
	var ours, theirs, ratio, mib []float64
	for i := range p.ours {
		ours, theirs = append(ours, p.ours[i].seconds), append(theirs, p.theirs[i].seconds)
		ratio = append(ratio, p.ours[i].seconds/p.theirs[i].seconds)
		mib = append(mib, p.ours[i].mib)
	}
	fmt.Printf("%-28s ours %s s   %s %s s   ratio %s   client %.0f MiB\n",
		what, spreadOf(ours), against, spreadOf(theirs), spreadOf(ratio), spreadOf(mib).most)
}

// server is a photosd, or the floor's server, with data of its own.
type server struct {
	cmd  *exec.Cmd
	addr string // as its first line says
}

// serve starts a server whose first line on stdout ends with its address.
func serve(cmd *exec.Cmd) (*server, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	r := bufio.NewReader(out)
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s said nothing: %w", cmd.Path, err), cmd.Process.Kill())
	}
	go io.Copy(io.Discard, r)
	words := strings.Fields(line)
	return &server{cmd: cmd, addr: words[len(words)-1]}, nil
}

// stop ends the server and returns its largest resident size in MiB.
func (s *server) stop() (float64, error) {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	_ = s.cmd.Wait() // the floor's server ends by the signal, which is as good
	return resident(s.cmd.ProcessState), nil
}
