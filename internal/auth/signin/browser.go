package signin

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Browser returns a function that opens an address. preferred is the value of BROWSER:
// commands separated by colons (semicolons on Windows), which are tried in turn and in
// which %s stands for the address. If it is empty, the function runs the command system
// with the address as its last argument. That command opens the system's browser.
//
// A browser may run for days. It gets a session of its own, so that Ctrl-C in the
// terminal does not end it. It does not inherit the standard streams, so that a pipe
// behind this program ends with this program.
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

// words splits a command into arguments and inserts the address, for a program that no shell starts. The path of a
// program is one word, even if it has blanks.
func words(command, address string) []string {
	if _, err := exec.LookPath(command); err == nil {
		return []string{command, address}
	}
	words := strings.Fields(command)
	inserted := false
	for i, word := range words {
		if i > 0 && strings.Contains(word, "%s") {
			words[i], inserted = strings.ReplaceAll(word, "%s", address), true
		}
	}
	if !inserted && len(words) > 0 {
		words = append(words, address)
	}
	return words
}

// start runs one command and waits until it ends.
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
