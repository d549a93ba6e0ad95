package main

import (
	"time"

	"github.com/spf13/pflag"

	"photos/internal/photo"
)

// waitService is how long a run waits for a service that goes away during it.
type waitService struct {
	limit time.Duration
	flags *pflag.FlagSet
}

const defaultWaitService = 30 * time.Minute

func (w *waitService) addFlag(f *pflag.FlagSet) {
	w.flags = f
	f.DurationVar(&w.limit, "wait-service", defaultWaitService, "wait for this `duration` for a service that goes away during a run of many photos")
}

// given reports whether the call has the flag.
func (w *waitService) given() bool { return w.flags.Changed("wait-service") }

// of returns the limit for a run. A run of one photo gives up like other commands, unless the
// flag is given.
func (w *waitService) of(many bool) time.Duration {
	if !many && !w.given() {
		return 0
	}
	return w.limit
}

func (w *waitService) check() error {
	if w.limit < 0 {
		return &photo.Error{Kind: photo.KindUsage, Msg: "--wait-service must not be negative", Hint: "0 does not wait"}
	}
	return nil
}
