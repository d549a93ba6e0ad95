package main

import (
	"bytes"
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"photos/internal/photo"
)

// none returns the variables of an empty environment.
func none(string) string { return "" }

// TestIssuersOfForeignNetworks: the issuer and the sign-in pages must use https or be on this machine.
func TestIssuersOfForeignNetworks(t *testing.T) {
	t.Parallel()
	for address, good := range map[string]bool{
		"https://id.example.org/pool":  true,
		"http://127.0.0.1:9000/pool":   true,
		"http://localhost:9000/pool":   true,
		"http://[::1]:9000/pool":       true,
		"http://id.example.org/pool":   false,
		"http://10.0.0.1/pool":         false,
		"http://127.0.0.1.example.org": false,
	} {
		for _, args := range [][]string{
			{"--issuer", address, "--client-id", "cli"},
			{"--issuer", "https://id.example.org", "--client-id", "cli", "--domain", address},
		} {
			_, err := parseSettings(args, none)
			if good && err != nil || !good && (photo.KindOf(err) != photo.KindUsage || !strings.Contains(err.Error(), "is not an https address")) {
				t.Errorf("%v: error %v, accepted: want %t", args, err, good)
			}
		}
	}
}

// environ returns an environment of these variables.
func environ(variables map[string]string) func(string) string {
	return func(name string) string { return variables[name] }
}

// TestWrongValues gives every setting a wrong value, as a flag and by its variable. The message names the flag or
// variable, the value, and the form of a valid value.
func TestWrongValues(t *testing.T) {
	t.Parallel()
	pool := []string{"--client-id", "cli", "--issuer", "https://id.example.org"}
	wrong := map[string]struct {
		values []string
		form   string
		with   []string // other settings
	}{
		"listen":            {[]string{"nowhere", "127.0.0.1", "127.0.0.1:http:80", "127.0.0.1:99999"}, "127.0.0.1:8080", nil},
		"metrics-listen":    {[]string{"nowhere", "127.0.0.1:99999"}, "127.0.0.1:9090", nil},
		"stop-delay":        {[]string{"soon", "-1s"}, "15s", nil},
		"stop-time":         {[]string{"soon", "0s"}, "above 0", nil},
		"base-url":          {[]string{"photos.example.org", "htps://photos.example.org", "https://", "https://p.example/?a=b", "https:/p.example"}, "https://photos.example.org", nil},
		"log-format":        {[]string{"yaml", "JSON"}, "text or json", nil},
		"log-level":         {[]string{"loud"}, "debug, info, warn or error", nil},
		"data":              {[]string{""}, "a folder", nil},
		"bucket":            {nil, "", nil},
		"bucket-path-style": {[]string{"maybe"}, "true or false", []string{"--bucket", "b"}},
		"bucket-redirect":   {[]string{"maybe"}, "true or false", []string{"--bucket", "b"}},
		"bucket-checksums":  {[]string{"maybe"}, "true or false", []string{"--bucket", "b"}},
		"database-url":      {[]string{"photos.db", "sqlite:", "oracle://h/d", "postgres:h/d"}, "sqlite:PATH", nil},
		"database-host":     {[]string{"db.example.org:3306", "tcp(db)", "my host"}, "without a port", nil},
		"database-engine":   {[]string{"oracle"}, "mysql or postgres", nil},
		"database-port":     {[]string{"mysql", "0", "70000"}, "a port like 3306", nil},
		"database-user":     {nil, "", nil},
		"database-name":     {nil, "", nil},
		"database-ca-file":  {nil, "", nil},
		"pool-id":           {[]string{"AbC", "eu-west-1_", "eu-west-1"}, "eu-west-1_AbCdEfGhI", []string{"--client-id", "cli"}},
		"issuer":            {[]string{"cognito-idp.eu-west-1.amazonaws.com/x", "https//x", "http://id.example.org"}, "https", pool[:2]},
		"domain":            {[]string{"http://p.example", "https://p.example/?a", "htp://p"}, "https", pool},
		"client-id":         {[]string{"my client", "'1example'"}, "an app client ID", pool[2:]},
		"cli-client-id":     {[]string{"my client", "'1example'"}, "an app client ID", pool},
		"providers":         {[]string{"Login With Amazon", "a,b/c", "?"}, "LoginWithAmazon,Google", nil},
		"smtp":              {[]string{"mail.example.org", "a:b:c", "http://", "mail.example.org:", ":25"}, "mail.example.org:587", nil},
		"smtp-from":         {[]string{"photos", "@"}, "photos@example.org", nil},
		"self-registration": {[]string{"maybe", "Open"}, "open or closed", append(pool, "--domain", "p.example")},
		"owner-bytes":       {[]string{"much", "-1G"}, "50G", nil},
		"owner-photos":      {[]string{"many", "-1"}, "a number", nil},
		"owner-uploads":     {[]string{"many", "0"}, "a number", nil},
		"rotation":          {[]string{"maybe"}, "true or false", nil},
		"rotation-grace":    {[]string{"2m", "-1s", "60"}, "between 0s and 60s", nil},
		"max-upload":        {[]string{"big", "0", "5X", "-1M"}, "500M", nil},
		"upload-lifetime":   {[]string{"soon", "0s", "-1h", "7"}, "12h", nil},
		"trash-time":        {[]string{"soon", "0s", "30d"}, "720h", nil},
		"search-time":       {[]string{"fast", "0"}, "10s", nil},
		"parsers":           {[]string{"many", "-1", "0", "1.5"}, "a number", nil},
		"connections":       {[]string{"many", "0"}, "a number", nil},
	}
	all := new(settings).declare()
	if tested := slices.Sorted(maps.Keys(wrong)); !slices.Equal(tested, all.names()) {
		t.Errorf("tested are %v, settings are %v", tested, all.names())
	}
	for name, test := range wrong {
		for _, value := range test.values {
			_, err := parseSettings(append(slices.Clone(test.with), "--"+name+"="+value), none)
			wantSetting(t, err, "--"+name, value, test.form)
			if value == "" {
				continue // an empty variable is none
			}
			variable := all.described[name].variable
			_, err = parseSettings(test.with, environ(map[string]string{variable: " " + value + "\n"}))
			wantSetting(t, err, variable, value, test.form)
		}
	}
}

