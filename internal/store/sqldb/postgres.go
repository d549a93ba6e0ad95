package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// postgresDialect is PostgreSQL's. now() would stand still during a transaction.
// The driver describes statements instead of keeping them on the server, as a pooler
// between the two does not know them.
func postgresDialect() dialect {
	return dialect{
		goose:     goose.DialectPostgres,
		folder:    "postgres",
		words:     strings.NewReplacer("clock()", "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"),
		numbered:  true,
		ignores:   true,
		strict:    true,
		isolation: sql.LevelReadCommitted,
		snapshot:  sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		writers:   remoteWriters,
	}
}

// Versions of PostgreSQL, as in its setting server_version_num.
const oldestPostgres = 130000

func openPostgres(a address) (*backend, driver.Connector, error) {
	c, err := pgx.ParseConfig("host=localhost user=nobody sslmode=disable") // whatever the environment says is overwritten
	if err != nil {
		return nil, nil, fmt.Errorf("settings of PostgreSQL: %w", err)
	}
	port, err := strconv.ParseUint(a.port, 10, 16)
	if err != nil {
		return nil, nil, wrong(PartURL, "the address of the database has the port %.20q", a.port)
	}
	c.Host, c.Port = a.host, uint16(port)
	if a.socket != "" {
		c.Host = a.socket
	}
	c.User, c.Password, c.Database, c.TLSConfig = a.user, a.password, a.name, a.tls
	c.Fallbacks, c.KerberosSrvName = nil, ""
	c.ConnectTimeout = dialTime
	c.DialFunc = (&net.Dialer{Timeout: dialTime}).DialContext
	c.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	// After a fail-over a name may lead to a copy for a while.
	c.ValidateConnect = acceptsChanges
	c.RuntimeParams = map[string]string{
		"application_name":                    "photosd",
		"lock_timeout":                        "5000",  // milliseconds
		"idle_in_transaction_session_timeout": "60000", // a process that stands still holds nobody's rows
	}
	b := &backend{dialect: postgresDialect()}
	b.check = b.checkPostgres
	b.blame = func(err error) error { return refusedByPostgres(a, err) }
	b.lock = b.lockPostgres
	return b, stdlib.GetConnector(*c), nil
}

func (b *backend) checkPostgres(ctx context.Context) error {
	var version int
	var text string
	err := first(ctx, b.write, `SELECT CAST(current_setting('server_version_num') AS INTEGER), current_setting('server_version')`, &version, &text)
	if err != nil {
		return err
	}
	if version < oldestPostgres {
		return tooOld("PostgreSQL "+text, "PostgreSQL 13")
	}
	return nil
}

// errCopy says that a server takes no changes.
var errCopy = errors.New("the server is a copy of another one")

func acceptsChanges(ctx context.Context, conn *pgconn.PgConn) error {
	if err := pgconn.ValidateConnectTargetSessionAttrsReadWrite(ctx, conn); err != nil {
		return fmt.Errorf("%w: %w", errCopy, err)
	}
	return nil
}

// refusedByPostgres turns err into the setting that is to blame for it, if one is.
func refusedByPostgres(a address, err error) error {
	if e := badTLS(err); e != nil {
		return e
	}
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case hasCode(err, "28P01"):
		return refusedBy(PartPassword, err, fmt.Sprintf("the database refuses the password of %s", a.user), "")
	case hasCode(err, "28000"):
		return refusedBy(PartUser, err, fmt.Sprintf("the database does not let %s in from here", a.user), "pg_hba.conf lists who may sign in from where; rds.force_ssl refuses sslmode=disable")
	case hasCode(err, "3D000"):
		return refusedBy(PartName, err, fmt.Sprintf("there is no database %s", a.name), "CREATE DATABASE makes it")
	case hasCode(err, "42501", "3F000"): // not in any schema, or none that the user may see
		return refusedBy(PartUser, err, fmt.Sprintf("%s may not make tables in the database %s", a.user, a.name), "make it the owner of the database")
	case a.tls == nil || isAnswer(err) || isEnd(err) || errors.Is(err, errCopy) || errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &connect) && !errors.As(err, &network): // nothing else is left that ends the making of a connection
		return refusedBy(PartTLS, err, "the database speaks no TLS", "sslmode=disable goes without, for a network that nobody else uses")
	}
	return err
}

// lockPostgres takes a lock that ends with its transaction, so that it works through a
// pooler, and that a process that is killed leaves behind nowhere.
func (b *backend) lockPostgres(ctx context.Context) (func() error, error) {
	tx, err := b.health.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	// lock_timeout is about other transactions; a replica that migrates may take longer.
	for _, query := range []string{`SET LOCAL lock_timeout = 0`, `SET LOCAL idle_in_transaction_session_timeout = 0`, `SELECT pg_advisory_xact_lock(` + migrationLock + `)`} {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return nil, errors.Join(err, ended(tx.Rollback()))
		}
	}
	return tx.Rollback, nil
}

// migrationLock is an arbitrary number that nobody else uses.
const migrationLock = "7075688431229554001"
