package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"photos/internal/filter"
)

// TestTopicsFollowTheCode: the pages about the environment and the exit codes have all of them.
func TestTopicsFollowTheCode(t *testing.T) {
	for _, row := range allSettings() {
		for _, name := range row.env {
			if !strings.Contains(environmentHelp, name) {
				t.Errorf("the topic about the environment lacks %s", name)
			}
		}
	}
	for _, key := range filter.Keys() {
		if !regexp.MustCompile(`(?m)\b` + key + `:`).MatchString(filtersHelp) {
			t.Errorf("the topic about filters lacks %s:", key)
		}
	}
	var codes []string
	for _, code := range []int{exitDone, exitFailure, exitUsage, exitNotFound, exitNotSignedIn, exitSomeFailed, exitUnavailable, exitKeyring, exitInterrupted} {
		codes = append(codes, fmt.Sprint(code))
	}
	var documented []string
	for _, m := range regexp.MustCompile(`(?m)^  (\d+) `).FindAllStringSubmatch(exitCodesHelp, -1) {
		documented = append(documented, m[1])
	}
	if !slices.Equal(codes, documented) {
		t.Errorf("the topic has the exit codes %q, the code %q", documented, codes)
	}
}

func TestSuggestions(t *testing.T) {
	e, _ := testEnv(settings{}, false)
	root := newRoot(e, nil)
	for word, want := range map[string]string{
		"rm": "delete", "remove": "delete", "undelete": "restore", "show": "describe", "info": "describe", "search": "list", "whoami": "status",
		"ls": "list", "put": "upload", "get": "download", "sign-in": "login", "sign_out": "logout", "check": "verify", "accounts": "profile",
		"lst": "list", "lisst": "list", "uplaod": "upload", "verfiy": "verify", "desc": "describe", "DELETE": "delete",
		"restor": "restore", "conf": "config", "xyzzy": "", "": "", "q": "",
	} {
		if got := suggestCommand(root, word); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
	for _, c := range root.Commands() {
		if c.Name() == "key" && (suggestCommand(c, "rm") != "revoke" || suggestCommand(c, "ls") != "list" || suggestCommand(c, "new") != "create") {
			t.Error("a word for a command of key is not understood")
		}
	}
}

func TestFlagSuggestions(t *testing.T) {
	for _, c := range []struct{ command, flag, want string }{
		{"list", "--serch", "did you mean --search?"},
		{"list", "--query", "did you mean --search?"},
		{"list", "--filter=x", "did you mean --search?"},
		{"list", "--Limit", "did you mean --limit?"},
		{"upload", "--description", "did you mean --desc?"},
		{"upload", "-m", "did you mean --desc?"},
		{"delete", "--force", "did you mean --yes?"},
		{"delete", "--dry", "did you mean --dry-run?"},
		{"list", "-L", "did you mean --limit?"},
		{"list", "--tag=iceland", "write it in the filter: --search tag:..."},
		{"delete", "--camera=nikon", "write it in the filter: --search camera:..."},
		{"upload", "--recursive", "leave it out: folders are read with everything in them"},
		{"verify", "-r", "leave it out: folders are read with everything in them"},
		{"upload", "--album-name=Iceland", "did you mean --tag?"},
		{"tag", "--tag=iceland", "did you mean --add?"},
		{"upload", "--delete", "did you mean --delete-after?"},
		{"download", "--xyzzy", "photos download --help lists the flags"},
		{"delete", "-x", "photos delete --help lists the flags"},
	} {
		w := newWorld(t, "photos.example")
		w.photos("", c.command, c.flag).want(t, exitUsage, "unknown", c.want)
	}
}
