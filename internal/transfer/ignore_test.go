package transfer

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"photos/internal/photo"
)

// TestIgnoreIsLikeGit compares what a scan leaves out with git, for random rules in nested folders.
func TestIgnoreIsLikeGit(t *testing.T) {
	t.Parallel()
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	for round := range 40 {
		dir := t.TempDir()
		var folders, files []string
		for _, folder := range []string{"", "a", "a/b", "a/b/a", "b", "b/A", ".h", "a b"} {
			folders = append(folders, folder)
			for _, name := range []string{"a", "b.jpg", "a b", "#x", "!x", "ab.JPG", "{a}"} {
				if file := filepath.Join(dir, folder, name); !isDir(file) && !slices.Contains([]string{"a", "b"}, filepath.Join(folder, name)) {
					files = append(files, file)
				}
			}
		}
		for _, folder := range folders {
			mustDo(t, os.MkdirAll(filepath.Join(dir, folder), 0o755))
		}
		for _, file := range files {
			if !isDir(file) {
				mustDo(t, os.WriteFile(file, nil, 0o600))
			}
		}
		for _, folder := range folders[:1+random.IntN(4)] {
			mustDo(t, os.WriteFile(filepath.Join(dir, folder, IgnoreFile), []byte(randomRules(random)), 0o600))
		}
		got := scanned(dir)
		if want := listedByGit(t, dir); !slices.Equal(got, want) {
			t.Errorf("round %d: the scan has\n%q\nand git\n%q\nwith the rules\n%s", round, got, want, allRules(t, dir, folders))
		}
	}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// randomRules returns some lines, most of which match something.
func randomRules(random *rand.Rand) string {
	pieces := []string{"a", "b", "*", "?", "**", "/", "/", "/", ".jpg", "[a-b]", "[!a]", " ", `\ `, `\#`, "#", "!", "x", "{a}", "**/", "/**", ".h"}
	var b strings.Builder
	for range 1 + random.IntN(5) {
		if random.IntN(3) == 0 {
			b.WriteString("!")
		}
		for range 1 + random.IntN(4) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		b.WriteString("\n")
	}
	return b.String()
}

func allRules(t *testing.T, dir string, folders []string) string {
	t.Helper()
	var b strings.Builder
	for _, folder := range folders {
		if rules, err := os.ReadFile(filepath.Join(dir, folder, IgnoreFile)); err == nil {
			b.WriteString("in " + folder + ":\n" + string(rules))
		}
	}
	return b.String()
}

// scanned returns the files that a scan of dir yields, sorted.
func scanned(dir string) []string {
	var out []string
	for item := range Scan([]string{dir}, ScanOptions{IgnoreFiles: true, Hidden: true}) {
		rel, _ := filepath.Rel(dir, item.Path)
		out = append(out, filepath.ToSlash(rel))
	}
	slices.Sort(out)
	return out
}

// listedByGit returns the files in dir that git would not ignore, sorted.
func listedByGit(t *testing.T, dir string) []string {
	t.Helper()
	gitDir := t.TempDir()
	git := func(args ...string) string {
		cmd := exec.Command("git", append([]string{"-c", "core.ignorecase=true", "--git-dir=" + gitDir, "--work-tree=" + dir}, args...)...)
		cmd.Dir = dir
		out, err := cmd.Output()
		mustDo(t, err)
		return string(out)
	}
	git("init", "--quiet")
	out := strings.FieldsFunc(git("ls-files", "--others", "--exclude-per-directory="+IgnoreFile, "-z"), func(r rune) bool { return r == 0 })
	out = slices.DeleteFunc(out, func(name string) bool { return filepath.Base(name) == IgnoreFile })
	slices.Sort(out)
	return out
}

// TestIgnoreRefuses checks that rules which cannot be read do not count as rules that match nothing.
func TestIgnoreRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "rules")
	for text, want := range map[string]string{
		"ok\n[a\n":                           `line 2: "[a" is not a valid pattern`,
		"a\\\n":                              `line 1: "a\\" is not a valid pattern`,
		strings.Repeat("x", maxIgnoreFile+1): "too long",
		strings.Repeat("x\n", maxIgnoreFile): "more than",
	} {
		mustDo(t, os.WriteFile(file, []byte(text), 0o600))
		if _, err := ReadIgnore(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: got %v, want %s", text, err, want)
		}
	}
	if _, err := ReadIgnore(dir); photo.KindOf(err) != photo.KindUnreadable {
		t.Errorf("a folder: %v", err)
	}
}

// FuzzIgnore checks that no rule makes the matching fail or take long.
func FuzzIgnore(f *testing.F) {
	f.Add("a/**/b", "a/c/b")
	f.Add("!*.jpg/", "x.jpg")
	f.Add("**/**/**/**/x", "a/a/a/a/a/a")
	f.Fuzz(func(t *testing.T, line, path string) {
		rule, err := parseRule(line)
		if err != nil || rule.segments == nil {
			return
		}
		segments := strings.Split(path, "/")
		if rule.match(segments, false) && !rule.match(segments, true) {
			t.Errorf("%q matches the file %q, and not the folder", line, path)
		}
	})
}
