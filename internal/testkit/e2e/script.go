package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"photos/internal/testkit/dbserver"
	"photos/internal/testkit/faultproxy"
	"photos/internal/testkit/sample"
	"photos/internal/text"
)

// logins is how many scripts may run at a time: each may hold one of the
// published redirect ports, which are shared by the whole machine.
var logins = make(chan struct{}, 4)

// Run runs every script in testdata of the calling package.
//
// A script finds the programs on PATH, together with an xdg-open that plays a
// person at the sign-in page, and has a home, a configuration and a temporary
// folder of its own; and machine, which runs a program in a network of its own (its
// comment says how), where the condition [machines] holds. Besides testscript's commands
// it has
//
//	status N PROGRAM ARG...      run it and require exactly exit code N
//	photosd start [ARG...]       start the service (again at the same address); sets PHOTOSD_URL
//	photosd stop|kill            end it with SIGTERM or SIGKILL
//	photosd kill-after|stop-after FILE N  the same when FILE has N lines
//	photosd start-small ROOM [ARG...]     start it on a disk with so much room, such as 6m; a file named grow makes more
//	lock DATABASE DURATION       hold SQLite's lock for writing, and go on
//	lock DATABASE FILE REGEXP    the same until a line of the file matches
//	later DATA DAYS              let time pass for the uploads and files of a service that is stopped
//	faults start                 a proxy with faults before the service; sets PROXY_URL
//	faults rate R                from now on each kind happens to a request with this probability
//	faults happened              require that each kind did
//	kills N DIR [PICTURES]       upload DIR and new pictures N times, and kill client, service or both on the way
//	killed BYTES ARG...          run photos, and kill it soon after it has printed so many bytes
//	second start|stop|kill|kill-after [ARG...]  the same as photosd, for another service with its own data; sets SECOND_URL
//	account NAME [signup]        who sits at the browser from now on
//	browser works|fails|cancels  what opening a browser does; fails also fails the script when it is opened
//	keyring open|locked          a real keyring for the rest of the script; a later one has the same entries
//	keyring holds N              require that many entries in it
//	pool start [FLAG...]         a user pool apart from photosd; sets POOL_URL and POOL_ISSUER
//	pool behave JSON             turn its knobs
//	pool rotate-keys             sign with new keys from now on
//	pool asked PATH N            require that many requests to it so far
//	pool awaits PATH N           wait for so many
//	tls address                  choose an https address for a proxy; sets TLS_URL, PLAIN_URL and SSL_CERT_FILE
//	tls nginx|caddy FILE         run that proxy there, before photosd; FILE may be one of deploy/
//	strays FILE                  bring what is not the browser's return to the port that the sign-in address in a file names
//	stranger start               a service that borrows photosd's provider; sets STRANGER_URL
//	stranger lures               answer every request at photosd's address, which must be stopped, with a redirect to the stranger
//	stranger asked N             require that many requests to the stranger so far, none of them with a token
//	sample NAME...               copy real photos here
//	exec onterminal PROGRAM ARG...  after ttyin: run a program such that ttyout has everything it wrote on /dev/tty
//	picture FILE [SEED [SIZE]]   make a picture
//	pictures DIR N [SIZE [SEED]] make many
//	scenes DIR N                 make landscapes that look like photos
//	scenery DIR N                make landscapes for people to look at, and files with words for them
//	lines FILE N                 require that many lines
//	awaits FILE REGEXP [N]       wait until N lines (1) of a file, which another process writes, match
//	replace FILE OLD NEW         edit a file
//	occupy PORT                  listen on a port of 127.0.0.1 until the script ends
//	chromium FILE                a real browser signs up and in at the address in a file
//	provider start BASE_URL SECONDS  a certified provider dressed as Cognito, with access tokens of so many seconds; sets PROVIDER_URL and PROVIDER_ISSUER
//	provider signed-in N         require that so many sign-ins are complete
//	provider refreshed           wait until it has refreshed a token
//	window COMMAND ARG...        a real browser, a step per line; see cmdWindow
//	database start ENGINE        a database server, which photosd then uses; also parts, kill, run, freeze, thaw
//	replicas start N [ARG...]    start several photosd over one data folder; sets REPLICA1_URL and so on
//	replicas stop|kill|run I     end one with SIGTERM or SIGKILL, or start it again
//	replicas kills N DIR DIR     upload two folders at the same time N times, and kill a replica on the way
//	bucket start [https]         an S3 server with a bucket, which photosd then uses; sets BUCKET to the folder of its objects
//	bucket other|readable        use an account that may do nothing with it, or may read it from now on
//	bucket ahead DURATION        let the server's clock be ahead, or behind if the duration is negative
//	bucket faults RATE           let the server fail in each way with this probability, and its lists be late
//	bucket faults happened       require that each kind did
//	bucket copy NAME             make a bucket with the same objects
//	id NAME FILE                 set $NAME to the ID of a file
//	document PAGE [HEADING]      run the commands of a section of a document; without HEADING, require that all were run
func Run(t *testing.T) {
	t.Helper()
	if testing.Short() || fuzzing() {
		t.Skip("scripts over the real programs are left out of the quick tests")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join(os.Getenv(envScripts), "testdata"),
		Setup:               setup,
		RequireExplicitExec: true,
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "chromium":
				return findChromium() != "", nil
			case "npm":
				_, err := os.Stat(filepath.Join(os.Getenv(envBin), "npm", "node_modules"))
				return err == nil, nil
			case "soak":
				return os.Getenv(envSoak) != "", nil
			case "screenshots":
				return os.Getenv("PHOTOS_SCREENSHOTS") != "", nil
			case "postgres", "mysql":
				return dbserver.Installed(dbserver.Engine(cond)), nil
			case "s3":
				return installed(s3Program(os.Getenv(envBin))), nil
			case "nginx":
				return installed(nginxPath), nil
			case "caddy":
				return installed(caddyPath), nil
			case "machines":
				return exec.Command(filepath.Join(os.Getenv(envBin), "machine"), "true").Run() == nil, nil
			}
			return false, fmt.Errorf("unknown condition %s", cond)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status":   cmdStatus,
			"photosd":  serviceCommand(serviceKey{}),
			"second":   serviceCommand(secondKey{}),
			"account":  cmdAccount,
			"browser":  cmdBrowser,
			"keyring":  cmdKeyring,
			"pool":     cmdPool,
			"sample":   cmdSample,
			"picture":  cmdPicture,
			"pictures": cmdPictures,
			"scenes":   drawing(sample.WriteScenes),
			"scenery":  drawing(sample.WriteLandscapes),
			"lines":    cmdLines,
			"awaits":   cmdAwaits,
			"objects":  cmdObjects,
			"replace":  cmdReplace,
			"id":       cmdID,
			"occupy":   cmdOccupy,
			"chromium": cmdChromium,
			"window":   cmdWindow,
			"provider": cmdProvider,
			"faults":   cmdFaults,
			"lock":     cmdLock,
			"database": cmdDatabase,
			"bucket":   cmdBucket,
			"later":    cmdLater,
			"tls":      cmdTLS,
			"strays":   cmdStrays,
			"stranger": cmdStranger,
			"kills":    cmdKills,
			"killed":   cmdKilled,
			"replicas": cmdReplicas,
			"document": cmdDocument,
		},
	})
}

