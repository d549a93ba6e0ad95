package userpool

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"
)

// minPassword is in characters, maxPassword in bytes: Cognito's limit.
const (
	minPassword = 8
	maxPassword = 256
)

// hashedAtOnce bounds the memory that passwords take: each hash needs 19 MiB while it is made.
const hashedAtOnce = 2

// passwords hashes and compares passwords.
type passwords struct {
	params *argon2id.Params
	slots  chan struct{}
	decoy  string // hash of a password nobody has
}

func newPasswords(ctx context.Context) (*passwords, error) {
	p := &passwords{
		// OWASP's Password Storage Cheat Sheet, first choice for argon2id on little memory.
		params: &argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32},
		slots:  make(chan struct{}, hashedAtOnce),
	}
	var err error
	p.decoy, err = p.hash(ctx, newUUID())
	return p, err
}

// acquire waits for its turn; release with <-p.slots.
func (p *passwords) acquire(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if err := p.acquire(ctx); err != nil {
		return "", err
	}
	defer func() { <-p.slots }()
	hash, err := argon2id.CreateHash(password, p.params)
	if err != nil {
		return "", fmt.Errorf("hashing a password: %w", err)
	}
	return hash, nil
}

// match compares a password with a hash. An empty hash, of a user who does not exist,
// matches nothing and takes as long as any other.
func (p *passwords) match(ctx context.Context, password, hash string) (bool, error) {
	if err := p.acquire(ctx); err != nil {
		return false, err
	}
	defer func() { <-p.slots }()
	exists := hash != ""
	if !exists {
		hash = p.decoy
	}
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("comparing a password: %w", err)
	}
	return match && exists, nil
}

const (
	freeGuesses  = 5                // before waiting begins
	longestPause = 15 * time.Minute // between two guesses, and until they are forgotten
	maxGuessed   = 4096             // accounts that are remembered
)

// guesses slows down guessing at passwords: after five wrong ones for an
// account, the next is looked at after a second, then two, four, up to 15 minutes. It
// goes by the e-mail address typed, so it says nothing about who has an account.
type guesses struct {
	mu     sync.Mutex
	byName map[string]guessed
}

type guessed struct {
	wrong int
	last  time.Time
}

func newGuesses() *guesses { return &guesses{byName: map[string]guessed{}} }

// take counts a guess as wrong until forgive is called, so that many at once do not
// slip through together. When it comes too early it is not counted,
// and must not be looked at: the result is how long to wait.
func (g *guesses) take(name string, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	tried := g.byName[name]
	since := now.Sub(tried.last)
	if since >= longestPause {
		tried = guessed{}
	}
	if pause := tried.pause(); since < pause {
		return pause - since
	}
	g.makeRoom(now)
	g.byName[name] = guessed{wrong: tried.wrong + 1, last: now}
	return 0
}

func (t guessed) pause() time.Duration {
	doublings := t.wrong - freeGuesses
	switch {
	case doublings < 0:
		return 0
	case doublings > 9: // 2^10 s is more than the longest
		return longestPause
	}
	return time.Second << doublings
}

func (g *guesses) forgive(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.byName, name)
}

// makeRoom forgets what is old, or anything when all is recent: who names thousands of accounts
// is slowed down by the hashing.
func (g *guesses) makeRoom(now time.Time) {
	if len(g.byName) < maxGuessed {
		return
	}
	for name, tried := range g.byName {
		if now.Sub(tried.last) >= longestPause {
			delete(g.byName, name)
		}
	}
	for name := range g.byName {
		if len(g.byName) < maxGuessed {
			return
		}
		delete(g.byName, name)
	}
}
