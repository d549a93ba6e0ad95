package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"photos/internal/photo"
	"photos/internal/text"
)

// fromOptions are the flags of a list of items: --from, -0 and --from-format.
type fromOptions struct {
	file   string
	nul    bool
	format string
	paths  bool // items are local files, never IDs
}

// listItem is one item of a call. If it cannot be read, it has an error, and its name
// is its place in the list.
type listItem struct {
	Name        string // a path or an ID, never expanded
	Description string
	Described   bool         // the item has a description, which may be empty
	Source      photo.Source // of the description; empty: a list
	Kept        bool         // the photo has a description, which stays
	Index       int          // the number of the item, for --keep-order
	Version     *int64       // the photo's version that Description was made for; nil: any
	Photo       *photo.Photo // the photo itself, when a filter found it
	Err         error
}

func (o *fromOptions) flags(c *cobra.Command, what string) {
	f := c.Flags()
	f.StringVar(&o.file, "from", "", "read "+what+" from this `file`, or - for stdin: one per line")
	f.BoolVarP(&o.nul, "null", "0", false, "the items of --from end with a NUL byte; without --from, the results")
	f.StringVar(&o.format, "from-format", "lines", "with --from: `lines`, tsv, jsonl, csv or sha256sum; see photos help input-lines")
}

func (o fromOptions) check() error {
	switch {
	case !slices.Contains(inputFormats(), o.format):
		return &photo.Error{Kind: photo.KindUsage, Msg: "--from-format: " + quote(o.format) + " is not a valid format", Hint: "it is lines, tsv, jsonl, csv or sha256sum"}
	case o.file == "" && o.format != "lines":
		return &photo.Error{Kind: photo.KindUsage, Msg: "--from-format needs --from"}
	case o.file != "" && o.nul && (o.format == "jsonl" || o.format == "csv"):
		return &photo.Error{Kind: photo.KindUsage, Msg: "-0 cannot be combined with " + o.format, Hint: "its lines end with a newline"}
	}
	return nil
}

// inputFormats returns the formats of --from-format.
func inputFormats() []string { return []string{"lines", "tsv", "jsonl", "csv", "sha256sum"} }

// describes reports whether the lines of the list may have descriptions.
func (o fromOptions) describes() bool {
	return o.format == "tsv" || o.format == "jsonl" || o.format == "csv"
}

// atLeastOneOr is like atLeastOne, for commands that also take a list.
func (o *fromOptions) atLeastOneOr(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if o.file != "" {
			return nil
		}
		err := atLeastOne(what)(cmd, args)
		if err != nil && o.nul {
			return badUsage(cmd.Name()+": no "+what+" given", "--from - -0 reads the items from stdin, as find -print0 prints them")
		}
		return err
	}
}

// itemList has the items of one call.
type itemList struct {
	items    iter.Seq[listItem]
	stop     func() // ends the reading
	file     io.Closer
	begun    atomic.Bool
	finished chan struct{}
	left     []listItem
}

// open returns the items of --from or, without it, the arguments.
func (o fromOptions) open(ctx context.Context, e *env, args []string) (*itemList, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	l := &itemList{finished: make(chan struct{})}
	switch {
	case o.file != "" && len(args) > 0:
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: "--from cannot be combined with arguments", Hint: "use two commands"}
	case o.file == "":
		l.items, l.stop = argumentItems(args), func() {}
		return l, nil
	}
	var in io.Reader = e.In
	if o.file != "-" {
		f, err := os.Open(o.file)
		if err != nil {
			return nil, about(o.file, listError(o.file, err))
		}
		in, l.file = f, f
	}
	ctx, l.stop = context.WithCancel(ctx)
	l.items = o.lines(newStdin(ctx, in))
	return l, nil
}

func argumentItems(args []string) iter.Seq[listItem] {
	return func(yield func(listItem) bool) {
		for _, a := range args {
			if !yield(listItem{Name: a}) {
				return
			}
		}
	}
}

// all yields the items once. It reads no more than the caller asks for. If the caller stops
// early, rest returns the items that it did not accept.
func (l *itemList) all() iter.Seq[listItem] {
	return func(yield func(listItem) bool) {
		l.begun.Store(true)
		defer close(l.finished)
		stopped := false
		for it := range l.items {
			if !stopped && yield(it) {
				continue
			}
			if !stopped {
				stopped = true
				l.stop()
			}
			if !isEndOfRead(it.Err) {
				l.left = append(l.left, it)
			}
		}
	}
}

