package sqldb

import (
	"context"
	"fmt"
	"strings"

	"photos/internal/photo"
)

// checkChunk is how many digests one query asks for; every database takes that
// many parameters.
const checkChunk = 1000

// selectStatus ends in IN. A source means nothing without a value.
const selectStatus = `SELECT id, state, damaged, description,
		CASE WHEN taken_at < ` + takenBeforeText + ` THEN '' ELSE taken_source END,
		CASE WHEN latitude IS NULL THEN '' ELSE position_source END
	FROM photo WHERE owner = ? AND id IN `

// Check implements store.Store.
func (db *DB) Check(ctx context.Context, owner string, ids []photo.ID) ([]photo.Status, error) {
	known := make(map[photo.ID]photo.Status, len(ids))
	if err := db.inSnapshot(ctx, func(snapshot *reading) error {
		if err := eachChunk(snapshot, selectStatus, owner, ids, noteStored(known)); err != nil {
			return err
		}
		var rest []photo.ID
		for _, id := range ids {
			if _, ok := known[id]; !ok {
				rest = append(rest, id)
			}
		}
		return eachChunk(snapshot, `SELECT photo, id, generation FROM upload WHERE outcome = '' AND expires_at > clock() AND owner = ? AND photo IN `, owner, rest, noteUpload(known))
	}); err != nil {
		return nil, fmt.Errorf("check: %w", failure(err))
	}
	answer := make([]photo.Status, len(ids))
	for i, id := range ids {
		s, ok := known[id]
		if !ok {
			s = photo.Status{ID: id, State: photo.Absent}
		}
		answer[i] = s
	}
	return answer, nil
}

// eachChunk asks query, which ends in IN, about a number of ids at a time, and
// gives each row to note.
func eachChunk(snapshot *reading, query, owner string, ids []photo.ID, note func(scanner) error) error {
	for len(ids) > 0 {
		n := min(len(ids), checkChunk)
		args := []any{owner}
		for _, id := range ids[:n] {
			args = append(args, id[:])
		}
		if err := snapshot.each(query+"(?"+strings.Repeat(", ?", n-1)+")", args, note); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

func noteStored(known map[photo.ID]photo.Status) func(scanner) error {
	return func(row scanner) error {
		var id []byte
		var state int
		var damaged bool
		s := photo.Status{State: photo.Stored}
		if err := row.Scan(&id, &state, &damaged, &s.Description, &s.TakenSource, &s.PositionSource); err != nil {
			return err
		}
		switch {
		case damaged: // in the trash, too: restoring it would not bring the bytes back
			s.State = photo.Damaged
		case state == trashed:
			s.State = photo.Trashed
		}
		copy(s.ID[:], id)
		known[s.ID] = s
		return nil
	}
}

// noteUpload prefers the upload that was claimed most often: one that never was, as
// nobody heard of its creation, has no bytes to go on with.
func noteUpload(known map[photo.ID]photo.Status) func(scanner) error {
	best := map[photo.ID]int64{}
	return func(row scanner) error {
		var id []byte
		var generation int64
		s := photo.Status{State: photo.Unfinished}
		if err := row.Scan(&id, &s.Upload, &generation); err != nil {
			return err
		}
		copy(s.ID[:], id)
		if generation > best[s.ID] {
			known[s.ID], best[s.ID] = s, generation
		}
		return nil
	}
}
