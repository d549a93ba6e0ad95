package main

import (
	"flag"
	"fmt"
	"strings"
)

// help lists every setting with its environment variable and default, so that
// nothing that can be set has to be looked for elsewhere.
func help() string {
	var b strings.Builder
	b.WriteString(`photosd is the photo service that photos, the command line, talks to.

Without settings it serves this machine, and keeps photos, database and accounts
in a data folder. With COGNITO_POOL_ID and COGNITO_CLIENT_ID it accepts the
accounts of an Amazon Cognito user pool.

Commands. Run them with the settings of the service. It may be running.

  photosd account list
      one line per account: ID, enabled or disabled, user pool, subject, photos,
      bytes, access keys, since when
  photosd account disable OWNER
      refuse an account, its sessions and its access keys, from the next request
      on; OWNER is its ID or its subject ('sub') in the user pool
  photosd account enable OWNER
      accept the account again

Settings, as flags or environment variables:
`)
	all := new(settings).declare()
	all.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(&b, "\n  --%s", f.Name)
		if value != "" {
			fmt.Fprintf(&b, " %s", value)
		}
		if variable := all.described[f.Name].variable; variable != "" {
			fmt.Fprintf(&b, "  (%s)", variable)
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" {
			usage += " (default: " + f.DefValue + ")"
		}
		b.WriteByte('\n')
		writeWrapped(&b, usage)
	})
	b.WriteString(`
Secrets of a database server have no flags, as every user of a machine can see
flags: DATABASE_PASSWORD, or DATABASE_PASSWORD_FILE or DATABASE_URL_FILE, which
name a file.
`)
	return b.String()
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