func setup(env *testscript.Env) error {
	logins <- struct{}{}
	env.Defer(func() { <-logins })
	bin := os.Getenv(envBin)
	home := filepath.Join(env.WorkDir, "home")
	for _, dir := range []string{home, filepath.Join(env.WorkDir, "tmp"), filepath.Join(env.WorkDir, "browser")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	for k, v := range map[string]string{
		"PATH":              filepath.Join(env.WorkDir, "browser") + ":" + bin + ":/usr/bin:/bin",
		"HOME":              home,
		"TMPDIR":            filepath.Join(env.WorkDir, "tmp"),
		"PHOTOS_CONFIG_DIR": filepath.Join(env.WorkDir, "config"),
		"XDG_DATA_HOME":     filepath.Join(home, "data"),
		"XDG_STATE_HOME":    filepath.Join(home, "state"),
		"PERSON_LOG":        filepath.Join(env.WorkDir, "visited"),
		"TZ":                "UTC",
		"ARTIFACTS":         os.Getenv(envArtifacts),
		"GORACE":            "halt_on_error=1",
	} {
		env.Setenv(k, v)
	}
	env.Values[serviceKey{}], env.Values[databaseKey{}] = &service{}, &database{}
	env.Values[secondKey{}] = &service{name: "second", variable: "SECOND_URL", folder: "second"}
	env.Values[strangerKey{}], env.Values[replicasKey{}] = &stranger{}, &replicas{}
	env.Values[bucketKey{}] = &bucket{}
	env.Values[documentsKey{}] = documents{}
	env.Defer(func() { env.Values[bucketKey{}].(*bucket).end() })
	env.Values[windowsKey{}] = &windows{}
	env.Values[proxyKey{}] = new(*faultproxy.Proxy)
	env.Defer(func() { env.Values[databaseKey{}].(*database).end() })
	env.Defer(func() { env.Values[serviceKey{}].(*service).end() })
	env.Defer(func() { env.Values[secondKey{}].(*service).end() })
	env.Defer(func() { env.Values[replicasKey{}].(*replicas).end() })
	return nil
}

// cmdStatus runs a program and requires its exit code.
func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N PROGRAM ARG...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s: exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

func cmdAccount(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: account NAME [signup]")
	}
	ts.Setenv("PERSON_EMAIL", args[0]+"@example.org")
	ts.Setenv("PERSON_NICKNAME", args[0])
	ts.Setenv("PERSON_PASSWORD", "correct horse "+args[0])
	ts.Setenv("PERSON_SIGNUP", "")
	if len(args) > 1 {
		ts.Setenv("PERSON_SIGNUP", "1")
	}
}

