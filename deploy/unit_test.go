//go:build linux

package deploy_test

import (
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"photos/internal/testkit/freeport"
	"photos/internal/testkit/sample"
)

// TestUnitRuns starts the unit with a real systemd, uses the service, restarts and stops it.
func TestUnitRuns(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs a systemd")
	}
	if os.Getuid() != 0 {
		t.Skip("a systemd needs root")
	}
	for _, name := range []string{"sqlite3", "rsync"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed", name)
		}
	}
	address, err := freeport.Address(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u := newUser(t)
	m := startManager(t, address)
	m.await(t, listening, address)
	u.upload(t, "http://"+address)
	m.checkRestrictions(t)

	m.start(t, "restart", address)
	u.verify(t)

	m.run(t, backUp)
	m.systemctl(t, "stop", "photosd")
	m.run(t, restore)
	m.start(t, "start", address)
	u.verify(t)

	m.systemctl(t, "stop", "photosd")
	ended := m.systemctl(t, "show", "--property=Result", "--property=ExecMainStatus", "photosd")
	if !strings.Contains(ended, "Result=success") || !strings.Contains(ended, "ExecMainStatus=0") {
		t.Errorf("the unit ended with %s", ended)
	}
}

// Files of the manager.
const (
	listening  = "/run/photosd.out"
	serviceLog = "/run/photosd.err"
	managerLog = "/run/console"
	works      = "/run/works"
)

// otherUnits are those that a service needs, and one that shows whether systemd works here at all.
var otherUnits = map[string]string{
	"sysinit.target":            "[Unit]\nDescription=test\n",
	"basic.target":              "[Unit]\nDescription=test\n",
	"shutdown.target":           "[Unit]\nDescription=test\n",
	"all.target":                "[Unit]\nDescription=test\nWants=probe.service photosd.service\n",
	"probe.service":             "[Service]\nType=oneshot\nExecStart=/bin/touch " + works + "\n",
	"photosd.service.d/10.conf": "[Service]\nStandardOutput=truncate:" + listening + "\nStandardError=append:" + serviceLog + "\n",
}

// pid1 becomes systemd. It has the files of this machine, read-only, apart from some folders that are
// its own and empty at first. It knows no unit of this machine.
const pid1 = `set -e
mount --make-rprivate /
umount -R /proc
mount -t proc proc /proc
for own in /run /usr/local/bin /var/lib /sys/fs/cgroup; do mount -t tmpfs -o mode=755 tmpfs "$own"; done
mount -t cgroup2 cgroup2 /sys/fs/cgroup
cp -r "$1/units" "$1/deploy" /run/
cp "$1/photosd" /usr/local/bin/
touch ` + managerLog + ` && mount --bind ` + managerLog + ` /dev/console
for own in /tmp /var/tmp; do mount -t tmpfs tmpfs "$own"; done
mount -o remount,ro,bind /
exec env -i container=test PATH="$PATH" SYSTEMD_UNIT_PATH=/run/units /lib/systemd/systemd --system --unit=all.target --log-target=console --log-level=notice --show-status=no`

// What an administrator does as root. The folder belongs to the service before the photos are back in it, as on a new
// machine with a package. Then systemd does not change the owner of the files.
const (
	backUp  = `bash /run/deploy/backup /var/lib/photosd /run/backup`
	restore = `set -e
data=$(realpath /var/lib/photosd)
mv "$data" /run/before
install -d -m 0700 -o "$(stat -c %u /run/before)" -g "$(stat -c %g /run/before)" "$data"
bash /run/deploy/restore /run/backup "$data"`
)

// manager is a systemd as PID 1 of namespaces of its own.
type manager struct{ cmd *exec.Cmd }

// startManager starts a systemd with the unit, which listens at an address of the test. It skips the
// test if no systemd works here, as in many containers; TestUnit is what remains there.
func startManager(t *testing.T, address string) *manager {
	t.Helper()
	group := newCgroup(t)
	dir := t.TempDir()
	build(t, dir, "../cmd/photosd")
	writeUnits(t, filepath.Join(dir, "units"), address)
	copyScripts(t, filepath.Join(dir, "deploy"))
	said, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	cmd := exec.Command("unshare", "--cgroup", "sh", "-c", pid1, "sh", dir)
	cmd.Stdout, cmd.Stderr = said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		UseCgroupFD: true, CgroupFD: int(group.Fd()),
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("no systemd can be started here: %v", err)
	}
	m := &manager{cmd}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		logs := m.read(managerLog) + m.read(serviceLog)
		_ = cmd.Process.Kill() // the kernel then ends the other processes of the namespace
		<-ended
		if text, err := os.ReadFile(said.Name()); err == nil && (t.Failed() || logs == "") {
			t.Logf("%s%s", text, logs)
		}
	})
	for deadline := time.Now().Add(patience); m.missing(works); time.Sleep(50 * time.Millisecond) {
		select {
		case <-ended:
			t.Skip("no systemd works here")
		default:
		}
		if time.Now().After(deadline) {
			t.Skip("a systemd that is started here runs no unit")
		}
	}
	return m
}

