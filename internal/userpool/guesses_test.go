package userpool

import (
	"strconv"
	"testing"
	"time"
)

func TestPausesGrowToAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	g, now := newGuesses(), time.Unix(1_800_000_000, 0)
	for range freeGuesses {
		g.take("ada", now)
	}
	for pause := time.Second; pause <= 512*time.Second; pause *= 2 {
		if got := g.take("ada", now); got != pause {
			t.Fatalf("pause %s, want %s", got, pause)
		}
		now = now.Add(pause)
		if got := g.take("ada", now); got != 0 {
			t.Fatalf("after %s: another %s", pause, got)
		}
	}
	if got := g.take("ada", now); got != longestPause {
		t.Errorf("pause %s, want %s", got, longestPause)
	}
	if now = now.Add(longestPause); g.take("ada", now) != 0 || g.byName["ada"].wrong != 1 {
		t.Errorf("not forgotten: %+v", g.byName["ada"])
	}
}

func TestGuessesTakeBoundedMemory(t *testing.T) {
	t.Parallel()
	g, now := newGuesses(), time.Unix(1_800_000_000, 0)
	for i := range 3 * maxGuessed {
		g.take(strconv.Itoa(i), now)
	}
	if len(g.byName) > maxGuessed {
		t.Errorf("%d accounts are remembered", len(g.byName))
	}
}
