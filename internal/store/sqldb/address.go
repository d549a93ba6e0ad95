package sqldb

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"photos/internal/photo"
)

// Config says which database to open.
type Config struct {
	// URL is sqlite:PATH, postgres://USER:PASSWORD@HOST:PORT/NAME or
	// mysql://USER:PASSWORD@HOST:PORT/NAME. The last is also for MariaDB.
	// "?host=/FOLDER" (PostgreSQL) and "?host=/SOCKET" (MariaDB) name a Unix socket.
	// "?sslmode=disable" connects without TLS.
	URL string
	// CAFile is a file with the CA certificates to verify the server with. If it is empty,
	// the system's are used.
	CAFile string
	// Waiting is called with the reason why Open waits for the database, each time the
	// reason changes. It may be nil.
	Waiting func(reason error)
	// Meter is told how long the database takes. It may be nil.
	Meter Meter

	patience patience   // zero: usualPatience
	sizes    indexSizes // zero: usualSizes
}

// A Part is a part of a Config. The program has a setting for it.
type Part string

// The parts that can be wrong.
const (
	PartURL      Part = "url" // also when the URL has several parts that may be wrong
	PartUser     Part = "user"
	PartPassword Part = "password"
	PartName     Part = "name"
	PartCA       Part = "CA file"
	PartTLS      Part = "TLS"
)

// A SettingError says which part of a Config is wrong. Its message does not name the
// part, because the program has its own names for its settings.
type SettingError struct {
	Part Part
	Err  *photo.Error
}

// Error implements error.
func (e *SettingError) Error() string { return e.Err.Error() }

// Unwrap returns the error that has the kind.
func (e *SettingError) Unwrap() error { return e.Err }

func wrong(part Part, format string, args ...any) *SettingError {
	return &SettingError{part, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf(format, args...)}}
}

// refusedBy returns the error for a part that the database refused with err.
func refusedBy(part Part, err error, msg, hint string) *SettingError {
	return &SettingError{part, &photo.Error{Kind: photo.KindForbidden, Msg: msg, Hint: hint, Err: err}}
}

// An address says how to reach a database server, and which database to use there.
type address struct {
	engine         string // postgres or mysql
	host, port     string
	socket         string // path; then there is no host
	user, password string
	name           string
	tls            *tls.Config // nil: no TLS
}

// where returns the name of the database in messages.
func (a address) where() string {
	if a.socket != "" {
		return a.name + " at " + a.socket
	}
	return a.name + " at " + net.JoinHostPort(a.host, a.port)
}

// sqlitePath returns the path of a URL sqlite:PATH. It reports false for other URLs.
func (c Config) sqlitePath() (string, bool, error) {
	path, ok := strings.CutPrefix(strings.TrimSpace(c.URL), "sqlite:")
	if !ok {
		return "", false, nil
	}
	if path == "" {
		return "", true, wrong(PartURL, "sqlite: is not followed by the path of a file, as in sqlite:/var/lib/photosd/photos.db")
	}
	path, err := filepath.Abs(path)
	return path, true, err
}

const urlForms = "sqlite:PATH, postgres://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME"

// address parses the URL of a server. Its errors do not repeat the URL, which may contain a password.
func (c Config) address() (a address, err error) {
	u, err := url.Parse(strings.TrimSpace(c.URL))
	if err != nil {
		return a, wrong(PartURL, "the address of the database cannot be read; in a password, write %%40 for @, %%2F for / and %%25 for %%")
	}
	switch u.Scheme {
	case "postgres", "postgresql":
		a.engine, a.port = "postgres", "5432"
	case "mysql", "mariadb":
		a.engine, a.port = "mysql", "3306"
	default:
		return a, wrong(PartURL, "the address of the database is not of the form %s", urlForms)
	}
	a.host, a.user, a.name = u.Hostname(), u.User.Username(), strings.Trim(u.Path, "/")
	a.password, _ = u.User.Password()
	if p := u.Port(); p != "" {
		a.port = p
	}
	sslmode := ""
	for key, values := range u.Query() {
		switch key {
		case "host":
			a.socket = values[0]
		case "sslmode":
			sslmode = values[0]
		default:
			return a, wrong(PartURL, "the address of the database has an unknown option %q; host and sslmode are known", key)
		}
	}
	if err := a.complete(); err != nil {
		return a, err
	}
	a.tls, err = c.tls(a, sslmode)
	return a, err
}

// complete decides between host and socket, and refuses an address that lacks a part.
func (a *address) complete() error {
	if strings.HasPrefix(a.socket, "/") {
		a.host = ""
	} else if a.socket != "" {
		a.host, a.socket = a.socket, ""
	}
	switch {
	case a.host == "" && a.socket == "":
		return wrong(PartURL, "the address of the database has no host")
	case a.user == "":
		return wrong(PartURL, "the address of the database has no user")
	case a.name == "" || strings.Contains(a.name, "/"):
		return wrong(PartURL, "the address of the database does not end in the database's name")
	}
	return nil
}

// tls returns how to verify the server. A server on another machine is always verified, unless
// sslmode is "disable".
func (c Config) tls(a address, sslmode string) (*tls.Config, error) {
	here := a.socket != "" || isLoopback(a.host)
	switch sslmode {
	case "disable":
		if c.CAFile != "" {
			return nil, wrong(PartCA, "CA certificates cannot be combined with sslmode=disable")
		}
		return nil, nil // no TLS
	case "":
		if here && c.CAFile == "" {
			return nil, nil // no TLS
		}
	case "require", "verify-ca", "verify-full": // all of them verify the certificate
	default:
		return nil, wrong(PartURL, "sslmode=%.20s is neither verify-full nor disable", sslmode)
	}
	t := &tls.Config{ServerName: a.host, MinVersion: tls.VersionTLS12}
	if c.CAFile == "" {
		return t, nil
	}
	pem, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, wrong(PartCA, "%v", err)
	}
	t.RootCAs = x509.NewCertPool()
	if !t.RootCAs.AppendCertsFromPEM(pem) {
		return nil, wrong(PartCA, "%s contains no PEM certificate", c.CAFile)
	}
	return t, nil
}

func isLoopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}

// badTLS returns a SettingError if err says that the server's certificate is not trusted, or that it
// has no TLS. Otherwise it returns nil.
func badTLS(err error) *SettingError {
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &verify):
		return refusedBy(PartCA, err, "the database's certificate is not trusted", "the certificates of Amazon RDS are at https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem")
	case errors.As(err, &record):
		return refusedBy(PartTLS, err, "the database does not support TLS", "sslmode=disable connects without TLS; use it only on a network that you trust")
	}
	return nil
}
