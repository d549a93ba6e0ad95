package picture

import (
	"os"
	"regexp"
	"testing"
)

// TestEveryTypeHasAnExtension holds the extensions against the constants of the media types.
func TestEveryTypeHasAnExtension(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("sniff.go")
	if err != nil {
		t.Fatal(err)
	}
	types := regexp.MustCompile(`(?m)^\t\w+ += "((?:image|video)/[^"]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(types) < 40 {
		t.Fatalf("only %d media types found", len(types))
	}
	seen := map[string]string{}
	for _, m := range types {
		extension := Extension(m[1])
		if other := seen[extension]; !regexp.MustCompile(`^\.[a-z0-9]+$`).MatchString(extension) || other != "" {
			t.Errorf("%s has the extension %q, as %q has", m[1], extension, other)
		}
		seen[extension] = m[1]
	}
	if got := Extension("text/plain"); got != "" {
		t.Errorf("a text has the extension %q", got)
	}
}
