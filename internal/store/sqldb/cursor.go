package sqldb

import (
	"encoding/base64"
	"encoding/binary"

	"photos/internal/photo"
)

// A cursor is the position of the last photo of a page in a list.
type cursor struct {
	by     photo.Order
	at     int64 // the photo's time in that order, in microseconds
	number int64 // orders photos of the same time
}

const cursorSize = 1 + 8 + 8

func (c cursor) String() string {
	b := make([]byte, 0, cursorSize)
	b = append(b, c.by[0]) // no two orders have the same first letter
	b = binary.BigEndian.AppendUint64(b, uint64(c.at))
	b = binary.BigEndian.AppendUint64(b, uint64(c.number))
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor parses the cursor of a list in the order by.
func parseCursor(s string, by photo.Order) (cursor, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != cursorSize || b[0] != by[0] {
		return cursor{}, &photo.Error{Kind: photo.KindUsage, Msg: "the cursor does not belong to this list", Hint: "begin again without a cursor"}
	}
	return cursor{by: by, at: int64(binary.BigEndian.Uint64(b[1:])), number: int64(binary.BigEndian.Uint64(b[9:]))}, nil
}
