package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"photos/internal/photo"
)

// fromOptions is where a list of items comes from: --from, -0, --from-format.
type fromOptions struct {
	file   string
	nul    bool
	format string
}

// listed is one item of such a list. An item that cannot be read has Err, and
// its place in the list instead of a name.
type listed struct {
	Name        string // a path or an ID, never expanded
	Description string
	Described   bool // there is a description, be it empty
	FromList    bool // the list says so, not a flag
	Err         error
}

func (o *fromOptions) flags(c *cobra.Command, what string) {
	f := c.Flags()
	f.StringVar(&o.file, "from", "", "read "+what+" from this `file`, or - for stdin: one a line")
	f.BoolVarP(&o.nul, "null", "0", false, "with --from: items end with a NUL byte, as from find -print0")
	f.StringVar(&o.format, "from-format", "lines", "with --from: `lines`, tsv (item, tab, description) or jsonl")
}

func (o fromOptions) check() error {
	switch {
	case o.format != "lines" && o.format != "tsv" && o.format != "jsonl":
		return &photo.Error{Kind: photo.KindUsage, Msg: "--from-format " + quote(o.format), Hint: "it is lines, tsv or jsonl"}
	case o.file == "" && (o.nul || o.format != "lines"):
		return &photo.Error{Kind: photo.KindUsage, Msg: "-0 and --from-format go with --from"}
	case o.nul && o.format == "jsonl":
		return &photo.Error{Kind: photo.KindUsage, Msg: "-0 does not go with jsonl", Hint: "JSON Lines end with a newline"}
	}
	return nil
}

// arguments is what a call names: by --from, or one by one.
func (o fromOptions) arguments(ctx context.Context, e *env, args []string) (items iter.Seq[listed], done func(), err error) {
	if o.file == "" {
		return func(yield func(listed) bool) {
			for _, a := range args {
				if !yield(listed{Name: a}) {
					return
				}
			}
		}, func() {}, nil
	}
	if len(args) > 0 {
		return nil, nil, &photo.Error{Kind: photo.KindUsage, Msg: "--from and arguments exclude each other", Hint: "make it two calls"}
	}
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	return o.read(ctx, e)
}

// atLeastOneOr is atLeastOne for commands that also take a list.
func (o *fromOptions) atLeastOneOr(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if o.file != "" {
			return nil
		}
		return atLeastOne(what)(cmd, args)
	}
}

// maxListed bounds one item: a path and a description, as JSON may write them.
const maxListed = 64 << 10

// read yields the list's items; done closes it. Nothing is read before the
// first item is asked for, and no more than is asked for.
func (o fromOptions) read(ctx context.Context, e *env) (items iter.Seq[listed], done func(), err error) {
	in, done := e.stdin(ctx), func() {}
	if o.file != "-" {
		f, err := os.Open(o.file)
		if err != nil {
			return nil, nil, about(o.file, listError(o.file, err))
		}
		in, done = f, func() { f.Close() }
	}
	return func(yield func(listed) bool) {
		sc := bufio.NewScanner(in)
		sc.Buffer(make([]byte, 4096), maxListed)
		if o.nul {
			sc.Split(splitNUL)
		}
		n := 0
		for sc.Scan() {
			n++
			text := strings.TrimSuffix(sc.Text(), "\r")
			if o.nul {
				text = sc.Text()
			}
			if text != "" && !yield(o.item(text, n)) {
				return
			}
		}
		if err := sc.Err(); err != nil {
			yield(listed{Name: o.place(n + 1), Err: unreadable("", err)})
		}
	}, done, nil
}

func listError(path string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return &photo.Error{Kind: photo.KindNotFound, Msg: "no such file"}
	}
	return fileError(path, err)
}

// place is how a bad item is called.
func (o fromOptions) place(n int) string {
	name := o.file
	if name == "-" {
		name = "stdin"
	}
	return fmt.Sprintf("%s:%d", name, n)
}

func (o fromOptions) item(text string, n int) listed {
	it, err := parseListed(text, o.format)
	if err == nil && it.Name == "" {
		err = errors.New("names nothing")
	}
	if err != nil {
		return listed{Name: o.place(n), Err: &photo.Error{Kind: photo.KindUsage, Err: err, Hint: "docs: --from-format says how lines are written"}}
	}
	if err := checkDescription(it.Description); err != nil {
		it.Err = err
	}
	return it
}

// parseListed reads one item of a list in one of the formats.
func parseListed(text, format string) (listed, error) {
	switch format {
	case "tsv":
		return parseListedTSV(text)
	case "jsonl":
		return parseListedJSON(text)
	}
	return listed{Name: text}, nil
}

func parseListedTSV(text string) (listed, error) {
	name, desc, ok := strings.Cut(text, "\t")
	if !ok {
		return listed{}, errors.New("no tab: want item, tab, description")
	}
	name, err := unescapeTSV(name)
	if err != nil {
		return listed{}, err
	}
	desc, err = unescapeTSV(desc)
	return listed{Name: name, Description: desc, Described: true, FromList: true}, err
}

// parseListedJSON reads an object with path or id and perhaps description, such
// as the records of this program.
func parseListedJSON(text string) (listed, error) {
	var v struct {
		Path        *string `json:"path"`
		PathBase64  string  `json:"path_base64"`
		ID          string  `json:"id"`
		Description *string `json:"description"`
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return listed{}, fmt.Errorf("not a JSON object: %w", err)
	}
	it := listed{Name: v.ID}
	if v.Path != nil {
		it.Name = *v.Path
	}
	if v.PathBase64 != "" {
		raw, err := base64.StdEncoding.DecodeString(v.PathBase64)
		if err != nil {
			return listed{}, errors.New("path_base64 is not base64")
		}
		it.Name = string(raw)
	}
	if v.Description != nil {
		it.Description, it.Described, it.FromList = *v.Description, true, true
	}
	return it, nil
}

// unescapeTSV undoes escapeTSV.
func unescapeTSV(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for len(s) > 0 {
		if s[0] != '\\' {
			_, n := utf8.DecodeRuneInString(s)
			b.WriteString(s[:n])
			s = s[n:]
			continue
		}
		if len(s) > 1 {
			if plain, ok := map[byte]byte{'t': '\t', 'n': '\n', 'r': '\r', '\\': '\\'}[s[1]]; ok {
				b.WriteByte(plain)
				s = s[2:]
				continue
			}
		}
		if len(s) < 4 || s[1] != 'x' {
			return "", errors.New(`a backslash stands for itself as \\`)
		}
		code, err := strconv.ParseUint(s[2:4], 16, 8)
		if err != nil {
			return "", fmt.Errorf(`%q is no escape`, s[:4])
		}
		b.WriteRune(rune(code))
		s = s[4:]
	}
	return b.String(), nil
}

// splitNUL is a bufio.SplitFunc for items that end with a NUL byte.
func splitNUL(data []byte, atEOF bool) (advance int, token []byte, err error) {
	for i, c := range data {
		if c == 0 {
			return i + 1, data[:i], nil
		}
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
