package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"photos/internal/text"
)

// loggedTransport says what is requested and how it was answered: the method, the address without
// its query, the status, the time and the ID of the request. Headers and bodies, which may have
// tokens, are never said.
type loggedTransport struct {
	base http.RoundTripper
	say  func(line string)
	now  func() time.Time
}

// RoundTrip implements http.RoundTripper.
func (l loggedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	start := l.now()
	resp, err := l.base.RoundTrip(req)
	took := l.now().Sub(start).Round(time.Millisecond)
	line := req.Method + " " + loggedAddress(req.URL)
	if err != nil {
		l.say(fmt.Sprintf("%s: %s (%s)", line, err, took))
		return resp, err
	}
	line = fmt.Sprintf("%s: %d (%s)", line, resp.StatusCode, took)
	if id := resp.Header.Get("X-Request-Id"); id != "" {
		line += " request " + id
	}
	l.say(line)
	return resp, nil
}

// loggedAddress returns an address without its query and user, whose values may be private.
func loggedAddress(u *url.URL) string {
	short := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return short.String()
}

// logRequests makes the network say its requests: in a verbose run to stderr, and with --log-file to
// the file.
func (e *env) logRequests() error {
	if !e.Verbose && e.set.LogFile == "" {
		return nil
	}
	say := func(line string) { e.Detail("%s", line) }
	if e.set.LogFile != "" {
		log, err := openLog(e.set.LogFile, e.now)
		if err != nil {
			return e.set.badValue("log_file", e.set.LogFile+": "+err.Error(), "choose a file in a folder that exists")
		}
		e.Log = log.write
		toStderr := say
		say = func(line string) { log.write(line); toStderr(line) }
	}
	e.network = loggedTransport{base: e.network, say: say, now: e.now}
	return nil
}

// logFile is the file of --log-file: one line per message or request, with its time. It is for its
// owner only. Each line is written as a whole, so several processes may share the file.
type logFile struct {
	mu  sync.Mutex
	f   *os.File
	now func() time.Time
}

func openLog(path string, now func() time.Time) (*logFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fileError(path, err)
	}
	l := &logFile{f: f, now: now}
	l.write(filepath.Base(os.Args[0]) + " started")
	return l, nil
}

// write appends a line. A log that cannot be written does not end the command.
func (l *logFile) write(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintf(l.f, "%s %d %s\n", l.now().UTC().Format("2006-01-02T15:04:05.000Z"), os.Getpid(), text.Line(strings.TrimRight(line, "\n")))
}
