package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"log/slog"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/adrg/xdg"
)

// settings are all settings of photosd, in groups. Each group declares its settings and
// checks them.
type settings struct {
	serving
	storage
	accounts
	limits
	options

	version bool
	force   bool
	getenv  func(string) string
	given   *flags   // says where each value comes from
	words   []string // the arguments that are not flags: none, or those of a command
}

// declare declares every setting with its default. Help uses the word in backquotes as the
// name of the value.
func (s *settings) declare() *flags {
	f := newFlags()
	s.serving.declare(f)
	s.storage.declare(f)
	s.accounts.declare(f)
	s.limits.declare(f)
	s.options.declare(f)
	f.BoolVar(&s.force, "force", false, "use the database although its photos were moved to another one, or a move to it is not complete; changes made here do not reach the other one")
	f.BoolVar(&s.version, "version", false, "print the version and end")
	return f
}

// parseSettings reads the flags and the environment, checks them, and derives settings that
// were left out. Its errors are of photo.KindUsage, except flag.ErrHelp, with which it returns
// the command that the user asks about.
func parseSettings(args []string, getenv func(string) string) (*settings, error) {
	s := &settings{getenv: getenv}
	f := s.declare()
	s.given = f
	if err := s.parse(f, args, getenv); err != nil {
		return s, err
	}
	if err := s.readSecret(getenv); err != nil {
		return nil, err
	}
	for _, check := range []func(*flags) error{s.serving.check, s.storage.check, s.accounts.check, s.limits.check} {
		if err := check(f); err != nil {
			return nil, err
		}
	}
	if err := s.database.complete(f, getenv); err != nil {
		return nil, err
	}
	if err := s.bucket.complete(f, getenv); err != nil {
		return nil, err
	}
	return s, nil
}

// parse reads the flags and the environment, and finds out which command is meant.
func (s *settings) parse(f *flags, args []string, getenv func(string) string) (err error) {
	s.words, err = f.parse(args, getenv)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return err
	}
	return cmp.Or(s.checkCommand(), err)
}

// serving says how the service is reached and what it logs.
type serving struct {
	listen    string
	baseURL   string // empty until it is derived from the listener
	logFormat string
	logLevel  slog.Level

	metricsListen string // "": there are no metrics
	stopDelay     time.Duration
	stopTime      time.Duration
}

// logFormatVariable is also read when other settings are wrong.
const logFormatVariable = "PHOTOSD_LOG_FORMAT"

func (s *serving) declare(f *flags) {
	f.StringVar(&s.listen, "listen", "127.0.0.1:8080", "`ADDRESS` to listen on; port 0 means any free port")
	f.StringVar(&s.baseURL, "base-url", "", "`URL` at which users reach the service (default: from --listen)")
	f.StringVar(&s.logFormat, "log-format", formatText, "`FORMAT` of the log on standard error: text or json")
	s.logLevel = slog.LevelWarn
	f.TextVar(&s.logLevel, "log-level", slog.LevelWarn, "`LEVEL` of the log: debug, info (every request), warn or error")
	f.Lookup("log-level").DefValue = "warn" // slog would write WARN
	f.StringVar(&s.metricsListen, "metrics-listen", "", "`ADDRESS` of a second listener with metrics for Prometheus at /metrics; anyone who can reach it can read them (default: none)")
	f.DurationVar(&s.stopDelay, "stop-delay", 0, "`TIME` for which the service continues after a signal to stop, while /readyz answers 503 for a load balancer")
	f.DurationVar(&s.stopTime, "stop-time", 10*time.Second, "`TIME` that requests in progress have to finish after --stop-delay")
	f.describe("metrics-listen", "PHOTOSD_METRICS_LISTEN", "an address like 127.0.0.1:9090")
	f.describe("stop-delay", "PHOTOSD_STOP_DELAY", "a time like 15s")
	f.describe("stop-time", "PHOTOSD_STOP_TIME", "a time like 10s, above 0")
	f.describe("listen", "PHOTOSD_LISTEN", "an address like 127.0.0.1:8080")
	f.describe("base-url", "BASE_URL", "an address like https://photos.example.org")
	f.describe("log-format", logFormatVariable, "text or json")
	f.describe("log-level", "PHOTOSD_LOG_LEVEL", "debug, info, warn or error")
}

func (s *serving) check(f *flags) error {
	if s.logFormat != formatText && s.logFormat != formatJSON {
		return f.bad("log-format")
	}
	if !isListenAddress(s.listen) {
		return f.bad("listen")
	}
	if s.metricsListen != "" && !isListenAddress(s.metricsListen) {
		return f.bad("metrics-listen")
	}
	if s.stopDelay < 0 {
		return f.bad("stop-delay")
	}
	if s.stopTime <= 0 {
		return f.bad("stop-time")
	}
	s.baseURL = strings.TrimRight(s.baseURL, "/")
	if s.baseURL != "" && !isWebAddress(s.baseURL) {
		return f.bad("base-url")
	}
	return nil
}

func isListenAddress(address string) bool {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	_, err = net.DefaultResolver.LookupPort(context.Background(), "tcp", port)
	return err == nil
}

// storage says where photos and their metadata are.
type storage struct {
	data string
	bucket
	database
}

func (s *storage) declare(f *flags) {
	f.StringVar(&s.data, "data", filepath.Join(xdg.DataHome, "photosd"), "`FOLDER` for photos and the database; other users must not have access to it")
	f.describe("data", "PHOTOSD_DATA", "a folder")
	s.bucket.declare(f)
	s.database.declare(f)
}

func (s *storage) check(f *flags) error {
	data, err := filepath.Abs(s.data)
	if err != nil || s.data == "" {
		return f.bad("data")
	}
	s.data = data
	return nil
}

func isWebAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}
