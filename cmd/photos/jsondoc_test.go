package main

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"photos/internal/api"
	"photos/internal/buildinfo"
	"photos/internal/term"
)

// section returns the text of docs/json.md below a heading that begins so.
func section(t *testing.T, heading string) string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(doc), "\n## "+heading)
	if !found {
		t.Fatalf("docs/json.md has no section %q", heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// tableNames returns the names in the first column of the tables of a text whose header begins so.
func tableNames(text, header string) []string {
	var names []string
	in := false
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "| "+header+" |"):
			in = true
		case !strings.HasPrefix(line, "|"):
			in = false
		case in:
			cell, _, _ := strings.Cut(line[1:], " | ")
			for _, m := range regexp.MustCompile("`([a-z0-9_]+)`").FindAllStringSubmatch(cell, -1) {
				names = append(names, m[1])
			}
		}
	}
	return names
}

// namesInSentence returns the names in a line that lists them without a table.
func namesInSentence(text string) []string {
	_, sentence, found := strings.Cut(text, "TSV and JSON: ")
	if !found {
		return nil
	}
	sentence = regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(sentence, "")
	sentence, _, _ = strings.Cut(sentence, ".")
	var names []string
	for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(sentence, -1) {
		names = append(names, m[1])
	}
	return names
}

// tags returns the keys of the JSON object that a value becomes.
func tags(v any) []string {
	var keys []string
	typ := reflect.TypeOf(v)
	for i := range typ.NumField() {
		f := typ.Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case key == "-":
		case key == "" && f.Anonymous:
			keys = append(keys, tags(reflect.Zero(f.Type).Interface())...)
		default:
			keys = append(keys, key)
		}
	}
	return keys
}

// columnNames returns the names of the columns that TSV has, and of all.
func columnNames[T any](columns []term.Column[T]) (usual, all []string) {
	for _, c := range columns {
		if all = append(all, c.Name); !c.Extra {
			usual = append(usual, c.Name)
		}
	}
	return usual, all
}

// usual returns the first of the two results of columnNames.
func usual(usual, _ []string) []string { return usual }

func sortedSet(names ...[]string) []string {
	all := slices.Concat(names...)
	slices.Sort(all)
	return slices.Compact(all)
}

func without(names, others []string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(others, name) })
}

// TestOutputsAreDocumented holds the tables of docs/json.md against the records that commands print,
// in both directions, and its lines about TSV against the columns.
func TestOutputsAreDocumented(t *testing.T) {
	names := func(usual, all []string) [2][]string { return [2][]string{usual, all} }
	for _, c := range []struct {
		heading string
		keys    []string
		columns [2][]string
	}{
		{"Photos:", tags(api.Photo{}), names(columnNames(photoColumns()))},
		{"Photos that look the same:", tags(dupeGroup{}), names(usual(columnNames(dupeColumns())), nil)},
		{"Earlier descriptions:", tags(revision{}), names(columnNames(revisionColumns()))},
		{"Changes:", sortedSet(tags(changeRecord{}), []string{"outcome", "dry_run"}), [2][]string{}},
		{"Transfers:", tags(uploadRecord{}), names(columnNames(uploadColumns()))},
		{"Proofs:", tags(proofRecord{}), names(columnNames(proofColumns()))},
		{"Sidecars:", tags(syncRecord{}), names(columnNames(syncColumns()))},
		{"Errors", tags(errorRecord{}), [2][]string{}},
		{"Input:", tags(inputKeys{}), [2][]string{}},
		{"Settings:", tags(configValue{}), names(columnNames(configColumns()))},
		{"Profiles:", tags(profileRecord{}), names(columnNames(profileColumns()))},
		{"Session:", tags(sessionJSON{}), [2][]string{}},
		{"Token:", tags(tokenJSON{}), [2][]string{}},
		{"Access keys:", tags(api.CreatedAccessKey{}), names(columnNames(keyColumns()))},
		{"Tags:", tags(api.Tag{}), names(columnNames(tagColumns()))},
		{"Counts:", tags(stat{}), names(columnNames(statColumns()))},
		{"What changes:", without(sortedSet(tags(followedPhoto{}), tags(followedDeletion{})), tags(api.Photo{})), [2][]string{}},
		{"Links:", tags(api.CreatedShare{}), names(columnNames(shareColumns()))},
		{"Version:", tags(buildinfo.Info{}), [2][]string{}},
		{"Checks:", tags(finding{}), names(columnNames(findingColumns()))},
	} {
		text := section(t, c.heading)
		documented := sortedSet(tableNames(text, "field"), tableNames(text, "key"), namesInSentence(text))
		if want := sortedSet(c.keys); !slices.Equal(documented, want) {
			t.Errorf("%s the document has\n%q\nand the code\n%q", c.heading, documented, want)
		}
		if c.columns[0] == nil {
			continue
		}
		if line := "`" + strings.Join(c.columns[0], "`, `") + "`"; !strings.Contains(strings.ReplaceAll(text, "\n", " "), line) && !slices.Equal(namesInSentence(text), c.columns[0]) {
			t.Errorf("%s the document does not have the columns %s", c.heading, line)
		}
		for _, name := range c.columns[1] {
			if !slices.Contains(documented, name) {
				t.Errorf("%s the column %s is not documented", c.heading, name)
			}
		}
	}
}

// TestValuesAreDocumented holds the outcomes, the kinds of errors and the formats against the document.
func TestValuesAreDocumented(t *testing.T) {
	changes := tableNames(section(t, "Changes:"), "outcome")
	for _, o := range changeOutcomes() {
		if o != outcomeShown && !slices.Contains(changes, string(o)) {
			t.Errorf("the outcome %s of changes is not documented", o)
		}
	}
	transfers := tableNames(section(t, "Transfers:"), "outcome")
	for _, o := range transferOutcomes() {
		if !slices.Contains(transfers, string(o)) {
			t.Errorf("the outcome %s of transfers is not documented", o)
		}
	}
	if n := len(changeOutcomes()) - 1; len(changes) != n || len(transfers) != len(transferOutcomes()) {
		t.Errorf("%d and %d outcomes are documented, the code has %d and %d", len(changes), len(transfers), n, len(transferOutcomes()))
	}
	formats := tableNames(section(t, "Input:"), "format")
	if want := inputFormats(); !slices.Equal(formats, want) {
		t.Errorf("the document has the formats %q, the code %q", formats, want)
	}
	proofs := section(t, "Proofs:")
	for _, s := range proofStates() {
		if !strings.Contains(proofs, "`"+string(s)+"`") {
			t.Errorf("the state %s is not documented", s)
		}
	}
	kinds := tableNames(section(t, "Errors"), "kind")
	source, err := os.ReadFile("../../internal/photo/error.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`Kind\w+ +Kind = "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		if !slices.Contains(kinds, m[1]) {
			t.Errorf("the kind %s is not documented", m[1])
		}
	}
}

// TestRemovalJournalIsDocumented holds the table of docs/incoming.md against the records of removals.
func TestRemovalJournalIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/incoming.md")
	if err != nil {
		t.Fatal(err)
	}
	if documented, want := sortedSet(tableNames(string(doc), "field")), sortedSet(tags(removalRecord{})); !slices.Equal(documented, want) {
		t.Errorf("the document has\n%q\nand the code\n%q", documented, want)
	}
}
