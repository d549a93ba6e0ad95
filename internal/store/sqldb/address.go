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
	// URL is sqlite:PATH, postgres://USER:PASSWORD@HOST:PORT/NAME, or the same with
	// mysql://, which is MariaDB too. "?host=/FOLDER" (PostgreSQL) and "?host=/SOCKET"
	// (MariaDB) name a Unix socket, and "?sslmode=disable" goes without TLS.
	URL string
	// CAFile is a file with the certificates that may vouch for the server; "": the system's.
	CAFile string
	// Waiting is told why Open waits for the database, each time the reason changes. It may be nil.
	Waiting func(reason error)

	patience patience // zero: usualPatience
}

// A Part is a part of a Config, which a setting of the program stands for.
type Part string

// The parts that a database refuses.
const (
	PartURL      Part = "url" // of several things, or of one that cannot be told
	PartUser     Part = "user"
	PartPassword Part = "password"
	PartName     Part = "name"
	PartCA       Part = "CA file"
	PartTLS      Part = "TLS"
)

// A SettingError says which part of a Config is wrong. Its message does not name the
// part, as the program has a name of its own for it.
type SettingError struct {
	Part Part
	Err  *photo.Error
}

func (e *SettingError) Error() string { return e.Err.Error() }

// Unwrap returns the error that has the kind.
func (e *SettingError) Unwrap() error { return e.Err }

func wrong(part Part, format string, args ...any) *SettingError {
	return &SettingError{part, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf(format, args...)}}
}

// refusedBy is a setting that the database refused, as err says.
func refusedBy(part Part, err error, msg, hint string) *SettingError {
	return &SettingError{part, &photo.Error{Kind: photo.KindForbidden, Msg: msg, Hint: hint, Err: err}}
}

// An address is where a database server is, and what for.
type address struct {
	engine         string // postgres or mysql
	host, port     string
	socket         string // path; then there is no host
	user, password string
	name           string
	tls            *tls.Config // nil: without
}

// where is what messages call the database.
func (a address) where() string {
	if a.socket != "" {
		return a.name + " at " + a.socket
	}
	return a.name + " at " + net.JoinHostPort(a.host, a.port)
}

// sqlitePath returns the path of a URL sqlite:PATH, and whether it is one.
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

// address reads the URL of a server. No error of it repeats the URL, as there may be a password in it.
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

// complete finds what is missing.
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

// tls returns how a server is verified: always, unless it is on this machine or sslmode says otherwise.
func (c Config) tls(a address, sslmode string) (*tls.Config, error) {
	here := a.socket != "" || isLoopback(a.host)
	switch sslmode {
	case "disable":
		if c.CAFile != "" {
			return nil, wrong(PartCA, "certificates are of no use with sslmode=disable")
		}
		return nil, nil //nolint:nilnil // no TLS
	case "":
		if here && c.CAFile == "" {
			return nil, nil //nolint:nilnil // no TLS
		}
	case "require", "verify-ca", "verify-full": // the certificate is verified in each case
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
		return nil, wrong(PartCA, "%s holds no PEM certificate", c.CAFile)
	}
	return t, nil
}

func isLoopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}

// badTLS returns that the server was not trusted, or has no TLS, if that is what err says.
func badTLS(err error) *SettingError {
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &verify):
		return refusedBy(PartCA, err, "the database's certificate is not trusted", "the certificates of Amazon RDS are at https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem")
	case errors.As(err, &record):
		return refusedBy(PartTLS, err, "the database speaks no TLS", "sslmode=disable goes without, for a network that nobody else uses")
	}
	return nil
}
