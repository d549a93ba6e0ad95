package userpool

import (
	"hash/maphash"
	"net"
	"net/http"
	"sync"
	"time"
)

// guessMemory is how long after the last guess the wrong ones before it count.
const guessMemory = 15 * time.Minute

// guesser is one of those a guess is counted for: the account that is guessed at, or the machine that guesses.
type guesser struct {
	name    string
	free    int           // wrong guesses before waiting begins
	longest time.Duration // the longest pause between two guesses; guessMemory at most
}

// guessers returns whom a guess at the password of an e-mail address is counted for. All addresses of this
// machine are one, since a program here can send from any of them.
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

// guesses slows down guessing at passwords: after five wrong ones for an account, the next is looked at
// after a second, then two, four, up to 15 minutes. It goes by the e-mail address that was typed, so it
// does not show who has an account.
//
// Memory is fixed and nothing is ever evicted. Each row has one cell per name, found by a keyed hash, and
// the cell with the shortest pause counts (a count-min sketch). Names that share a cell can only lengthen its
// pause, and a name has to share all of its cells before it waits for what others did.
type guesses struct {
	mu    sync.Mutex
	seeds [guessRows]maphash.Seed
	cells [guessRows][guessCells]guessed
}

// guessed is what a cell remembers.
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

// reserve counts a guess as wrong until undo is called, so that many at once do not slip through together.
// When the guess comes too early it is not counted and must not be looked at; reserve then returns how long to
// wait.
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

// undo takes back a guess that turned out right, or that nobody looked at.
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

// remaining returns how much of the pause is left.
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

// pause returns how long to wait after so many wrong guesses.
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

// at returns what still counts at a time. What a clock that was put back left in the future does not.
func (t guessed) at(now time.Time) guessed {
	if age := t.age(now); age < 0 || age >= guessMemory {
		return guessed{}
	}
	return t
}