func wantSetting(t *testing.T, err error, source, value, form string) {
	t.Helper()
	if photo.KindOf(err) != photo.KindUsage || !strings.HasPrefix(err.Error(), source+": \""+value+"\" is not ") || !strings.Contains(err.Error(), form) {
		t.Errorf("%s=%q: error %v", source, value, err)
	}
}

// TestEverySettingIsAVariable: all settings can come from the environment, as in a container.
func TestEverySettingIsAVariable(t *testing.T) {
	t.Parallel()
	f := new(settings).declare()
	f.VisitAll(func(fl *flag.Flag) {
		d := f.described[fl.Name]
		if fl.Name != "version" && fl.Name != "force" && len(commandsOf(fl.Name)) == 0 && (d.variable == "" || d.form == "") {
			t.Errorf("--%s has variable %q and form %q", fl.Name, d.variable, d.form)
		}
	})
}

// TestBucketPathStyle: stores other than Amazon's mostly have no host name per bucket.
func TestBucketPathStyle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		variables map[string]string
		want      bool
	}{
		{map[string]string{"PHOTOS_BUCKET": "b"}, false},
		{map[string]string{"PHOTOS_BUCKET": "b", "AWS_ENDPOINT_URL": "http://127.0.0.1:7070"}, true},
		{map[string]string{"PHOTOS_BUCKET": "b", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:7070"}, true},
		{map[string]string{"PHOTOS_BUCKET": "b", "AWS_ENDPOINT_URL": "http://127.0.0.1:7070", "PHOTOS_BUCKET_PATH_STYLE": "false"}, false},
		{map[string]string{"PHOTOS_BUCKET": "b", "PHOTOS_BUCKET_PATH_STYLE": "true"}, true},
	} {
		s, err := parseSettings(nil, environ(tt.variables))
		if err != nil || s.pathStyle != tt.want {
			t.Errorf("%v: path style %t, error %v, want %t", tt.variables, s.pathStyle, err, tt.want)
		}
	}
}

func TestUnknownSettings(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"unknown flag --colour":             {"--colour"},
		`photosd has no command "serve"`:    {"serve"},
		"--trash-time needs a value: a ":    {"--trash-time"},
		"--bucket-checksums is given, but ": {"--bucket-checksums=false"},
		"--domain is given, but no user po": {"--domain", "p.example"},
		"the user pool's app client is mis": {"--pool-id", "eu-west-1_AbC"},
		"--pool-id is eu-west-1_AbC, but -": {"--pool-id", "eu-west-1_AbC", "--client-id", "c", "--issuer", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other"},
	} {
		if _, err := parseSettings(args, none); photo.KindOf(err) != photo.KindUsage || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", args, err, want)
		}
	}
	_, err := parseSettings(nil, environ(map[string]string{"COGNITO_CLIENT_ID": "c"}))
	if err == nil || !strings.HasPrefix(err.Error(), "COGNITO_CLIENT_ID is given, but no user pool") {
		t.Errorf("half of a pool: error %v", err)
	}
}

