package auth

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Browser returns a function that opens an address. preferred is what BROWSER holds:
// commands between colons (semicolons on Windows) that are tried in turn, in which %s
// stands for the address; empty: the system's browser.
//
// A browser that starts here may run for days. It gets a session of its own, so that
// Ctrl-C at the terminal does not end it, and none of our streams, so that a pipe behind
// this program ends with this program.
func Browser(preferred string) func(address string) error {
	return func(address string) error {
		if preferred == "" {
			return openSystemBrowser(address)
		}
		var err error
		for _, command := range filepath.SplitList(preferred) {
			if err = start(command, address); err == nil {
				return nil
			}
		}
		return err
	}
}

// start runs one command, without a shell in between, and waits for its end.
func start(command, address string) error {
	words := strings.Fields(command)
	if len(words) == 0 {
		return fmt.Errorf("browser command %q: %w", command, os.ErrNotExist)
	}
	placed := false
	for i, word := range words[1:] {
		if strings.Contains(word, "%s") {
			words[i+1], placed = strings.ReplaceAll(word, "%s", address), true
		}
	}
	if !placed {
		words = append(words, address)
	}
	cmd := exec.Command(words[0], words[1:]...) //nolint:noctx // the browser outlives the login
	detach(cmd)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("browser %s: %w", words[0], err)
	}
	return nil
}

// startFirst runs the first of these commands that the machine has.
func startFirst(address string, commands ...string) error {
	for _, command := range commands {
		if _, err := exec.LookPath(command); err == nil {
			return start(command, address)
		}
	}
	return errors.New("this machine has none of " + strings.Join(commands, ", "))
}
