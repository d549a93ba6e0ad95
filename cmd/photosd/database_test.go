package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"photos/internal/photo"
)

// with returns an environment of pairs NAME=value.
func with(pairs ...string) func(string) string {
	variables := map[string]string{}
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		variables[name] = value
	}
	return environ(variables)
}

const secret = "p@ss/wörd%?"

// exercise are the settings of the exercise that photosd grew out of.
func exercise(more ...string) []string {
	return append([]string{"DATABASE_HOST=db.example.org", "DATABASE_USER=ada", "DATABASE_PASSWORD=" + secret, "DATABASE_DB_NAME=photos"}, more...)
}

// TestDatabaseURLs compares the URL that is made of settings.
func TestDatabaseURLs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const quoted = "p%40ss%2Fw%C3%B6rd%25%3F"
	for _, tt := range []struct {
		want string
		env  []string
	}{
		{"mysql://ada:" + quoted + "@db.example.org:3306/photos", exercise()},
		{"mysql://ada:" + quoted + "@db.example.org:3306/photos", exercise("DATABASE_HOST= db.example.org/\n", "DATABASE_DB_NAME=photos/ ")},
		{"postgres://ada:" + quoted + "@db.example.org:5432/photos", exercise("DATABASE_ENGINE=postgres")},
		{"mysql://ada:" + quoted + "@db.example.org:3307/photos", exercise("DATABASE_PORT=3307", "DATABASE_ENGINE=mariadb")},
		{"mysql://ada:" + quoted + "@[2001:db8::1]:3306/photos", exercise("DATABASE_HOST=2001:db8::1")},
		{"mysql://ada:" + quoted + "@:3306/photos?host=%2Frun%2Fmysqld%2Fmysqld.sock", exercise("DATABASE_HOST=/run/mysqld/mysqld.sock")},
		{"mysql://ada:" + quoted + "@db.example.org:3306/photos", exercise("DATABASE_PASSWORD=", "DATABASE_PASSWORD_FILE="+file("password", secret+"\n"))},
		{"postgres://ada:x@h/photos/", []string{"DATABASE_URL= postgres://ada:x@h/photos/ "}},
		{"postgres://ada:x@h/photos", []string{"DATABASE_URL_FILE=" + file("url", "postgres://ada:x@h/photos\n")}},
	} {
		s, err := parseSettings(nil, with(tt.env...))
		if err != nil {
			t.Errorf("%v: %v", tt.env, err)
			continue
		}
		if got := s.config(nil).URL; got != tt.want {
			t.Errorf("%v: %s, want %s", tt.env, got, tt.want)
		}
	}
}

// TestContradictoryDatabases: each start is refused with one line that names the setting and does not contain the password.
func TestContradictoryDatabases(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, []byte(" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const url = "DATABASE_URL=postgres://ada:" + "secret" + "@h/photos"
	for _, tt := range []struct {
		want string
		args []string
		env  []string
	}{
		{"DATABASE_HOST is given, but DATABASE_USER is missing", nil, []string{"DATABASE_HOST=h"}},
		{"DATABASE_USER is given, but DATABASE_HOST is missing", nil, []string{"DATABASE_USER=u"}},
		{"DATABASE_PASSWORD is given, but DATABASE_HOST is missing", nil, []string{"DATABASE_PASSWORD=" + secret}},
		{"DATABASE_HOST is given, but DATABASE_DB_NAME is missing", nil, exercise("DATABASE_DB_NAME=")},
		{"DATABASE_HOST is given, but DATABASE_PASSWORD is missing", nil, exercise("DATABASE_PASSWORD=")},
		{"DATABASE_URL and DATABASE_HOST are both given", nil, append(exercise(), url)},
		{"DATABASE_URL and DATABASE_PASSWORD are both given", nil, []string{url, "DATABASE_PASSWORD=" + secret}},
		{"DATABASE_URL and DATABASE_URL_FILE are both given", nil, []string{url, "DATABASE_URL_FILE=" + mustWrite(t, dir, "postgres://ada:secret@h/photos")}},
		{"DATABASE_PASSWORD and DATABASE_PASSWORD_FILE are both given", nil, exercise("DATABASE_PASSWORD_FILE=" + mustWrite(t, dir, secret))},
		{"DATABASE_PASSWORD_FILE: " + empty + " is empty", nil, exercise("DATABASE_PASSWORD_FILE=" + empty)},
		{"DATABASE_PASSWORD_FILE: " + dir + "/none: no such file", nil, exercise("DATABASE_PASSWORD_FILE=" + dir + "/none")},
		{"--database-url has a password", []string{"--database-url", "postgres://ada:secret@h/photos"}, nil},
		{"DATABASE_URL is not of the form", nil, []string{"DATABASE_URL=oracle://ada:secret@h/photos"}},
		{"DATABASE_CA_FILE is given, but no database server", nil, []string{"DATABASE_CA_FILE=/etc/ca.pem"}},
		{"DATABASE_CA_FILE is given, but DATABASE_URL names a file", nil, []string{"DATABASE_CA_FILE=/etc/ca.pem", "DATABASE_URL=sqlite:/x/p.db"}},
	} {
		_, err := parseSettings(tt.args, with(tt.env...))
		if photo.KindOf(err) != photo.KindUsage || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v %v: error %v, want %q", tt.args, tt.env, err, tt.want)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), secret)) {
			t.Errorf("%v shows the password", err)
		}
	}
}

func mustWrite(t *testing.T, dir, text string) string {
	t.Helper()
	f, err := os.CreateTemp(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}
