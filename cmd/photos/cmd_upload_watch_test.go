package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A file that is still written is uploaded when it has not changed for settleTime, and again when it
// changes later.
func TestWatchWaitsForCompleteFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "slow.jpg")
	e, _ := testEnv(settings{}, false)
	w := &folderWatch{uploadRun: &uploadRun{e: e}, paths: []string{dir}, files: map[string]watched{}, noted: map[string]bool{}}
	begin := time.Date(2026, 5, 31, 18, 0, 0, 0, time.UTC)
	written := ""
	for _, step := range []struct {
		at              time.Duration
		adds            string
		ready, settling bool
	}{
		{0, "a", false, true},
		{settleTime - 1, "", false, true},
		{settleTime, "b", false, true}, // it has grown, so the time begins again
		{2*settleTime - 1, "", false, true},
		{2 * settleTime, "", true, false},
		{3 * settleTime, "", false, false}, // it was uploaded
		{4 * settleTime, "c", false, true},
		{5 * settleTime, "", true, false},
	} {
		if step.adds != "" {
			written += step.adds
			if err := os.WriteFile(path, []byte(written), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		ready, settling := w.look(begin.Add(step.at))
		if len(ready) > 0 != step.ready || settling != step.settling {
			t.Errorf("after %s: %d files are ready, settling: %t; want %t, %t", step.at, len(ready), settling, step.ready, step.settling)
		}
		for _, item := range ready {
			f := w.files[item.Path]
			f.done = true
			w.files[item.Path] = f
		}
	}
}
