// Package buildinfo tells which version of the source a program was built from. It imports
// nothing of this module.
package buildinfo

import (
	"runtime/debug"
	"strings"
	"time"
)

// released is the version of a release. The linker sets it:
//
//	go build -ldflags "-X photos/internal/buildinfo.released=1.2.3" ./cmd/...
//
// So does a packager who builds from an archive without a repository or with vendored modules.
var released string

// Version returns the version of this program: that of the release, else that of the module
// (go install module@version), else "devel" with the commit and its date as far as they are known.
func Version() string {
	info, _ := debug.ReadBuildInfo()
	return version(released, info)
}

// isRelease reports whether the version of a module is that of a release, such as v1.2.3 or
// v1.2.3-rc.1. Pseudo-versions have two hyphens; those of changed checkouts have a plus sign.
// Source: https://go.dev/ref/mod#pseudo-versions
func isRelease(module string) bool {
	return strings.HasPrefix(module, "v") && strings.Count(module, "-") < 2 && !strings.Contains(module, "+")
}

func version(released string, info *debug.BuildInfo) string {
	if released != "" {
		return released
	}
	if info == nil {
		return "unknown"
	}
	if module := info.Main.Version; isRelease(module) {
		return strings.TrimPrefix(module, "v")
	}
	setting := map[string]string{}
	for _, s := range info.Settings {
		setting[s.Key] = s.Value
	}
	words := []string{"devel"}
	switch commit := setting["vcs.revision"]; {
	case commit != "":
		words = append(words, commit[:min(len(commit), 12)])
	case info.Main.Version != "" && info.Main.Version != "(devel)":
		words = append(words, info.Main.Version)
	}
	if setting["vcs.modified"] == "true" {
		words = append(words, "modified")
	}
	if at, err := time.Parse(time.RFC3339, setting["vcs.time"]); err == nil {
		words = append(words, at.UTC().Format(time.DateOnly))
	}
	return strings.Join(words, " ")
}
