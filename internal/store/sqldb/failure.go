package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"photos/internal/photo"
)

// failure gives an error of the database the kind that tells the caller what to do about it.
// It returns other errors, and errors that already have a kind, as they are.
func failure(err error) error {
	var kind *photo.Error
	if err == nil || errors.As(err, &kind) || errors.Is(err, sql.ErrNoRows) {
		return err
	}
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var my *mysql.MySQLError
	switch {
	case errors.As(err, &lite):
		return sqliteFailure(lite.Code(), err)
	case errors.As(err, &pg):
		return postgresFailure(pg.Code, err)
	case errors.As(err, &my):
		return mysqlFailure(my.Number, err)
	case isGone(err):
		return unreachable(err)
	}
	return err
}

func busy(err error) error {
	return &photo.Error{Kind: photo.KindUnavailable, Msg: "the database is busy", Hint: "try again", Err: err}
}

func full(err error) error {
	return &photo.Error{Kind: photo.KindStorageFull, Msg: "no space left for the database", Err: err}
}

func sqliteFailure(code int, err error) error {
	switch code & 0xff { // the primary result code, sqlite.org/rescode.html
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return busy(err)
	case sqlite3.SQLITE_FULL:
		return full(err)
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY:
		return &photo.Error{Kind: photo.KindUnavailable, Msg: "the database's files cannot be used", Err: err}
	}
	return fmt.Errorf("database: %w", err)
}

// postgresFailure classifies the codes of postgresql.org/docs/15/errcodes-appendix.html.
func postgresFailure(code string, err error) error {
	switch class := code[:min(2, len(code))]; {
	case code == "53100":
		return full(err)
	case code == "40001", code == "40P01", code == "55P03", class == "53":
		return busy(err)
	case class == "08", class == "57", class == "28", code == "25006", code == "3D000":
		return unreachable(err)
	}
	return fmt.Errorf("database: %w", err)
}

// The error numbers that are treated specially, from mariadb.com/kb/en/mariadb-error-code-reference.
const (
	myTooMany       = 1040
	myNoDatabase    = 1049
	myForeign       = 1044 // the user may not use the database
	myPassword      = 1045
	myDuplicate     = 1062
	myTableFull     = 1114
	myShuttingDown  = 1053
	myDenied        = 1142 // the user may not do that to a table
	myUserTooMany   = 1203
	myLockWait      = 1205
	myDeadlock      = 1213
	myReadOnly      = 1290
	myNoSocketLogin = 1698
	myTransReadOnly = 1792
	myReadOnlyMode  = 1836
	myDiskFull      = 1021
	myQueryKilled   = 1317
	myConnKilled    = 1927
	myRecordChanged = 1020 // since MariaDB 11: the row has changed since it was read
)

func mysqlFailure(number uint16, err error) error {
	switch number {
	case myTableFull, myDiskFull:
		return full(err)
	case myTooMany, myUserTooMany, myLockWait, myDeadlock, myRecordChanged:
		return busy(err)
	case myShuttingDown, myReadOnly, myReadOnlyMode, myTransReadOnly, myNoDatabase, myForeign, myPassword, myNoSocketLogin, myQueryKilled, myConnKilled:
		return unreachable(err)
	}
	return fmt.Errorf("database: %w", err)
}

// unreachable returns an error that says that the database cannot be reached. It gives the reason
// as far as clients may know it.
func unreachable(err error) error {
	reason := "it does not answer"
	var name *net.DNSError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOENT):
		reason = "nothing listens there"
	case errors.As(err, &name):
		reason = "its host is unknown"
	case isReadOnly(err):
		reason = "it accepts no changes"
	case isAnswer(err):
		reason = "it refuses connections"
	}
	return &photo.Error{Kind: photo.KindUnavailable, Msg: "the database cannot be reached: " + reason, Hint: "try again", Err: err}
}

// isAnswer reports whether err was sent by the database. Then the outcome of a statement is known.
func isAnswer(err error) bool {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var my *mysql.MySQLError
	return errors.As(err, &lite) || errors.As(err, &pg) || errors.As(err, &my)
}

// isGone reports whether err says that the connection is lost.
func isGone(err error) bool {
	var network net.Error
	var connect *pgconn.ConnectError
	for _, gone := range []error{driver.ErrBadConn, mysql.ErrInvalidConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, gone) {
			return true
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) { // the caller's own context ended
		return errors.As(err, &connect)
	}
	return errors.As(err, &network) || errors.As(err, &connect) || pgconn.SafeToRetry(err)
}

// isReadOnly reports whether err says that the server has become a read-only replica.
func isReadOnly(err error) bool {
	return errors.Is(err, errCopy) || hasCode(err, "25006") || hasNumber(err, myReadOnly, myReadOnlyMode, myTransReadOnly)
}

// isTransient reports whether a retry of the transaction that failed with err may succeed at once.
func isTransient(err error) bool {
	return isGone(err) || isReadOnly(err) ||
		hasCode(err, "40001", "40P01", "57P01", "57P02") || hasNumber(err, myDeadlock, myLockWait, myRecordChanged, myConnKilled)
}

// isStale reports whether the connection should be closed after err. A new connection may lead to
// another server.
func isStale(err error) bool {
	return isGone(err) || isReadOnly(err) || !isAnswer(err) || hasCode(err, "57P01", "57P02")
}

// isNoTable reports whether a statement failed because its table does not exist.
func isNoTable(err error) bool {
	return hasCode(err, "42P01") || hasNumber(err, 1146) || strings.Contains(err.Error(), "no such table: ") // SQLite has no code for it
}

// isDuplicate reports whether an insert failed because the row already exists.
func isDuplicate(err error) bool { return hasNumber(err, myDuplicate) }

func hasCode(err error, codes ...string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && slices.Contains(codes, pg.Code)
}

func hasNumber(err error, numbers ...uint16) bool {
	var my *mysql.MySQLError
	return errors.As(err, &my) && slices.Contains(numbers, my.Number)
}
