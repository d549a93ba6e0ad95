package main

import (
	"errors"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"photos/internal/photo"
	"photos/internal/store/sqldb"
)

// database says where the metadata is. The user gives one URL, or the parts of a URL.
type database struct {
	url    string // empty: made from the parts, or SQLite in the data folder
	engine string
	host   string
	port   string
	user   string
	name   string
	caFile string

	password string
	sources  map[sqldb.Part]string // the name of the setting of each part
}

// The variables of secrets. They have no flags, because every user of a machine can see the
// flags of a program.
const (
	urlVariable      = "DATABASE_URL"
	urlFile          = "DATABASE_URL_FILE"
	passwordVariable = "DATABASE_PASSWORD"
	passwordFile     = "DATABASE_PASSWORD_FILE"
)

func (d *database) declare(f *flags) {
	f.StringVar(&d.url, "database-url", "", "`URL` of the database: sqlite:PATH, or postgres:// or mysql:// with USER@HOST/NAME (default: photos.db in --data)")
	f.StringVar(&d.host, "database-host", "", "`HOST` name of a database server, or the path of its Unix socket")
	f.StringVar(&d.engine, "database-engine", "mysql", "`KIND` of the database server: mysql (also for MariaDB) or postgres")
	f.StringVar(&d.port, "database-port", "", "`PORT` of the database server (default: 3306, for postgres 5432)")
	f.StringVar(&d.user, "database-user", "", "`NAME` of the user on the database server")
	f.StringVar(&d.name, "database-name", "", "`NAME` of the database on the database server")
	f.StringVar(&d.caFile, "database-ca-file", "", "`FILE` of CA certificates that verify the database server (default: the system's)")
	f.describe("database-url", urlVariable, "of the form sqlite:PATH, postgres://USER@HOST/NAME or mysql://USER@HOST/NAME")
	f.describe("database-host", "DATABASE_HOST", "the name of a host, without a port")
	f.describe("database-engine", "DATABASE_ENGINE", "mysql or postgres")
	f.describe("database-port", "DATABASE_PORT", "a port like 3306")
	f.describe("database-user", "DATABASE_USER", "the name of a user")
	f.describe("database-name", "DATABASE_DB_NAME", "the name of a database")
	f.describe("database-ca-file", "DATABASE_CA_FILE", "a file of PEM certificates")
}

// parts returns the flags that together, with the password, replace a URL.
func (*database) parts() []string {
	return []string{"database-host", "database-engine", "database-port", "database-user", "database-name"}
}

// complete reads the secrets, and makes a URL if its parts are given.
func (d *database) complete(f *flags, getenv func(string) string) error {
	source := f.source("database-url")
	if d.url = strings.TrimSpace(d.url); d.url != "" && source != urlVariable && hasPassword(d.url) {
		return badSetting("%s has a password, which every user of this machine can see: give it as %s or %s", source, urlVariable, urlFile)
	}
	var err error
	if d.url, source, err = valueOrFile(getenv, d.url, source, urlFile); err != nil {
		return err
	}
	password, secret, err := valueOrFile(getenv, strings.TrimSpace(getenv(passwordVariable)), passwordVariable, passwordFile)
	if err != nil {
		return err
	}
	d.password = password
	given := d.givenParts(f, secret)
	switch {
	case d.url != "" && len(given) > 0:
		return badSetting("%s and %s are both given: use a URL or its parts, not both", source, given[0])
	case d.url != "":
		d.sources = map[sqldb.Part]string{}
		for _, part := range []sqldb.Part{sqldb.PartURL, sqldb.PartUser, sqldb.PartPassword, sqldb.PartName, sqldb.PartTLS} {
			d.sources[part] = source
		}
		return d.checkURL(f, source)
	case len(given) > 0:
		return d.join(f, given[0], secret)
	case d.caFile != "":
		return badSetting("%s is given, but no database server", f.source("database-ca-file"))
	}
	return nil
}

// valueOrFile returns a secret and the name of its setting: the value, which came from source, or
// what is in the file that a variable names. It refuses both together.
func valueOrFile(getenv func(string) string, value, source, fileVariable string) (secret, name string, err error) {
	fromFile, err := secretFile(getenv, fileVariable)
	switch {
	case err != nil:
		return "", "", err
	case fromFile == "":
		return value, source, nil
	case value != "":
		return "", "", badSetting("%s and %s are both given", source, fileVariable)
	}
	return fromFile, fileVariable, nil
}

// givenParts returns the names of the parts of a URL that are given. secret is the name of the password.
func (d *database) givenParts(f *flags, secret string) []string {
	var given []string
	for _, name := range d.parts() {
		if f.given(name) {
			given = append(given, f.source(name))
		}
	}
	if d.password != "" {
		given = append(given, secret)
	}
	return given
}

