package picture

import (
	"encoding/binary"
	"strings"
)

// Tags of TIFF 6.0, TIFF/EP and DNG by which cameras' RAW files, nearly all of
// them TIFF, are told from plain TIFF.
const (
	tagSubfileType = 0x00fe
	tagCompression = 0x0103
	tagPhotometric = 0x0106
	tagMake        = 0x010f
	tagSubIFDs     = 0x014a
	tagDNGVersion  = 0xc612
)

// sniffTIFF reads the first directory of a TIFF as far as head reaches. A RAW
// file is one by a camera maker whose first directory holds no ordinary image:
// the picture proper lies in a sub-directory, or is sensor data.
func sniffTIFF(head []byte) string {
	order := tiffOrder(head)
	if order == nil {
		return ""
	}
	var maker string
	var raw, subIFDs, whole bool
	for _, e := range firstDirectory(head, order) {
		switch e.tag {
		case tagDNGVersion:
			return DNG
		case tagMake:
			maker = e.text(head)
		case tagSubIFDs:
			subIFDs = true
		case tagSubfileType:
			whole = order.Uint32(e.value) == 0 // the first directory is the image itself
		case tagPhotometric:
			const colorFilterArray = 32803
			raw = raw || order.Uint16(e.value) == colorFilterArray
		case tagCompression:
			const pentax = 65535
			raw = raw || order.Uint16(e.value) == pentax
		}
	}
	raw = raw || subIFDs && !whole
	if mediaType := rawByMaker(maker); raw && mediaType != "" {
		return mediaType
	}
	return TIFF
}

// tiffOrder returns the byte order of a TIFF, or nil. BigTIFF counts as one.
func tiffOrder(head []byte) binary.ByteOrder {
	switch {
	case hasAt(head, 0, "II*\x00"), hasAt(head, 0, "II+\x00"):
		return binary.LittleEndian
	case hasAt(head, 0, "MM\x00*"), hasAt(head, 0, "MM\x00+"):
		return binary.BigEndian
	}
	return nil
}

// A directoryEntry is one of TIFF's 12-byte entries; value is its last four bytes.
type directoryEntry struct {
	tag   uint16
	count uint32
	value []byte
	order binary.ByteOrder
}

// firstDirectory lists the entries that lie wholly within head.
func firstDirectory(head []byte, order binary.ByteOrder) []directoryEntry {
	const entrySize = 12
	if len(head) < 8 {
		return nil
	}
	at := int64(order.Uint32(head[4:]))
	if at+2 > int64(len(head)) {
		return nil
	}
	n := order.Uint16(head[at:])
	rest := head[at+2:]
	var entries []directoryEntry
	for ; n > 0 && len(rest) >= entrySize; n-- {
		entries = append(entries, directoryEntry{
			tag:   order.Uint16(rest),
			count: order.Uint32(rest[4:]),
			value: rest[8:entrySize],
			order: order,
		})
		rest = rest[entrySize:]
	}
	return entries
}

// text is the string an entry points to, "" when it lies beyond head. Names of
// makers never fit into the entry itself.
func (e directoryEntry) text(head []byte) string {
	at := int64(e.order.Uint32(e.value))
	end := at + int64(e.count)
	if end > int64(len(head)) {
		return ""
	}
	return strings.TrimRight(string(head[at:end]), "\x00 ")
}

func rawByMaker(maker string) string {
	maker = strings.ToLower(maker)
	for _, m := range []struct{ prefix, mediaType string }{
		{"nikon", NEF}, {"sony", ARW}, {"pentax", PEF}, {"ricoh", PEF}, {"samsung", SRW},
		{"hasselblad", ThreeFR}, {"seiko epson", ERF}, {"leaf", MOS}, {"phase one", IIQ}, {"eastman kodak", KDC}, {"kodak", DCR},
	} {
		if strings.HasPrefix(maker, m.prefix) {
			return m.mediaType
		}
	}
	return ""
}
