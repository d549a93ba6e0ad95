package metadata

import (
	"encoding/binary"
	"io"

	"photos/internal/picture"
)

// headDimensions reads width and height of the formats that keep them at a fixed
// place; they say nothing else of use.
func headDimensions(mediaType string, r io.ReaderAt) (width, height int) {
	var head [72]byte
	_, _ = r.ReadAt(head[:], 0) // what is missing stays 0: unknown
	u16, u32 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32
	switch mediaType {
	case picture.GIF: // GIF89a, section 18
		return int(u16(head[6:])), int(u16(head[8:]))
	case picture.AVI: // main header, the first chunk of the first list
		if string(head[24:28]) == "avih" {
			return int(u32(head[64:])), int(u32(head[68:]))
		}
	case picture.BMP:
		if u32(head[14:]) == 12 { // OS/2 1
			return int(u16(head[18:])), int(u16(head[20:]))
		}
		// A negative height says that the rows run from the top.
		return int(int32(u32(head[18:]))), abs(int(int32(u32(head[22:]))))
	}
	return 0, 0
}

func abs(n int) int {
	return max(n, -n)
}
