package main

import (
	"runtime/debug"
	"time"

	"photos/internal/photo"
	"photos/internal/service"
	"photos/internal/store"
)

// limits are the settings that keep one user from using up what others need.
type limits struct {
	maxUpload      photo.Size
	uploadLifetime time.Duration
	trashTime      time.Duration

	quota       store.Quota
	searchTime  time.Duration
	parsers     int
	connections int
}

// memoryTarget is the memory below which the garbage collector tries to keep the service. It is
// not a hard limit, because memory in use cannot be freed. GOMEMLIMIT sets another target.
const memoryTarget = 160 << 20

func (l *limits) declare(f *flags) {
	l.maxUpload = 64 << 30
	f.Var(&l.maxUpload, "max-upload", "`SIZE` of the largest photo, like 500M, 64G or 64GiB")
	f.DurationVar(&l.uploadLifetime, "upload-lifetime", 7*24*time.Hour, "`TIME` for which an unfinished upload is kept after its last request")
	f.DurationVar(&l.trashTime, "trash-time", 30*24*time.Hour, "`TIME` for which a deleted photo can be restored")
	f.Var((*photo.Size)(&l.quota.Bytes), "owner-bytes", "`SIZE` of all photos that a user may store, like 50G (default: no limit)")
	f.Int64Var(&l.quota.Photos, "owner-photos", 0, "`NUMBER` of photos that a user may store (default: no limit)")
	f.Int64Var(&l.quota.Uploads, "owner-uploads", 1000, "`NUMBER` of unfinished uploads that a user may have")
	f.DurationVar(&l.searchTime, "search-time", 10*time.Second, "`TIME` that a search may take")
	f.IntVar(&l.parsers, "parsers", 0, "`NUMBER` of photos examined at the same time (default: one per processor)")
	f.IntVar(&l.connections, "connections", 1024, "`NUMBER` of connections that may be open; it is lower if the system allows too few open files")
	f.describe("max-upload", "PHOTOSD_MAX_UPLOAD", "a size like 500M (500,000,000 bytes) or 64GiB")
	f.describe("upload-lifetime", "PHOTOSD_UPLOAD_LIFETIME", "a time like 12h, above 0")
	f.describe("trash-time", "PHOTOSD_TRASH_TIME", "a time like 720h, above 0")
	f.describe("owner-bytes", "PHOTOSD_OWNER_BYTES", "a size like 50G (50,000,000,000 bytes) or 50GiB")
	f.describe("owner-photos", "PHOTOSD_OWNER_PHOTOS", "a number like 100000")
	f.describe("owner-uploads", "PHOTOSD_OWNER_UPLOADS", "a number, 1 or more")
	f.describe("search-time", "PHOTOSD_SEARCH_TIME", "a time like 10s, above 0")
	f.describe("parsers", "PHOTOSD_PARSERS", "a number, 1 or more")
	f.describe("connections", "PHOTOSD_CONNECTIONS", "a number, 1 or more")
}

func (l *limits) check(f *flags) error {
	for _, setting := range []struct {
		name  string
		valid bool
	}{
		{"upload-lifetime", l.uploadLifetime > 0},
		{"trash-time", l.trashTime > 0},
		{"search-time", l.searchTime > 0},
		{"max-upload", l.maxUpload > 0},
		{"owner-photos", l.quota.Photos >= 0},
		{"owner-uploads", l.quota.Uploads >= 1},
		{"parsers", l.parsers >= 1 || !f.given("parsers")},
		{"connections", l.connections >= 1},
	} {
		if !setting.valid {
			return f.bad(setting.name)
		}
	}
	return nil
}

// service returns the limits of the service itself.
func (l *limits) service() service.Limits {
	return service.Limits{
		MaxUpload: int64(l.maxUpload), UploadLifetime: l.uploadLifetime, TrashFor: l.trashTime,
		Quota: l.quota, SearchTime: l.searchTime, Parsers: l.parsers, Requests: max(connections(l.connections)/ownersAtOnce, leastRequests),
	}
}

const (
	ownersAtOnce  = 4 // owners who may have all their requests in progress before every connection is taken
	leastRequests = 8 // of one owner in progress, in any case
)

// limitMemory sets the garbage collector's target, unless GOMEMLIMIT sets one.
func limitMemory(getenv func(string) string) {
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryTarget)
	}
}

// connections returns how many connections may be open: asked, or fewer if the system allows
// the process too few descriptors. A request that stores or sends a photo needs a second
// descriptor, in addition to its connection.
func connections(asked int) int {
	const (
		reserve = 64 // descriptors for the database, the log and the provider
		least   = 8  // connections, in any case
	)
	if n, known := descriptors(); known {
		return max(least, min(asked, (n-reserve)/2))
	}
	return asked
}
