package main

import (
	"flag"
	"fmt"
	"strings"
	"time"
)

// help returns the help text. It lists every setting with its environment variable and default.
func help() string {
	var b strings.Builder
	b.WriteString(`photosd is the photo service. The command line 'photos' is its client.

Without settings, photosd serves only this machine. It keeps photos, the
database and accounts in a data folder. With COGNITO_POOL_ID and
COGNITO_CLIENT_ID, it accepts the accounts of an Amazon Cognito user pool.

Usage:

`)
	for _, u := range usages() {
		b.WriteString(u.text)
	}
	b.WriteString(`
The commands need the settings of the service. The service may be running.

Settings, as flags or environment variables:
`)
	all := new(settings).declare()
	all.VisitAll(func(f *flag.Flag) {
		if len(commandsOf(f.Name)) > 0 {
			return // above
		}
		value, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(&b, "\n  --%s", f.Name)
		if value != "" {
			fmt.Fprintf(&b, " %s", value)
		}
		if variable := all.described[f.Name].variable; variable != "" {
			fmt.Fprintf(&b, "  (%s)", variable)
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			usage += " (default: " + shortDuration(f.DefValue) + ")"
		}
		b.WriteByte('\n')
		writeWrapped(&b, usage)
	})
	b.WriteString(`
Every user of a machine can see the flags of a program, so secrets have no
flags. Set the password of a database server with DATABASE_PASSWORD, or put it
in a file and set DATABASE_PASSWORD_FILE to the file's path. DATABASE_URL_FILE
does the same for a URL that contains a password.
`)
	return b.String()
}

// helpOf returns the help text of a command. Without a command it is that of the program.
func helpOf(words []string) string {
	if len(words) == 0 {
		return help()
	}
	var b strings.Builder
	b.WriteString("Usage:\n\n")
	for _, u := range usages() {
		if u.command == words[0] {
			b.WriteString(u.text)
		}
	}
	if words[0] == "version" {
		return b.String()
	}
	b.WriteString(`
The command needs the settings of the service, as flags or environment
variables; 'photosd --help' lists them. The service may be running.
`)
	return b.String()
}

// A usage is what the help says about a command.
type usage struct {
	command string // "": the service
	text    string
}

// usages returns the usages in the order of the help.
func usages() []usage {
	return []usage{
		{"", `  photosd [SETTINGS]
      run the service
`},
		{"account", `  photosd account list
      print one line per account: ID, enabled or disabled, user pool, subject,
      photos, bytes, access keys, and when it was created or disabled
  photosd account disable OWNER
      refuse all requests of an account, also with its access keys; OWNER is
      the account's ID or its subject ('sub') in the user pool
  photosd account enable OWNER
      accept requests of the account again
`},
		{"check", `  photosd check
      find photos whose file is missing or has another size, and files without
      a photo; delete nothing; exit code 3 if there are any
      --repair  mark these photos as damaged, so that the next upload of the
                same file repairs them
      --json    JSON Lines instead of tab-separated lines
`},
		{"migrate", `  photosd migrate
      bring the tables of the database up to date, and exit
      --dry-run  only say what would be done
`},
		{"sweep", `  photosd sweep
      remove now what a running service removes about every hour: expired
      uploads, expired trash, and stored bytes that no photo uses
      --dry-run  only print what would be removed
`},
		{"version", `  photosd version
      print the version
      --json  a JSON object, with the commit and the date of the source
`},
		{"restored", `  photosd restored
      say that the database was restored from a backup: programs that follow
      changes (photos list --follow) then begin again, because changes that
      they have seen may be lost
`},
		{"move", `  photosd move
      move all photos from the SQLite database and its files to a database
      server; the service may run, but refuses changes at the end of the move
      --to-database-url URL  the new database; a URL with a password is given
                             as PHOTOSD_TO_DATABASE_URL, or in a file that
                             PHOTOSD_TO_DATABASE_URL_FILE names
      --to-data FOLDER       where the files are copied to (default: they stay)
      --to-bucket NAME       the bucket that they are copied to
`},
	}
}

// shortDuration writes a duration like 168h0m0s as 168h. It returns any other text as it is.
func shortDuration(s string) string {
	if _, err := time.ParseDuration(s); err != nil {
		return s
	}
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// writeWrapped writes text in lines of at most 80 columns, indented by six.
func writeWrapped(b *strings.Builder, text string) {
	const indent, width = "      ", 80
	line := indent
	for _, word := range strings.Fields(text) {
		if line != indent && len(line)+len(word) > width {
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent
		}
		line += word + " "
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}
