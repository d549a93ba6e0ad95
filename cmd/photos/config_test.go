package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"photos/internal/photo"
)

// FuzzConfig: every config.yaml either gives valid settings or an error with a hint.
func FuzzConfig(f *testing.F) {
	f.Add("server: photos.example.org\ntimeout: 90s\nno_color: true\n")
	f.Add("profile: Work\nbrowser: \"firefox %s\"\n")
	f.Add("timeout: soon\n")
	f.Add("server: [a, b]\n")
	f.Add("server: &a photos.example\nprofile: *a\n")
	f.Add("a: 1\n---\nb: 2\n")
	f.Add("\tserver: x")
	f.Add("quiet: yes\n1: 2\n<<: {}\n")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		set, err := loadSettings((&cobra.Command{}).Flags(), func(name string) string { return map[string]string{"PHOTOS_CONFIG_DIR": dir}[name] })
		if err != nil {
			if photo.KindOf(err) != photo.KindUsage || photo.HintOf(err) == "" {
				t.Errorf("%q: %v, of kind %s with the hint %q", text, err, photo.KindOf(err), photo.HintOf(err))
			}
			return
		}
		if set.Timeout <= 0 || set.Profile != "" && !isProfileName(set.Profile) || strings.HasSuffix(set.Server, "/") {
			t.Errorf("%q gives %+v", text, set)
		}
	})
}
