package layout_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// docs/formats.md lists each media type that the code can name, and no other.
func TestFormatsAreDocumented(t *testing.T) {
	t.Parallel()
	types := func(file, pattern string) []string {
		text, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			found = append(found, m[1])
		}
		slices.Sort(found)
		return found
	}
	code := types("internal/picture/sniff.go", `= "((?:image|video)/[^"]+)"`)
	documented := types("docs/formats.md", "`((?:image|video)/[^`]+)`")
	if len(code) < 40 {
		t.Fatalf("only %d media types found in the code", len(code))
	}
	if diff := cmp.Diff(code, documented); diff != "" {
		t.Errorf("media types in the code (-) and in docs/formats.md (+):\n%s", diff)
	}
}
