package e2e

import (
	"reflect"
	"testing"
)

func TestSectionsOf(t *testing.T) {
	t.Parallel()
	const page = "# Page\n\n```sh\none\n```\n\n```sh\ntwo\n```\n\n## Part\n\ntext\n\n```text\n# no heading\n```\n\n```console\n$ three\nout\n```\n\n```sh\nfour\n```\n\n- in a list:\n\n   ```sh\n   five\n   ```\n\n## Empty\n"
	want := []section{
		{"Page", []block{{"sh", "one\ntwo\n"}}},
		{"Part", []block{{"console", "$ three\nout\n"}, {"sh", "four\n"}}},
	}
	if got := sectionsOf(page); !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestShows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		output, document string
		want             bool
	}{
		{"a\nb\n", "a\nb\n", true},
		{"a   \nb\n", "a\nb\n", true},
		{"a\nb\n", "a\n", false},
		{"a\nb\n", "b\n", false},
		{"a\nb\nc\n", "a\n…\n", true},
		{"a\nb\nc\n", "…\nb\n…\n", true},
		{"a\nb\nc\n", "…\nd\n…\n", false},
		{"12 photos (3.4 MB)\n", "… photos (…)\n", true},
		{"12 photos\nlost\n", "… photos…\n", false},
		{"a.b\n", "a.b\n", true},
		{"axb\n", "a.b\n", false},
	} {
		if got := shows(c.output, c.document); got != c.want {
			t.Errorf("%q and %q: %v", c.output, c.document, got)
		}
	}
}
