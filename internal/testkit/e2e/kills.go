package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"photos/internal/testkit/sample"
)

// who is killed in a round.
const (
	clientDies  = "client"
	serviceDies = "service" // and is started again while the client waits for it
	bothDie     = "both"
	nobodyDies  = "nobody"      // the run was over before its moment
	beforeHello = "unavailable" // the service died before it ever answered the client, which does not wait for that
)

const (
	smallSize = 60_000    // bytes of a new picture
	largeSize = 9_000_000 // bytes of one in ten rounds, which goes up in more than one request
)

// unavailable is how photos ends when the service is gone before it ever answered.
const unavailable = 6

// cmdKills lets `photos upload DIR` and photosd die N times, at a moment of a run
// that has new pictures to upload.
func cmdKills(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: kills N DIR [PICTURES]")
	}
	n, dir, pictures := numbers(ts, args[:1], 0)[0], args[1], numbers(ts, args[2:], 1)[0]
	s, _ := ts.Value(serviceKey{}).(*service)
	random := rand.New(rand.NewPCG(seed(ts), 0))
	tally := map[string]int{}
	var whole time.Duration // of a run that nobody disturbs, with new pictures
	for i := range n {
		newPictures(ts, ts.MkAbs(dir), i, pictures)
		victim, fraction := []string{clientDies, serviceDies, bothDie}[random.IntN(3)], random.Float64()
		if i%20 == 0 { // the folder grows, and the machine has other work
			_, whole = round(ts, s, dir, clientDies, startTime)
			continue
		}
		outcome, took := round(ts, s, dir, victim, time.Duration(fraction*float64(whole)))
		if tally[outcome]++; outcome == nobodyDies { // the machine has less other work than before
			whole = took
		}
	}
	ts.Logf("killed %v", tally)
	for _, victim := range []string{clientDies, serviceDies, bothDie} {
		if tally[victim] < n/8 {
			ts.Fatalf("too few kills in time to prove anything: %v", tally)
		}
	}
}

// newPictures makes n pictures that only this round has.
func newPictures(ts *testscript.TestScript, dir string, round, n int) {
	for i := range n {
		size := smallSize
		if round%10 == 5 && i == 0 {
			size = largeSize
		}
		data, err := sample.Picture(uint64(1_000_000+round*n+i), size)
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(dir, fmt.Sprintf("K%04d-%d.jpg", round, i)), data, 0o600))
	}
}

// round runs one upload, kills the victim at the moment and starts photosd again.
// A client that lives on has to come through, unless it had heard nothing of the
// service yet. It returns what the round was, and how long the client ran if nobody killed it.
func round(ts *testscript.TestScript, s *service, dir, victim string, moment time.Duration) (outcome string, took time.Duration) {
	client, said := uploader(ts, dir)
	start := time.Now()
	ts.Check(client.Start())
	done := make(chan error, 1)
	go func() { done <- client.Wait() }()
	ended := false
	select {
	case err := <-done:
		ended, took = true, time.Since(start)
		if !cameThrough(ts, client, said, err) && !faulty(ts) {
			ts.Fatalf("photos gave up a service that nobody had killed:\n%s", said)
		}
	case <-time.After(moment):
	}
	if victim != clientDies {
		s.signal(ts, syscall.SIGKILL)
	}
	if victim != serviceDies && !ended {
		if err := client.Process.Kill(); !errors.Is(err, os.ErrProcessDone) {
			ts.Check(err)
		}
	}
	if victim != clientDies {
		s.start(ts, s.args)
	}
	if ended {
		return nobodyDies, took
	}
	select {
	case err := <-done:
		if victim == serviceDies && !cameThrough(ts, client, said, err) {
			return beforeHello, 0
		}
	case <-time.After(startTime):
		ts.Fatalf("photos did not end within %s after the %s was killed", startTime, victim)
	}
	return victim, 0
}

// uploader is photos about to upload dir, and what it will say on stderr.
func uploader(ts *testscript.TestScript, dir string) (*exec.Cmd, *bytes.Buffer) {
	client := exec.Command(filepath.Join(os.Getenv(envBin), "photos"), "upload", "--timeout", "20s", "--wait-service", "0s", dir)
	inScript(ts, client)
	said := &bytes.Buffer{}
	client.Stderr = said
	return client, said
}

// inScript gives a command the folder and the environment of the script.
func inScript(ts *testscript.TestScript, c *exec.Cmd) {
	c.Dir = ts.Getenv("WORK")
	for _, name := range []string{"HOME", "TMPDIR", "PHOTOS_CONFIG_DIR", "XDG_DATA_HOME", "XDG_STATE_HOME", "TZ", "GORACE", "SSL_CERT_FILE"} {
		c.Env = append(c.Env, name+"="+ts.Getenv(name))
	}
}

// cmdKilled runs photos until it has printed so many bytes, and kills it a moment later. Its stdout is a
// pipe that nobody reads after that, so photos cannot come to an end if it has much more to print.
func cmdKilled(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: killed BYTES ARG...")
	}
	n := numbers(ts, args[:1], 0)[0]
	random := rand.New(rand.NewPCG(seed(ts), uint64(n)))
	client := exec.Command(filepath.Join(os.Getenv(envBin), "photos"), args[1:]...)
	inScript(ts, client)
	stdout, err := client.StdoutPipe()
	ts.Check(err)
	ts.Check(client.Start())
	hung := time.AfterFunc(startTime, func() { _ = client.Process.Kill() })
	_, err = io.CopyN(io.Discard, stdout, int64(n))
	if !hung.Stop() || err != nil {
		ts.Fatalf("photos did not print %d bytes: %v", n, err)
	}
	time.Sleep(time.Duration(random.IntN(3000)) * time.Microsecond)
	ts.Check(client.Process.Kill())
	if err := client.Wait(); client.ProcessState.ExitCode() >= 0 {
		ts.Fatalf("photos ended before it was killed: %v", err)
	}
}

// cameThrough reports whether photos did all it should; if not, the service has to
// have been out of reach.
func cameThrough(ts *testscript.TestScript, client *exec.Cmd, said *bytes.Buffer, err error) bool {
	if err != nil && client.ProcessState.ExitCode() != unavailable {
		ts.Fatalf("photos: %v\n%s", err, said)
	}
	return err == nil
}
