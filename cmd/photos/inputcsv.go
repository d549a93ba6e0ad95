package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"

	"photos/internal/photo"
	"photos/internal/text"
)

// records yields one item per record of a CSV list, whose first record has the names of the
// fields.
func (o fromOptions) records(in io.Reader) iter.Seq[listItem] {
	return func(yield func(listItem) bool) {
		limited := &recordLimit{r: text.UTF8(in)}
		r := csv.NewReader(limited)
		var header []string
		for {
			limited.n = 0
			record, err := r.Read()
			line, _ := r.FieldPos(0)
			if parse, ok := errors.AsType[*csv.ParseError](err); ok {
				line = parse.StartLine
			}
			name := o.lineName(line)
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil && !isCSVError(err):
				yield(listItem{Name: name, Err: &endOfReadError{unreadable("", err)}})
				return
			case err == nil && header == nil:
				if header, err = csvHeader(record); err == nil {
					continue
				}
				yield(listItem{Name: name, Err: malformed(err)})
				return
			}
			it, err := o.record(header, record, err)
			if err != nil {
				it = listItem{Name: name, Err: malformed(err)}
			}
			if !yield(it) {
				return
			}
		}
	}
}

func isCSVError(err error) bool {
	_, ok := errors.AsType[*csv.ParseError](err)
	return ok
}

// csvHeader checks the names of the fields.
func csvHeader(names []string) ([]string, error) {
	known := append(knownKeys(), transferColumnNames()...)
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("unknown field %.80q in the header", name)
		}
	}
	return names, nil
}

// transferColumnNames returns names of columns that are parts of a value in JSON.
func transferColumnNames() []string {
	var names []string
	for _, c := range photoColumns() {
		names = append(names, c.Name)
	}
	for _, c := range uploadColumns() {
		names = append(names, c.Name)
	}
	return names
}

// record reads one record.
func (o fromOptions) record(header, values []string, err error) (listItem, error) {
	if err != nil {
		parse, _ := errors.AsType[*csv.ParseError](err)
		return listItem{}, parse.Err
	}
	var keys inputKeys
	for i, name := range header {
		value := values[i]
		switch name {
		case "id":
			keys.ID = value
		case "path":
			keys.Path = value
		case "path_base64":
			keys.PathBase64 = value
		case "description":
			keys.Description = &value
		case "version":
			if value == "" {
				continue
			}
			version, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return listItem{}, fmt.Errorf("version: %.80q is not a number", value)
			}
			keys.Version = &version
		}
	}
	it, err := keys.item(o.paths)
	if err == nil {
		it.Err = checkDescription(it.Description)
	}
	return it, err
}

// maxRecord limits the bytes of a record of CSV, whose texts may have several lines. An open quote
// would otherwise take in the rest of the list.
const maxRecord = 1 << 20

// recordLimit fails when one record reads too much.
type recordLimit struct {
	r io.Reader
	n int // bytes since the last record
}

// Read implements io.Reader.
func (l *recordLimit) Read(p []byte) (int, error) {
	if l.n > maxRecord {
		return 0, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("a record is longer than %d bytes", maxRecord), Hint: "a quote may be missing"}
	}
	n, err := l.r.Read(p)
	l.n += n
	return n, err
}
