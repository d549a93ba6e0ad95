package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"photos/internal/faultproxy"
	"photos/internal/sample"
)

// envSeed repeats a run: the odds of faults and the moments of kills follow from it.
const envSeed = "PHOTOS_TEST_SEED"

// envSoak makes scripts with faults as long as a person is willing to wait.
const envSoak = "PHOTOS_SOAK"

// seed is what chance follows from; it is printed, so that a failure can be repeated.
func seed(ts *testscript.TestScript) uint64 {
	s, err := strconv.ParseUint(cmp.Or(os.Getenv(envSeed), "1"), 10, 64)
	ts.Check(err)
	ts.Logf("%s=%d", envSeed, s)
	return s
}

type proxyKey struct{}

func cmdFaults(ts *testscript.TestScript, neg bool, args []string) {
	p, _ := ts.Value(proxyKey{}).(**faultproxy.Proxy)
	switch {
	case !neg && len(args) == 1 && args[0] == "start":
		*p = startProxy(ts)
	case !neg && len(args) == 2 && args[0] == "rate":
		rate, err := strconv.ParseFloat(args[1], 64)
		ts.Check(err)
		(*p).SetRate(rate)
	case !neg && len(args) == 1 && args[0] == "happened":
		counts := (*p).Counts()
		ts.Logf("%v", counts)
		for _, f := range faultproxy.Faults() {
			if counts[f] == 0 {
				ts.Fatalf("no %s happened", f)
			}
		}
	default:
		ts.Fatalf("usage: faults start|rate R|happened")
	}
}

// startProxy puts a proxy before photosd, wherever that listens by then.
func startProxy(ts *testscript.TestScript) *faultproxy.Proxy {
	s, _ := ts.Value(serviceKey{}).(*service)
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	ts.Check(err)
	p := faultproxy.New(func() string { addr, _ := s.addr.Load().(string); return addr }, seed(ts))
	web := &http.Server{Handler: p, ReadHeaderTimeout: startTime}
	go func() { _ = web.Serve(l) }() // until it is closed
	ts.Defer(func() { _ = web.Close() })
	ts.Setenv("PROXY_URL", "http://"+l.Addr().String())
	return p
}

// cmdKills lets `photos upload DIR` and photosd die N times: the client, the
// service, or both, at a moment of a run that has one new picture to upload.
func cmdKills(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: kills N DIR")
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	s, _ := ts.Value(serviceKey{}).(*service)
	random := rand.New(rand.NewPCG(seed(ts), 0)) //nolint:gosec // moments, no secrets
	tally := map[string]int{}
	var whole time.Duration // of a run that nobody disturbs, with one new picture
	for i := range n {
		data, err := sample.Picture(uint64(1_000_000+i), 60_000)
		ts.Check(err)
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[1]), fmt.Sprintf("K%04d.jpg", i)), data, 0o600))
		victim, fraction := []string{"client", "service", "both"}[random.IntN(3)], random.Float64()
		if i%20 == 0 { // the folder grows, and the machine has other work
			start := time.Now()
			round(ts, s, args[1], "client", startTime)
			whole = time.Since(start)
			continue
		}
		if !round(ts, s, args[1], victim, time.Duration(fraction*float64(whole))) {
			victim = "nobody: it was over"
		}
		tally[victim]++
	}
	ts.Logf("killed %v", tally)
	for _, victim := range []string{"client", "service", "both"} {
		if tally[victim] < n/8 {
			ts.Fatalf("too few kills in time to prove anything: %v", tally)
		}
	}
}

// round runs one upload up to the moment of the kill, and reports whether the
// client was still at work then.
func round(ts *testscript.TestScript, s *service, dir, victim string, moment time.Duration) bool {
	client := exec.Command(filepath.Join(os.Getenv(envBin), "photos"), "upload", "--timeout", "500ms", dir)
	client.Dir = ts.Getenv("WORK")
	for _, name := range []string{"HOME", "TMPDIR", "PHOTOS_CONFIG_DIR", "XDG_DATA_HOME", "XDG_STATE_HOME", "TZ", "GORACE"} {
		client.Env = append(client.Env, name+"="+ts.Getenv(name))
	}
	ts.Check(client.Start())
	done := make(chan error, 1)
	go func() { done <- client.Wait() }()
	ended := false
	select {
	case err := <-done:
		ended = true
		ts.Check(err) // nobody was killed
	case <-time.After(moment):
	}
	if victim != "client" {
		s.signal(ts, syscall.SIGKILL)
	}
	if !ended {
		if victim != "service" {
			if err := client.Process.Kill(); !errors.Is(err, os.ErrProcessDone) {
				ts.Check(err)
			}
		}
		select {
		case <-done: // whatever it says of a service that is gone
		case <-time.After(startTime):
			ts.Fatalf("photos did not end within %s after its service was killed", startTime)
		}
	}
	if victim != "client" {
		s.start(ts, nil)
	}
	return !ended
}
