package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/adrg/xdg"

	"photos/internal/photo"
)

// settings are everything photosd can be told. A flag wins over the environment.
type settings struct {
	listen      string
	data        string
	baseURL     string // "": from the listener
	databaseURL string // "": SQLite in the data folder

	issuer      string // "": from poolID; both empty: the local user pool
	poolID      string
	domain      string
	clientID    string
	cliClientID string // "": clientID

	selfRegistration string // of the user pool: open, closed or "", which is not known

	smtp, smtpFrom string
	rotation       bool
	rotationGrace  time.Duration

	limits

	logFormat string
	logLevel  slog.Level
	version   bool

	words []string // what stands between the flags: nothing, or an account command
}

// maxRotationGrace is Cognito's limit, and what deploy/cognito.yaml sets.
const maxRotationGrace = time.Minute

// environment is where the value of a flag comes from that is not given.
var environment = map[string]string{
	"listen":            "PHOTOSD_LISTEN",
	"data":              "PHOTOSD_DATA",
	"base-url":          "BASE_URL",
	"database-url":      "DATABASE_URL",
	"issuer":            "COGNITO_ISSUER",
	"pool-id":           "COGNITO_POOL_ID",
	"domain":            "COGNITO_DOMAIN",
	"client-id":         "COGNITO_CLIENT_ID",
	"cli-client-id":     "COGNITO_CLI_CLIENT_ID",
	"self-registration": "PHOTOSD_SELF_REGISTRATION",
	"smtp":              "PHOTOSD_SMTP",
	"smtp-from":         "PHOTOSD_SMTP_FROM",
	"rotation":          "PHOTOSD_ROTATION",
	"rotation-grace":    "PHOTOSD_ROTATION_GRACE",
	"max-upload":        "PHOTOSD_MAX_UPLOAD",
	"upload-lifetime":   "PHOTOSD_UPLOAD_LIFETIME",
	"trash-time":        "PHOTOSD_TRASH_TIME",
	"owner-bytes":       "PHOTOSD_OWNER_BYTES",
	"owner-photos":      "PHOTOSD_OWNER_PHOTOS",
	"owner-uploads":     "PHOTOSD_OWNER_UPLOADS",
	"search-time":       "PHOTOSD_SEARCH_TIME",
	"parsers":           "PHOTOSD_PARSERS",
	"connections":       "PHOTOSD_CONNECTIONS",
	"log-format":        "PHOTOSD_LOG_FORMAT",
	"log-level":         "PHOTOSD_LOG_LEVEL",
}

// flags declares every flag with its default. The word in backquotes is what
// help calls the value.
func (s *settings) flags() *flag.FlagSet {
	f := flag.NewFlagSet("photosd", flag.ContinueOnError)
	f.SetOutput(io.Discard) // run reports
	f.StringVar(&s.listen, "listen", "127.0.0.1:8080", "`ADDRESS` to listen on; port 0 takes a free one")
	f.StringVar(&s.data, "data", filepath.Join(xdg.DataHome, "photosd"), "`FOLDER` of photos and database; nobody else may read it")
	f.StringVar(&s.baseURL, "base-url", "", "`URL` the service is reached at (default: from --listen)")
	f.StringVar(&s.databaseURL, "database-url", "", "database, as sqlite:`PATH` (default: photos.db in --data)")
	f.StringVar(&s.poolID, "pool-id", "", "`ID` of the Cognito user pool (default: a user pool of its own, for this machine alone)")
	f.StringVar(&s.issuer, "issuer", "", "issuer `URL` of the user pool, as in its tokens (default: from --pool-id)")
	f.StringVar(&s.domain, "domain", "", "`URL` of the user pool's sign-in pages")
	f.StringVar(&s.clientID, "client-id", "", "app client `ID` of the user pool")
	f.StringVar(&s.cliClientID, "cli-client-id", "", "app client `ID` for photos, the command line (default: --client-id)")
	f.StringVar(&s.selfRegistration, "self-registration", "", "`WORD`, open or closed: who may sign up at the user pool (default: open)")
	f.StringVar(&s.smtp, "smtp", "", "mail server `HOST:PORT` for links to the own user pool's accounts (default: they are shown)")
	f.StringVar(&s.smtpFrom, "smtp-from", "", "sender `ADDRESS` of these mails")
	f.BoolVar(&s.rotation, "rotation", true, "replace the refresh token of an own account at each use")
	f.DurationVar(&s.rotationGrace, "rotation-grace", maxRotationGrace, "`TIME` a replaced refresh token still works, at most 60s")
	s.declare(f)
	f.StringVar(&s.logFormat, "log-format", formatText, "`FORMAT` of the log on standard error: text or json")
	s.logLevel = slog.LevelWarn
	f.TextVar(&s.logLevel, "log-level", slog.LevelWarn, "`LEVEL` logged: debug, info (every request), warn or error")
	f.BoolVar(&s.version, "version", false, "print the version and end")
	return f
}

