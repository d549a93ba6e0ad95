package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"photos/internal/photo"
	"photos/internal/store"
)

func taskTests() []test {
	return []test{
		{"one of several replicas claims a task", taskOfOne},
		{"the claim of a replica that died ends", taskOfDead},
		{"a task that was done is not due at once", taskNotDue},
	}
}

// claimTask claims the task sweep.
func claimTask(t *testing.T, s store.Store, holder string, lease, every time.Duration) bool {
	t.Helper()
	claimed, err := s.ClaimTask(t.Context(), "sweep", holder, lease, every)
	if err != nil {
		t.Fatal(err)
	}
	return claimed
}

func taskOfOne(t *testing.T, open Opener) {
	replicas := []store.Store{open(t), open(t), open(t)}
	won := make(chan string)
	for _, s := range replicas {
		go func() {
			holder := uuid.NewString()
			if claimed, err := s.ClaimTask(context.WithoutCancel(t.Context()), "sweep", holder, time.Hour, 0); err != nil || !claimed {
				holder = ""
			}
			won <- holder
		}()
	}
	holder := ""
	for range replicas {
		if h := <-won; h != "" {
			if holder != "" {
				t.Error("two replicas claimed one task")
			}
			holder = h
		}
	}
	if holder == "" {
		t.Fatal("no replica claimed the task")
	}
	s := replicas[0]
	if err := s.KeepTask(t.Context(), "sweep", holder, time.Hour); err != nil {
		t.Errorf("keep: %v", err)
	}
	if err := s.KeepTask(t.Context(), "sweep", "another", time.Hour); photo.KindOf(err) != photo.KindConflict {
		t.Errorf("another one kept the task: %v", err)
	}
	if err := s.EndTask(t.Context(), "sweep", "another", true); err != nil {
		t.Errorf("end of another: %v", err)
	}
	if claimTask(t, s, "late", time.Hour, 0) {
		t.Error("the end of another one ended the claim")
	}
	if other, err := s.ClaimTask(t.Context(), "other", "late", time.Hour, 0); err != nil || !other {
		t.Errorf("another task: %t %v", other, err)
	}
	if err := s.EndTask(t.Context(), "sweep", holder, false); err != nil {
		t.Errorf("end: %v", err)
	}
	if !claimTask(t, s, "late", time.Hour, time.Hour) {
		t.Error("a task that was given up cannot be claimed")
	}
}

func taskOfDead(t *testing.T, open Opener) {
	s := open(t)
	if !claimTask(t, s, "dead", time.Millisecond, 0) {
		t.Fatal("the first claim failed")
	}
	for until := time.Now().Add(time.Minute); !claimTask(t, s, "next", time.Hour, 0); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("the claim did not end")
		}
	}
	if err := s.KeepTask(t.Context(), "sweep", "dead", time.Hour); photo.KindOf(err) != photo.KindConflict {
		t.Errorf("the first holder still has it: %v", err)
	}
}

func taskNotDue(t *testing.T, open Opener) {
	s := open(t)
	if !claimTask(t, s, "first", time.Hour, time.Hour) {
		t.Fatal("a task that was never done is not due")
	}
	if err := s.EndTask(t.Context(), "sweep", "first", true); err != nil {
		t.Fatal(err)
	}
	if claimTask(t, s, "second", time.Hour, time.Hour) {
		t.Error("a task that was just done is due")
	}
	if !claimTask(t, s, "second", time.Hour, 0) {
		t.Error("a task cannot be done sooner")
	}
}
