//go:build !unix

package dbserver

import (
	"errors"
	"os"
	"os/exec"
)

// AsNobody does nothing here.
func AsNobody(*exec.Cmd) {}

// Freeze returns errors.ErrUnsupported.
func (*Server) Freeze() error { return errors.ErrUnsupported }

// Thaw returns errors.ErrUnsupported.
func (*Server) Thaw() error { return errors.ErrUnsupported }

func giveAway(string) error { return nil }

func atOnce(Engine) os.Signal { return os.Kill }
