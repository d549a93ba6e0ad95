// Package dbserver runs real database servers for tests: PostgreSQL and MariaDB from
// the system's packages, in a temporary folder, on a Unix socket and, if asked to, on
// loopback. They do not sync, so they lose
// nothing when they are killed, but all when the machine is. They end with the tests.
package dbserver

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx

	"photos/internal/testkit/freeport"
)

// Engine is a kind of server.
type Engine string

// The engines.
const (
	Postgres Engine = "postgres"
	MariaDB  Engine = "mysql"
)

// ErrMissing says that the system has no such server.
var ErrMissing = errors.New("the server is not installed; scripts/need installs it")

const (
	// User owns the databases.
	User = "photosd"
	// Password is that of User.
	Password = "a secret of the tests"

	startTime = 2 * time.Minute
)

// A Server is a running server, or one that was stopped and may be started again.
type Server struct {
	Engine Engine
	Port   string // on 127.0.0.1
	dir    string
	log    *os.File
	cmd    *exec.Cmd
	done   chan struct{}
}

// Start makes a new server and waits until it answers.
func Start(ctx context.Context, e Engine) (s *Server, err error) {
	if _, err := binary(e, 0); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "db") // short: the path of a socket has 107 bytes at most
	if err != nil {
		return nil, err
	}
	s = &Server{Engine: e, dir: dir}
	if err := errors.Join(s.prepare(ctx), s.Run(ctx)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// programs of each engine: one that makes the data folder, and the server.
var programs = map[Engine][2][]string{ // a table
	Postgres: {{"/usr/lib/postgresql/*/bin/initdb"}, {"/usr/lib/postgresql/*/bin/postgres"}},
	MariaDB:  {{"/usr/bin/mariadb-install-db"}, {"/usr/sbin/mariadbd"}},
}

func binary(e Engine, which int) (string, error) {
	for _, pattern := range programs[e][which] {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return slices.Max(found), nil
		}
	}
	return "", fmt.Errorf("%s: %w", e, ErrMissing)
}

// Installed reports whether the system has the server.
func Installed(e Engine) bool {
	_, err := binary(e, 1)
	return err == nil
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

// prepare makes the data folder. PostgreSQL refuses to run as root, so a root gives it
// to nobody.
func (s *Server) prepare(ctx context.Context) error {
	for _, name := range []string{"data", "run"} {
		if err := os.Mkdir(s.path(name), 0o700); err != nil {
			return err
		}
	}
	password := s.path("password")
	if err := os.WriteFile(password, []byte(Password), 0o600); err != nil {
		return err
	}
	for _, path := range []string{s.dir, s.path("data"), s.path("run"), password} {
		if err := giveAway(path); err != nil {
			return err
		}
	}
	var err error
	if s.log, err = os.OpenFile(s.path("log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if s.Port, err = freePort(ctx); err != nil {
		return err
	}
	args := []string{"-D", s.path("data"), "-U", User, "--pwfile", password, "--auth=scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"}
	if s.Engine == MariaDB {
		args = []string{"--no-defaults", "--datadir=" + s.path("data"), "--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=16M"}
	}
	program, err := binary(s.Engine, 0)
	if err != nil {
		return err
	}
	cmd := s.command(ctx, program, args)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("make the data of %s: %w\n%s", s.Engine, err, s.Log())
	}
	return nil
}

func (s *Server) command(ctx context.Context, program string, args []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=" + s.dir, "TMPDIR=" + s.path("run")}
	cmd.Stdout, cmd.Stderr = s.log, s.log
	AsNobody(cmd)
	return cmd
}

// Run starts a server that was made or killed, and waits until it answers. args are
// further settings of the server.
func (s *Server) Run(ctx context.Context, args ...string) error {
	words := []string{
		"-D", s.path("data"), "-k", s.path("run"), "-p", s.Port, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "full_page_writes=off",
		"-c", "max_connections=500", "-c", "shared_buffers=32MB",
	}
	if s.Engine == MariaDB {
		words = []string{
			"--no-defaults", "--datadir=" + s.path("data"), "--socket=" + s.socket(), "--bind-address=127.0.0.1", "--port=" + s.Port,
			"--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=64M", "--max-connections=500", "--skip-log-bin",
		}
	}
	program, err := binary(s.Engine, 1)
	if err != nil {
		return err
	}
	cmd := s.command(context.WithoutCancel(ctx), program, append(words, args...))
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = cmd.Wait() }()
	s.cmd, s.done = cmd, done
	if err := s.awaitAnswer(ctx); err != nil {
		return err
	}
	return s.makeUser(ctx)
}