// patience is how long something may take on a busy machine.
const patience = 2 * time.Minute

// writeUnits writes the unit as it is, with the address as the only other setting, and the units around it.
func writeUnits(t *testing.T, dir, address string) {
	t.Helper()
	unit, err := os.ReadFile("photosd.service")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"photosd.service": string(unit), "photosd.service.d/20.conf": "[Service]\nEnvironment=PHOTOSD_LISTEN=" + address + "\n"}
	for name, text := range otherUnits {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// copyScripts copies what backs up and restores.
func copyScripts(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"backup", "restore", "database.sh"} {
		if err := sample.CopyFile(filepath.Join(dir, name), name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// newCgroup makes a cgroup, or skips the test if that is not allowed here.
func newCgroup(t *testing.T) *os.File {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^\S+ (\S+) cgroup2 `).FindSubmatch(mounts)
	if m == nil {
		t.Skip("cgroup2 is not mounted here")
	}
	dir := filepath.Join(string(m[1]), "photosd-test-"+rand.Text())
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skipf("no cgroup can be made here: %v", err)
	}
	t.Cleanup(func() { removeCgroups(t, dir) })
	group, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = group.Close() })
	return group
}

// removeCgroups removes a cgroup and those in it. Their files are not removed.
func removeCgroups(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Log(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			removeCgroups(t, filepath.Join(dir, e.Name()))
		}
	}
	if err := os.Remove(dir); err != nil {
		t.Log(err)
	}
}

// path returns where this process finds a file of the manager.
func (m *manager) path(name string) string {
	return "/proc/" + strconv.Itoa(m.cmd.Process.Pid) + "/root" + name
}

func (m *manager) missing(name string) bool {
	_, err := os.Stat(m.path(name))
	return err != nil
}

// read returns a file of the manager, "" if there is none.
func (m *manager) read(name string) string {
	text, err := os.ReadFile(m.path(name))
	if err != nil {
		return ""
	}
	return string(text)
}

// await waits until a file of the manager has a text.
func (m *manager) await(t *testing.T, name, text string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(m.read(name), text); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s is %q, without %s", name, m.read(name), text)
		}
	}
}

// inside returns a program that runs as root among the processes and files of the manager.
func (m *manager) inside(args ...string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{"--target", strconv.Itoa(m.cmd.Process.Pid), "--mount", "--pid", "--"}, args...)...)
}

func (m *manager) systemctl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := m.inside(append([]string{"systemctl"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("systemctl %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// start starts or restarts the service, and waits until it listens. What the service said before does not count.
func (m *manager) start(t *testing.T, verb, address string) {
	t.Helper()
	if err := os.Remove(m.path(listening)); err != nil {
		t.Fatal(err)
	}
	m.systemctl(t, verb, "photosd")
	m.await(t, listening, address)
}

// run runs a script of bash as root among the files of the manager.
func (m *manager) run(t *testing.T, script string) {
	t.Helper()
	if out, err := m.inside("bash", "-c", script).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

// checkRestrictions looks at what the running service may do.
func (m *manager) checkRestrictions(t *testing.T) {
	t.Helper()
	pid := m.systemctl(t, "show", "--property=MainPID", "--value", "photosd")
	status := m.read("/proc/" + pid + "/status")
	for _, want := range []string{`NoNewPrivs:\s1`, `Seccomp:\s2`, `CapEff:\s0+`, `CapBnd:\s0+`, `Uid:\s(6[1-5]\d{3})\s`} { // systemd's dynamic users
		if !regexp.MustCompile(`(?m)^` + want).MatchString(status) {
			t.Errorf("the process has no %s:\n%s", want, status)
		}
	}
	// Not even root could write to the files that the service sees.
	for _, file := range []string{"/etc/probe", "/usr/local/bin/photosd", "/var/lib/probe", "/home/probe"} {
		if out, err := m.inside("nsenter", "--target", pid, "--mount", "--", "touch", file).CombinedOutput(); err == nil {
			t.Errorf("%s can be written to\n%s", file, out)
		}
	}
	if data := m.read("/var/lib/private/photosd/photos.db"); !strings.HasPrefix(data, "SQLite format 3") {
		t.Error("the database is not in the folder of the unit")
	}
	if said := m.read(serviceLog); said == "" || strings.Contains(said, "bubblewrap does not work") {
		t.Errorf("photosd said %q", said)
	}
}
