package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// A Meter is told how long the database takes. Its methods are called by many goroutines.
type Meter interface {
	// Call notes a call that is over: "row", "rows" or "snapshot" for one that reads one
	// row, many, or many with several queries, and "write". err is nil if the database
	// answered, also when the answer is that there is no such row or that a change is refused.
	Call(which string, took time.Duration, err error)
	// Commit notes a transaction that wrote for so many calls, or was undone.
	Commit(writes int, took time.Duration, err error)
}

// noMeter is the Meter of a Config without one.
type noMeter struct{}

func (noMeter) Call(string, time.Duration, error) {}

func (noMeter) Commit(int, time.Duration, error) {}

// called notes a call that began at start.
func called(m Meter, which string, start time.Time, err error) {
	m.Call(which, time.Since(start), fault(err))
}

// fault returns err, unless the database did what it was asked to, or nobody waits any more.
func fault(err error) error {
	if errors.Is(err, sql.ErrNoRows) || errors.Is(err, context.Canceled) || refused(err) != nil {
		return nil //nolint:nilerr // none of these is a fault
	}
	return err
}

// Pools returns the figures of the connections, by what they are for.
func (db *DB) Pools() map[string]sql.DBStats {
	pools := map[string]sql.DBStats{"read": db.read.Stats(), "write": db.write.Stats()}
	if db.health != nil {
		pools["health"] = db.health.Stats()
	}
	return pools
}

// Waiting returns how many writes no transaction has taken yet.
func (db *DB) Waiting() int { return int(db.writer.waiting.Load()) }
