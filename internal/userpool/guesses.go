package userpool

import (
	"sync"
	"time"
)

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
	case doublings > 9: // 2^10 s would be longer than that
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
