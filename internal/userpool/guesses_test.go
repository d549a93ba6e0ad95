package userpool

import (
	"net/http"
	"strconv"
	"testing"
	"time"
)

// at returns the guessers of a guess at an account from a loopback address.
func at(email, remote string) []guesser {
	return guessers(&http.Request{RemoteAddr: remote}, email)
}

func TestPausesGrowToAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	g, now := newGuesses(), time.Unix(1_800_000_000, 0)
	ada := at("ada", "192.0.2.1:1")
	for range 5 {
		g.reserve(ada, now)
	}
	for pause := time.Second; pause <= 512*time.Second; pause *= 2 {
		if got := g.reserve(ada, now); got != pause {
			t.Fatalf("pause %s, want %s", got, pause)
		}
		now = now.Add(pause)
		if got := g.reserve(ada, now); got != 0 {
			t.Fatalf("after %s: another %s", pause, got)
		}
	}
	if got := g.reserve(ada, now); got != guessMemory {
		t.Errorf("pause %s, want %s", got, guessMemory)
	}
	now = now.Add(guessMemory)
	for range 5 {
		if got := g.reserve(ada, now); got != 0 {
			t.Errorf("not forgotten: pause %s", got)
		}
	}
}

// TestGuessesAtOtherAccountsEvictNone guesses at 20,000 other accounts, each from another machine.
func TestGuessesAtOtherAccountsEvictNone(t *testing.T) {
	t.Parallel()
	g, now := newGuesses(), time.Unix(1_800_000_000, 0)
	for range 6 {
		g.reserve(at("ada", "192.0.2.1:1"), now)
	}
	for i := range 20_000 {
		n := strconv.Itoa(i)
		g.reserve(at(n, n), now)
		if i%100 == 0 && g.reserve(at("ada", "other "+n), now) == 0 {
			t.Fatalf("after naming %d others the pause is over", i)
		}
	}
	waiting := 0
	for i := range 1000 {
		n := "quiet " + strconv.Itoa(i)
		if g.reserve(at(n, n), now) > 0 {
			waiting++
		}
	}
	if waiting > 20 { // fewer than one is likely
		t.Errorf("%d of 1000 accounts wait for what others did", waiting)
	}
}

func TestOneMachineGuessesSlowly(t *testing.T) {
	t.Parallel()
	g, now := newGuesses(), time.Unix(1_800_000_000, 0)
	looked := 0
	for i := range 22_000 { // one per millisecond, every one at another account and from another address of this machine
		n := strconv.Itoa(i)
		if g.reserve(at(n, "127.0."+strconv.Itoa(i/256%256)+"."+strconv.Itoa(i%256)+":1"), now.Add(time.Duration(i)*time.Millisecond)) == 0 {
			looked++
		}
	}
	if looked < 50 || looked > 50+22 {
		t.Errorf("%d guesses were looked at in 22 s", looked)
	}
}

func TestARightPasswordIsNotCounted(t *testing.T) {
	t.Parallel()
	g, now := newGuesses(), time.Unix(1_800_000_000, 0)
	ada := at("ada", "[::1]:1")
	for range 100 {
		if got := g.reserve(ada, now); got != 0 {
			t.Fatalf("pause %s", got)
		}
		g.undo(ada)
	}
}

func TestAClockThatIsSetBackLocksNobodyOut(t *testing.T) {
	t.Parallel()
	g, now := newGuesses(), time.Unix(1_800_000_000, 0)
	ada := at("ada", "192.0.2.1:1")
	for range 10 {
		g.reserve(ada, now)
	}
	if got := g.reserve(ada, now.Add(-time.Hour)); got != 0 {
		t.Errorf("pause %s", got)
	}
}
