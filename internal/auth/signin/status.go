package signin

import (
	"context"
	"errors"
	"time"

	"photos/internal/auth"
	"photos/internal/auth/secret"
)

// Status describes a session.
type Status struct {
	SignedIn    bool      // the store has a refresh token that the provider has not refused
	AccessUntil time.Time // when the access token in the store expires; zero if there is none
	State       State
	LockedBy    int // pid of the process that is refreshing now; 0 if there is none or it is not known
}

// StatusOf reads the store and the state of a session. It makes no request. Errors are of
// kind Keyring.
func StatusOf(ctx context.Context, session Session, store secret.Store, stateDir string) (Status, error) {
	c := credential{id: session.Credential, store: store}
	status := Status{State: stateFile{stateDir, c.id}.read()}
	status.LockedBy, _ = locker{dir: stateDir, id: c.id}.held()
	switch _, err := c.refresh(ctx); {
	case err == nil:
		status.SignedIn = status.State.Failure != auth.SessionEnded
	case auth.KindOf(err) != auth.NotSignedIn:
		return Status{}, err
	}
	access, err := c.access(ctx)
	if err != nil && !errors.Is(err, secret.ErrNoEntry) {
		return Status{}, err
	}
	status.AccessUntil = access.Expiry
	return status, nil
}
