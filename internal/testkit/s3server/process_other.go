//go:build !linux

package s3server

import "os/exec"

func endWithTests(*exec.Cmd) {}
