package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"photos/internal/api"
	"photos/internal/photo"
	"photos/internal/term"
)

// newInputLinesHelp returns a help topic about the formats of --from.
func newInputLinesHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "input-lines",
		Short: "The formats of the lists that --from reads",
		Long: `--from FILE reads a list from a file, --from - from stdin. --from-format says
how its lines are written. A line that does not fit its format is one failed
item; the other lines are still done.

lines  One item per line: a path or, where a PHOTO is wanted, also an ID. With
       -0 each item ends with a NUL byte, as find -print0 writes them. Items
       are never expanded.

tsv    Item, tab, description. A tab, newline, carriage return or backslash in
       them is written \t, \n, \r or \\. A - alone means no value and is
       not allowed here. A dash is written \-.
       photos list --fields id,description prints such lines.

jsonl  One JSON object per line, such as --json prints. It names a photo by id
       or path (upload: by path), or by path_base64 where the path is not UTF-8.
       Its description is optional. With a version, describe changes the photo
       only if it still has that version. The other keys that photos prints are
       accepted and ignored; any other key is an error.

A description in a line takes precedence over --desc and --clear. An empty one
never erases a description, except with --clear.`,
		Example: `  find . -name '*.jpg' -print0 | photos upload -0 --from -
  printf 'beach.jpg\tSunset\n' | photos describe --from - --from-format tsv
  photos list --json | jq -c 'select(.bytes > 5e6)' |
    photos delete --from - --from-format jsonl`,
	}
}

// parseTSV reads an item, a tab and its description.
func parseTSV(text string) (listItem, error) {
	name, desc, ok := strings.Cut(text, "\t")
	switch {
	case !ok:
		return listItem{}, errors.New("no tab: want item, tab, description")
	case strings.Contains(desc, "\t"):
		return listItem{}, &photo.Error{Msg: fmt.Sprintf("%d tabs: want item, tab, description", strings.Count(text, "\t")),
			Hint: `photos list --fields id,description prints such lines; a tab in a description is written \t`}
	case name == "" || name == "-":
		return listItem{}, errors.New("names nothing")
	case desc == "-":
		return listItem{}, &photo.Error{Msg: "the description is -, which stands for no value", Hint: `write \- for a dash; photos describe --clear erases a description`}
	}
	name, err := term.UnescapeTSV(name)
	if err != nil {
		return listItem{}, err
	}
	desc, err = term.UnescapeTSV(desc)
	return listItem{Name: name, Description: desc, Described: true}, err
}

// inputKeys has the keys of a JSON line that are used.
type inputKeys struct {
	Path        string  `json:"path"`
	PathBase64  string  `json:"path_base64"`
	ID          string  `json:"id"`
	Description *string `json:"description"`
	Version     *int64  `json:"version"`
}

// knownKeys returns every key that a JSON line may have: those that are used, and all
// others in the records that this program prints.
func knownKeys() []string {
	var keys []string
	for _, record := range []any{inputKeys{}, api.Photo{}, uploadRecord{}, proofRecord{}, changeRecord{}} {
		t := reflect.TypeOf(record)
		for i := range t.NumField() {
			if key, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); key != "" {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// parseJSON reads an object that names a photo by id or path. With paths, it must name a file by
// path. Null is the same as no value.
func parseJSON(text string, known []string, paths bool) (listItem, error) {
	if !utf8.ValidString(text) {
		return listItem{}, errors.New("not valid UTF-8")
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &keys); err != nil {
		return listItem{}, errors.New("not a JSON object")
	}
	for key := range keys { // encoding/json ignores case and accepts unknown keys
		if _, ok := slices.BinarySearch(known, key); !ok {
			return listItem{}, fmt.Errorf("unknown key %.80q", key)
		}
	}
	var v inputKeys
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return listItem{}, fmt.Errorf("the value of %q must not be a %s", wrong.Field, wrong.Value)
		}
		return listItem{}, fmt.Errorf("not a JSON object: %w", err)
	}
	it := listItem{Version: v.Version}
	var err error
	if it.Name, err = v.name(paths); err != nil {
		return listItem{}, err
	}
	if v.Description != nil {
		it.Description, it.Described = *v.Description, true
	}
	return it, nil
}

// name returns the item that the line names. The ID of a photo takes precedence over
// its path, since that is only where it once came from.
func (v inputKeys) name(paths bool) (string, error) {
	path := v.Path
	if v.PathBase64 != "" {
		raw, err := base64.StdEncoding.DecodeString(v.PathBase64)
		if err != nil {
			return "", errors.New("path_base64 is not base64")
		}
		path = string(raw)
	}
	switch {
	case !paths && v.ID != "":
		if !photo.IsHex(v.ID) {
			return "", fmt.Errorf("the value of \"id\" is not an ID: %.80q", v.ID)
		}
		return v.ID, nil
	case !paths && photo.IsHex(path):
		return "./" + path, nil // without ./ it would be an ID
	case path != "":
		return path, nil
	case paths:
		return "", errors.New(`no "path"`)
	}
	return "", errors.New(`no "id" or "path"`)
}
