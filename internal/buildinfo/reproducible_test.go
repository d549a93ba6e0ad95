package buildinfo_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"photos/internal/buildinfo"
)

// TestBuildsAreReproducible builds both programs from two clones of the same commit in different folders. The files must
// have the same bytes, and name the commit.
func TestBuildsAreReproducible(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the programs twice")
	}
	commit, date := head(t)
	one, other := clone(t, "a"), clone(t, filepath.Join("another", "folder"))
	for _, program := range []string{"photos", "photosd"} {
		first, second := build(t, one, program, "-buildvcs=true"), build(t, other, program, "-buildvcs=true")
		if !bytes.Equal(read(t, first), read(t, second)) {
			t.Errorf("two builds of %s differ", program)
		}
		if got := ask(t, first); got.Commit != commit || got.Date != date || got.Modified || !strings.HasPrefix(got.Version, "devel "+commit[:12]) {
			t.Errorf("%s: %+v, want commit %s of %s", program, got, commit, date)
		}
	}
}

// TestBuildFromAnArchive builds a program from an archive of the source, without a repository and with vendored modules, as
// packagers of systems do. It says the version, the commit and the date of the archive, or those that the packager gives it.
func TestBuildFromAnArchive(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("vendors all modules")
	}
	commit, date := head(t)
	source, dir := clone(t, "source"), t.TempDir()
	run(t, source, "git", "tag", "v1.2.3")
	run(t, source, "git", "archive", "--output="+filepath.Join(dir, "source.tar"), "HEAD")
	run(t, dir, "tar", "-xf", "source.tar")
	run(t, dir, "go", "mod", "vendor")
	want := buildinfo.Read()
	for flags, names := range map[string][3]string{
		"": {"1.2.3", commit, date},
		"-X " + reflect.TypeFor[buildinfo.Info]().PkgPath() + ".released=1.2.4,539f3160aa1b,2024-07-15T02:30:00Z": {"1.2.4", "539f3160aa1b", "2024-07-15T02:30:00Z"},
	} {
		want.Version, want.Commit, want.Date, want.Modified = names[0], names[1], names[2], false
		if got := ask(t, build(t, dir, "photos", "-mod=vendor", "-buildvcs=auto", "-ldflags="+flags)); got != want {
			t.Errorf("with %q: %+v, want %+v", flags, got, want)
		}
	}
}

// head returns the commit of this repository and its time.
func head(t *testing.T) (commit, date string) {
	t.Helper()
	words := strings.Fields(run(t, ".", "git", "log", "-1", "--format=%H %cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ"))
	return words[0], words[1]
}

// clone returns a clone of this repository in a new folder.
func clone(t *testing.T, name string) string {
	t.Helper()
	root, dir := filepath.Join("..", ".."), filepath.Join(t.TempDir(), name)
	run(t, root, "git", "clone", "--quiet", "--no-hardlinks", ".", dir)
	return dir
}

// build builds a program in a folder with the flags of a release, and returns its path.
func build(t *testing.T, dir, program string, flags ...string) string {
	t.Helper()
	args := append([]string{"build", "-trimpath", "-o", "bin/"}, flags...)
	run(t, dir, "go", append(args, "./cmd/"+program)...)
	return filepath.Join(dir, "bin", program)
}

func ask(t *testing.T, program string) (build buildinfo.Info) {
	t.Helper()
	if err := json.Unmarshal([]byte(run(t, ".", program, "version", "--json")), &build); err != nil {
		t.Fatal(err)
	}
	return build
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "TZ=UTC")
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, problems.String())
	}
	return string(out)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
