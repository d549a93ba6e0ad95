package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"

	"photos/internal/archive"
	"photos/internal/photo"
	"photos/internal/term"
	"photos/internal/transfer"
)

// journal is a file of upload records, with one JSON line per record. Each line is appended
// with one write, so every line is complete even if the program is killed.
type journal struct{ f *os.File }

// openJournal opens the file for appending. Without a path there is no journal.
func openJournal(path string) (*journal, error) {
	if path == "" {
		return nil, nil // a nil journal keeps nothing
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, about(path, fileError(path, err))
	}
	return &journal{f}, nil
}

// write appends one record.
func (j *journal) write(r transfer.Record) error {
	if j == nil {
		return nil
	}
	line, err := term.JSONLine(newUploadRecord(r), nil)
	if err != nil {
		return err
	}
	if _, err := j.f.Write(line); err != nil {
		return &photo.Error{Kind: photo.KindUnreadable, Msg: "journal", Err: err}
	}
	return nil
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	if err := errors.Join(j.f.Sync(), j.f.Close()); err != nil {
		return &photo.Error{Kind: photo.KindUnreadable, Msg: "journal", Err: err}
	}
	return nil
}

// unfinished yields the items of a journal whose last record says failed or pending, in the
// order of their first records. archives are those that any record is about.
func unfinished(path string) (items iter.Seq[transfer.Item], archives []string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, about(path, listError(path, err))
	}
	defer f.Close()
	last := map[string]uploadRecord{}
	var order []string
	sc := bufio.NewScanner(f)
	sc.Buffer(make([]byte, 4096), maxLine)
	for n := 1; sc.Scan(); n++ {
		var r uploadRecord
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			return nil, nil, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("%s:%d is not a record of an upload", path, n), Hint: "--retry-failed reads what --journal or upload --json wrote"}
		}
		name := r.path()
		if name == "" {
			continue // the record of a malformed line of a list
		}
		if _, seen := last[name]; !seen {
			order = append(order, name)
		}
		last[name] = r
	}
	if err := sc.Err(); err != nil {
		return nil, nil, about(path, &photo.Error{Kind: photo.KindUnreadable, Err: err})
	}
	var found []transfer.Item
	for _, name := range order {
		if outer, _, inside := archive.Split(name); inside {
			archives = append(archives, outer)
		}
		if r := last[name]; r.Outcome == photo.OutcomeFailed || r.Outcome == photo.OutcomePending {
			found = append(found, transfer.Item{Path: name, Named: true, Description: r.Description, Source: r.DescriptionSource})
		}
	}
	slices.Sort(archives)
	return slices.Values(found), slices.Compact(archives), nil
}
