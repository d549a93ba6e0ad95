package auth

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Browser returns a function that opens an address. preferred is what BROWSER holds:
// commands between colons (semicolons on Windows) that are tried in turn, in which %s
// stands for the address. When it is empty, the command system runs, with the address
// as its last argument; it opens the system's browser.
//
// A browser that starts here may run for days. It gets a session of its own, so that
// Ctrl-C at the terminal does not end it, and none of our streams, so that a pipe behind
// this program ends with this program.
func Browser(preferred string, system ...string) func(address string) error {
	return func(address string) error {
		if preferred == "" {
			return start(append(system[:len(system):len(system)], address))
		}
		var err error
		for _, command := range filepath.SplitList(preferred) {
			if err = start(words(command, address)); err == nil {
				return nil
			}
		}
		return err
	}
}

// words splits a command and puts the address in, without a shell.
func words(command, address string) []string {
	words := strings.Fields(command)
	placed := false
	for i, word := range words {
		if i > 0 && strings.Contains(word, "%s") {
			words[i], placed = strings.ReplaceAll(word, "%s", address), true
		}
	}
	if !placed && len(words) > 0 {
		words = append(words, address)
	}
	return words
}

// start runs one command and waits for its end.
func start(words []string) error {
	if len(words) == 0 {
		return fmt.Errorf("browser command: %w", os.ErrNotExist)
	}
	cmd := exec.Command(words[0], words[1:]...) //nolint:noctx // the browser outlives the login
	detach(cmd)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("browser %s: %w", words[0], err)
	}
	return nil
}
