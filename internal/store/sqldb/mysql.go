package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/pressly/goose/v3"
)

// mysqlDialect returns the dialect of MariaDB and MySQL.
func mysqlDialect() dialect {
	return dialect{
		goose:  goose.DialectMySQL,
		folder: "mysql",
		words: strings.NewReplacer(
			"clock()", "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
			" THROUGH photo_by_run", " FORCE INDEX (photo_by_run)",
			" THROUGH photo_by_taken", " FORCE INDEX (photo_by_taken)",
			" THROUGH photo_by_uploaded", " FORCE INDEX (photo_by_uploaded)",
			" THROUGH number", " FORCE INDEX (PRIMARY)",
			onConflict, "",
		),
		prepares:  true,
		strict:    true,
		isolation: sql.LevelReadCommitted, // so that a transaction can read the row of a duplicate it has met
		snapshot:  sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
		writers:   remoteWriters,
	}
}

func openMySQL(a address) (*backend, driver.Connector, error) {
	if port, err := strconv.ParseUint(a.port, 10, 16); err != nil || port == 0 {
		return nil, nil, wrong(PartURL, "the address of the database has the port %.20q", a.port)
	}
	c := mysql.NewConfig()
	c.User, c.Passwd, c.DBName, c.TLS = a.user, a.password, a.name, a.tls
	c.Net, c.Addr = "tcp", net.JoinHostPort(a.host, a.port)
	if a.socket != "" {
		c.Net, c.Addr = "unix", a.socket
	}
	c.Timeout = dialTime
	c.Collation = "utf8mb4_bin"
	c.ClientFoundRows = true // count the rows that an update matched, even if it changed nothing
	c.Logger = &mysql.NopLogger{}
	c.Params = map[string]string{
		"sql_mode":                 "'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
		"innodb_lock_wait_timeout": "5", // seconds
	}
	dial, err := mysql.NewConnector(c)
	if err != nil {
		return nil, nil, wrong(PartURL, "the address of the database cannot be used")
	}
	b := &backend{dialect: mysqlDialect()}
	b.check = b.checkMySQL
	b.blame = func(err error) error { return refusedByMySQL(a, err) }
	b.lock = b.lockMySQL
	return b, dial, nil
}

func (b *backend) checkMySQL(ctx context.Context) error {
	var version string
	if err := first(ctx, b.write, `SELECT VERSION()`, &version); err != nil {
		return err
	}
	return checkVersion(version)
}

// checkVersion refuses servers without SKIP LOCKED. Examples of version are
// 10.11.6-MariaDB-0+deb12u1 and 8.0.40.
func checkVersion(version string) error {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return wrong(PartURL, "the database server has the version %.40q, which is not a version of MariaDB or MySQL", version)
	}
	number := major*1000 + minor
	switch maria := strings.Contains(version, "MariaDB"); {
	case maria && number < 10_006:
		return tooOld("MariaDB "+version, "MariaDB 10.6")
	case !maria && number < 8_000:
		return tooOld("MySQL "+version, "MySQL 8.0")
	}
	return nil
}

// refusedByMySQL returns a SettingError if a wrong setting has caused err. Otherwise it returns err.
func refusedByMySQL(a address, err error) error {
	if e := badTLS(err); e != nil {
		return e
	}
	switch {
	case hasNumber(err, myPassword, myNoSocketLogin):
		return refusedBy(PartPassword, err, fmt.Sprintf("the database refuses the password of %s", a.user), "")
	case hasNumber(err, myNoDatabase):
		return refusedBy(PartName, err, fmt.Sprintf("there is no database %s", a.name), "CREATE DATABASE creates it")
	case hasNumber(err, myForeign):
		return refusedBy(PartUser, err, fmt.Sprintf("%s may not use the database %s, or it does not exist", a.user, a.name), "GRANT ALL ON the database TO the user")
	case hasNumber(err, myDenied):
		return refusedBy(PartUser, err, fmt.Sprintf("%s may not create tables in the database %s", a.user, a.name), "GRANT ALL ON the database TO the user")
	case errors.Is(err, mysql.ErrNoTLS):
		return refusedBy(PartTLS, err, "the database does not support TLS", "sslmode=disable connects without TLS; use it only on a network that you trust")
	}
	return err
}

// lockMySQL takes a named lock. It belongs to a connection and is released when that ends.
// All databases of the server share the names, so the name contains the database's.
func (b *backend) lockMySQL(ctx context.Context) (func() error, error) {
	conn, err := b.health.Conn(ctx)
	if err != nil {
		return nil, err
	}
	const name = `CONCAT('photosd ', SHA1(DATABASE()))`
	for {
		var got sql.NullInt64
		if err := conn.QueryRowContext(ctx, `SELECT GET_LOCK(`+name+`, 10)`).Scan(&got); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		if got.Int64 == 1 {
			break
		}
	}
	return func() error {
		_, err := conn.ExecContext(context.WithoutCancel(ctx), `DO RELEASE_LOCK(`+name+`)`)
		return errors.Join(err, conn.Close())
	}, nil
}

// isEnd reports whether the other side closed the connection.
func isEnd(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