// rest ends the reading and returns the items that were read but not accepted. It must not be
// called while the caller of all still wants items.
func (l *itemList) rest() []listItem {
	l.stop()
	if !l.begun.Load() {
		return nil
	}
	<-l.finished
	return l.left
}

func (l *itemList) close() {
	l.stop()
	if l.file != nil {
		l.file.Close()
	}
}

func listError(path string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return &photo.Error{Kind: photo.KindNotFound, Msg: "no such file"}
	}
	return fileError(path, err)
}

// lines yields one item per line of in. After an interruption it still yields the lines that
// were read before.
func (o fromOptions) lines(in io.Reader) iter.Seq[listItem] {
	if o.format == "csv" {
		return o.records(in)
	}
	return func(yield func(listItem) bool) {
		end := byte('\n')
		if o.nul {
			end = 0
		}
		n, known := 0, knownKeys()
		for text, err := range readLines(in, end) {
			n++
			if !o.nul {
				text = strings.TrimSuffix(text, "\r")
			}
			var it listItem
			switch {
			case errors.Is(err, errLongLine), errors.Is(err, errNoNUL):
				it = listItem{Name: o.lineName(n), Err: malformed(err)}
			case err != nil:
				it = listItem{Name: o.lineName(n), Err: &endOfReadError{unreadable("", err)}}
			case text == "":
				continue
			default:
				it = o.item(text, n, known)
			}
			if !yield(it) {
				return
			}
		}
	}
}

// endOfReadError says why a list could not be read to its end.
type endOfReadError struct{ error }

func (e *endOfReadError) Unwrap() error { return e.error }

func isEndOfRead(err error) bool {
	var e *endOfReadError
	return errors.As(err, &e)
}

// maxLine limits the bytes of one line, which may have a path and a description as JSON.
const maxLine = 64 << 10

var errLongLine = fmt.Errorf("longer than %d bytes", maxLine)

// errNoNUL is the error of a list of lines that is read with -0.
var errNoNUL error = &photo.Error{
	Kind: photo.KindUsage, Msg: "several lines, and no NUL byte after them",
	Hint: "leave -0 out: with --from it is about the items of the list, not about the results",
}

// readLines yields the lines of in without the byte that ends them. For a line that is
// too long it yields errLongLine and goes on. After any other error it stops. Lines without the
// NUL byte that should end them are errNoNUL.
func readLines(in io.Reader, end byte) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		r := bufio.NewReaderSize(text.UTF8(in), maxLine)
		for {
			line, err := r.ReadSlice(end)
			long := errors.Is(err, bufio.ErrBufferFull)
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = r.ReadSlice(end)
			}
			last := err != nil
			switch {
			case last && !errors.Is(err, io.EOF): // the line may be incomplete
				yield("", err)
				return
			case long:
				if !yield("", errLongLine) {
					return
				}
			case last && end == 0 && bytes.Contains(line, []byte("\n")):
				yield("", errNoNUL)
				return
			case !last || len(line) > 0:
				if !yield(strings.TrimSuffix(string(line), string(rune(end))), nil) {
					return
				}
			}
			if last {
				return
			}
		}
	}
}

// lineName returns what messages call a line of the list.
func (o fromOptions) lineName(n int) string {
	name := o.file
	if name == "-" {
		name = "stdin"
	}
	return fmt.Sprintf("%s:%d", name, n)
}

// item reads one line. If it does not fit the format, the item has an error.
func (o fromOptions) item(text string, n int, known []string) listItem {
	it, err := o.parse(text, known)
	if err != nil {
		return listItem{Name: o.lineName(n), Err: malformed(err)}
	}
	it.Err = checkDescription(it.Description)
	return it
}

func (o fromOptions) parse(text string, known []string) (listItem, error) {
	switch o.format {
	case "tsv":
		return parseTSV(text, o.paths)
	case "sha256sum":
		return parseSHA256(text, o.paths)
	case "jsonl":
		return parseJSON(text, known, o.paths)
	}
	return listItem{Name: text}, nil
}

// malformed returns the error of a line that does not fit its format.
func malformed(err error) error {
	hint := photo.HintOf(err)
	if hint == "" {
		hint = "photos help input-lines shows the formats"
	}
	return &photo.Error{Kind: photo.KindUsage, Err: malformedError{err}, Hint: hint}
}

type malformedError struct{ error }

func (e malformedError) Unwrap() error { return e.error }

func isMalformed(err error) bool {
	var e malformedError
	return errors.As(err, &e)
}

// collect reads the whole list and returns its items, for callers that need their number.
func (l *itemList) collect() []listItem {
	all := slices.Collect(l.all())
	l.items, l.finished = slices.Values(all), make(chan struct{})
	return all
}
