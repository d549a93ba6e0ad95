package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"photos/internal/testkit/freeport"
)

// service is a script's photosd.
type service struct {
	name     string // of the log; "": photosd
	variable string // that gets its address; "": PHOTOSD_URL
	folder   string // of its data; "": data

	cmd  *exec.Cmd
	args []string     // of the last start
	addr atomic.Value // host:port of the first start, kept for later ones; a string, read by proxies
	done chan error
}

type (
	serviceKey struct{}
	secondKey  struct{}
)

// startTime is how long photosd may take to say that it listens; with the race
// detector on a busy machine that is not little.
const startTime = 60 * time.Second

// serviceCommand returns the command that starts and ends the service with this key.
func serviceCommand(key any) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < 1 {
			ts.Fatalf("usage: photosd|second start|stop|kill|ask [ARG...]")
		}
		s, _ := ts.Value(key).(*service)
		s.command(ts, args)
	}
}

func (s *service) command(ts *testscript.TestScript, args []string) {
	switch args[0] {
	case "start":
		s.start(ts, args[1:])
	case "stop":
		s.signal(ts, syscall.SIGTERM)
	case "kill":
		s.signal(ts, syscall.SIGKILL)
	case "kill-after":
		s.endAfter(ts, syscall.SIGKILL, args[1:])
	case "stop-after":
		s.endAfter(ts, syscall.SIGTERM, args[1:])
	case "ask":
		s.ask(ts, args[1:])
	case "start-small":
		if len(args) < 2 {
			ts.Fatalf("usage: photosd start-small SIZE [ARG...]")
		}
		s.start(ts, args[2:], s.onSmallDisk(ts, args[1])...)
	default:
		ts.Fatalf("photosd %s: unknown", args[0])
	}
}

// onSmallDisk runs a program in namespaces in which its data lies on a disk with so much
// room, written as for truncate(1), until there is a file named grow: then it has 64 MiB.
func (s *service) onSmallDisk(ts *testscript.TestScript, room string) []string {
	const script = `umask 077; mount -t tmpfs -o mode=700,size=64m tmpfs "$DATA" && head -c 64m /dev/zero >"$DATA/ballast"
		truncate -s "-$1" "$DATA/ballast" && shift || exit
		(while kill -0 $$; do test -e "$GROW" && rm "$DATA/ballast" && exit; sleep 0.05; done) >/dev/null 2>&1 </dev/null &
		exec "$@"`
	data := s.data(ts)
	ts.Check(os.MkdirAll(data, 0o700))
	return []string{"unshare", "-Urm", "env", "DATA=" + data, "GROW=" + ts.MkAbs("grow"), "sh", "-c", script, "sh", room}
}

// start starts the service, as the last words of wrapper if there is one.
func (s *service) start(ts *testscript.TestScript, args []string, wrapper ...string) {
	if s.cmd != nil {
		ts.Fatalf("photosd runs already")
	}
	listen, known := s.addr.Load().(string)
	if !known {
		var err error
		listen, err = freeport.Address(context.Background())
		ts.Check(err)
	}
	log, err := os.OpenFile(ts.MkAbs(s.log()), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	ts.Check(err)
	defer log.Close()
	words := slices.Concat(wrapper, []string{filepath.Join(os.Getenv(envBin), "photosd"), "--listen", listen, "--data", s.data(ts)}, args)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"), "TMPDIR="+ts.Getenv("TMPDIR"), "GORACE=halt_on_error=1")
	for _, name := range slices.Concat(databaseSettings(), bucketSettings(), []string{"COGNITO_CLIENT_SECRET"}) {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	s.cmd, s.args, s.done = cmd, args, make(chan error, 1)
	first := make(chan string, 1)
	go func() {
		r := bufio.NewScanner(stdout)
		r.Scan()
		first <- r.Text()
		for r.Scan() { // nothing else is expected, and a full pipe must not stop the service
		}
		s.done <- cmd.Wait()
	}()
	select {
	case line := <-first:
		url, ok := strings.CutPrefix(line, "photosd listening on ")
		if !ok {
			ts.Fatalf("photosd said %q\n%s", line, ts.ReadFile(s.log()))
		}
		s.addr.Store(strings.TrimPrefix(url, "http://"))
		ts.Setenv(cmp.Or(s.variable, "PHOTOSD_URL"), url)
	case <-time.After(startTime):
		ts.Fatalf("photosd said nothing for %s", startTime)
	}
}

// data returns the folder of the service's data.
func (s *service) data(ts *testscript.TestScript) string { return ts.MkAbs(cmp.Or(s.folder, "data")) }

// log returns the name of the file with what the service says.
func (s *service) log() string { return cmp.Or(s.name, "photosd") + ".log" }

func (s *service) signal(ts *testscript.TestScript, sig syscall.Signal) {
	if s.cmd == nil {
		ts.Fatalf("photosd does not run")
	}
	ts.Check(s.cmd.Process.Signal(sig))
	select {
	case err := <-s.done:
		if sig == syscall.SIGTERM {
			ts.Check(err)
		}
	case <-time.After(startTime):
		ts.Fatalf("photosd did not end within %s", startTime)
	}
	s.cmd = nil
	s.awaitPort(ts)
}

// awaitPort waits until nobody listens at the address of a service that has ended. A decoder that the service was just
// starting has its listener, too, until the program of the decoder runs.
func (s *service) awaitPort(ts *testscript.TestScript) {
	addr, _ := s.addr.Load().(string)
	for deadline := time.Now().Add(startTime); ; time.Sleep(10 * time.Millisecond) {
		l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
		if err == nil {
			ts.Check(l.Close())
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s is still in use after the end of photosd: %v", addr, err)
		}
	}
}

// endAfter waits until a file that something else writes has so many lines.
func (s *service) endAfter(ts *testscript.TestScript, sig syscall.Signal, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: photosd kill-after|stop-after FILE LINES")
	}
	want := numbers(ts, args[1:], 0)[0]
	for deadline := time.Now().Add(startTime); ; {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && bytes.Count(text, []byte("\n")) >= want {
			break
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s had no %d lines within %s", args[0], want, startTime)
		}
		time.Sleep(time.Millisecond)
	}
	s.signal(ts, sig)
}

// ask sends requests as they are written, which no HTTP client would do with some of them,
// and waits until the service closes each connection.
func (s *service) ask(ts *testscript.TestScript, targets []string) {
	addr, _ := s.addr.Load().(string)
	for _, target := range targets {
		c, err := net.Dial("tcp", addr)
		ts.Check(err)
		ts.Check(c.SetDeadline(time.Now().Add(startTime)))
		_, err = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", target, addr)
		ts.Check(err)
		_, err = io.Copy(io.Discard, c)
		ts.Check(errors.Join(err, c.Close()))
	}
}

// end kills what a script left running.
func (s *service) end() {
	if s.cmd == nil {
		return
	}
	if err := s.cmd.Process.Kill(); err == nil || errors.Is(err, os.ErrProcessDone) {
		<-s.done
	}
}

func digest(data []byte) [sha256.Size]byte { return sha256.Sum256(data) }
