package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"photos/internal/photo"
	"photos/internal/text"
)

// talk writes to standard error: the log, and messages for the user who started photosd, which do
// not depend on the log's level. Text from outside is escaped, so that it cannot control a terminal.
// With --log-format json every line is a JSON object.
type talk struct {
	json bool
	mu   sync.Mutex
	w    io.Writer
}

func newTalk(w io.Writer, format string) *talk { return &talk{json: format == formatJSON, w: w} }

// The values of --log-format.
const (
	formatText = "text"
	formatJSON = "json"
)

// askedForJSON reports whether the log should be JSON. It works even when other settings are wrong.
func askedForJSON(args []string, getenv func(string) string) bool {
	for i, arg := range args {
		name, value, joined := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		if strings.HasPrefix(arg, "-") && name == "log-format" {
			return value == formatJSON
		}
	}
	return strings.TrimSpace(getenv(logFormatVariable)) == formatJSON
}

// logger returns the log. Output of packages that use the default logger goes to it as warnings.
func (t *talk) logger(level slog.Level) *slog.Logger {
	out := slog.New(t.handler(level))
	slog.SetLogLoggerLevel(slog.LevelWarn)
	slog.SetDefault(out)
	log.SetFlags(0) // the log has its own time
	return out
}

func (t *talk) handler(level slog.Level) slog.Handler {
	options := &slog.HandlerOptions{Level: level}
	if t.json {
		return slog.NewJSONHandler(lines{t}, options)
	}
	return slog.NewTextHandler(lines{t}, options)
}

// say writes a message for the user.
func (t *talk) say(format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if t.json {
		t.object(slog.LevelInfo, message)
		return
	}
	_, _ = lines{t}.Write([]byte(message + "\n")) // an error could not be reported anywhere
}

// fail writes the error with which photosd ends.
func (t *talk) fail(err error) {
	hint := photo.HintOf(err)
	switch {
	case !t.json && hint != "":
		t.say("photosd: %v\nhint: %s", err, hint)
	case !t.json:
		t.say("photosd: %v", err)
	case hint != "":
		t.object(slog.LevelError, err.Error(), slog.String("hint", hint))
	default:
		t.object(slog.LevelError, err.Error())
	}
}

func (t *talk) object(level slog.Level, message string, attrs ...slog.Attr) {
	slog.New(t.handler(level)).LogAttrs(context.Background(), level, message, attrs...)
}

// Write implements io.Writer for the local user pool, which writes one message per call.
func (t *talk) Write(p []byte) (int, error) {
	t.say("%s", strings.TrimSuffix(string(p), "\n"))
	return len(p), nil
}

// lines writes whole lines to standard error, one call at a time. It escapes or replaces everything that
// could control a terminal.
type lines struct{ talk *talk }

// Write implements io.Writer.
func (l lines) Write(p []byte) (int, error) {
	var clean []byte
	if l.talk.json {
		clean = text.JSON(p)
	} else {
		all := slices.Collect(strings.SplitSeq(strings.TrimSuffix(string(p), "\n"), "\n"))
		for i := range all {
			all[i] = text.Line(all[i])
		}
		clean = []byte(strings.Join(all, "\n") + "\n")
	}
	l.talk.mu.Lock()
	defer l.talk.mu.Unlock()
	if _, err := l.talk.w.Write(clean); err != nil {
		return 0, err
	}
	return len(p), nil
}