// parseSettings reads flags and environment. Its errors are of photo.KindUsage,
// but for flag.ErrHelp.
func parseSettings(args []string, getenv func(string) string) (*settings, error) {
	s := &settings{}
	f := s.flags()
	for rest := args; len(rest) > 0; { // flags may follow words
		if err := f.Parse(rest); err != nil {
			return nil, badFlag(f, err)
		}
		if rest = f.Args(); len(rest) > 0 {
			s.words, rest = append(s.words, rest[0]), rest[1:]
		}
	}
	if len(s.words) > 0 && s.words[0] != accountCommand {
		return nil, badSetting("photosd has no command %q", s.words[0])
	}
	given := map[string]bool{}
	f.Visit(func(fl *flag.Flag) { given[fl.Name] = true })
	for name, variable := range environment {
		value := strings.TrimSpace(getenv(variable))
		if value == "" || given[name] {
			continue
		}
		if err := f.Set(name, value); err != nil {
			return nil, badSetting("%s: %s", variable, wrongValue(f, name, value, err.Error()))
		}
	}
	if getenv("PHOTOS_BUCKET") != "" {
		return nil, badSetting("PHOTOS_BUCKET is set, but this photosd keeps photos in a folder")
	}
	err := s.check()
	return s, err
}

// badValue is what package flag says of a value that does not fit its flag.
var badValue = regexp.MustCompile(`(?s)^invalid (?:boolean )?value (".*") for (?:flag )?-([a-z-]+): (.*)$`)

func badFlag(f *flag.FlagSet, err error) error {
	if err == flag.ErrHelp { //nolint:errorlint // the very value, as package flag has it
		return err
	}
	if m := badValue.FindStringSubmatch(err.Error()); m != nil {
		if value, err := strconv.Unquote(m[1]); err == nil {
			return badSetting("--%s: %s", m[2], wrongValue(f, m[2], value, m[3]))
		}
	}
	return badSetting("%v", err)
}

// wrongValue says what the value of a flag should look like. cause is what its parser
// says.
func wrongValue(f *flag.FlagSet, name, value, cause string) string {
	v, ok := f.Lookup(name).Value.(flag.Getter)
	if !ok {
		return cause
	}
	switch v.Get().(type) {
	case time.Duration:
		return strconv.Quote(value) + " is not a duration such as 90s or 24h"
	case bool:
		return strconv.Quote(value) + " is neither true nor false"
	case int, int64, uint, uint64:
		return strconv.Quote(value) + " is not a number"
	case *slog.Level:
		return strconv.Quote(value) + " is not debug, info, warn or error"
	}
	return cause
}

func badSetting(format string, args ...any) error {
	return &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf(format, args...), Hint: "photosd --help lists the settings"}
}

// check finds what makes no sense, and completes what may be left out.
func (s *settings) check() error {
	if s.logFormat != formatText && s.logFormat != formatJSON {
		return badSetting("--log-format is text or json, not %q", s.logFormat)
	}
	if err := s.limits.check(); err != nil {
		return err
	}
	if s.rotationGrace < 0 || s.rotationGrace > maxRotationGrace {
		return badSetting("--rotation-grace %s is not between 0s and 60s", s.rotationGrace)
	}
	if _, _, err := net.SplitHostPort(s.listen); err != nil {
		return badSetting("--listen %q is not HOST:PORT", s.listen)
	}
	data, err := filepath.Abs(s.data)
	if err != nil {
		return badSetting("--data %q: %v", s.data, err)
	}
	s.data = data
	s.baseURL = strings.TrimRight(s.baseURL, "/")
	if s.baseURL != "" && !isWebAddress(s.baseURL) {
		return badSetting("--base-url %q is not an address like https://photos.example.org", s.baseURL)
	}
	return s.checkSignIn()
}

// database returns the URL of the database.
func (s *settings) database() string {
	if s.databaseURL != "" {
		return s.databaseURL
	}
	return "sqlite:" + filepath.Join(s.data, "photos.db")
}

// databaseFile returns the path of the database; it is empty when that is not a file.
func (s *settings) databaseFile() string {
	path, ok := strings.CutPrefix(s.database(), "sqlite:")
	if !ok || path == "" {
		return ""
	}
	if absolute, err := filepath.Abs(path); err == nil {
		return absolute
	}
	return path
}

func isWebAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}

// size is a number of bytes with an optional unit, in powers of 1024.
type size int64

// String implements flag.Value.
func (v *size) String() string {
	for i, unit := range "TGMK" {
		if n := int64(1) << (10 * (4 - i)); int64(*v) >= n && int64(*v)%n == 0 {
			return strconv.FormatInt(int64(*v)/n, 10) + string(unit)
		}
	}
	return strconv.FormatInt(int64(*v), 10)
}

// Set implements flag.Value.
func (v *size) Set(text string) error {
	digits, shift := strings.TrimRight(strings.ToUpper(text), "B"), 0
	if i := strings.IndexByte("KMGT", lastByte(digits)); i >= 0 {
		digits, shift = digits[:len(digits)-1], 10*(i+1)
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > (1<<62)>>shift {
		return fmt.Errorf("%q is not a size like 500M or 64G", text)
	}
	*v = size(n << shift)
	return nil
}

func lastByte(s string) byte {
	if s == "" {
		return 0
	}
	return s[len(s)-1]
}
