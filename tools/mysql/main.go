// Command mysql reads SQL statements, separated by NUL, and prints those that the grammar of
// MySQL 8 refuses, with the reason. MySQL itself is not in Debian. The tests run the
// statements on MariaDB, and check here that they are not in a dialect of MariaDB's own.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"

	"vitess.io/vitess/go/vt/sqlparser"
)

func main() {
	refused, err := check()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mysql:", err)
		os.Exit(2)
	}
	if refused > 0 {
		os.Exit(1)
	}
}

func check() (refused int, err error) {
	parser, err := sqlparser.New(sqlparser.Options{MySQLServerVersion: "8.0.40"})
	if err != nil {
		return 0, err
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 16<<20)
	in.Split(splitAtNUL)
	for in.Scan() {
		if _, err := parser.Parse(in.Text()); err != nil {
			refused++
			fmt.Printf("%s\n%v\n\n", in.Text(), err)
		}
	}
	return refused, in.Err()
}

func splitAtNUL(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
