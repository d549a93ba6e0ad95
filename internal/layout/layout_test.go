// Package layout_test holds the tree against its own rules: which modules the
// client may link, and which package may reach which.
package layout_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// linked is every module that photos may link: a person who only uploads
// pictures carries no database driver, no cloud SDK and no server. A new one is
// a decision, to be made here.
var linked = []string{
	"github.com/VividCortex/ewma",          // mpb
	"github.com/acarl005/stripansi",        // mpb
	"github.com/adrg/xdg",                  // where settings and state lie on each system
	"github.com/cenkalti/backoff/v5",       // waiting between tries
	"github.com/clipperhouse/uax29/v2",     // runewidth
	"github.com/coreos/go-oidc/v3",         // verifying ID tokens
	"github.com/danieljoos/wincred",        // go-keyring, Windows
	"github.com/fsnotify/fsnotify",         // viper
	"github.com/go-jose/go-jose/v4",        // go-oidc
	"github.com/go-viper/mapstructure/v2",  // viper
	"github.com/godbus/dbus/v5",            // go-keyring, Linux
	"github.com/gofrs/flock",               // one refresh at a time, one writer of the digest cache
	"github.com/inconshreveable/mousetrap", // cobra, Windows
	"github.com/mattn/go-runewidth",        // columns of a table
	"github.com/pelletier/go-toml/v2",      // viper
	"github.com/pkg/browser",               // the system's browser
	"github.com/sagikazarmark/locafero",    // viper
	"github.com/sourcegraph/conc",          // viper
	"github.com/spf13/afero",               // viper
	"github.com/spf13/cast",                // viper
	"github.com/spf13/cobra",               // the command line
	"github.com/spf13/pflag",               // cobra
	"github.com/spf13/viper",               // settings
	"github.com/subosito/gotenv",           // viper
	"github.com/vbauerster/cupwriter",      // mpb
	"github.com/vbauerster/mpb/v8",         // bars
	"github.com/zalando/go-keyring",        // the refresh token's place
	"go.yaml.in/yaml/v3",                   // viper; the line of a mistake in config.yaml
	"golang.org/x/image",                   // scales a picture for the terminal
	"golang.org/x/oauth2",                  // authorization code and PKCE
	"golang.org/x/sys",                     // files and terminals
	"golang.org/x/term",                    // is this a terminal
	"golang.org/x/text",                    // viper
	"golang.org/x/time",                    // --bwlimit
	"photos",
}

func TestLinkedModules(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks the go command")
	}
	var got []string
	for _, system := range []string{"linux", "darwin", "windows"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "photos/cmd/photos")
		cmd.Env = append(cmd.Environ(), "GOOS="+system, "CGO_ENABLED=0")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list for %s: %v", system, err)
		}
		got = append(got, strings.Fields(string(out))...)
	}
	slices.Sort(got)
	if d := cmp.Diff(slices.Sorted(slices.Values(linked)), slices.Compact(got)); d != "" {
		t.Errorf("linked modules (-want +got):\n%s", d)
	}
}

// leaves import nothing of this module, and every package may import them.
var leaves = []string{"photos/internal/text", "photos/internal/issuer", "photos/internal/httpkit", "photos/internal/redirect"}

// arrows are the imports that must not be: whoever holds the first may not reach the second.
func TestArrowsBetweenPackages(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks the go command")
	}
	for _, arrow := range []struct{ from, to string }{
		{"photos/internal/photo", "photos/internal/"},
		{"photos/internal/accesskey", "photos/internal/"},
		{"photos/internal/text", "photos/internal/"},
		{"photos/internal/issuer", "photos/internal/"},
		{"photos/internal/httpkit", "photos/internal/"},
		{"photos/internal/redirect", "photos/internal/"},
		{"photos/internal/buildinfo", "photos/internal/"},
		{"photos/internal/httpkit", "html/template"},
		{"photos/internal/term", "photos/internal/client"},
		{"photos/internal/term", "photos/internal/transfer"},
		{"photos/internal/term", "photos/internal/auth"},
		{"photos/internal/client", "photos/internal/auth"},
		{"photos/internal/auth/oidc", "github.com/zalando/go-keyring"},
		{"photos/cmd/photosd", "photos/internal/auth/secret"},
		{"photos/cmd/photosd", "photos/internal/auth/signin"},
		{"photos/internal/client", "photos/internal/httpapi"},
		{"photos/internal/transfer", "photos/internal/httpapi"},
		{"photos/internal/service", "photos/internal/httpapi"},
		{"photos/internal/service", "photos/internal/api"},
		{"photos/internal/service", "photos/internal/store/"},
		{"photos/internal/service", "photos/internal/blob/"},
		{"photos/internal/service", "photos/internal/userpool"},
		{"photos/internal/userpool", "photos/internal/httpapi"},
		{"photos/internal/userpool", "photos/internal/service"},
		{"photos/internal/httpapi", "photos/internal/store/"},
		{"photos/internal/httpapi", "photos/internal/blob/"},
		{"photos/internal/httpapi", "photos/internal/userpool"},
		{"photos/cmd/photos", "photos/internal/testkit"},
		{"photos/cmd/photosd", "photos/internal/testkit"},
		{"photos/cmd/photosd", "photos/internal/store/storetest"},
		{"photos/cmd/photosd", "photos/internal/blob/blobtest"},
	} {
		for _, dep := range dependencies(t, arrow.from) {
			if dep != arrow.from && strings.HasPrefix(dep, arrow.to) && !slices.Contains(leaves, dep) {
				t.Errorf("%s reaches %s", arrow.from, dep)
			}
		}
	}
}

// TestServiceWithoutHTTP checks that neither the service nor a package of this module that it reaches imports net/http.
// Modules of others may: that of Brotli has a function for handlers.
func TestServiceWithoutHTTP(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks the go command")
	}
	out, err := exec.Command("go", "list", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "photos/internal/service").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		if imports := strings.Fields(line); strings.HasPrefix(imports[0], "photos/") && slices.Contains(imports, "net/http") {
			t.Errorf("%s imports net/http", imports[0])
		}
	}
}

// TestPackagesOfSignIn checks what each package of signing in may reach in this module, besides the leaves. A web side
// can use oidc without a callback server and a keyring.
func TestPackagesOfSignIn(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks the go command")
	}
	const parent = "photos/internal/auth"
	for from, allowed := range map[string][]string{
		parent:             nil,
		parent + "/oidc":   {parent},
		parent + "/secret": {parent, "photos/internal/safefile"},
		parent + "/signin": {parent, parent + "/oidc", parent + "/secret", "photos/internal/safefile"},
	} {
		for _, dep := range dependencies(t, from) {
			if strings.HasPrefix(dep, "photos/") && dep != from && !slices.Contains(leaves, dep) && !slices.Contains(allowed, dep) {
				t.Errorf("%s reaches %s", from, dep)
			}
		}
	}
}

// dependencies returns the packages that a package imports, directly or through others.
func dependencies(t *testing.T, of string) []string {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", of).Output()
	if err != nil {
		t.Fatalf("go list %s: %v", of, err)
	}
	return strings.Fields(string(out))
}
