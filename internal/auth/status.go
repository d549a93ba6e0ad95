package auth

import (
	"context"
	"errors"
	"time"
)

// Status is what can be said of a session without asking anybody.
type Status struct {
	SignedIn    bool      // the store holds a refresh token, and the provider has not refused it
	AccessUntil time.Time // of the access token in the store; zero: there is none
	State       State
	LockedBy    int // pid of the process that is refreshing now, 0 when none or unknown
}

// StatusOf looks into store and state, offline. Its errors are of kind Keyring.
func StatusOf(ctx context.Context, session Session, store Store, stateDir string) (Status, error) {
	c := credential{id: session.Credential, store: store}
	status := Status{State: stateFile{stateDir, c.id}.read()}
	status.LockedBy, _ = locker{dir: stateDir, id: c.id}.held()
	switch _, err := c.refresh(ctx); {
	case err == nil:
		status.SignedIn = status.State.Failure != SessionEnded
	case KindOf(err) != NotSignedIn:
		return Status{}, err
	}
	access, err := c.access(ctx)
	if err != nil && !errors.Is(err, ErrNoEntry) {
		return Status{}, err
	}
	status.AccessUntil = access.Expiry
	return status, nil
}
