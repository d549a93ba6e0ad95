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

Without settings it serves this machine: photos, database and accounts in a data
folder. With COGNITO_POOL_ID and COGNITO_CLIENT_ID it accepts the accounts of an
Amazon Cognito user pool.

Settings, as flags or environment variables:
`)
	new(settings).flags().VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		fmt.Fprintf(&b, "\n  --%s", f.Name)
		if value != "" {
			fmt.Fprintf(&b, " %s", value)
		}
		if variable := environment[f.Name]; variable != "" {
			fmt.Fprintf(&b, "  (%s)", variable)
		}
		fmt.Fprintf(&b, "\n      %s", usage)
		if f.DefValue != "" && f.DefValue != "false" {
			fmt.Fprintf(&b, " (default: %s)", f.DefValue)
		}
		b.WriteByte('\n')
	})
	return b.String()
}
