//go:build !unix

package sqldb

import (
	"testing"

	"photos/internal/testkit/dbserver"
)

func stop(t *testing.T, _ *dbserver.Server) { t.Skip("processes cannot be stopped here") }

func resume(*testing.T, *dbserver.Server) {}
