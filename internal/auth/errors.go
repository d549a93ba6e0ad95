package auth

import "errors"

// Kind is what sort of failure an [Error] is.
type Kind string

// The kinds of failure.
const (
	NotSignedIn   Kind = "not_signed_in" // there is no session
	SessionEnded  Kind = "session_ended" // there was one; the provider no longer honours it
	Denied        Kind = "denied"        // the person or the provider said no
	TimedOut      Kind = "timed_out"     // nobody finished the sign-in in time
	Unavailable   Kind = "unavailable"   // service, provider or network: the same call may work later
	Keyring       Kind = "keyring"       // the credential store is missing, locked, full or slow
	Untrusted     Kind = "untrusted"     // what was published or answered must not be believed
	Unconfirmed   Kind = "unconfirmed"   // a person has to say yes first
	Misconfigured Kind = "misconfigured" // a setting, address or document is wrong
	PortsTaken    Kind = "ports_taken"   // no registered redirect port is free
	Internal      Kind = "internal"      // a fault of this program
)

// Error is every error of this package but a cancelled context's. No part of it ever
// holds a token, a code or a client secret.
type Error struct {
	Kind Kind
	Msg  string // what was being done and to what, lower case
	Hint string // what to try next, or empty
	Err  error  // the cause, or nil
}

// Error is the message and its cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Msg
	}
	return e.Msg + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the outermost [Error] in err's chain, Internal when there is
// none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}
