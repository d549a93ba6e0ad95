package main

import "strings"

// textList is the value of a flag that may be repeated. Unlike pflag's own type, it does not
// format the default of each flag as CSV at every start, which takes a buffer of 4 KiB.
type textList []string

// Set adds a value.
func (l *textList) Set(s string) error {
	*l = append(*l, s)
	return nil
}

// String returns the values for messages.
func (l *textList) String() string { return strings.Join(*l, ",") }

// Type returns the name of the type for help and completion.
func (l *textList) Type() string { return "stringArray" }
