package thumb_test

import (
	"bytes"
	"errors"
	"testing"

	"photos/internal/thumb"
)

func TestBundle(t *testing.T) {
	t.Parallel()
	var result thumb.Result
	for i, size := range []int{200_000, 60_000, 20_000} {
		result.Pictures = append(result.Pictures, bytes.Repeat([]byte{byte(i + 1)}, size))
	}
	var b bytes.Buffer
	if err := result.WriteBundle(&b); err != nil {
		t.Fatal(err)
	}
	for i, size := range thumb.Sizes() {
		got, err := thumb.ReadBundle(bytes.NewReader(b.Bytes()), int64(b.Len()), size)
		if err != nil || !bytes.Equal(got, result.Pictures[i]) {
			t.Errorf("size %d: %d bytes, %v", size, len(got), err)
		}
	}
	if _, err := thumb.ReadBundle(bytes.NewReader(b.Bytes()), int64(b.Len()), 300); !errors.Is(err, thumb.ErrUnsupported) {
		t.Errorf("a size that is not made: %v", err)
	}
	for _, broken := range [][]byte{nil, []byte("PHR1"), b.Bytes()[:100_000], append([]byte("JPEG"), b.Bytes()[4:]...)} {
		if _, err := thumb.ReadBundle(bytes.NewReader(broken), int64(len(broken)), 1024); !errors.Is(err, thumb.ErrBundle) {
			t.Errorf("%d bytes: error %v, want %v", len(broken), err, thumb.ErrBundle)
		}
	}
}
