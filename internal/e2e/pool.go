package e2e

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdPool runs a user pool that stands for Amazon Cognito, in a process of its own.
func cmdPool(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case !neg && len(args) > 0 && args[0] == "start":
		startPool(ts, args[1:])
	case !neg && len(args) == 2 && args[0] == "behave":
		behave(ts, args[1])
	default:
		ts.Fatalf("usage: pool start [FLAG...] | behave JSON")
	}
}

// startPool sets POOL_URL and POOL_ISSUER. The client cli has the usual redirect URIs.
func startPool(ts *testscript.TestScript, flags []string) {
	args := []string{"-db", ts.MkAbs("pool.db"), "-client", "cli"}
	for _, port := range []string{"18484", "18485", "18486", "18487", "18488", "18489"} {
		args = append(args, "-redirect", "http://127.0.0.1:"+port+"/callback")
	}
	cmd := exec.Command(filepath.Join(os.Getenv(envBin), "poolserver"), append(args, flags...)...)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	background(ts, cmd)
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	words := strings.Fields(line)
	if len(words) != 6 {
		ts.Fatalf("poolserver said %q", line)
	}
	ts.Setenv("POOL_URL", words[3])
	ts.Setenv("POOL_ISSUER", words[5])
}

// behave sets the pool's knobs.
func behave(ts *testscript.TestScript, knobs string) {
	req, err := http.NewRequest(http.MethodPut, ts.Getenv("POOL_URL")+"/control", strings.NewReader(knobs))
	ts.Check(err)
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		ts.Fatalf("behave %s: status %d", knobs, resp.StatusCode)
	}
}
