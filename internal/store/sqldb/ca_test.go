package sqldb

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"photos/internal/testkit/dbserver"
)

// certificate makes a certificate of 127.0.0.1 that vouches for itself, and its key.
func certificate(t *testing.T) (cert, key []byte) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	must(err)
	der2, err := x509.MarshalPKCS8PrivateKey(private)
	must(err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der2})
}

func testCA(t *testing.T) []byte {
	t.Helper()
	cert, _ := certificate(t)
	return cert
}

// A server with TLS is trusted when the CA file vouches for it, and only then.
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
				t.Errorf("spoken is %q, %v", version, err)
			}
			for _, c := range []Config{{URL: u.String(), CAFile: other}, {URL: u.String() + "?sslmode=require"}} {
				if _, err := c.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate is not trusted") {
					t.Errorf("trusted: %v", err)
				}
			}
		})
	}
}
