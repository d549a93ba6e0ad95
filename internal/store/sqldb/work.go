package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"photos/internal/photo"
	"photos/internal/store"
)

// queue notes that there is work to do on a photo.
func (t *txn) queue(ctx context.Context, number int64) error {
	_, err := t.exec(ctx, `INSERT INTO work (photo, due_at, attempts) VALUES (?, 0, 0)`+onConflict, number)
	return err
}

// queueFresh notes that there is work to do on the new photos.
func (t *txn) queueFresh(ctx context.Context, touched []touch) error {
	var fresh []any
	for _, c := range touched {
		if c.fresh {
			fresh = append(fresh, c.photo)
		}
	}
	return t.insertMany(ctx, `work (photo, due_at, attempts)`, `(?, 0, 0)`, fresh)
}

// ClaimWork implements store.Background.
func (db *DB) ClaimWork(ctx context.Context, lease time.Duration) (store.Work, bool, error) {
	var w store.Work
	idle, err := db.idle(ctx)
	if idle || err != nil {
		return store.Work{}, false, err
	}
	err = db.writer.write(ctx, func(ctx context.Context, tx *txn) (err error) {
		w, err = tx.claimWork(ctx, lease)
		if errors.Is(err, sql.ErrNoRows) {
			w, err = store.Work{}, nil
		}
		return err
	})
	if err != nil {
		return store.Work{}, false, fmt.Errorf("claim work: %w", err)
	}
	return w, w.Number != 0, nil
}

// idle reports whether there is nothing in the queue. It asks without a lock.
func (db *DB) idle(ctx context.Context) (bool, error) {
	err := db.row(ctx, `SELECT photo FROM work LIMIT 1`).Scan(new(int64))
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for work: %w", failure(err))
	}
	return false, nil
}

func (t *txn) claimWork(ctx context.Context, lease time.Duration) (store.Work, error) {
	var w store.Work
	err := t.row(ctx, `SELECT photo, attempts FROM work WHERE due_at <= ? ORDER BY photo DESC LIMIT 1 FOR UPDATE SKIP LOCKED`, t.now).Scan(&w.Number, &w.Attempts)
	if err != nil {
		return store.Work{}, err
	}
	if _, err := t.exec(ctx, `UPDATE work SET due_at = ?, attempts = attempts + 1 WHERE photo = ?`, t.now+micros(lease), w.Number); err != nil {
		return store.Work{}, err
	}
	w.Attempts++
	if err := t.row(ctx, `SELECT owner FROM photo WHERE number = ?`, w.Number).Scan(&w.Owner); err != nil {
		return store.Work{}, err
	}
	r, err := scanPhoto(t.row(ctx, `SELECT `+columns+` FROM photo WHERE number = ?`, w.Number))
	w.Located = r.located(w.Owner)
	return w, err
}

func (r record) located(owner string) store.Located {
	return store.Located{
		Owner: owner, Photo: r.Photo, Key: r.key, Rendition: r.rendered, Maker: r.maker, NoDecoder: r.rendition == renditionNoDecoder,
	}
}

// FinishWork implements store.Background.
func (db *DB) FinishWork(ctx context.Context, w store.Work) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `DELETE FROM work WHERE photo = ? AND attempts = ?`, w.Number, w.Attempts)
		return err
	})
	if err != nil {
		return fmt.Errorf("finish work: %w", err)
	}
	return nil
}

// ReleaseWork implements store.Background.
func (db *DB) ReleaseWork(ctx context.Context, w store.Work, delay time.Duration) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error {
		_, err := tx.exec(ctx, `UPDATE work SET due_at = ?, attempts = attempts - 1 WHERE photo = ? AND attempts = ?`, tx.now+micros(delay), w.Number, w.Attempts)
		return err
	})
	if err != nil {
		return fmt.Errorf("release work: %w", err)
	}
	return nil
}

// QueueOutdated implements store.Background.
func (db *DB) QueueOutdated(ctx context.Context, v store.Versions, limit int) (more bool, err error) {
	err = db.writer.write(ctx, func(ctx context.Context, tx *txn) (err error) {
		more, err = tx.queueOutdated(ctx, v, limit)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("queue work: %w", err)
	}
	return more, nil
}

func (t *txn) queueOutdated(ctx context.Context, v store.Versions, limit int) (more bool, err error) {
	position, mine, err := t.backlog(ctx, v)
	if err != nil || !mine {
		return false, err
	}
	var last sql.NullInt64
	err = t.row(ctx, `SELECT MAX(number) FROM (SELECT number FROM photo WHERE number > ? ORDER BY number LIMIT ?) AS batch`, position, limit).Scan(&last)
	if err != nil || !last.Valid {
		return false, err
	}
	_, err = t.exec(ctx, `INSERT INTO work (photo, due_at, attempts) SELECT number, 0, 0 FROM photo
		WHERE number > ? AND number <= ? AND (reader < ? OR maker < ? OR rendition = ?) AND number NOT IN (SELECT photo FROM work)`,
		position, last.Int64, v.Reader, v.Maker, renditionNoDecoder)
	if err != nil {
		return false, err
	}
	_, err = t.exec(ctx, `UPDATE backlog SET position = ? WHERE id = 1`, last.Int64)
	return true, err
}

// backlog returns where the search for outdated photos is to go on, and whether that is
// for a program of these versions to do.
func (t *txn) backlog(ctx context.Context, v store.Versions) (position int64, mine bool, err error) {
	var was store.Versions
	err = t.row(ctx, `SELECT reader, maker, decoders, position FROM backlog WHERE id = 1 FOR UPDATE`).Scan(&was.Reader, &was.Maker, &was.Decoders, &position)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = t.exec(ctx, `INSERT INTO backlog (id, reader, maker, decoders, position) VALUES (1, ?, ?, ?, 0)`+onConflict, v.Reader, v.Maker, v.Decoders)
		return 0, true, err
	}
	switch {
	case err != nil:
		return 0, false, err
	case was == v:
		return position, true, nil
	case was.Reader > v.Reader || was.Maker > v.Maker:
		return 0, false, nil
	}
	_, err = t.exec(ctx, `UPDATE backlog SET reader = ?, maker = ?, decoders = ?, position = 0 WHERE id = 1`, v.Reader, v.Maker, v.Decoders)
	return 0, true, err
}

