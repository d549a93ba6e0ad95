package userpool

import (
	"hash/maphash"
	"net"
	"net/http"
	"sync"
	"time"
)

// guessMemory is how long wrong guesses count after the last one.
const guessMemory = 15 * time.Minute

// guesser is one of the two that a guess is counted for: the account and the machine that sends the guess.
type guesser struct {
	name    string
	free    int           // wrong guesses without a pause
	longest time.Duration // the longest pause between two guesses; guessMemory at most
}

// guessers returns the guessers for a guess at the password of an e-mail address. All loopback addresses count as one
// machine, because a program on this machine can send from any of them.
func guessers(r *http.Request, email string) []guesser {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if net.ParseIP(host).IsLoopback() {
		host = "loopback"
	}
	return []guesser{
		{name: "account " + email, free: 5, longest: guessMemory},
		{name: "machine " + host, free: 50, longest: 2 * time.Second},
	}
}

const (
	guessRows  = 4
	guessCells = 1 << 14
)

// guesses slows down guessing of passwords. After five wrong ones for an account, the next is checked only after a
// pause of one second, then two, four, and so on up to 15 minutes. It counts by the e-mail address that was typed, so it
// does not show who has an account.
//
// Its size is fixed, and nothing is ever evicted. Each row has one cell per name, which a keyed hash selects, and the
// cell with the shortest pause counts (a count-min sketch). Names that share a cell can only make its pause longer. A
// name waits for the guesses of others only if it shares all of its cells.
type guesses struct {
	mu    sync.Mutex
	seeds [guessRows]maphash.Seed
	cells [guessRows][guessCells]guessed
}

// guessed is the content of a cell.
type guessed struct {
	wrong int32
	last  int64 // Unix time in microseconds
}

func newGuesses() *guesses {
	g := new(guesses)
	for i := range g.seeds {
		g.seeds[i] = maphash.MakeSeed()
	}
	return g
}

// reserve counts a guess as wrong until undo is called, so that guesses at the same time are counted too. If the guess
// comes too early, reserve does not count it and returns how long to wait. The caller must not check the password then.
func (g *guesses) reserve(by []guesser, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	var wait time.Duration
	for _, who := range by {
		wait = max(wait, g.remaining(who, now))
	}
	if wait > 0 {
		return wait
	}
	for _, who := range by {
		for _, cell := range g.of(who) {
			*cell = cell.at(now)
			cell.wrong++
			cell.last = now.UnixMicro()
		}
	}
	return 0
}

// undo removes a guess that was right or was not checked.
func (g *guesses) undo(by []guesser) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, who := range by {
		for _, cell := range g.of(who) {
			cell.wrong = max(cell.wrong-1, 0)
		}
	}
}

// of returns the cells of a name, one per row.
func (g *guesses) of(who guesser) [guessRows]*guessed {
	var cells [guessRows]*guessed
	for row := range cells {
		cells[row] = &g.cells[row][maphash.String(g.seeds[row], who.name)%guessCells]
	}
	return cells
}

// remaining returns the rest of the pause.
func (g *guesses) remaining(who guesser, now time.Time) time.Duration {
	shortest := guessMemory
	for _, cell := range g.of(who) {
		left := time.Duration(0)
		if pause := who.pause(int(cell.at(now).wrong)); pause > 0 {
			left = max(pause-cell.age(now), 0)
		}
		shortest = min(shortest, left)
	}
	return shortest
}

// pause returns how long to wait after a number of wrong guesses.
func (who guesser) pause(wrong int) time.Duration {
	doublings := wrong - who.free
	switch {
	case doublings < 0:
		return 0
	case doublings > 9: // 2^10 s would be longer than guessMemory
		return who.longest
	}
	return min(time.Second<<doublings, who.longest)
}

func (t guessed) age(now time.Time) time.Duration {
	return now.Sub(time.UnixMicro(t.last))
}

// at returns what counts at a time. Guesses in the future do not count: the clock was set back since.
func (t guessed) at(now time.Time) guessed {
	if age := t.age(now); age < 0 || age >= guessMemory {
		return guessed{}
	}
	return t
}
