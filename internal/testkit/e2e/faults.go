package e2e

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"photos/internal/testkit/faultproxy"
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

// faulty reports whether there is a proxy before the script's service.
func faulty(ts *testscript.TestScript) bool {
	p, _ := ts.Value(proxyKey{}).(**faultproxy.Proxy)
	return *p != nil
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