// Locate implements store.Background.
func (db *DB) Locate(ctx context.Context, owner string, id photo.ID) (store.Located, error) {
	r, err := db.photo(ctx, owner, id)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && r.state != live:
		return store.Located{}, noPhoto(id)
	case err != nil:
		return store.Located{}, fmt.Errorf("get photo: %w", failure(err))
	}
	return r.located(owner), nil
}

// SetRendition implements store.Background.
func (db *DB) SetRendition(ctx context.Context, owner string, id photo.ID, r store.Rendered) (drop string, err error) {
	err = db.writer.write(ctx, func(ctx context.Context, tx *txn) (err error) {
		drop, err = tx.setRendition(ctx, owner, id, r)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("record renditions: %w", err)
	}
	return drop, nil
}

func (t *txn) setRendition(ctx context.Context, owner string, id photo.ID, r store.Rendered) (drop string, err error) {
	was, err := t.photo(ctx, owner, id)
	if err != nil {
		return "", err
	}
	if was.rendered != r.Replaces {
		return r.Key, nil
	}
	state, key, look := renditionReady, sql.NullString{String: r.Key, Valid: true}, sql.NullInt64{Int64: int64(r.Digest), Valid: true}
	if r.Key == "" {
		state, key, look = renditionRefused, sql.NullString{}, sql.NullInt64{}
	}
	if r.NoDecoder {
		state = renditionNoDecoder
	}
	color := int(r.Color[0])<<16 | int(r.Color[1])<<8 | int(r.Color[2])
	_, err = t.exec(ctx, `UPDATE photo SET maker = ?, rendition = ?, rendition_key = ?, color = ?, look = ? WHERE number = ?`,
		r.Maker, state, key, color, look, was.number)
	return was.rendered, err
}

// Reread implements store.Background.
func (db *DB) Reread(ctx context.Context, owner string, p photo.Photo) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *txn) error { return tx.reread(ctx, owner, p) })
	if err != nil {
		return fmt.Errorf("record metadata: %w", err)
	}
	return nil
}

func (t *txn) reread(ctx context.Context, owner string, p photo.Photo) error {
	r, err := t.photo(ctx, owner, p.ID)
	if err != nil || r.Reader >= p.Reader {
		return err
	}
	before, changed := r, 0
	if r.Relearn(p.TakenAt, p.Position) {
		changed = 1
	}
	taken, offset := takenColumns(r.TakenAt, r.UploadedAt.UnixMicro())
	latitude, longitude := positionColumns(r.Position)
	_, err = t.exec(ctx, `UPDATE photo SET media_type = ?, width = ?, height = ?, camera = ?, gear = ?, run = ?,
			exposure_time = ?, aperture = ?, iso = ?, focal_length = ?, lens = ?, duration = ?, reader = ?,
			taken_at = ?, taken_offset = ?, taken_source = ?, latitude = ?, longitude = ?, position_source = ?, version = version + ?
		WHERE number = ?`,
		p.MediaType, p.Width, p.Height, p.Camera, gear(photo.Photo{Folder: r.Folder, Camera: p.Camera, Shot: p.Shot}), noRun,
		p.Shot.ExposureTime, p.Shot.Aperture, p.Shot.ISO, p.Shot.FocalLength, p.Shot.Lens, micros(p.Shot.Duration), p.Reader,
		taken, offset, r.TakenSource, latitude, longitude, r.PositionSource, changed, r.number)
	if err != nil {
		return err
	}
	if r, err = t.photo(ctx, owner, p.ID); err != nil {
		return err
	}
	if changed == 1 || !sameFile(before.Photo, r.Photo) {
		t.note(owner, &before, &r)
	}
	if p.Description != "" && p.Description != r.Description && r.DescriptionSource == photo.FromEmbedded {
		_, err = t.describe(ctx, owner, r, p.Description, photo.FromEmbedded)
	}
	return err
}

// sameFile reports whether what a reader found out about a file apart from date and position is the same.
func sameFile(a, b photo.Photo) bool {
	return a.MediaType == b.MediaType && a.Width == b.Width && a.Height == b.Height && a.Camera == b.Camera && a.Shot == b.Shot
}