// checkURL refuses a URL that is not valid. Its error shows the value only if that cannot contain a
// password.
func (d *database) checkURL(f *flags, source string) error {
	scheme, rest, found := strings.Cut(d.url, ":")
	switch {
	case found && rest != "" && scheme == "sqlite":
		if d.caFile != "" {
			return badSetting("%s is given, but %s names a file", f.source("database-ca-file"), source)
		}
		return nil
	case found && strings.HasPrefix(rest, "//") && slices.Contains([]string{"postgres", "postgresql", "mysql", "mariadb"}, scheme):
		d.sources[sqldb.PartCA] = caSource(f, d.caFile, source)
		return nil
	case source == urlFile || strings.Contains(d.url, "@"):
		return badSetting("%s is not %s", source, f.described["database-url"].form)
	}
	return f.bad("database-url")
}

// caSource returns the name of the setting to change when a certificate is not trusted.
func caSource(f *flags, file, otherwise string) string {
	if file == "" {
		return otherwise
	}
	return f.source("database-ca-file")
}

// join makes a URL of its parts. given is the name of a part that is given, and secret that of the
// password, for messages.
func (d *database) join(f *flags, given, secret string) error {
	scheme, port, err := d.schemeAndPort(f)
	if err != nil {
		return err
	}
	d.host = strings.TrimRight(strings.TrimSpace(d.host), "/")
	isSocket := strings.HasPrefix(d.host, "/")
	if !isSocket && strings.ContainsAny(d.host, "/:@() ") && net.ParseIP(strings.Trim(d.host, "[]")) == nil {
		return f.bad("database-host")
	}
	for _, name := range []string{"database-host", "database-user", "database-name"} {
		if strings.TrimSpace(f.texts[name]) == "" {
			return badSetting("%s is given, but %s is missing", given, f.described[name].variable)
		}
	}
	if d.password == "" && !isSocket {
		return badSetting("%s is given, but %s is missing", given, passwordVariable)
	}
	d.sources = map[sqldb.Part]string{
		sqldb.PartURL: f.sourceOr("database-host"), sqldb.PartUser: f.sourceOr("database-user"), sqldb.PartName: f.sourceOr("database-name"),
		sqldb.PartPassword: secret, sqldb.PartTLS: f.sourceOr("database-host"), sqldb.PartCA: f.sourceOr("database-ca-file"),
	}
	u := url.URL{Scheme: scheme, Host: net.JoinHostPort(strings.Trim(d.host, "[]"), port), User: url.UserPassword(strings.TrimSpace(d.user), d.password)}
	if isSocket {
		u.Host, u.RawQuery = ":"+port, url.Values{"host": {d.host}}.Encode()
	}
	d.url = u.JoinPath(strings.TrimRight(strings.TrimSpace(d.name), "/")).String()
	return nil
}

// schemeAndPort returns the scheme of the URL and the port of the server.
func (d *database) schemeAndPort(f *flags) (scheme, port string, err error) {
	switch strings.ToLower(d.engine) {
	case "mysql", "mariadb":
		scheme, port = "mysql", "3306"
	case "postgres", "postgresql":
		scheme, port = "postgres", "5432"
	default:
		return "", "", f.bad("database-engine")
	}
	if d.port == "" {
		return scheme, port, nil
	}
	port = strings.TrimSpace(d.port)
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", f.bad("database-port")
	}
	return scheme, port, nil
}

// sourceOr returns the name with which a setting was given, or its variable if it was not given.
func (f *flags) sourceOr(name string) string {
	if f.given(name) {
		return f.source(name)
	}
	return f.described[name].variable
}

func hasPassword(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return strings.Contains(address, "@")
	}
	_, ok := u.User.Password()
	return ok
}

// secretFile reads the file that a variable names and trims white space. It returns "" when the
// variable is empty.
func secretFile(getenv func(string) string, variable string) (string, error) {
	path := strings.TrimSpace(getenv(variable))
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	var cause *fs.PathError
	switch {
	case errors.As(err, &cause):
		return "", badSetting("%s: %s: %v", variable, path, cause.Err)
	case err != nil:
		return "", badSetting("%s: %v", variable, err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", badSetting("%s: %s is empty", variable, path)
	}
	return secret, nil
}

// config returns how the database is opened. said is told why that takes long.
func (s *storage) config(said func(format string, args ...any)) sqldb.Config {
	c := sqldb.Config{URL: s.database.url, CAFile: s.database.caFile}
	if c.URL == "" {
		c.URL = "sqlite:" + filepath.Join(s.data, "photos.db")
	}
	c.Waiting = func(reason error) { said("waiting for the database: %v", reason) }
	return c
}

// file returns the path of the database; it is empty when that is a server's.
func (s *storage) file() string {
	path, ok := strings.CutPrefix(s.config(nil).URL, "sqlite:")
	if !ok {
		return ""
	}
	if absolute, err := filepath.Abs(path); err == nil {
		return absolute
	}
	return path
}

// named adds the name of the setting to an error of the database.
func (d *database) named(err error) error {
	var e *sqldb.SettingError
	if !errors.As(err, &e) {
		return err
	}
	return &photo.Error{Kind: e.Err.Kind, Msg: d.sources[e.Part] + ": " + e.Err.Msg, Hint: e.Err.Hint}
}
