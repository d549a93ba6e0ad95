// Package buildinfo tells which version of the source a program was built from. It imports
// nothing of this module.
package buildinfo

import (
	"cmp"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// released describes a release: its version, its commit, and the time of that commit, separated by commas. The commit and
// the time may be missing. The linker sets it:
//
//	go build -ldflags "-X photos/internal/buildinfo.released=1.2.3,539f3160aa1b,2024-07-15T02:30:00Z" ./cmd/...
//
// So does a packager who builds from an archive without a repository or with vendored modules.
var released string

// Info describes a build. A field that is not known is empty.
type Info struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Date     string `json:"date,omitempty"`     // of the commit; RFC 3339, UTC
	Modified bool   `json:"modified,omitempty"` // whether files differed from the commit
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Go       string `json:"go"`
}

// Read returns what this program knows about its build.
func Read() Info {
	info, _ := debug.ReadBuildInfo()
	return read(released, info)
}

// Version returns the version of this program: that of the release, else that of the module
// (go install module@version), else "devel" with the commit and its date as far as they are known.
func Version() string { return Read().Version }

func read(released string, build *debug.BuildInfo) Info {
	info := Info{OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version()}
	setting, module := map[string]string{}, ""
	if build != nil {
		module = build.Main.Version
		for _, s := range build.Settings {
			setting[s.Key] = s.Value
		}
	}
	info.Commit, info.Date, info.Modified = setting["vcs.revision"], utc(setting["vcs.time"]), setting["vcs.modified"] == "true"
	switch {
	case released != "":
		words := append(strings.Split(released, ","), "", "")
		info.Version = words[0]
		info.Commit, info.Date = cmp.Or(words[1], info.Commit), cmp.Or(utc(words[2]), info.Date)
	case build == nil:
		info.Version = "unknown"
	case isRelease(module):
		info.Version = strings.TrimPrefix(module, "v")
	default:
		info.Version = development(info, module)
	}
	return info
}

// utc returns a time in UTC, or "" when the text is not a time.
func utc(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// isRelease reports whether the version of a module is that of a release, such as v1.2.3 or
// v1.2.3-rc.1. Pseudo-versions have two hyphens; those of changed checkouts have a plus sign.
// Source: https://go.dev/ref/mod#pseudo-versions
func isRelease(module string) bool {
	return strings.HasPrefix(module, "v") && strings.Count(module, "-") < 2 && !strings.Contains(module, "+")
}

// development returns the version of a build that is not a release.
func development(info Info, module string) string {
	words := []string{"devel"}
	switch {
	case info.Commit != "":
		words = append(words, info.Commit[:min(len(info.Commit), 12)])
	case module != "" && module != "(devel)":
		words = append(words, module)
	}
	if info.Modified {
		words = append(words, "modified")
	}
	if info.Date != "" {
		words = append(words, info.Date[:len(time.DateOnly)])
	}
	return strings.Join(words, " ")
}
