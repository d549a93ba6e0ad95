package sqldb

import (
	"context"
	"slices"
	"strings"
)

// writeTags is how the tags of a photo lie in its row.
func writeTags(tags []string) string { return strings.Join(tags, "\n") }

// readTags is the inverse of writeTags.
func readTags(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// tag makes the rows by which tags are looked for follow those of a photo, which had the tags
// before and has the tags now.
func (t *txn) tag(ctx context.Context, owner string, number int64, before, now []string) error {
	for _, tag := range before {
		if !slices.Contains(now, tag) {
			if _, err := t.exec(ctx, `DELETE FROM photo_tag WHERE owner = ? AND tag = ? AND photo = ?`, owner, tag, number); err != nil {
				return err
			}
		}
	}
	for _, tag := range now {
		if !slices.Contains(before, tag) {
			if _, err := t.exec(ctx, `INSERT INTO photo_tag (owner, tag, photo) VALUES (?, ?, ?)`, owner, tag, number); err != nil {
				return err
			}
		}
	}
	return nil
}
