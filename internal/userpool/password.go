package userpool

import (
	"context"
	"errors"
	"fmt"

	"github.com/alexedwards/argon2id"
	"github.com/google/uuid"
)

// minPassword is in characters. maxPassword is in bytes, and Cognito's limit.
const (
	minPassword = 10 // as in deploy/cognito.yaml
	maxPassword = 256
)

const (
	hashedAtOnce = 2  // each hash needs 19 MiB while it is computed
	maxWaiting   = 16 // passwords that may wait for their turn, which takes less than a second
)

// errBusy says that too many passwords wait to be hashed.
var errBusy = errors.New("too many passwords wait to be checked")

// passwords hashes and compares passwords.
type passwords struct {
	params  *argon2id.Params
	compare func(password, hash string) (bool, error) // takes as long as hashing; tests count its calls
	places  chan struct{}                             // one element for each that is hashed or waits
	slots   chan struct{}                             // one element for each that is hashed
	decoy   string                                    // the hash of a random password
}

func newPasswords(ctx context.Context) (*passwords, error) {
	p := &passwords{
		// OWASP's Password Storage Cheat Sheet, first choice for argon2id on little memory.
		params:  &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32},
		compare: argon2id.ComparePasswordAndHash,
		places:  make(chan struct{}, hashedAtOnce+maxWaiting),
		slots:   make(chan struct{}, hashedAtOnce),
	}
	var err error
	p.decoy, err = p.hash(ctx, uuid.NewString())
	return p, err
}

// acquire waits until a password may be hashed. It returns errBusy if too many wait already. The caller calls release
// after success.
func (p *passwords) acquire(ctx context.Context) error {
	select {
	case p.places <- struct{}{}:
	default:
		return errBusy
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		<-p.places
		return ctx.Err()
	}
}

func (p *passwords) release() { <-p.slots; <-p.places }

func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if err := p.acquire(ctx); err != nil {
		return "", err
	}
	defer p.release()
	hash, err := argon2id.CreateHash(password, p.params)
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	return hash, nil
}

// match compares a password with a hash. An empty hash stands for a user who does not exist.
// It matches nothing, and the comparison takes as long as any other.
func (p *passwords) match(ctx context.Context, password, hash string) (bool, error) {
	if err := p.acquire(ctx); err != nil {
		return false, err
	}
	defer p.release()
	exists := hash != ""
	if !exists {
		hash = p.decoy
	}
	match, err := p.compare(password, hash)
	if err != nil {
		return false, fmt.Errorf("comparing a password: %w", err)
	}
	return match && exists, nil
}