func (s *Server) awaitAnswer(ctx context.Context) error {
	db, err := s.admin()
	if err != nil {
		return err
	}
	defer db.Close()
	for deadline := time.Now().Add(startTime); ; {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("%s ended\n%s", s.Engine, s.Log())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not answer: %w\n%s", s.Engine, err, s.Log())
		}
	}
}

// makeUser gives MariaDB the user that PostgreSQL was made with.
func (s *Server) makeUser(ctx context.Context) error {
	if s.Engine == Postgres {
		return nil
	}
	return s.Exec(ctx, "",
		`CREATE USER IF NOT EXISTS '`+User+`'@'%' IDENTIFIED BY '`+Password+`'`, `CREATE USER IF NOT EXISTS '`+User+`'@'localhost' IDENTIFIED BY '`+Password+`'`,
		`GRANT ALL ON *.* TO '`+User+`'@'%'`, `GRANT ALL ON *.* TO '`+User+`'@'localhost'`)
}

// socket is the file for MariaDB, and the folder of the file for PostgreSQL.
func (s *Server) socket() string {
	if s.Engine == MariaDB {
		return s.path("run/s")
	}
	return s.path("run")
}

// URL is how photosd is told about a database, by the server's socket.
func (s *Server) URL(name string) string {
	u := url.URL{Scheme: string(s.Engine), User: url.UserPassword(User, Password), Path: "/" + name, RawQuery: url.Values{"host": {s.socket()}}.Encode()}
	if s.Engine == Postgres {
		u.Host = ":" + s.Port
	}
	return u.String()
}

// admin connects as somebody who may do everything.
func (s *Server) admin(name ...string) (*sql.DB, error) {
	database := ""
	if len(name) > 0 {
		database = name[0]
	}
	if s.Engine == MariaDB {
		c := mysql.NewConfig()
		c.User, c.Net, c.Addr, c.DBName = "root", "unix", s.socket(), database
		c.Logger = &mysql.NopLogger{}
		dial, err := mysql.NewConnector(c)
		if err != nil {
			return nil, err
		}
		return sql.OpenDB(dial), nil
	}
	if database == "" {
		database = "postgres"
	}
	return sql.Open("pgx", fmt.Sprintf("host=%s port=%s user=%s password='%s' dbname=%s", s.socket(), s.Port, User, Password, database))
}

// Exec runs statements in a database, as an administrator; "": in none.
func (s *Server) Exec(ctx context.Context, name string, statements ...string) error {
	db, err := s.admin(name)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// Statements returns the statements in the log of MariaDB, which general_log = 1 begins and
// Statements ends. Parameters are question marks where the client has prepared the statement.
func (s *Server) Statements() ([]string, error) {
	ctx := context.Background()
	if err := s.Exec(ctx, "", `SET GLOBAL general_log = 0`); err != nil {
		return nil, err
	}
	db, err := s.admin()
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT DISTINCT CONVERT(argument USING utf8mb4) FROM mysql.general_log
		WHERE command_type IN ('Prepare', 'Query') AND user_host LIKE '`+User+`%'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var statement string
		if err := rows.Scan(&statement); err != nil {
			return nil, err
		}
		out = append(out, statement)
	}
	return out, rows.Err()
}

// Create makes an empty database and returns its URL. On MariaDB it has the server's
// default character set, which is not the one that photosd wants.
func (s *Server) Create(ctx context.Context, name string) (string, error) {
	return s.URL(name), s.Exec(ctx, "", `CREATE DATABASE `+name)
}

// Signal sends the server's process a signal.
func (s *Server) Signal(sig os.Signal) error { return s.cmd.Process.Signal(sig) }

// Kill ends the server at once. Run starts it again.
func (s *Server) Kill() error {
	if s.cmd == nil {
		return nil
	}
	err := s.cmd.Process.Signal(atOnce(s.Engine))
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-s.done
	s.cmd = nil
	return err
}

// Close ends the server and removes everything of it.
func (s *Server) Close() error {
	err := s.Kill()
	if s.log != nil {
		err = errors.Join(err, s.log.Close())
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// Log is the end of what the server said.
func (s *Server) Log() string {
	text, _ := os.ReadFile(s.path("log"))
	const most = 4000
	return string(bytes.TrimSpace(text[max(0, len(text)-most):]))
}

func freePort(ctx context.Context) (string, error) {
	address, err := freeport.Address(ctx)
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(address)
	return port, err
}

// Keep gives the server a certificate and its key, and returns where they lie.
func (s *Server) Keep(name string, cert, key []byte) (certFile, keyFile string, err error) {
	certFile, keyFile = s.path(name+".crt"), s.path(name+".key")
	for path, text := range map[string][]byte{certFile: cert, keyFile: key} {
		if err := errors.Join(os.WriteFile(path, text, 0o600), giveAway(path)); err != nil {
			return "", "", err
		}
	}
	return certFile, keyFile, nil
}
