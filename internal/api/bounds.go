package api

import (
	"bytes"
	"fmt"
	"io"

	"photos/internal/photo"
)

// Bounds limit what a JSON document may contain. Decoding can take a hundred times the memory
// of the document itself ("{}," becomes a whole struct). So a document is counted while it
// arrives, before it is decoded.
type Bounds struct {
	Bytes  int64 // of the whole document
	Depth  int   // of arrays and objects within each other
	Items  int   // elements of an array, or members of an object
	String int   // bytes of a string in its written form
}

const (
	// maxEscaped is how many bytes JSON needs at most for one byte of a string: \u0000.
	maxEscaped = 6
	// maxString is the longest string in a document of this API: a description.
	maxString = maxEscaped * photo.MaxDescription
	maxDepth  = 8
)

// ListBounds returns the bounds of a document with one list of up to items elements, which have
// up to itemBytes bytes each.
func ListBounds(items, itemBytes int) Bounds {
	const members = 64 // of an object
	return Bounds{Bytes: int64(items)*int64(itemBytes) + maxString, Depth: maxDepth, Items: max(items, members), String: maxString}
}

// boundsError says which limit a document exceeds.
func boundsError(format string, args ...any) error {
	return &photo.Error{Kind: photo.KindTooLarge, Msg: fmt.Sprintf(format, args...)}
}

// Read reads r to its end and returns what it read. It stops with an error of photo.KindTooLarge
// at the first byte that exceeds b. It does not check that the document is valid JSON. size is
// how many bytes will come, or less than 0 when that is unknown.
func (b Bounds) Read(r io.Reader, size int64) ([]byte, error) {
	return b.read(&counter{r: r, bounds: b}, size)
}

// ReadWhole is like Read, but returns io.ErrUnexpectedEOF for a document that ends before its last
// bracket. In HTTP/1.0, a cut connection can end an answer without any other sign, and a proxy passes the
// part that it has on as a whole answer.
func (b Bounds) ReadWhole(r io.Reader, size int64) ([]byte, error) {
	counted := &counter{r: r, bounds: b}
	doc, err := b.read(counted, size)
	if err == nil && (counted.open() || len(bytes.TrimSpace(doc)) == 0) {
		return nil, io.ErrUnexpectedEOF
	}
	return doc, err
}

func (b Bounds) read(counted *counter, size int64) ([]byte, error) {
	if size > b.Bytes {
		return nil, boundsError("the JSON is larger than %d bytes", b.Bytes)
	}
	var doc bytes.Buffer
	doc.Grow(int(max(size, 0)) + bytes.MinRead) // avoids a second copy of a large document
	if _, err := doc.ReadFrom(counted); err != nil {
		return nil, err
	}
	return doc.Bytes(), nil
}

// counter reads a JSON document and counts its parts.
type counter struct {
	r      io.Reader
	bounds Bounds

	bytes   int64
	inside  []int // commas so far in each open array or object
	quoted  bool  // within a string
	escaped bool  // after a backslash
	length  int   // of the string so far
}

// open reports whether more of the document has to come.
func (c *counter) open() bool { return c.quoted || len(c.inside) > 0 }

// Read implements io.Reader.
func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.bytes += int64(n); c.bytes > c.bounds.Bytes {
		return 0, boundsError("the JSON is larger than %d bytes", c.bounds.Bytes)
	}
	if err := c.count(p[:n]); err != nil {
		return 0, err
	}
	return n, err
}

// count counts the parts of some more bytes of the document.
func (c *counter) count(p []byte) error {
	for len(p) > 0 {
		if c.quoted {
			n := c.stringPart(p)
			if c.length > c.bounds.String {
				return boundsError("the JSON has a string of more than %d bytes", c.bounds.String)
			}
			p = p[n:]
			continue
		}
		end := bytes.IndexByte(p, '"')
		if end < 0 {
			return c.countMarks(p)
		}
		if err := c.countMarks(p[:end]); err != nil {
			return err
		}
		c.quoted, c.length = true, 0
		p = p[end+1:]
	}
	return nil
}

// countMarks counts bytes that are not in a string.
func (c *counter) countMarks(p []byte) error {
	for _, b := range p {
		switch b {
		case '[', '{':
			if c.inside = append(c.inside, 0); len(c.inside) > c.bounds.Depth {
				return boundsError("the JSON is nested more than %d deep", c.bounds.Depth)
			}
		case ']', '}':
			c.inside = c.inside[:max(0, len(c.inside)-1)]
		case ',':
			if err := c.countComma(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *counter) countComma() error {
	if len(c.inside) == 0 {
		return nil
	}
	last := &c.inside[len(c.inside)-1]
	if *last++; *last >= c.bounds.Items {
		return boundsError("the JSON has a list of more than %d items", c.bounds.Items)
	}
	return nil
}

// stringPart reads bytes of a string, up to its end or beyond its next escape, and returns how many.
func (c *counter) stringPart(p []byte) int {
	if c.escaped {
		c.escaped = false
		c.length++
		return 1
	}
	end := bytes.IndexByte(p, '"')
	if end < 0 {
		end = len(p)
	}
	if escape := bytes.IndexByte(p[:end], '\\'); escape >= 0 {
		c.escaped = true
		c.length += escape + 1
		return escape + 1
	}
	c.length += end
	if end == len(p) {
		return end
	}
	c.quoted = false
	return end + 1
}
