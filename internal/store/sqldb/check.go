package sqldb

import (
	"context"
	"fmt"
	"strings"

	"photos/internal/photo"
)

// checkChunk is how many digests one query asks for. Every database accepts that
// many parameters.
const checkChunk = 1000

// selectStatus ends in IN. A source without its value is left out.
const selectStatus = `SELECT id, state, damaged, description,
		CASE WHEN taken_at < ` + takenBeforeText + ` THEN '' ELSE taken_source END,
		CASE WHEN latitude IS NULL THEN '' ELSE position_source END, folder, tags
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

// eachChunk runs query, which must end in IN, for checkChunk ids at a time. It
// passes each row to note.
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

// noteStored records the row of a photo in known.
func noteStored(known map[photo.ID]photo.Status) func(scanner) error {
	return func(row scanner) error {
		var id []byte
		var state int
		var damaged bool
		var tags string
		s := photo.Status{State: photo.Stored}
		if err := row.Scan(&id, &state, &damaged, &s.Description, &s.TakenSource, &s.PositionSource, &s.Folder, &tags); err != nil {
			return err
		}
		s.Tags = readTags(tags)
		switch {
		case damaged: // also when it is in the trash: restoring it would not bring the bytes back
			s.State = photo.Damaged
		case state == trashed:
			s.State = photo.Trashed
		}
		copy(s.ID[:], id)
		known[s.ID] = s
		return nil
	}
}

// noteUpload records the row of an unfinished upload in known. Of several uploads of a photo
// it prefers the one claimed most often: an upload that was never claimed has no bytes yet.
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
