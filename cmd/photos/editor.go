package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"

	"photos/internal/command"
	"photos/internal/photo"
)

// draft is a text that the user edits in a private temporary file.
type draft struct{ path string }

// newDraft writes the text to a file of this name, in a new folder that only the user can read.
func newDraft(name string, text []byte) (draft, error) {
	dir, err := os.MkdirTemp("", "photos-edit-")
	if err != nil {
		return draft{}, &photo.Error{Kind: photo.KindUnreadable, Msg: "temporary folder", Err: err}
	}
	d := draft{filepath.Join(dir, name)}
	if err := os.WriteFile(d.path, text, 0o600); err != nil {
		d.remove()
		return draft{}, &photo.Error{Kind: photo.KindUnreadable, Msg: "temporary file", Err: err}
	}
	return d, nil
}

// remove removes the file and its folder.
func (d draft) remove() { _ = os.RemoveAll(filepath.Dir(d.path)) }

// edit runs the user's editor and returns the text afterwards. Ctrl-C belongs to the editor while it
// runs.
func (d draft) edit(ctx context.Context, e *env) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	cmd, err := editorCommand(e.set.Editor, d.path)
	if err != nil {
		return nil, err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if !e.Out.Terminal { // stdout is data
		cmd.Stdout = os.Stderr
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	defer signal.Stop(signals)
	if err := cmd.Run(); err != nil {
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("the editor %s: %s; nothing was changed", quote(e.set.Editor), err), Hint: "EDITOR or VISUAL names the editor"}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(d.path)
	if err != nil {
		return nil, &photo.Error{Kind: photo.KindUnreadable, Msg: "temporary file", Err: err}
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), nil // some versions of Notepad add that mark
}

// editorCommand returns the command that opens a file in the user's editor. A shell reads the setting, except on Windows,
// where no shell is sure to exist.
func editorCommand(editor, path string) (*exec.Cmd, error) {
	if runtime.GOOS != "windows" {
		return exec.Command("sh", "-c", editor+` "$@"`, editor, path), nil //nolint:noctx // the user ends it
	}
	words, err := command.Program(editor)
	if err != nil {
		return nil, &photo.Error{Kind: photo.KindUsage, Msg: "the editor " + quote(editor) + " is not a valid command", Hint: "EDITOR or VISUAL names the editor", Err: err}
	}
	return exec.Command(words[0], append(words[1:], path)...), nil //nolint:noctx // the user ends it
}
