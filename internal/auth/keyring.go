package auth

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/zalando/go-keyring"
)

const insecureHint = "photos login --insecure-storage keeps the tokens in a file that only you can read"

// KeyringStore keeps secrets in the operating system's keyring: Secret Service, macOS
// keychain or Windows Credential Manager.
//
// The libraries beneath cannot be cancelled, and a call may hang on a prompt that
// nobody sees. So every call runs beside its caller, who gives up after a while; as
// long as such an abandoned call is not over, no other one is begun, because its late
// write could undo a newer one.
type KeyringStore struct {
	opts   KeyringOptions
	system backend
	busy   chan struct{} // holds one element while a call is under way
}

// backend is the system's keyring.
type backend interface {
	Get(service, user string) (string, error)
	Set(service, user, password string) error
	Delete(service, user string) error
}

// goKeyring is the backend of this platform, chosen by the library.
type goKeyring struct{}

func (goKeyring) Get(service, user string) (string, error) { return keyring.Get(service, user) }
func (goKeyring) Set(service, user, password string) error {
	return keyring.Set(service, user, password)
}
func (goKeyring) Delete(service, user string) error { return keyring.Delete(service, user) }

// KeyringOptions say whose keyring entries these are and how patient to be.
type KeyringOptions struct {
	Service string        // the name of this program in the keyring
	Limit   time.Duration // how long a call may take whose context has no deadline; 0: 3 s
	// Slow is called when a call takes more than a second: the keyring may be waiting
	// for the person to unlock it. May be nil.
	Slow func()
}

// NewKeyring returns the store; it touches no keyring yet.
func NewKeyring(opts KeyringOptions) *KeyringStore {
	if opts.Limit == 0 {
		opts.Limit = 3 * time.Second
	}
	return &KeyringStore{opts: opts, system: goKeyring{}, busy: make(chan struct{}, 1)}
}

// Name implements Store.
func (k *KeyringStore) Name() string { return "keyring" }

// Get implements Store.
func (k *KeyringStore) Get(ctx context.Context, key string) (Secret, error) {
	return k.call(ctx, "reading from", func() (Secret, error) {
		value, err := k.system.Get(k.opts.Service, key)
		return NewSecret(value), err
	})
}

// Set implements Store.
func (k *KeyringStore) Set(ctx context.Context, key string, value Secret) error {
	_, err := k.call(ctx, "writing to", func() (Secret, error) {
		return Secret{}, k.system.Set(k.opts.Service, key, value.Reveal())
	})
	return err
}

// Delete implements Store.
func (k *KeyringStore) Delete(ctx context.Context, key string) error {
	_, err := k.call(ctx, "deleting from", func() (Secret, error) {
		return Secret{}, k.system.Delete(k.opts.Service, key)
	})
	if errors.Is(err, ErrNoEntry) {
		return nil
	}
	return err
}

// call runs op alone and with a limit.
func (k *KeyringStore) call(ctx context.Context, doing string, op func() (Secret, error)) (Secret, error) {
	limit, cancel := k.limited(ctx)
	defer cancel()
	select {
	case k.busy <- struct{}{}:
	case <-limit.Done():
		return Secret{}, k.gaveUp(ctx, doing)
	}
	type result struct {
		value Secret
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
			return Secret{}, k.gaveUp(ctx, doing)
		}
	}
}

// limited is ctx with the store's limit, unless it brings a deadline of its own.
func (k *KeyringStore) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, k.opts.Limit)
}

func (k *KeyringStore) gaveUp(ctx context.Context, doing string) error {
	if interrupted(ctx) {
		return context.Canceled
	}
	return &Error{Kind: Keyring, Msg: doing + " the keyring: no answer in time",
		Hint: "unlock the keyring and try again; where nobody can unlock it, " + insecureHint}
}

// machineHint is for where no user is.
const machineHint = "a cron job or server uses an access key (photos key --help); or " + insecureHint

// keyringError says what is missing in words that the user can act on. Where the cause
// is known, the library's words are left out. What the libraries return names no
// secret: they hand over what the platform said.
func keyringError(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, keyring.ErrNotFound) {
		return ErrNoEntry
	}
	text := err.Error()
	known := func(msg, hint string) error {
		return &Error{Kind: Keyring, Msg: doing + " the keyring: " + msg, Hint: hint}
	}
	switch {
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return known("the token is larger than this keyring takes", insecureHint)
	case errors.Is(err, keyring.ErrUnsupportedPlatform):
		return known("this platform has no keyring", machineHint)
	case noSessionBus(err):
		return known("there is no desktop session here, so there is no keyring", machineHint)
	case strings.Contains(text, "was not provided by any .service files"):
		return known("no Secret Service is running", "start gnome-keyring, KWallet or KeePassXC; "+machineHint)
	case strings.Contains(text, "unlock"), strings.Contains(text, "exit status 36"), strings.Contains(text, "-25308"):
		return known("it is locked", "unlock the keyring and try again; where nobody can unlock it, "+insecureHint)
	}
	return &Error{Kind: Keyring, Msg: doing + " the keyring", Err: err, Hint: insecureHint}
}

// noSessionBus reports whether err says that D-Bus has no session bus to connect to:
// there is no address and no dbus-launch to make one, dbus-launch failed, or nobody
// listens at the address.
func noSessionBus(err error) bool {
	for _, words := range []string{"dbus-launch", "DBUS_SESSION_BUS_ADDRESS", "session bus", "dial unix"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	_, failed := errors.AsType[*exec.ExitError](err)
	return failed && runtime.GOOS != "darwin" // there it is the program security; elsewhere only dbus-launch is run
}
