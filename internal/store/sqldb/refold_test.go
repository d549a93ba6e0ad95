package sqldb

import (
	"context"
	"path/filepath"
	"testing"

	"photos/internal/photo"
	"photos/internal/testkit/dbserver"
)

// Rows of an older photosd, which folded texts by other rules, are folded again after a start.
func TestOldTextsAreFoldedAgain(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, c Config) {
		t.Helper()
		db := openConfig(t, c)
		owner := anOwner(t, db)
		const photos = refoldBatch + 20
		addMany(t, db, owner, 0, photos, 50)
		err := db.writer.write(t.Context(), func(ctx context.Context, tx *txn) error {
			_, err := tx.exec(ctx, `UPDATE photo SET folded = 'été', gear = '', run = -1, description = 'Été'`)
			if err == nil {
				_, err = tx.exec(ctx, `UPDATE photo SET camera = 'Ricoh' WHERE number = (SELECT n FROM (SELECT MAX(number) AS n FROM photo) AS newest)`)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		again := openConfig(t, c)
		count := func(search string) int {
			page, err := again.List(t.Context(), owner, photo.Filter{Search: search}, "", 1000)
			if err != nil {
				t.Fatal(err)
			}
			return len(page.Photos)
		}
		until(t, func() bool { return count("ete") == photos })
		if n := count("img_ camera:ricoh"); n != 1 {
			t.Errorf("%d photos of the camera", n)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		check(t, Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "photos.db")})
	})
	engines(t, func(t *testing.T, e dbserver.Engine) { check(t, fresh(t, e)) })
}
