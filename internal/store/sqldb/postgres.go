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

// postgresDialect returns PostgreSQL's dialect. Its clock is clock_timestamp, because now() does
// not advance during a transaction. Statements are not prepared on the server, because a
// connection pooler in front of it may send each transaction to another session.
func postgresDialect() dialect {
	return dialect{
		goose:  goose.DialectPostgres,
		folder: "postgres",
		words: strings.NewReplacer(
			"clock()", "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)",
			" THROUGH photo_by_run", "", // its statistics find the way
			" THROUGH photo_by_taken", "",
			" THROUGH photo_by_uploaded", "",
			" THROUGH number", "",
		),
		numbered:  true,
		ignores:   true,
		returns:   true,
		strict:    true,
		isolation: sql.LevelReadCommitted,
		snapshot:  sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		writers:   remoteWriters,
	}
}

// oldestPostgres is the oldest version that works, in the form of the setting server_version_num.
const oldestPostgres = 130000

func openPostgres(a address) (*backend, driver.Connector, error) {
	c, err := pgx.ParseConfig("host=localhost user=nobody sslmode=disable") // values from the environment are overwritten below
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
	// After a failover the host name may lead to a read-only replica for a while.
	c.ValidateConnect = acceptsChanges
	c.RuntimeParams = map[string]string{
		"application_name":                    "photosd",
		"lock_timeout":                        "5000",  // milliseconds
		"idle_in_transaction_session_timeout": "60000", // so that a process that hangs does not keep rows locked
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

// errCopy says that a server is a read-only replica.
var errCopy = errors.New("the server is a read-only replica")

func acceptsChanges(ctx context.Context, conn *pgconn.PgConn) error {
	if err := pgconn.ValidateConnectTargetSessionAttrsReadWrite(ctx, conn); err != nil {
		return fmt.Errorf("%w: %w", errCopy, err)
	}
	return nil
}

// refusedByPostgres returns a SettingError if a wrong setting has caused err. Otherwise it returns err.
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
		return refusedBy(PartUser, err, fmt.Sprintf("the database does not accept connections of %s from this machine", a.user), "pg_hba.conf lists which users may connect from where; with rds.force_ssl, sslmode=disable is refused")
	case hasCode(err, "3D000"):
		return refusedBy(PartName, err, fmt.Sprintf("there is no database %s", a.name), "CREATE DATABASE creates it")
	case hasCode(err, "42501", "3F000"): // no privilege on the schema, or no schema that the user can see
		return refusedBy(PartUser, err, fmt.Sprintf("%s may not create tables in the database %s", a.user, a.name), "make this user the owner of the database")
	case a.tls == nil || isAnswer(err) || isEnd(err) || errors.Is(err, errCopy) || errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &connect) && !errors.As(err, &network): // connecting failed, and every other reason is excluded above
		return refusedBy(PartTLS, err, "the database does not support TLS", "sslmode=disable connects without TLS; use it only on a network that you trust")
	}
	return err
}

// lockPostgres takes a lock that ends with its transaction. Such a lock works through a
// connection pooler, and it is released when the process is killed.
func (b *backend) lockPostgres(ctx context.Context) (func() error, error) {
	tx, err := b.health.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	// Another replica may need longer than lock_timeout to migrate.
	for _, query := range []string{`SET LOCAL lock_timeout = 0`, `SET LOCAL idle_in_transaction_session_timeout = 0`, `SELECT pg_advisory_xact_lock(` + migrationLock + `)`} {
		if _, err := tx.ExecContext(ctx, query); err != nil {
			return nil, errors.Join(err, ended(tx.Rollback()))
		}
	}
	return tx.Rollback, nil
}

// migrationLock is an arbitrary number that nobody else uses.
const migrationLock = "7075688431229554001"
