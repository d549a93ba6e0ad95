package secret

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/zalando/go-keyring"

	"photos/internal/auth"
)

const insecureHint = "photos login --insecure-storage keeps the tokens in a file that only you can read"

// KeyringStore keeps secrets in the operating system's keyring: Secret Service, macOS
// keychain or Windows Credential Manager.
//
// A call to a keyring cannot be cancelled, and it may hang on a prompt that nobody sees.
// So every call runs in its own goroutine, and the caller stops waiting after a limit.
// No other call begins while an abandoned one is running, because its late write could
// undo a newer one.
type KeyringStore struct {
	opts   KeyringOptions
	system backend
	busy   chan struct{} // holds one element while a call is running
}

// backend is the interface of the system's keyring.
type backend interface {
	Get(service, user string) (string, error)
	Set(service, user, password string) error
	Delete(service, user string) error
}

// goKeyring is the backend that the library chooses for this platform.
type goKeyring struct{}

func (goKeyring) Get(service, user string) (string, error) { return keyring.Get(service, user) }
func (goKeyring) Set(service, user, password string) error {
	return keyring.Set(service, user, password)
}
func (goKeyring) Delete(service, user string) error { return keyring.Delete(service, user) }

// KeyringOptions are the settings of a [KeyringStore].
type KeyringOptions struct {
	Service string        // the name of this program in the keyring
	Limit   time.Duration // for a call whose context has no deadline; 0: 3 s
	// Slow is called when a call takes more than a second, because the keyring may be
	// waiting for the user to unlock it. It may be nil.
	Slow func()
}

// NewKeyring returns a store. It does not access the keyring yet.
func NewKeyring(opts KeyringOptions) *KeyringStore {
	if opts.Limit == 0 {
		opts.Limit = 3 * time.Second
	}
	return &KeyringStore{opts: opts, system: goKeyring{}, busy: make(chan struct{}, 1)}
}

// Name implements Store.
func (k *KeyringStore) Name() string { return "keyring" }

// Get implements Store.
func (k *KeyringStore) Get(ctx context.Context, key string) (auth.Secret, error) {
	return k.call(ctx, "reading from", func() (auth.Secret, error) {
		value, err := k.system.Get(k.opts.Service, key)
		return auth.NewSecret(value), err
	})
}

// Set implements Store.
func (k *KeyringStore) Set(ctx context.Context, key string, value auth.Secret) error {
	_, err := k.call(ctx, "writing to", func() (auth.Secret, error) {
		return auth.Secret{}, k.system.Set(k.opts.Service, key, value.Reveal())
	})
	return err
}

// Delete implements Store.
func (k *KeyringStore) Delete(ctx context.Context, key string) error {
	_, err := k.call(ctx, "deleting from", func() (auth.Secret, error) {
		return auth.Secret{}, k.system.Delete(k.opts.Service, key)
	})
	if errors.Is(err, ErrNoEntry) {
		return nil
	}
	return err
}

// call runs op, one at a time, and waits for it until the limit. doing begins the
// message of an error.
func (k *KeyringStore) call(ctx context.Context, doing string, op func() (auth.Secret, error)) (auth.Secret, error) {
	limit, cancel := k.withLimit(ctx)
	defer cancel()
	select {
	case k.busy <- struct{}{}:
	case <-limit.Done():
		return auth.Secret{}, timedOut(ctx, doing)
	}
	type result struct {
		value auth.Secret
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := op()
		<-k.busy
		done <- result{value, err}
	}()
	slow := time.NewTimer(time.Second)
	defer slow.Stop()
	for {
		select {
		case r := <-done:
			return r.value, keyringError(doing, r.err)
		case <-slow.C:
			if k.opts.Slow != nil {
				k.opts.Slow()
			}
		case <-limit.Done():
			return auth.Secret{}, timedOut(ctx, doing)
		}
	}
}

// withLimit adds the store's limit to ctx, unless ctx has a deadline.
func (k *KeyringStore) withLimit(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, k.opts.Limit)
}

// timedOut returns the error of a call whose limit has passed or whose caller cancelled it.
func timedOut(ctx context.Context, doing string) error {
	if auth.Interrupted(ctx) {
		return context.Canceled
	}
	return &auth.Error{Kind: auth.Keyring, Msg: doing + " the keyring: no answer in time",
		Hint: "unlock the keyring and try again; where nobody can unlock it, " + insecureHint}
}

// machineHint is the hint for a machine without a keyring.
const machineHint = "a cron job or server uses an access key (photos key --help); or " + insecureHint

// keyringError returns an error that says what is missing and what to do. If the cause
// is known, it leaves the library's message out. The messages of the libraries come from
// the platform and hold no secret.
func keyringError(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, keyring.ErrNotFound) {
		return ErrNoEntry
	}
	message := err.Error()
	failure := func(msg, hint string) error {
		return &auth.Error{Kind: auth.Keyring, Msg: doing + " the keyring: " + msg, Hint: hint}
	}
	switch {
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return failure("the token is too large for this keyring", insecureHint)
	case runtime.GOOS == "windows" && errors.Is(err, errNoLogonSession):
		return failure("a session over SSH has none", machineHint)
	case errors.Is(err, keyring.ErrUnsupportedPlatform):
		return failure("this platform has no keyring", machineHint)
	case noSessionBus(err):
		return failure("there is no desktop session here, so there is no keyring", machineHint)
	case strings.Contains(message, "was not provided by any .service files"):
		return failure("no Secret Service is running", "start gnome-keyring, KWallet or KeePassXC; "+machineHint)
	case strings.Contains(message, "unlock"), strings.Contains(message, "exit status 36"), strings.Contains(message, "-25308"):
		return failure("it is locked", "unlock the keyring and try again; where nobody can unlock it, "+insecureHint)
	}
	return &auth.Error{Kind: auth.Keyring, Msg: doing + " the keyring", Err: err, Hint: insecureHint}
}

// errNoLogonSession is ERROR_NO_SUCH_LOGON_SESSION (learn.microsoft.com, System Error Codes). The Credential Manager
// returns it where nobody has signed in with a password, as over SSH with a key.
const errNoLogonSession = syscall.Errno(1312)

// noSessionBus reports whether err says that there is no session bus of D-Bus: there is
// no address and no dbus-launch to start one, dbus-launch failed, or nothing listens at
// the address.
func noSessionBus(err error) bool {
	for _, words := range []string{"dbus-launch", "DBUS_SESSION_BUS_ADDRESS", "session bus", "dial unix"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	_, failed := errors.AsType[*exec.ExitError](err)
	return failed && runtime.GOOS != "darwin" // on macOS the library runs security, elsewhere only dbus-launch
}
