package safefile

import "golang.org/x/sys/unix"

// noAttribute is the error of an attribute that a file does not have.
const noAttribute = unix.ENOATTR
