package photo

import (
	"context"
	"errors"
)

// Kind says what kind of failure an Error is. There are few kinds. They go over the wire by
// name, and they decide the HTTP status and the exit code.
type Kind string

// The kinds. An error without a kind counts as KindInternal.
const (
	KindInternal       Kind = "internal"        // a fault of the program; users see the ID of the request, and the log has the cause
	KindUsage          Kind = "usage"           // wrong arguments or settings
	KindAmbiguous      Kind = "ambiguous"       // a prefix names several photos
	KindNotFound       Kind = "not_found"       // no such photo, path or upload
	KindNotSignedIn    Kind = "not_signed_in"   // no service, no session, or the session ended
	KindForbidden      Kind = "forbidden"       // the caller is signed in, but may not do this
	KindQuota          Kind = "quota"           // the quota of the owner is used up
	KindTooLarge       Kind = "too_large"       // more than a limit of the service
	KindNotPicture     Kind = "not_a_picture"   // the bytes are neither a picture nor a video
	KindNoRendition    Kind = "no_rendition"    // there is no small picture of a photo
	KindDigestMismatch Kind = "digest_mismatch" // the bytes do not have the digest that was announced
	KindChanged        Kind = "changed"         // the file changed while it was read, or the photo changed after it was shown
	KindGone           Kind = "gone"            // it was there, and is not known any more, for example old changes
	KindConflict       Kind = "conflict"        // the present state does not allow it, for example the offset or another writer
	KindUnreadable     Kind = "unreadable"      // a local file or folder cannot be read or written
	KindCommand        Kind = "command"         // a program of the user failed, such as one that describes photos
	KindUnavailable    Kind = "unavailable"     // the service or the network is not available: retry later
	KindSearchTimeout  Kind = "search_timeout"  // the search took longer than the service allows
	KindStorageFull    Kind = "storage_full"    // the disk of the service or of a download is full: retry later
	KindKeyring        Kind = "keyring"         // the credential store is locked or missing
	KindProtocol       Kind = "protocol"        // the other side is not a photo service, or has another version
	KindInterrupted    Kind = "interrupted"     // the user stopped it
)

// Error is the error type that all layers share. Msg says what failed, in lower case and
// without a full stop. Hint says what to try next. Err is for logs and errors.Is: its text
// never leaves the machine.
type Error struct {
	Kind Kind
	Msg  string
	Hint string
	Err  error
}

// Error returns Msg and the cause, as far as there are any.
func (e *Error) Error() string {
	switch {
	case e.Msg != "" && e.Err != nil:
		return e.Msg + ": " + e.Err.Error()
	case e.Msg != "":
		return e.Msg
	case e.Err != nil:
		return e.Err.Error()
	}
	return string(e.Kind)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the outermost Error in the chain of err. A cancelled context is
// KindInterrupted. Every other error without a kind is KindInternal.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.Canceled):
		return KindInterrupted
	}
	return KindInternal
}

// EndsRun reports whether a failure concerns every item of a run, so that going on with
// the others makes no sense.
func EndsRun(err error) bool {
	switch KindOf(err) {
	case KindNotSignedIn, KindUnavailable, KindStorageFull, KindKeyring, KindInterrupted:
		return true
	}
	return false
}

// HintOf returns the first hint in the chain of err, or "".
func HintOf(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}
