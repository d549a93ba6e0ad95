package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// busConfig is a session bus that starts nothing by itself: else whoever asks first
// for the keyring's name would get a daemon that nobody unlocked.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
`

const secretService = "org.freedesktop.secrets"

// cmdKeyring gives the script a session bus with a real keyring on it, and looks into that.
func cmdKeyring(ts *testscript.TestScript, neg bool, args []string) {
	switch {
	case !neg && len(args) == 1 && args[0] == "open":
		startBus(ts)
		startKeyring(ts, "--unlock")
		waitFor(ts, "an unlocked keyring", func() bool { return strings.Contains(loginCollection(ts, "Locked"), "false") })
	case !neg && len(args) == 1 && args[0] == "locked":
		startBus(ts)
		startKeyring(ts)
		waitFor(ts, "a keyring", func() bool { return loginCollection(ts, "Locked") != "" })
	case !neg && len(args) == 2 && args[0] == "holds":
		want := numbers(ts, args[1:], 0)[0]
		if got := strings.Count(loginCollection(ts, "Items"), "object path"); got != want {
			ts.Fatalf("the keyring holds %d entries, want %d", got, want)
		}
	default:
		ts.Fatalf("usage: keyring open|locked|holds N")
	}
}

// startBus starts a session bus for the rest of the script.
func startBus(ts *testscript.TestScript) {
	conf := ts.MkAbs("bus.conf")
	ts.Check(os.WriteFile(conf, []byte(busConfig), 0o600))
	cmd := exec.Command("dbus-daemon", "--config-file="+conf, "--nofork", "--print-address=1")
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	background(ts, cmd)
	address, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	ts.Setenv("DBUS_SESSION_BUS_ADDRESS", strings.TrimSpace(address))
}

// startKeyring starts the keyring of the script's home, where it lies from one start to the next.
func startKeyring(ts *testscript.TestScript, flags ...string) {
	// A folder of its own, for by a socket in it daemons would find each other, and one
	// with a short name, for a socket's path has at most 107 bytes (unix(7)).
	runtime, err := os.MkdirTemp("", "run")
	ts.Check(err)
	ts.Defer(func() { os.RemoveAll(runtime) })
	cmd := exec.Command("gnome-keyring-daemon", append(flags, "--components=secrets", "--foreground")...)
	cmd.Env = append(os.Environ(), "HOME="+ts.Getenv("HOME"), "XDG_DATA_HOME="+ts.Getenv("XDG_DATA_HOME"), "XDG_RUNTIME_DIR="+runtime,
		"DBUS_SESSION_BUS_ADDRESS="+ts.Getenv("DBUS_SESSION_BUS_ADDRESS"), "DISPLAY=", "WAYLAND_DISPLAY=")
	cmd.Stdin = strings.NewReader("keyring password\n")
	background(ts, cmd)
	ts.Setenv("KEYRING_PID", strconv.Itoa(cmd.Process.Pid)) // for scripts that stop it with a signal
}

// background runs a program until the script ends.
func background(ts *testscript.TestScript, cmd *exec.Cmd) {
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// loginCollection is a property of the login keyring, as dbus-send prints it; empty when
// nobody answers.
func loginCollection(ts *testscript.TestScript, property string) string {
	cmd := exec.Command("dbus-send", "--bus="+ts.Getenv("DBUS_SESSION_BUS_ADDRESS"), "--dest="+secretService, "--print-reply",
		"/org/freedesktop/secrets/collection/login", "org.freedesktop.DBus.Properties.Get",
		"string:org.freedesktop.Secret.Collection", "string:"+property)
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// waitFor asks until the answer is yes.
func waitFor(ts *testscript.TestScript, what string, ready func() bool) {
	for deadline := time.Now().Add(startTime); !ready(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			ts.Fatalf("no %s within %s", what, startTime)
		}
	}
}
