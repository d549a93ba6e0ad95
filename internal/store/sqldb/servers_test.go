package sqldb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"

	"photos/internal/photo"
	"photos/internal/store"
	"photos/internal/store/storetest"
	"photos/internal/testkit/dbserver"
)

// servers holds the servers that tests share. Each starts when the first test needs it, and
// ends with the tests.
type servers struct {
	mu      sync.Mutex
	running map[dbserver.Engine]*dbserver.Server
	names   atomic.Int64
}

var shared = &servers{running: map[dbserver.Engine]*dbserver.Server{}} // lives as long as the process

func TestMain(m *testing.M) {
	code := m.Run()
	for _, s := range shared.running {
		if err := s.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// server returns the shared server of an engine.
func (s *servers) server(t testing.TB, e dbserver.Engine) *dbserver.Server {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a server")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[e] == nil {
		s.running[e] = startServer(t, e)
	}
	return s.running[e]
}

func startServer(t testing.TB, e dbserver.Engine) *dbserver.Server {
	t.Helper()
	server, err := dbserver.Start(context.Background(), e)
	if errors.Is(err, dbserver.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// fresh returns the configuration of a new, empty database on the shared server.
func fresh(t testing.TB, e dbserver.Engine) Config {
	t.Helper()
	server := shared.server(t, e)
	url, err := server.Create(context.Background(), fmt.Sprint("t", shared.names.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	return Config{URL: url, patience: patience{every: time.Second, answer: time.Minute}} // the machine may be busy
}

func openConfig(t testing.TB, c Config) *DB {
	t.Helper()
	db, err := c.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// engines runs a test on each server.
func engines(t *testing.T, test func(*testing.T, dbserver.Engine)) {
	t.Helper()
	for _, e := range []dbserver.Engine{dbserver.Postgres, dbserver.MariaDB} {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

func TestStoreOnServers(t *testing.T) {
	engines(t, func(t *testing.T, e dbserver.Engine) {
		if server := shared.server(t, e); e == dbserver.MariaDB {
			mustBeMySQL(t, server)
		}
		storetest.Run(t, func(t testing.TB) storetest.Opener {
			c := fresh(t, e)
			return func(t testing.TB) store.Store { return openConfig(t, c) }
		})
	})
}

// When a change refuses after it has changed something, that is rolled back, and the rest of
// its batch is committed.
func TestRefusalsUndo(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, c Config) {
		t.Helper()
		db := openConfig(t, c)
		owner := anOwner(t, db)
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				if i%2 == 0 {
					if _, err := db.Add(t.Context(), owner, numbered(i), "key"); err != nil {
						t.Error(err)
					}
					return
				}
				err := db.writer.write(t.Context(), func(ctx context.Context, tx *txn) error {
					tx.note(owner, nil, &record{Photo: photo.Photo{Size: 1000}, number: 1 << 40})
					if _, err := tx.exec(ctx, `UPDATE owner SET disabled_at = ? WHERE id = ?`, tx.now, owner); err != nil {
						return err
					}
					return tx.refuse(noPhoto(photo.ID{}))
				})
				if photo.KindOf(err) != photo.KindNotFound {
					t.Errorf("refused: %v", err)
				}
			})
		}
		wg.Wait()
		if u, err := db.Usage(t.Context(), owner); err != nil || u.Photos != 20 {
			t.Errorf("Usage = %+v, %v, want 20 photos", u, err)
		}
		if disabled, err := db.Disabled(t.Context(), owner); disabled || err != nil {
			t.Errorf("Disabled = %v, %v", disabled, err)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		check(t, Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "photos.db")})
	})
	engines(t, func(t *testing.T, e dbserver.Engine) { check(t, fresh(t, e)) })
}

// In PostgreSQL, a statement that fails ends the transaction. Only the change with that
// statement fails.
func TestFailingChangeOnServers(t *testing.T) {
	engines(t, func(t *testing.T, e dbserver.Engine) {
		db := openConfig(t, fresh(t, e))
		failHalf(t, db)
	})
}

// Two replicas that lock the same rows in opposite orders end each other's transactions. After a
// retry both succeed.
func TestDeadlocks(t *testing.T) {
	engines(t, func(t *testing.T, e dbserver.Engine) {
		c := fresh(t, e)
		one, other := openConfig(t, c), openConfig(t, c)
		owner := anOwner(t, one)
		addPhotos(t, one, owner, 0, 2)
		first := make(chan struct{}, 2)
		rivals := make(chan struct{})
		var wg sync.WaitGroup
		for i, db := range []*DB{one, other} {
			wg.Go(func() {
				tries := 0
				err := db.writer.write(t.Context(), func(ctx context.Context, tx *txn) error {
					tries++
					if _, err := tx.photo(ctx, owner, numbered(i).ID); err != nil {
						return err
					}
					if tries == 1 { // wait until both have locked their first row
						first <- struct{}{}
						<-rivals
					}
					_, err := tx.photo(ctx, owner, numbered(1-i).ID)
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		<-first
		<-first
		close(rivals)
		wg.Wait()
	})
}

// When a server has become a read-only replica, the writer closes the connection and retries
// on a new one.
func TestStaleConnections(t *testing.T) {
	engines(t, func(t *testing.T, e dbserver.Engine) {
		c := fresh(t, e)
		db := openConfig(t, c)
		owner := anOwner(t, db)
		tries, ids := 0, []string{}
		ask, stale := `SELECT CAST(pg_backend_pid() AS TEXT)`, `SET TRANSACTION READ ONLY`
		if e == dbserver.MariaDB {
			ask, stale = `SELECT CAST(CONNECTION_ID() AS CHAR)`, `SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1290`
		}
		err := db.writer.write(t.Context(), func(ctx context.Context, tx *txn) error {
			tries++
			var id string
			if err := tx.row(ctx, ask).Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
			if tries == 1 {
				if _, err := tx.s.conn.ExecContext(ctx, stale); err != nil {
					return err
				}
			}
			_, err := tx.exec(ctx, `UPDATE owner SET disabled_at = ? WHERE id = ?`, tx.now, owner)
			return err
		})
		if err != nil || tries != 2 || ids[0] == ids[1] {
			t.Errorf("%v after %d tries on connections %v", err, tries, ids)
		}
		if disabled, err := db.Disabled(t.Context(), owner); !disabled || err != nil {
			t.Errorf("Disabled = %v, %v", disabled, err)
		}
	})
}

// A transaction whose commit got no answer may have been committed, so it is not repeated.
func TestCommitWithoutAnswer(t *testing.T) {
	t.Parallel()
	db := openConfig(t, fresh(t, dbserver.Postgres))
	tries := 0
	err := db.writer.write(t.Context(), func(_ context.Context, tx *txn) error {
		tries++
		return tx.s.conn.Raw(func(conn any) error { return conn.(*stdlib.Conn).Conn().PgConn().Conn().Close() })
	})
	if err == nil || tries != 1 {
		t.Errorf("%v after %d tries", err, tries)
	}
}

// While a server is unreachable every call fails at once. When it is back, every call works.
func TestServerAway(t *testing.T) {
	for _, e := range []dbserver.Engine{dbserver.Postgres, dbserver.MariaDB} {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			if testing.Short() {
				t.Skip("starts a server")
			}
			server := startServer(t, e)
			t.Cleanup(func() {
				if err := server.Close(); err != nil {
					t.Error(err)
				}
			})
			url, err := server.Create(t.Context(), "away")
			if err != nil {
				t.Fatal(err)
			}
			db := openConfig(t, Config{URL: url})
			owner := anOwner(t, db)
			addPhotos(t, db, owner, 0, 3)
			away := func(what string) {
				t.Helper()
				for _, call := range []func() error{
					func() error { _, err := db.Usage(t.Context(), owner); return err },
					func() error { _, err := db.List(t.Context(), owner, photo.Filter{}, "", 10); return err },
					func() error { _, err := db.Check(t.Context(), owner, []photo.ID{numbered(1).ID}); return err },
					func() error { _, err := db.Add(t.Context(), owner, numbered(9), "key"); return err },
					func() error { return db.Ping(t.Context()) },
				} {
					if err := call(); photo.KindOf(err) != photo.KindUnavailable {
						t.Errorf("%s: %v", what, err)
					}
				}
			}
			back := func() {
				t.Helper()
				until(t, func() bool { return db.Ping(t.Context()) == nil })
				if u, err := db.Usage(t.Context(), owner); err != nil || u.Photos != 3 {
					t.Errorf("Usage = %+v, %v", u, err)
				}
				if _, err := db.Learn(t.Context(), owner, numbered(1).ID, photo.Facts{}); err != nil {
					t.Error(err)
				}
			}
			if err := server.Kill(); err != nil {
				t.Fatal(err)
			}
			until(t, func() bool { _, err := db.watch.up(); return err != nil })
			away("ended")
			waiting := make(chan error, 10)
			late := make(chan *DB, 1)
			go func() {
				db, err := Config{URL: url, Waiting: func(reason error) { waiting <- reason }}.Open(context.Background())
				if err != nil {
					t.Error(err)
				}
				late <- db
			}()
			if reason := <-waiting; photo.KindOf(reason) != photo.KindUnavailable {
				t.Errorf("waits because of %v", reason)
			}
			if err := server.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			back()
			if db := <-late; db != nil {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			}
			if e == dbserver.MariaDB { // like a network that drops packets
				if err := server.Freeze(); err != nil {
					t.Fatal(err)
				}
				until(t, func() bool { _, err := db.watch.up(); return err != nil })
				away("silent")
				if err := server.Thaw(); err != nil {
					t.Fatal(err)
				}
				back()
			}
		})
	}
}

// Open waits while the server is a read-only replica.
func TestOpenAtReplica(t *testing.T) {
	t.Parallel()
	c := fresh(t, dbserver.Postgres)
	server := shared.server(t, dbserver.Postgres)
	name := strings.TrimPrefix(parse(t, c.URL).Path, "/")
	if err := server.Exec(t.Context(), "", `ALTER DATABASE `+name+` SET default_transaction_read_only = on`); err != nil {
		t.Fatal(err)
	}
	said := make(chan error, 10)
	c.Waiting = func(reason error) {
		said <- reason
		if err := server.Exec(t.Context(), "", `ALTER DATABASE `+name+` SET default_transaction_read_only = off`); err != nil {
			t.Error(err)
		}
	}
	anOwner(t, openConfig(t, c))
	if reason := <-said; !strings.Contains(reason.Error(), "it accepts no changes") {
		t.Errorf("waited because of %v", reason)
	}
}

// until waits until done returns true. The limit is generous, because the machine may be busy.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen within 2 minutes")
		}
	}
}

// When the server refuses a setting, the error is one line that names the part and does not
// contain the password.
func TestRefusedSettings(t *testing.T) {
	engines(t, func(t *testing.T, e dbserver.Engine) {
		c := fresh(t, e)
		server := shared.server(t, e)
		ctx := t.Context()
		grant := []string{`CREATE USER weak PASSWORD 'weak word'`, `REVOKE ALL ON SCHEMA public FROM PUBLIC`}
		name := strings.TrimPrefix(parse(t, c.URL).Path, "/")
		if e == dbserver.MariaDB {
			grant = []string{`CREATE USER IF NOT EXISTS weak@localhost IDENTIFIED BY 'weak word'`, `GRANT SELECT ON ` + name + `.* TO weak@localhost`}
		}
		if err := server.Exec(ctx, name, grant...); err != nil {
			t.Fatal(err)
		}
		over := func(edit func(*url.URL)) Config {
			u := parse(t, c.URL)
			edit(u)
			return Config{URL: u.String()}
		}
		loopback := func(u *url.URL) { u.Host, u.RawQuery = "127.0.0.1:"+server.Port, "" }
		ca := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(ca, testCA(t), 0o600); err != nil {
			t.Fatal(err)
		}
		noTLS := over(loopback)
		noTLS.CAFile = ca
		for _, tt := range []struct {
			what string
			part Part
			c    Config
			want string
		}{
			{"a wrong password", PartPassword, over(func(u *url.URL) { u.User = url.UserPassword(dbserver.User, "wrong word") }), "refuses the password of photosd"},
			{"no such database", PartName, over(func(u *url.URL) { u.Path = "/nowhere" }), "there is no database nowhere"},
			{"a user who may not create tables", PartUser, over(func(u *url.URL) { u.User = url.UserPassword("weak", "weak word") }), "weak may not create tables"},
			{"a server without TLS", PartTLS, noTLS, "does not support TLS"},
		} {
			_, err := tt.c.Open(ctx)
			var setting *SettingError
			if !errors.As(err, &setting) {
				t.Errorf("%s: %v", tt.what, err)
				continue
			}
			if setting.Part != tt.part || !strings.Contains(setting.Err.Msg, tt.want) || strings.ContainsAny(setting.Err.Msg, "\n") || strings.Contains(err.Error(), "word'") || strings.Contains(err.Error(), "wrong word") {
				t.Errorf("%s: part %s, %v", tt.what, setting.Part, err)
			}
		}
	})
}

func parse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestOldServers(t *testing.T) {
	t.Parallel()
	for version, good := range map[string]bool{
		"10.11.19-MariaDB-0+deb12u1": true, "10.6.0-MariaDB": true, "11.4.2-MariaDB-log": true, "8.0.40": true, "8.4.3-rds": true,
		"10.5.29-MariaDB": false, "5.7.44-log": false, "Dolt": false,
	} {
		if err := checkVersion(version); (err == nil) != good {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// Wrong addresses are refused with an error that does not repeat them.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"postgres://ada:se%zzcret@h/d":                 "cannot be read",
		"oracle://ada:secret@h/d":                      "is not of the form",
		"postgres://ada:secret@/d":                     "has no host",
		"postgres://h/d":                               "has no user",
		"postgres://ada:secret@h/":                     "does not end in the database's name",
		"postgres://ada:secret@h/d?sslmode=prefer":     "sslmode=prefer is neither",
		"postgres://ada:secret@h/d?options=x":          `unknown option "options"`,
		"mysql://ada:secret@h:0/d":                     "port",
		"postgres://ada:secret@h:99999999/d":           "port",
		"sqlite:":                                      "not followed by the path",
		"postgres://ada:secret@h/d?sslmode=disable ca": "certificates cannot be combined",
	} {
		c := Config{URL: address}
		if plain, ok := strings.CutSuffix(address, " ca"); ok {
			c.URL, c.CAFile = plain, "/etc/ca.pem"
		}
		_, err := c.Open(t.Context())
		var setting *SettingError
		if !errors.As(err, &setting) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") || photo.KindOf(err) != photo.KindUsage {
			t.Errorf("%s: %v", address, err)
		}
	}
	for address, want := range map[string]string{
		" postgres://ada:x@db.example.org/d/ ":   "verified as db.example.org",
		"mysql://ada@db.example.org:3307/d":      "verified as db.example.org",
		"mysql://ada@localhost/d":                "plain",
		"postgres://ada@127.0.0.1/d":             "plain",
		"postgres://ada@/d?host=/run/pg":         "plain",
		"postgres://ada@h/d?sslmode=disable":     "plain",
		"postgres://ada@[::1]/d?sslmode=require": "verified as ::1",
	} {
		a, err := Config{URL: address}.address()
		got := "plain"
		if a.tls != nil {
			got = "verified as " + a.tls.ServerName
			if a.tls.InsecureSkipVerify {
				got = "not verified"
			}
		}
		if err != nil || got != want || a.name != "d" {
			t.Errorf("%s: %s, name %q, %v, want %s", address, got, a.name, err, want)
		}
	}
}
