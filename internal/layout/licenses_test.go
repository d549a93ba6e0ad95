package layout_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/licenses.md and NOTICE")

// A part is something that a program contains and that others have written.
type part struct {
	name, version string
	folder        string // with its license
	programs      []string
}

// TestLicenses holds docs/licenses.md and NOTICE against the modules that the programs contain. make licenses writes
// both. A module without a license, or with one that is not known here, fails.
func TestLicenses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("asks the go command")
	}
	parts := linkedParts(t)
	if len(parts) < 30 {
		t.Fatalf("only %d modules found", len(parts))
	}
	page, notice := licenses(t, parts)
	for file, want := range map[string]string{"docs/licenses.md": page, "NOTICE": notice} {
		if *update {
			if err := os.WriteFile("../../"+file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile("../../" + file); err != nil || string(got) != want {
			t.Errorf("%s does not name the modules that the programs contain: run make licenses (%v)", file, err)
		}
	}
}

// linkedParts returns what the programs contain on any of their platforms, in the order of the names.
func linkedParts(t *testing.T) []part {
	t.Helper()
	found := map[string]part{}
	for _, program := range []string{"photos", "photosd"} {
		for _, system := range []string{"linux", "darwin", "windows"} {
			cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}", "./cmd/"+program)
			cmd.Dir, cmd.Env = "../..", append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0")
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("go list for %s: %v", system, err)
			}
			for line := range strings.Lines(string(out)) {
				words := strings.Split(strings.TrimSpace(line), "\t")
				if len(words) < 3 || words[1] == "" {
					continue // the standard library, or this module
				}
				name := words[0]
				programs := found[name].programs
				if !slices.Contains(programs, program) {
					programs = append(programs, program)
				}
				found[name] = part{name: name, version: words[1], folder: words[2], programs: programs}
			}
		}
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	parts := []part{
		{name: "The Go standard library", folder: strings.TrimSpace(string(root)), programs: []string{"photos", "photosd"}},
		{name: "tus-js-client", folder: filepath.Join("..", "web", "static"), programs: []string{"photosd"}},
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		parts = append(parts, found[name])
	}
	return parts
}

// licenseFile is the name of a file with a license or a notice that has to be passed on.
var licenseFile = regexp.MustCompile(`(?i)^(tus\.)?(licen[cs]e|unlicense|copying|notice|patents)([.-].*)?$`)

// licenses returns the page with the license of each part, and the texts of the licenses. A text that several parts have
// appears once.
func licenses(t *testing.T, parts []part) (page, notice string) {
	t.Helper()
	var table strings.Builder
	var texts []string
	owners := map[string][]string{}
	for _, p := range parts {
		var kinds []string
		for _, text := range licenseTexts(t, p.folder) {
			if kind := licenseKind(text); kind != "" {
				kinds = append(kinds, kind)
			}
			if owners[text] == nil {
				texts = append(texts, text)
			}
			owners[text] = append(owners[text], strings.TrimSpace(p.name+" "+p.version))
		}
		if len(kinds) == 0 {
			t.Errorf("%s has no license that is known here: %s", p.name, p.folder)
		}
		slices.Sort(kinds)
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", p.name, p.version, strings.Join(slices.Compact(kinds), ", "), strings.Join(p.programs, ", "))
	}
	page = "# Licenses\n\n`photos` and `photosd` have the [Apache License 2.0](../LICENSE). They contain the work of others, listed here. [NOTICE](../NOTICE) has the\n" +
		"texts of their licenses. This page is generated: `make licenses` writes it, and a test compares it with the programs.\n\n" +
		"| part | version | license | in |\n|---|---|---|---|\n" + table.String()
	var all strings.Builder
	all.WriteString("photos and photosd contain the work of others. Their licenses follow. docs/licenses.md lists them in a table.\n")
	for _, text := range texts {
		fmt.Fprintf(&all, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(owners[text], "\n"), text)
	}
	return page, all.String()
}

// licenseTexts returns the licenses and notices in a folder.
func licenseTexts(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, e := range entries {
		if e.IsDir() || !licenseFile.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
	}
	return texts
}

// licenseKind returns the SPDX identifier of a license, or "" when the text is none of those that are known.
func licenseKind(text string) string {
	words := strings.Join(strings.Fields(text), " ")
	for _, known := range []struct{ kind, phrase, without string }{
		{"Apache-2.0", "Apache License Version 2.0", ""},
		{"MPL-2.0", "Mozilla Public License Version 2.0", ""},
		{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy", ""},
		{"ISC", "Permission to use, copy, modify, and/or distribute this software", ""},
		{"ISC", "Permission to use, copy, modify, and distribute this software", ""},
		{"BSD-3-Clause", "Neither the name", ""},
		{"BSD-3-Clause", "The name of the author may not be used to endorse", ""},
		{"BSD-3-Clause", "may not be used to endorse or promote", ""},
		{"BSD-2-Clause", "Redistribution and use in source and binary forms", "endorse"},
		{"Unlicense", "This is free and unencumbered software released into the public domain", ""},
		{"CC0-1.0", "CC0 1.0 Universal", ""},
	} {
		if strings.Contains(words, known.phrase) && (known.without == "" || !strings.Contains(words, known.without)) {
			return known.kind
		}
	}
	return ""
}
