package main

import (
	"flag"
	"runtime/debug"
	"time"

	"photos/internal/server"
	"photos/internal/store"
)

// limits are the settings that keep one user's load from being another's outage.
type limits struct {
	maxUpload      int64
	uploadLifetime time.Duration
	trashTime      time.Duration

	quota       store.Quota
	searchTime  time.Duration
	parsers     int
	connections int
}

// memoryTarget is what the garbage collector keeps the service below while it can. It is no hard
// limit: what is in use stays. GOMEMLIMIT sets another one.
const memoryTarget = 160 << 20

func (l *limits) declare(f *flag.FlagSet) {
	l.maxUpload = 64 << 30
	f.Var((*size)(&l.maxUpload), "max-upload", "largest photo, a `SIZE` like 500M or 64G")
	f.DurationVar(&l.uploadLifetime, "upload-lifetime", 7*24*time.Hour, "`TIME` an unfinished upload is kept after its last request")
	f.DurationVar(&l.trashTime, "trash-time", 30*24*time.Hour, "`TIME` a deleted photo can be restored")
	f.Var((*size)(&l.quota.Bytes), "owner-bytes", "bytes a user may store, a `SIZE` like 50G (default: any)")
	f.Int64Var(&l.quota.Photos, "owner-photos", 0, "`NUMBER` of photos a user may store (default: any)")
	f.Int64Var(&l.quota.Uploads, "owner-uploads", 1000, "`NUMBER` of unfinished uploads a user may have")
	f.DurationVar(&l.searchTime, "search-time", 10*time.Second, "`TIME` a search may take")
	f.IntVar(&l.parsers, "parsers", 0, "`NUMBER` of photos examined at a time (default: one per processor)")
	f.IntVar(&l.connections, "connections", 1024, "`NUMBER` of connections, fewer where descriptors are scarce")
}

func (l *limits) check() error {
	if l.uploadLifetime <= 0 || l.trashTime <= 0 || l.maxUpload <= 0 || l.searchTime <= 0 {
		return badSetting("--max-upload, --upload-lifetime, --trash-time and --search-time must be more than nothing")
	}
	if l.quota.Photos < 0 || l.quota.Uploads < 1 {
		return badSetting("--owner-photos and --owner-uploads must be at least 1")
	}
	if l.parsers < 0 || l.connections < 1 {
		return badSetting("--parsers and --connections must be at least 1")
	}
	return nil
}

// server returns the limits that requests meet.
func (l *limits) server() server.Limits {
	return server.Limits{
		MaxUpload: l.maxUpload, UploadLifetime: l.uploadLifetime, TrashFor: l.trashTime,
		Quota: l.quota, SearchTime: l.searchTime, Parsers: l.parsers,
	}
}

// limitMemory sets the garbage collector's target, unless whoever started the service did.
func limitMemory(getenv func(string) string) {
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryTarget)
	}
}
