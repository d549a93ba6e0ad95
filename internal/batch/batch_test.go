package batch_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"photos/internal/batch"
)

const ms = time.Millisecond

// Each item comes so long after the one before; a batch is noted with its time.
func TestOf(t *testing.T) {
	t.Parallel()
	type got struct {
		At    time.Duration
		Items []int
	}
	for name, c := range map[string]struct {
		pauses []time.Duration
		want   []got
	}{
		"nothing comes":     {nil, nil},
		"the end":           {[]time.Duration{0, 0}, []got{{0, []int{0, 1}}}},
		"full":              {[]time.Duration{0, 0, 0, 0, 0}, []got{{0, []int{0, 1, 2}}, {0, []int{3, 4}}}},
		"nothing more":      {[]time.Duration{0, 10 * ms, 300 * ms}, []got{{210 * ms, []int{0, 1}}, {310 * ms, []int{2}}}},
		"always a bit more": {[]time.Duration{0, 190 * ms, 190 * ms, 190 * ms}, []got{{500 * ms, []int{0, 1, 2}}, {570 * ms, []int{3}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start, in := time.Now(), make(chan int)
				go func() {
					defer close(in)
					for i, pause := range c.pauses {
						time.Sleep(pause)
						in <- i
					}
				}()
				var all []got
				limits := batch.Limits{Size: 3, Idle: 200 * ms, Age: 500 * ms}
				if name == "always a bit more" {
					limits.Size = 100
				}
				for items := range batch.Of(in, limits) {
					all = append(all, got{time.Since(start), items})
				}
				if d := cmp.Diff(c.want, all); d != "" {
					t.Errorf("(-want +got):\n%s", d)
				}
			})
		})
	}
}
