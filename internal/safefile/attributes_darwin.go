package safefile

import "golang.org/x/sys/unix"

// errNoAttribute is the error of an attribute that a file does not have.
const errNoAttribute = unix.ENOATTR
