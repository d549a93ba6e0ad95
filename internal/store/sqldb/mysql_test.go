package sqldb

import (
	"bytes"
	"io/fs"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"photos/internal/testkit/dbserver"
	"photos/internal/testkit/gotool"
)

// The parser of mustBeMySQL accepts some of what only MariaDB understands.
func TestMigrationsAreMySQL(t *testing.T) {
	t.Parallel()
	ofMariaDB := regexp.MustCompile(`(?i)(COLUMN|INDEX|KEY) IF (NOT )?EXISTS|\bRETURNING\b|\bCREATE OR REPLACE TABLE\b|\bSEQUENCE\b`)
	comment := regexp.MustCompile(`(?m)--.*$`)
	files, err := fs.Glob(migrations, "migrations/mysql/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(migrations, file)
		if err != nil {
			t.Fatal(err)
		}
		if found := ofMariaDB.Find(comment.ReplaceAll(text, nil)); found != nil {
			t.Errorf("%s: MySQL does not know %s", file, found)
		}
	}
}

// mustBeMySQL lets a test fail if the server gets a statement that the grammar of MySQL 8
// refuses. There is no MySQL to run the tests on, and MariaDB understands more.
func mustBeMySQL(t *testing.T, server *dbserver.Server) {
	t.Helper()
	parser, err := gotool.Build(t.Context(), "mysql", ".")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Exec(t.Context(), "", `SET GLOBAL log_output = 'TABLE'`, `SET GLOBAL general_log = 1`); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // when all parts of the test have ended
		statements, err := server.Statements()
		if err != nil {
			t.Fatal(err)
		}
		if len(statements) < 50 {
			t.Errorf("the server has seen only %d statements", len(statements))
		}
		cmd := exec.Command(parser)
		cmd.Stdin = strings.NewReader(strings.Join(statements, "\x00"))
		if out, err := cmd.Output(); err != nil {
			t.Errorf("%v: not in the grammar of MySQL 8:\n%s", err, bytes.TrimSpace(out))
		}
	})
}
