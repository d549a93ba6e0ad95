package auth

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pkg/browser"
)

// Browser returns what opens an address. preferred is what BROWSER holds: commands
// between colons (semicolons on Windows) that are tried in turn, in which %s stands for
// the address; empty: the system's browser. What a browser prints goes to talk, since
// stdout is for data.
func Browser(preferred string, talk io.Writer) func(address string) error {
	return func(address string) error {
		if preferred == "" {
			browser.Stdout, browser.Stderr = talk, talk
			return browser.OpenURL(address)
		}
		var err error
		for _, command := range filepath.SplitList(preferred) {
			if err = start(command, address, talk); err == nil {
				return nil
			}
		}
		return err
	}
}

// start runs one command, without a shell in between, and waits for its end.
func start(command, address string, talk io.Writer) error {
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
	cmd.Stdout, cmd.Stderr = talk, talk
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("browser %s: %w", words[0], err)
	}
	return nil
}
