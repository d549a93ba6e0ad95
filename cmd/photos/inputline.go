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

lines  One item per line: a path. A command that takes PHOTOs also accepts
       IDs. With -0 each item ends with a NUL byte, as in the output of
       find -print0. Items are never expanded as globs.

tsv    Item, tab, description. A tab, newline, carriage return or backslash in
       them is written \t, \n, \r or \\. A description that is only a dash is
       written \-, because - means no value. The lines that list, upload,
       download and verify print into a pipe are also accepted.

jsonl  One JSON object per line, such as --json prints. It names a photo by id
       or path (upload: by path), or by path_base64 if the path is not UTF-8.
       Its description is optional. With a version, describe changes the photo
       only if it still has that version. The other keys that photos prints are
       accepted and ignored; any other key is an error.

csv    As --format csv prints it: a header with the names of the fields, then
       one record per photo. The fields are the keys of jsonl.

sha256sum
       A digest, two spaces and a path, as sha256sum prints it. The digest is
       the ID of the photo; upload uses the path.

A description in a line takes precedence over --desc and --clear. An empty one
never erases a description, except with --clear.`,
		Example: `  find . -name '*.jpg' -print0 | photos upload -0 --from -
  printf 'beach.jpg\tSunset\n' | photos describe --from - --from-format tsv
  photos list --json | jq -c 'select(.bytes > 5e6)' |
    photos delete --from - --from-format jsonl`,
	}
}

// parseTSV reads an item, a tab and its description, or a line that a command of this program
// prints. Such a line has more tabs, and its values say which command that was.
func parseTSV(text string, paths bool) (listItem, error) {
	values := strings.Split(text, "\t")
	if len(values) == 1 {
		return listItem{}, errors.New("no tab: want item, tab, description")
	}
	if len(values) == 2 {
		if values[1] == "-" {
			return listItem{}, &photo.Error{Msg: "the description is -, which stands for no value", Hint: `write \- for a dash; photos describe --clear erases a description`}
		}
		return itemTSV(values[0], &values[1])
	}
	return parseOwnTSV(values, paths)
}

// parseOwnTSV reads a line of more columns, which photos has printed.
func parseOwnTSV(values []string, paths bool) (listItem, error) {
	id, isID := parseFullID(values[0])
	state := photo.State(values[1])
	outcome := photo.Outcome(values[1])
	switch {
	case len(values) == 6 && isID && !paths: // list, or the history of a photo
		return itemTSV(id, &values[5])
	case len(values) == 3 && slices.Contains(transferOutcomes(), outcome) && isID && !paths:
		return itemTSV(id, nil)
	case len(values) == 3 && slices.Contains(transferOutcomes(), outcome) && (isID || values[0] == "-"):
		return pathTSV(values[2], paths)
	case len(values) == 3 && slices.Contains(proofStates(), state):
		return pathTSV(values[0], paths)
	}
	return listItem{}, &photo.Error{Msg: fmt.Sprintf("%d tabs: want item, tab, description", len(values)-1),
		Hint: `photos list --fields id,description prints such lines; a tab in a description is written \t`}
}

func parseFullID(s string) (string, bool) {
	_, err := photo.ParseID(s)
	return s, err == nil
}

// pathTSV undoes the escapes of a path. It is never taken for an ID.
func pathTSV(path string, paths bool) (listItem, error) {
	it, err := itemTSV(path, nil)
	if err != nil {
		return listItem{}, err
	}
	return inputKeys{Path: it.Name}.item(paths)
}

// itemTSV undoes the escapes of a name and its description, if it has one.
func itemTSV(name string, description *string) (listItem, error) {
	if name == "" || name == "-" {
		return listItem{}, errors.New("names nothing")
	}
	name, err := term.UnescapeTSV(name)
	if err != nil || description == nil {
		return listItem{Name: name}, err
	}
	desc, err := term.UnescapeTSV(*description)
	return listItem{Name: name, Description: desc, Described: true}, err
}

// parseSHA256 reads a line of sha256sum. The digest is the ID of the photo.
func parseSHA256(line string, paths bool) (listItem, error) {
	id, path, err := term.ParseSHA256(line)
	if err != nil {
		return listItem{}, err
	}
	if _, isID := parseFullID(id); !isID {
		return listItem{}, fmt.Errorf("%.80q is not a SHA-256 digest", id)
	}
	if paths {
		return listItem{Name: path}, nil
	}
	return listItem{Name: id}, nil
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
	for _, record := range []any{inputKeys{}, api.Photo{}, uploadRecord{}, proofRecord{}, changeRecord{}, revision{}, syncRecord{}} {
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
	return v.item(paths)
}

// item returns the item that the keys make.
func (v inputKeys) item(paths bool) (listItem, error) {
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
