package sqldb

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"photos/internal/testkit/dbserver"
	"photos/internal/testkit/testcert"
)

// certificate returns a new certificate for 127.0.0.1 and its key.
func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	cert, key, err := testcert.New()
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func testCA(t *testing.T) []byte {
	t.Helper()
	cert, _ := certificate(t)
	return cert
}

// A server with TLS is trusted only when the CA file contains its CA.
func TestTLS(t *testing.T) {
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
			address, err := server.Create(t.Context(), "tls")
			if err != nil {
				t.Fatal(err)
			}
			cert, key := certificate(t)
			certFile, keyFile, err := server.Keep("server", cert, key)
			if err != nil {
				t.Fatal(err)
			}
			if err := server.Kill(); err != nil {
				t.Fatal(err)
			}
			settings := []string{"-c", "ssl=on", "-c", "ssl_cert_file=" + certFile, "-c", "ssl_key_file=" + keyFile}
			if e == dbserver.MariaDB {
				settings = []string{"--ssl-cert=" + certFile, "--ssl-key=" + keyFile}
			}
			if err := server.Run(t.Context(), settings...); err != nil {
				t.Fatal(err)
			}
			u := parse(t, address)
			u.Host, u.RawQuery = "127.0.0.1:"+server.Port, ""
			good, other := filepath.Join(t.TempDir(), "good.pem"), filepath.Join(t.TempDir(), "other.pem")
			for path, text := range map[string][]byte{good: cert, other: testCA(t)} {
				if err := os.WriteFile(path, text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			db := openConfig(t, Config{URL: u.String(), CAFile: good})
			if err := db.Ping(t.Context()); err != nil {
				t.Error(err)
			}
			query := map[dbserver.Engine]string{
				dbserver.Postgres: `SELECT CASE WHEN ssl THEN version ELSE '' END FROM pg_stat_ssl WHERE pid = pg_backend_pid()`,
				dbserver.MariaDB:  `SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'Ssl_version'`,
			}[e]
			var version string
			if err := db.row(t.Context(), query).Scan(&version); err != nil || !strings.HasPrefix(version, "TLSv1.") {
				t.Errorf("TLS version %q, %v", version, err)
			}
			for _, c := range []Config{{URL: u.String(), CAFile: other}, {URL: u.String() + "?sslmode=require"}} {
				if _, err := c.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate is not trusted") {
					t.Errorf("trusted: %v", err)
				}
			}
		})
	}
}