// TestSettingsOfTheExercise: the five settings of a web site with a confidential app client, as people paste them. The
// command line has no client then: it cannot keep a secret.
func TestSettingsOfTheExercise(t *testing.T) {
	t.Parallel()
	s, err := parseSettings(nil, environ(map[string]string{
		"COGNITO_POOL_ID": " eu-west-1_AbC\n", "COGNITO_CLIENT_ID": "web ", "COGNITO_CLIENT_SECRET": " s3cret\n",
		"COGNITO_DOMAIN": " https://p.auth.eu-west-1.amazoncognito.com/ ", "BASE_URL": " https://photos.example/ ",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if s.domain != "https://p.auth.eu-west-1.amazoncognito.com" || s.baseURL != "https://photos.example" || s.secret != "s3cret" ||
		s.clientID != "web" || s.cliClientID != "" || !slices.Equal(s.clients(), []string{"web"}) {
		t.Errorf("sign-in %+v at %s", s.accounts, s.baseURL)
	}
	if _, err := parseSettings(nil, environ(map[string]string{"COGNITO_CLIENT_SECRET": "s3cret"})); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a secret without a pool: error %v", err)
	}
	if _, err := parseSettings(nil, environ(map[string]string{"COGNITO_CLIENT_SECRET": "s3cret", "COGNITO_CLIENT_SECRET_FILE": "/dev/null"})); err == nil {
		t.Error("two secrets are accepted")
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s, err := parseSettings([]string{"--max-upload", "5M", "--trash-time=1h", "account", "--log-format", "json", "list"}, environ(map[string]string{
		"COGNITO_POOL_ID": "eu-west-1_AbC", "COGNITO_CLIENT_ID": "web", "COGNITO_CLI_CLIENT_ID": "cli", "COGNITO_DOMAIN": "p.example/", "BASE_URL": "https://photos.example/",
		"PHOTOSD_TRASH_TIME": "2h", "PHOTOSD_ROTATION": "false", "PHOTOSD_CONNECTIONS": "7",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if s.maxUpload != 5_000_000 || s.trashTime != time.Hour || s.logFormat != formatJSON || s.rotation || s.connections != 7 {
		t.Errorf("settings %+v", s)
	}
	if !slices.Equal(s.words, []string{"account", "list"}) {
		t.Errorf("words %q", s.words)
	}
	if s.issuer != "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC" || s.domain != "https://p.example" || s.baseURL != "https://photos.example" || !slices.Equal(s.clients(), []string{"web", "cli"}) || s.local() {
		t.Errorf("sign-in %+v at %s", s.accounts, s.baseURL)
	}
	if err := s.checkLocal(); err != nil {
		t.Error(err)
	}
}

// TestLocalPoolStaysLocal: settings that would open the local user pool to other machines are refused.
func TestLocalPoolStaysLocal(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"":               {"--listen", "127.0.0.1:0", "--base-url", "http://localhost:8080"},
		"--listen":       {"--listen", "0.0.0.0:8080"},
		"--base-url":     {"--base-url", "https://photos.example.org"},
		"--database-url": {"--database-url", "mysql://u@h/d"},
	} {
		s, err := parseSettings(args, none)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.checkLocal(); (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v: error %v", args, err)
		}
	}
	s, err := parseSettings(nil, environ(map[string]string{"BASE_URL": "https://photos.example.org"}))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.checkLocal(); err == nil || !strings.HasPrefix(err.Error(), "BASE_URL: https://photos.example.org is for other machines") {
		t.Errorf("error %v", err)
	}
}

// TestHelp checks that help has every setting with its variable.
func TestHelp(t *testing.T) {
	t.Parallel()
	var out, problems bytes.Buffer
	if code := run(t.Context(), []string{"--help"}, none, &out, &problems); code != 0 || problems.Len() > 0 {
		t.Fatalf("exit code %d, %s", code, problems.String())
	}
	f := new(settings).declare()
	for _, name := range f.names() {
		if !strings.Contains(out.String(), "\n  --"+name) || !strings.Contains(out.String(), "("+f.described[name].variable+")") {
			t.Errorf("help has no --%s (%s)", name, f.described[name].variable)
		}
	}
}

// TestHelpOfCommands checks that each command has a help of its own, with its flags.
func TestHelpOfCommands(t *testing.T) {
	t.Parallel()
	for word, c := range commands() {
		for _, args := range [][]string{{word, "--help"}, {word, "x", "-h"}} {
			var out, problems bytes.Buffer
			if code := run(t.Context(), args, none, &out, &problems); code != 0 || problems.Len() > 0 {
				t.Errorf("%q: exit code %d, %s", args, code, problems.String())
			}
			if !strings.Contains(out.String(), "  photosd "+word) || strings.Contains(out.String(), "--listen") {
				t.Errorf("%q: %s", args, out.String())
			}
			for _, name := range c.flags {
				if !strings.Contains(out.String(), "      --"+name) {
					t.Errorf("%q has no --%s", args, name)
				}
			}
		}
	}
	var out, problems bytes.Buffer
	if code := run(t.Context(), []string{"chekc", "--help"}, none, &out, &problems); code != 2 || !strings.Contains(problems.String(), `no command "chekc"`) {
		t.Errorf("exit code %d, %s", code, problems.String())
	}
}

func TestHelpFitsTheTerminal(t *testing.T) {
	texts := help()
	for word := range commands() {
		texts += helpOf([]string{word})
	}
	for line := range strings.Lines(texts) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}
