package e2e

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdProvider runs a certified OpenID provider in the place of Amazon Cognito, which signs in
// whoever fills in its form.
func cmdProvider(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case !neg && len(args) == 3 && args[0] == "start":
		startProvider(ts, args[1], args[2])
	case !neg && len(args) == 2 && args[0] == "signed-in":
		want := numbers(ts, args[1:], 0)[0]
		if got := exchangedAt(ts).Codes; got != want {
			ts.Fatalf("%d sign-ins are complete, want %d", got, want)
		}
	case !neg && len(args) == 1 && args[0] == "refreshed":
		waitFor(ts, "refreshed token", func() bool { return exchangedAt(ts).RefreshTokens > 0 })
	default:
		ts.Fatalf("usage: provider start BASE_URL ACCESS_SECONDS | signed-in N | refreshed")
	}
}

// startProvider sets PROVIDER_URL and PROVIDER_ISSUER.
func startProvider(ts *testscript.TestScript, base, seconds string) {
	cmd := exec.Command("node", filepath.Join(os.Getenv(envBin), "npm", "provider.mjs"), base+"/callback", base+"/", "s3cret", seconds)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	background(ts, cmd)
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	words := strings.Fields(line)
	if len(words) != 6 {
		ts.Fatalf("the provider said %q", line)
	}
	ts.Setenv("PROVIDER_URL", words[3])
	ts.Setenv("PROVIDER_ISSUER", words[5])
}

// exchanged is what the provider got in exchange for tokens.
type exchanged struct {
	Codes         int `json:"authorization_code"`
	RefreshTokens int `json:"refresh_token"`
}

func exchangedAt(ts *testscript.TestScript) exchanged {
	resp, err := http.Get(ts.Getenv("PROVIDER_URL") + "/control")
	ts.Check(err)
	defer resp.Body.Close()
	var state exchanged
	ts.Check(json.NewDecoder(resp.Body).Decode(&state))
	return state
}
