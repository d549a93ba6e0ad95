package photo

import (
	"context"
	"errors"
)

// Kind is what sort of failure an Error is. Kinds are few, travel over the wire
// by name, and decide HTTP statuses and exit codes.
type Kind string

// The kinds. KindInternal is also what an error of no kind counts as.
const (
	KindInternal       Kind = "internal"        // a fault of ours; people see a request id, the log sees the cause
	KindUsage          Kind = "usage"           // the call's words are off
	KindAmbiguous      Kind = "ambiguous"       // a prefix names several photos
	KindNotFound       Kind = "not_found"       // no such photo, path or upload
	KindNotSignedIn    Kind = "not_signed_in"   // no service, no session, or the session ended
	KindForbidden      Kind = "forbidden"       // signed in, but not allowed
	KindQuota          Kind = "quota"           // the owner's share is used up
	KindTooLarge       Kind = "too_large"       // over a limit of the service
	KindNotPicture     Kind = "not_a_picture"   // the bytes are no picture or video
	KindNoRendition    Kind = "no_rendition"    // there is no small picture of a photo
	KindDigestMismatch Kind = "digest_mismatch" // the bytes are not those that were announced
	KindChanged        Kind = "changed"         // the file changed while it was read, or the photo since it was shown
	KindConflict       Kind = "conflict"        // the state of the thing does not allow it (an offset, another writer)
	KindUnreadable     Kind = "unreadable"      // a local file or folder cannot be read or written
	KindUnavailable    Kind = "unavailable"     // service or network: retry later
	KindSearchTimeout  Kind = "search_timeout"  // the search took longer than the service allows
	KindStorageFull    Kind = "storage_full"    // a disk is full, the service's or that of a download: retry later
	KindKeyring        Kind = "keyring"         // the credential store is locked or missing
	KindProtocol       Kind = "protocol"        // the other side is no photo service, or speaks another version
	KindInterrupted    Kind = "interrupted"     // stopped by the person
)

// Error is the one error that crosses the layers. Msg says what was being done
// and to what, in lower case without a full stop; Hint is the next thing to try;
// Err is for logs and errors.Is, and its text is never shown beyond a machine's
// border.
type Error struct {
	Kind Kind
	Msg  string
	Hint string
	Err  error
}

// Error is Msg, or the cause when there is no message.
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

// KindOf is the kind of the outermost Error in err's chain. A cancelled context
// is KindInterrupted, anything else without a kind KindInternal.
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

// HintOf is the first hint in err's chain, or "".
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
