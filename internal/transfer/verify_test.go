package transfer_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"photos/internal/photo"
	"photos/internal/transfer"
)

type storedAll struct{}

func (storedAll) Verify(_ context.Context, ids []photo.ID, _ photo.Scrutiny) ([]photo.Status, error) {
	statuses := make([]photo.Status, len(ids))
	for i, id := range ids {
		statuses[i] = photo.Status{ID: id, State: photo.Stored}
	}
	return statuses, nil
}

// TestVerifyReportsWhileItReads: the proof of one file is reported before the next file is found.
func TestVerifyReportsWhileItReads(t *testing.T) {
	t.Parallel()
	dir, told := t.TempDir(), make(chan string)
	items := func(yield func(transfer.Item) bool) {
		for _, name := range []string{"a", "b"} {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte("\xff\xd8\xff\xe0"+name), 0o600); err != nil {
				t.Error(err)
			}
			if !yield(transfer.Item{Path: path}) {
				return
			}
			if got := <-told; got != path {
				t.Errorf("told of %s, want %s", got, path)
			}
		}
	}
	var proofs []bool
	err := transfer.Verify(t.Context(), storedAll{}, items, photo.LookAtSize, func(p transfer.Proof) {
		proofs = append(proofs, p.Stored())
		told <- p.Path
	})
	if err != nil || !slices.Equal(proofs, []bool{true, true}) {
		t.Errorf("proofs %v, error %v", proofs, err)
	}
}
