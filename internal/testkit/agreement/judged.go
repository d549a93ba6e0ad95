package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// A difference says for which value photos and exiftool differ in a file.
type difference struct{ id, value string }

// A judgement says why photos is right in a difference, or leaves the value out on purpose.
type judgement struct {
	ours   string // what photos reads, as the report prints it; if that changes, the judgement no longer holds
	why    string
	occurs bool
}

type judgements map[difference]*judgement

// readJudgements reads lines of four values with tabs between them: the SHA-256 of a file, the value, what
// photos reads in quotes, and the reason. It passes over blank lines and those that begin with #.
func readJudgements(name string) (judgements, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	all := judgements{}
	for n, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(line, "\t")
		if len(columns) != 4 || !slices.Contains(values(), columns[1]) || columns[3] == "" {
			return nil, fmt.Errorf("%s: line %d is not a SHA-256, a value, what photos reads, and a reason", name, n+1)
		}
		d := difference{columns[0], columns[1]}
		if all[d] != nil {
			return nil, fmt.Errorf("%s: line %d judges a difference again", name, n+1)
		}
		all[d] = &judgement{ours: columns[2], why: columns[3]}
	}
	return all, nil
}

// outdated returns the judgements about files that were compared whose difference does not occur.
func (j judgements) outdated(compared map[string]bool) []string {
	var lines []string
	for d, judged := range j {
		if compared[d.id] && !judged.occurs {
			lines = append(lines, fmt.Sprintf("%-8s %s: photos %s: %s", d.value, d.id, judged.ours, judged.why))
		}
	}
	return lines
}
