package buildinfo

import (
	"runtime/debug"
	"slices"
	"testing"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	checkout := []debug.BuildSetting{
		{Key: "vcs.revision", Value: "539f3160aa1b0c3dd0a5fb9b5a1d67e2b9a4f6c1"}, {Key: "vcs.time", Value: "2024-07-14T22:30:00-04:00"},
	}
	changed := slices.Concat(checkout, []debug.BuildSetting{{Key: "vcs.modified", Value: "true"}})
	const pseudo = "v0.0.0-20240715023000-539f3160aa1b"
	for _, c := range []struct {
		name, released, module string
		settings               []debug.BuildSetting
		want                   string
	}{
		{name: "release", released: "1.2.3", module: pseudo, settings: checkout, want: "1.2.3"},
		{name: "go install of a tag", module: "v1.2.3", want: "1.2.3"},
		{name: "go install of a candidate", module: "v1.2.3-rc.1", want: "1.2.3-rc.1"},
		{name: "go install of a commit", module: pseudo, want: "devel " + pseudo},
		{name: "go install of a commit after a tag", module: "v1.2.4-0.20240715023000-539f3160aa1b", want: "devel v1.2.4-0.20240715023000-539f3160aa1b"},
		{name: "checkout", module: pseudo, settings: checkout, want: "devel 539f3160aa1b 2024-07-15"},
		{name: "checkout of a tag", module: "v1.2.3", settings: checkout, want: "1.2.3"},
		{name: "changed checkout", module: pseudo + "+dirty", settings: changed, want: "devel 539f3160aa1b modified 2024-07-15"},
		{name: "changed checkout of a tag", module: "v1.2.3+dirty", settings: changed, want: "devel 539f3160aa1b modified 2024-07-15"},
		{name: "no repository", module: "(devel)", want: "devel"},
		{name: "checkout, where git archive has not written", released: "$Format:%H$", module: pseudo, settings: checkout, want: "devel 539f3160aa1b 2024-07-15"},
		{name: "archive of a tag", released: "v1.2.3,0c3dd0a5fb9b", module: "(devel)", want: "1.2.3"},
		{name: "archive of a candidate", released: "v1.2.3-rc.1,0c3dd0a5fb9b", module: "(devel)", want: "1.2.3-rc.1"},
		{name: "archive of a commit after a tag", released: "v1.2.3-4-g0c3dd0a5fb9b,0c3dd0a5fb9b0c3d,2024-07-14T22:30:00-04:00", module: "(devel)", want: "devel 0c3dd0a5fb9b 2024-07-15"},
		{name: "archive without a tag", released: ",0c3dd0a5fb9b,2024-07-14T22:30:00-04:00", module: "(devel)", want: "devel 0c3dd0a5fb9b 2024-07-15"},
		{name: "archive inside another repository", released: ",0c3dd0a5fb9b,2024-07-14T22:30:00-04:00", module: "(devel)", settings: changed, want: "devel 0c3dd0a5fb9b 2024-07-15"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			info := &debug.BuildInfo{Main: debug.Module{Version: c.module}, Settings: c.settings}
			if got := read(c.released, info).Version; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	if got := read("", nil).Version; got != "unknown" {
		t.Errorf("without build information: %q", got)
	}
}

func TestCommitAndDate(t *testing.T) {
	t.Parallel()
	const commit, other = "539f3160aa1b0c3dd0a5fb9b5a1d67e2b9a4f6c1", "0c3dd0a5fb9b5a1d67e2b9a4f6c1539f3160aa1b"
	checkout := &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: commit}, {Key: "vcs.time", Value: "2024-07-14T22:30:00-04:00"}}}
	for _, c := range []struct {
		name, released        string
		build                 *debug.BuildInfo
		version, commit, date string
	}{
		{name: "checkout", build: checkout, version: "devel 539f3160aa1b 2024-07-15", commit: commit, date: "2024-07-15T02:30:00Z"},
		{name: "release from a checkout", released: "1.2.3", build: checkout, version: "1.2.3", commit: commit, date: "2024-07-15T02:30:00Z"},
		{name: "release that names its commit", released: "1.2.3," + other + ",2025-01-02T03:04:05Z", build: checkout, version: "1.2.3", commit: other, date: "2025-01-02T03:04:05Z"},
		{name: "release from an archive", released: "1.2.3," + other, build: &debug.BuildInfo{}, version: "1.2.3", commit: other},
		{name: "release with a wrong date", released: "1.2.3,,yesterday", build: &debug.BuildInfo{}, version: "1.2.3"},
		{name: "no repository", build: &debug.BuildInfo{}, version: "devel"},
	} {
		got := read(c.released, c.build)
		if got.Version != c.version || got.Commit != c.commit || got.Date != c.date || got.OS == "" || got.Arch == "" || got.Go == "" {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