func cmdBrowser(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: browser works|fails|cancels")
	}
	fake := filepath.Join(ts.Getenv("WORK"), "browser", "xdg-open")
	if err := os.Remove(fake); err != nil && !errors.Is(err, os.ErrNotExist) {
		ts.Check(err)
	}
	ts.Setenv("PERSON_CANCEL", "")
	switch args[0] {
	case "works":
	case "cancels":
		ts.Setenv("PERSON_CANCEL", "1")
	case "fails":
		ts.Check(os.WriteFile(fake, []byte("#!/bin/sh\necho opened >>\"$WORK/browser-opened\"\nexit 1\n"), 0o755))
	default:
		ts.Fatalf("browser %s: unknown", args[0])
	}
}

func cmdSample(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: sample NAME...")
	}
	for _, name := range args {
		ts.Check(sample.CopyFile(ts.MkAbs(filepath.Base(name)), filepath.Join(os.Getenv(envSamples), name), 0o644))
	}
}

// numbers reads the optional numbers after the first n arguments.
func numbers(ts *testscript.TestScript, args []string, defaults ...int) []int {
	out := append([]int{}, defaults...)
	for i, a := range args {
		v, err := strconv.Atoi(a)
		ts.Check(err)
		out[i] = v
	}
	return out
}

func cmdPicture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 3 {
		ts.Fatalf("usage: picture FILE [SEED [SIZE]]")
	}
	n := numbers(ts, args[1:], 1, 4000)
	data, err := sample.Picture(uint64(n[0]), n[1])
	ts.Check(err)
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(os.WriteFile(path, data, 0o644))
}

func cmdPictures(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 4 {
		ts.Fatalf("usage: pictures DIR N [SIZE [SEED]]")
	}
	n := numbers(ts, args[1:], 1, 4000, 1)
	ts.Check(sample.Write(ts.MkAbs(args[0]), n[0], n[1], uint64(n[2])))
}

// drawing returns a command that draws pictures into a folder.
func drawing(write func(dir string, n int) error) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 2 {
			ts.Fatalf("usage: scenes|scenery DIR N")
		}
		ts.Check(write(ts.MkAbs(args[0]), numbers(ts, args[1:], 1)[0]))
	}
}

func cmdLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lines FILE N")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if got := strings.Count(ts.ReadFile(args[0]), "\n"); got != want {
		ts.Fatalf("%s has %d lines, want %d", args[0], got, want)
	}
}

// cmdAwaits waits for lines in a file that need not exist yet.
func cmdAwaits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: awaits FILE REGEXP [N]")
	}
	want := numbers(ts, args[2:], 1)[0]
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	waitFor(ts, fmt.Sprintf("%d lines with %q in %s", want, args[1], args[0]), func() bool { return matches(ts.MkAbs(args[0]), pattern) >= want })
}

// matches returns how many whole lines of a file match a pattern. A file that cannot be read has none.
func matches(file string, pattern *regexp.Regexp) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if line, whole := strings.CutSuffix(line, "\n"); whole && pattern.MatchString(line) {
			n++
		}
	}
	return n
}

// cmdObjects checks that every line of a file is a JSON object, in characters that do
// nothing to a terminal.
func cmdObjects(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: objects FILE")
	}
	content := ts.ReadFile(args[0])
	if content == "" {
		ts.Fatalf("%s is empty", args[0])
	}
	for line := range strings.Lines(content) {
		line, whole := strings.CutSuffix(line, "\n")
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil || !whole {
			ts.Fatalf("%s: %q is not a line with a JSON object: %v", args[0], line, err)
		}
		if text.Line(line) != line {
			ts.Fatalf("%s: %q could drive a terminal", args[0], line)
		}
	}
}

func cmdReplace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o600))
}

func cmdID(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: id NAME FILE")
	}
	data, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Setenv(args[0], fmt.Sprintf("%x", digest(data)))
}

func cmdOccupy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: occupy PORT")
	}
	waitFor(ts, "free port "+args[0], func() bool { // another script may have it for a while
		l, err := net.Listen("tcp", "127.0.0.1:"+args[0])
		if err == nil {
			ts.Defer(func() { l.Close() })
		}
		return err == nil
	})
}
