package thumb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// A bundle is the renditions of one photo as they are stored: a mark, the length of each
// JPEG in bytes, and the JPEGs. The smallest one comes first, so that one read gets it.
const (
	bundleMark   = "PHR1"
	maxRendition = 16 << 20 // bytes
	firstRead    = 32 << 10
)

// ErrBundle means that stored bytes are not a bundle.
var ErrBundle = errors.New("the stored renditions are damaged")

// WriteBundle writes the pictures of r.
func (r Result) WriteBundle(w io.Writer) error {
	b := []byte(bundleMark)
	smallestFirst := slices.Clone(r.Pictures)
	slices.Reverse(smallestFirst)
	for _, p := range smallestFirst {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
	}
	for _, p := range smallestFirst {
		b = append(b, p...)
	}
	_, err := w.Write(b)
	return err
}

// Picture returns the JPEG of one of Sizes.
func (r Result) Picture(size int) ([]byte, error) {
	index := slices.Index(Sizes(), size)
	if index < 0 || index >= len(r.Pictures) {
		return nil, fmt.Errorf("%w: no size of %d pixels", ErrUnsupported, size)
	}
	return r.Pictures[index], nil
}

// ReadBundle returns the JPEG of one of Sizes out of a bundle of total bytes.
func ReadBundle(r io.ReaderAt, total int64, size int) ([]byte, error) {
	sizes := Sizes()
	slices.Reverse(sizes)
	index := slices.Index(sizes, size)
	if index < 0 {
		return nil, fmt.Errorf("%w: no size of %d pixels", ErrUnsupported, size)
	}
	head := make([]byte, min(firstRead, total))
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, total), head); err != nil {
		return nil, fmt.Errorf("read renditions: %w", err)
	}
	start := int64(len(bundleMark) + 4*len(sizes))
	if int64(len(head)) < start || string(head[:len(bundleMark)]) != bundleMark {
		return nil, ErrBundle
	}
	length := func(i int) int64 { return int64(binary.BigEndian.Uint32(head[len(bundleMark)+4*i:])) }
	for i := range index {
		start += length(i)
	}
	n := length(index)
	switch {
	case n == 0 || n > maxRendition || start+n > total:
		return nil, ErrBundle
	case start+n <= int64(len(head)):
		return head[start : start+n], nil
	}
	picture := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(r, start, n), picture); err != nil {
		return nil, fmt.Errorf("read renditions: %w", err)
	}
	return picture, nil
}
