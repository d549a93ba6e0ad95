package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

type replicasKey struct{}

// replicas are several photosd over the same database and data folder.
type replicas struct{ services []*service }

func cmdReplicas(ts *testscript.TestScript, neg bool, args []string) {
	r, _ := ts.Value(replicasKey{}).(*replicas)
	switch {
	case !neg && len(args) >= 2 && args[0] == "start":
		for i := range numbers(ts, args[1:2], 0)[0] {
			s := &service{name: fmt.Sprintf("photosd%d", i+1), variable: fmt.Sprintf("REPLICA%d_URL", i+1)}
			s.start(ts, args[2:])
			r.services = append(r.services, s)
		}
	case !neg && len(args) == 2 && args[0] == "stop":
		r.one(ts, args[1]).signal(ts, syscall.SIGTERM)
	case !neg && len(args) == 2 && args[0] == "kill":
		r.one(ts, args[1]).signal(ts, syscall.SIGKILL)
	case !neg && len(args) == 2 && args[0] == "run":
		s := r.one(ts, args[1])
		s.start(ts, s.args)
	case !neg && len(args) == 4 && args[0] == "kills":
		r.kills(ts, numbers(ts, args[1:2], 0)[0], args[2:])
	default:
		ts.Fatalf("usage: replicas start N [ARG...] | stop|kill|run I | kills N DIR DIR")
	}
}

// one returns the replica with a number, which begins at 1.
func (r *replicas) one(ts *testscript.TestScript, number string) *service {
	i := numbers(ts, []string{number}, 0)[0]
	if i < 1 || i > len(r.services) {
		ts.Fatalf("there is no replica %d", i)
	}
	return r.services[i-1]
}

// end kills what a script left running.
func (r *replicas) end() {
	for _, s := range r.services {
		s.end()
	}
}

// kills has two clients upload two folders, to which new pictures are added, and kills one replica
// at a moment of each round, until n kills were in time: before both clients had ended. The other replicas
// go on, so both clients have to come through.
func (r *replicas) kills(ts *testscript.TestScript, n int, dirs []string) {
	random := rand.New(rand.NewPCG(seed(ts), 0))
	whole := time.Second // how long both clients take
	rounds := 0
	for inTime := 0; inTime < n; rounds++ {
		if rounds == 5*n {
			ts.Fatalf("only %d of %d kills were in time to prove anything", inTime, rounds)
		}
		for _, dir := range dirs {
			newPictures(ts, ts.MkAbs(dir), rounds, 8) // the same in both
		}
		victim := r.services[random.IntN(len(r.services))]
		moment := time.Duration(random.Float64() * float64(whole))
		start := time.Now()
		ended := make(chan ending, len(dirs))
		for _, dir := range dirs {
			go func() { err := upload(ts, dir, rounds); ended <- ending{err, time.Since(start)} }()
		}
		time.Sleep(moment)
		if len(ended) < len(dirs) {
			inTime++
		}
		victim.signal(ts, syscall.SIGKILL)
		victim.start(ts, victim.args)
		whole = 0
		for range dirs {
			client := <-ended
			ts.Check(client.err)
			whole = max(whole, client.took)
		}
	}
	ts.Logf("%d of %d kills were in time", n, rounds)
}

// ending is how an upload ended.
type ending struct {
	err  error
	took time.Duration
}

// upload runs photos upload DIR, and appends what it printed to DIR.jsonl.
func upload(ts *testscript.TestScript, dir string, round int) error {
	cmd, said := uploader(ts, dir)
	cmd.Args = append(cmd.Args, "--json")
	out, err := os.OpenFile(filepath.Join(ts.Getenv("WORK"), dir+".jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("round %d: photos upload %s: %w\n%s", round, dir, err, said)
	}
	return nil
}
