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

// released describes what was built: a version, a commit, and the time of that commit, separated by commas. Each may be
// missing. git archive writes them here (.gitattributes), so an archive of the source knows them without a repository; the
// version is then the nearest tag. The linker can set other ones, also for a program with vendored modules:
//
//	go build -ldflags "-X photos/internal/buildinfo.released=1.2.3,539f3160aa1b,2024-07-15T02:30:00Z" ./cmd/...
var released = "$Format:%(describe:tags=true,match=v*),%H,%cI$"

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

// Version returns the version of this program: that of the release or of the archive, else that of
// the module (go install module@version), else "devel" with the commit and its date as far as they
// are known.
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
	version, commit, date := split(released)
	info.Commit, info.Date = cmp.Or(commit, setting["vcs.revision"]), cmp.Or(date, utc(setting["vcs.time"]))
	info.Modified = commit == "" && setting["vcs.modified"] == "true"
	switch {
	case version != "" && !strings.HasPrefix(version, "v"): // the linker's
		info.Version = version
	case isRelease(cmp.Or(version, module)):
		info.Version = strings.TrimPrefix(cmp.Or(version, module), "v")
	case build == nil && commit == "":
		info.Version = "unknown"
	default:
		info.Version = development(info, module)
	}
	return info
}

// split returns the parts of the variable released. In a checkout nobody has written into it.
func split(released string) (version, commit, date string) {
	if strings.HasPrefix(released, "$") {
		return "", "", ""
	}
	words := append(strings.Split(released, ","), "", "")
	return words[0], words[1], utc(words[2])
}

// utc returns a time in UTC, or "" when the text is not a time.
func utc(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// isRelease reports whether the version of a module or an archive is that of a release, such as
// v1.2.3 or v1.2.3-rc.1. Pseudo-versions, and versions of a commit after a tag (v1.2.3-4-g539f316),
// have two hyphens; those of changed checkouts have a plus sign.
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
