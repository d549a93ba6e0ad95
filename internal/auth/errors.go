package auth

import (
	"context"
	"errors"
)

// Kind says what sort of failure an [Error] is.
type Kind string

// The kinds of failure.
const (
	NotSignedIn   Kind = "not_signed_in" // there is no session
	SessionEnded  Kind = "session_ended" // there was a session, and the provider no longer accepts it
	Denied        Kind = "denied"        // the user or the provider refused
	TimedOut      Kind = "timed_out"     // nobody finished the sign-in in time
	Unavailable   Kind = "unavailable"   // service, provider or network; the same call may succeed later
	Keyring       Kind = "keyring"       // the credential store is missing, locked, full or slow
	Untrusted     Kind = "untrusted"     // a document or an answer must not be believed
	Unconfirmed   Kind = "unconfirmed"   // the user has to confirm first
	Misconfigured Kind = "misconfigured" // a setting, an address or a document is wrong
	PortsTaken    Kind = "ports_taken"   // no registered redirect port is free
	Internal      Kind = "internal"      // a fault of this program
)

// Error is the type of every error of this package and the packages below it, except
// for the error of a cancelled context. It never holds a token, a code or a client
// secret.
type Error struct {
	Kind Kind
	Msg  string // what was being done and to what, in lower case
	Hint string // what the user can try next, or empty
	Err  error  // the cause, or nil
}

// Error returns the message and its cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Msg
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the outermost [Error] in err's chain. It returns Internal
// if there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Interrupted reports whether the caller cancelled ctx, rather than a deadline. The
// error to return is context.Canceled in that case, whatever cause ctx has.
func Interrupted(ctx context.Context) bool {
	return ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded)
}
