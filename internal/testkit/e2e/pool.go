package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"photos/internal/redirect"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdPool runs a user pool that stands for Amazon Cognito, in a process of its own.
func cmdPool(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case !neg && len(args) > 0 && args[0] == "start":
		startPool(ts, args[1:])
	case !neg && len(args) == 2 && args[0] == "behave":
		control(ts, http.MethodPut, "/control", args[1])
	case !neg && len(args) == 1 && args[0] == "rotate-keys":
		control(ts, http.MethodPost, "/control/rotate-keys", "")
	case !neg && len(args) == 3 && args[0] == "asked":
		if got, want := asked(ts, args[1]), numbers(ts, args[2:], 0)[0]; got != want {
			ts.Fatalf("the pool was asked for %s %d times, want %d", args[1], got, want)
		}
	case !neg && len(args) == 3 && args[0] == "awaits":
		want := numbers(ts, args[2:], 0)[0]
		waitFor(ts, "request for "+args[1], func() bool { return asked(ts, args[1]) >= want })
	default:
		ts.Fatalf("usage: pool start [FLAG...] | behave JSON | rotate-keys | asked PATH N | awaits PATH N")
	}
}

// startPool sets POOL_URL and POOL_ISSUER. The client cli has the usual redirect URIs.
func startPool(ts *testscript.TestScript, flags []string) {
	args := []string{"-db", ts.MkAbs("pool.db"), "-client", "cli"}
	for _, uri := range redirect.On("127.0.0.1") {
		args = append(args, "-redirect", uri)
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

// asked is how many requests for a path the pool got since it started.
func asked(ts *testscript.TestScript, path string) int {
	var state struct {
		Requests map[string]int `json:"requests"`
	}
	ts.Check(json.Unmarshal(control(ts, http.MethodGet, "/control", ""), &state))
	return state.Requests[path]
}

// control turns the pool's knobs and reads what it counted.
func control(ts *testscript.TestScript, method, path, body string) []byte {
	req, err := http.NewRequest(method, ts.Getenv("POOL_URL")+path, strings.NewReader(body))
	ts.Check(err)
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if resp.StatusCode >= http.StatusMultipleChoices {
		ts.Fatalf("%s %s %s: status %d: %s", method, path, body, resp.StatusCode, answer)
	}
	return answer
}
