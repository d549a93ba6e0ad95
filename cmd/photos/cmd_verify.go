package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"photos/internal/archive"
	"photos/internal/photo"
	"photos/internal/term"
	"photos/internal/transfer"
)

type verifyOptions struct{ deep, picturesOnly, keepOrder bool }

func newVerify(e *env) *cobra.Command {
	var o verifyOptions
	c := &cobra.Command{
		Use:   "verify PATH...",
		Short: "Print the local files that are not safely stored on the service",
		Long: `Read all bytes of every file below the paths, also in hidden folders, and ask
the service whether it has them. Print each file for which that is not proven:
photos that are missing, in the trash or damaged, and files that the service
does not accept, such as other kinds of files and links.

The exit code is 0 only if no file was printed, so that
"photos verify DIR && rm -r DIR" removes only files that are stored.`,
		Example: `  photos verify ~/Pictures/2024 && rm -r ~/Pictures/2024
  photos verify --deep --json /media/card`,
		Args: atLeastOne("PATH"),
		RunE: func(cmd *cobra.Command, args []string) error { return verify(cmd.Context(), e, args, o) },
	}
	f := c.Flags()
	f.BoolVar(&o.deep, "deep", false, "make the service read all bytes of its copies")
	f.BoolVar(&o.keepOrder, "keep-order", false, "print the results in the order of the files")
	f.BoolP("null", "0", false, "results end with a NUL byte, for xargs -0")
	f.BoolVar(&o.picturesOnly, "pictures-only", false, "ignore other files; a folder is then not safe to remove")
	return c
}

// proofRecord is a line of verify --json.
type proofRecord struct {
	Path       string      `json:"path"`
	PathBase64 string      `json:"path_base64,omitempty"`
	ID         string      `json:"id,omitempty"`
	State      photo.State `json:"state"`
	Reason     string      `json:"reason,omitempty"`
}

// unproven is the state of a file that the service was not asked about.
const unproven photo.State = "unproven"

func newProofRecord(p transfer.Proof) proofRecord {
	out := proofRecord{Path: p.Path, State: p.State, Reason: p.Reason}
	if !utf8.ValidString(p.Path) {
		out.PathBase64 = base64.StdEncoding.EncodeToString([]byte(p.Path))
	}
	if !p.ID.IsZero() {
		out.ID = p.ID.String()
	}
	if p.Err != nil {
		out.Reason = oneLine(p.Err.Error())
	}
	if out.State == "" {
		out.State = unproven
	}
	return out
}

func proofColumns() []term.Column[transfer.Proof] {
	return []term.Column[transfer.Proof]{
		{Name: "path", Text: func(p transfer.Proof) string { return p.Path }, Cut: term.KeepEnd},
		{Name: "state", Text: func(p transfer.Proof) string { return string(newProofRecord(p).State) }, Tint: func(p transfer.Proof) term.Tint { return stateTint(newProofRecord(p).State) }, Least: len(unproven)},
		{Name: "reason", Text: func(p transfer.Proof) string { return newProofRecord(p).Reason }},
		{Name: "id", Extra: true, Text: func(p transfer.Proof) string { return newProofRecord(p).ID }},
		{Name: "path_base64", Extra: true, Text: func(p transfer.Proof) string { return newProofRecord(p).PathBase64 }},
	}
}

// proofStates returns the states of files that are not proven to be stored.
func proofStates() []photo.State {
	return []photo.State{photo.Absent, photo.Trashed, photo.Unfinished, photo.Damaged, unproven}
}

// stateTint returns the color of a state.
func stateTint(s photo.State) term.Tint {
	if s == photo.Trashed || s == unproven {
		return term.Notice
	}
	return term.Bad
}

func verify(ctx context.Context, e *env, args []string, o verifyOptions) error {
	out, err := newPrinter(e, proofColumns(), func(p transfer.Proof) any { return newProofRecord(p) })
	if err != nil {
		return err
	}
	c, err := e.connect()
	if err != nil {
		return err
	}
	how := photo.LookAtSize
	if o.deep {
		how = photo.LookAtBytes
	}
	files := archive.NewFiles()
	defer func() { _ = files.Close() }() // they were only read
	r := verifyReport{e: e, out: out, picturesOnly: o.picturesOnly}
	order := newInOrder(o.keepOrder, func(p transfer.Proof) int { return p.Index })
	items := numbered(transfer.Scan(args, transfer.ScanOptions{Everything: true, Archives: files, Context: ctx}), func(i *transfer.Item, n int) { i.Index = n })
	err = transfer.Verify(ctx, c, items, how, func(p transfer.Proof) { order.add(p, r.add) })
	order.rest(r.add)
	return r.end(err)
}

// verifyReport prints the files that are not proven, and a summary.
type verifyReport struct {
	e            *env
	out          *term.Printer[transfer.Proof]
	picturesOnly bool
	printed      error // the first failure to print

	stored, unproven, damaged int
	last                      transfer.Proof // the last unproven one
}

// add reports one file.
func (r *verifyReport) add(p transfer.Proof) {
	switch {
	case p.Stored():
		r.stored++
		return
	case r.picturesOnly && p.Reason != "":
		return
	case p.State == photo.Damaged:
		r.damaged++
	}
	r.unproven++
	r.last = p
	if r.printed == nil {
		r.printed = r.out.Print(p)
	}
}

// notProven says that n of all files are not proven to be stored.
func notProven(n, all int) string {
	if all == 1 {
		return "the file is not proven to be stored"
	}
	return fmt.Sprintf("%d of %d files are not proven to be stored", n, all)
}

// allStored says that all n files are stored.
func allStored(n int) string {
	if n == 1 {
		return "the file is stored"
	}
	return fmt.Sprintf("all %d files are stored", n)
}

// end prints the summary and returns the error of the command. err is what ended it early.
func (r *verifyReport) end(err error) error {
	if flushed := r.out.Close(); r.printed == nil {
		r.printed = flushed
	}
	switch {
	case err != nil:
		return err
	case r.printed != nil:
		return r.printed
	case r.unproven == 1 && r.stored == 0 && photo.KindOf(r.last.Err) == photo.KindNotFound:
		return about(r.last.Path, r.last.Err)
	case r.unproven > 0:
		r.e.Say("photos: %s", notProven(r.unproven, r.stored+r.unproven))
		if r.damaged > 0 {
			r.e.Hint("photos upload repairs the damaged photos (%d) from these files", r.damaged)
		}
		return reported{exitSomeFailed}
	}
	r.e.Say("photos: %s", allStored(r.stored))
	if r.picturesOnly {
		r.e.Warn("other files were ignored: removing a whole folder is not safe")
	}
	return nil
}
