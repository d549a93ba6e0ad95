package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"photos/internal/photo"
)

// helpTopics returns the pages of help that are not about a command.
func helpTopics() []*cobra.Command {
	return []*cobra.Command{
		newInputLinesHelp(),
		{Use: "filters", Short: "How to say which photos are meant", Long: filtersHelp},
		{Use: "formatting", Short: "Tables, fields, forms, sorting and the pager", Long: formattingHelp},
		{Use: "json", Short: "The fields of JSON Lines, with examples for jq", Long: jsonHelp()},
		{Use: "environment", Short: "The environment variables that photos reads", Long: environmentHelp},
		{Use: "exit-codes", Short: "What the exit code of a command means", Long: exitCodesHelp},
	}
}

const filtersHelp = `--search takes a filter. list, download, copy, view, tag, describe, share,
delete and restore find photos with it. A photo must match every part of the
filter:

  bay sunset           both words are in the description, a tag or the name
  "golden hour"        this phrase is in one of them
  -blurry              this word is in none of them
  camera:nikon         the name of the camera contains this text
  lens:35mm            the name of the lens contains this text
  type:raw             it is a raw file; also type:photo and type:video
  ext:raf              the file name ends in .raf
  taken:2024-07        taken in this month; also a year, a day or a time
  taken:2024-07..2024-08
                       from the beginning of July to the end of August
  uploaded:7d          uploaded in the last seven days
  size:>5M             larger than 5 MB; also size:<=500k and size:5M..10M
  tag:iceland          it has exactly this tag
  folder:2024/trip     it was uploaded from this folder or one below it
  has:description      it has a description; also position, date, camera, tag
                       and folder
  near:48.1,11.5,20km  taken at most 20 km from this place
  is:undescribed       it has no description; also described and trashed

Case and accents do not matter. A - before a key excludes: -camera:nikon. A
value with spaces needs quotes: camera:"Nikon D850". Quote the filter for your
shell:

  photos list --search '"golden hour" -blurry taken:2024'

These flags are short for parts of a filter: --since, --until, --undescribed,
and --trash of list. With --by taken, --since and --until mean the time when a
photo was taken, not when it was uploaded. --limit N takes the first N photos.

A time is a year, a month or a day (2024, 2024-07, 2024-07-31, today,
yesterday), a local time (2024-07-31T18:00), a time with its offset, or an age
(7d, 12h).

A filter that is given but empty is an error, so that a variable without a value
in a script never means all photos. photos list with the same filter shows what
it finds; --dry-run shows what a command would do.`

const formattingHelp = `On a terminal, results are a table that fits its width. photos list --wide shows
more columns and whole values. Output that is longer than the screen goes to a
pager: PHOTOS_PAGER, PAGER or less. --no-pager prints it without a pager.

In a pipe, results are lines of values that are separated by tabs, without a
header. An absent value is - in every column but the last, so that this works:

  photos list | while IFS=$'\t' read -r id taken uploaded bytes name desc

  --fields a,b       these fields, in this order; --fields help lists them
  --format FORM      table, tsv, csv, jsonl (the same as --json), or sha256sum
  --quiet            only the first field
  -0                 end results with a NUL byte, for xargs -0
  --sort FIELD       photos list: sort by this field; --reverse reverses
  --keep-order       upload, download, copy: results in the order of the files

A terminal gets colors. NO_COLOR, --no-color or TERM=dumb turns them off. Names
and descriptions cannot control the terminal: their control characters are
replaced in tables and escaped elsewhere.`

const environmentHelp = `A flag overrides its variable, and a variable overrides config.yaml. An empty
variable counts as not set. photos config list shows each setting, its value and
where it came from.

  PHOTOS_SERVER        the address of the service (--server)
  PHOTOS_PROFILE       the name of the profile (--profile)
  PHOTOS_CONFIG_DIR    the folder of config.yaml and the profiles (--config)
  PHOTOS_TIMEOUT       how long to wait without progress (--timeout)
  PHOTOS_TOKEN         an access key or an access token, used as it is; needs
                       PHOTOS_SERVER
  PHOTOS_TOKEN_FILE    a private file that contains such a key or token
  PHOTOS_PAGER, PAGER  the program that shows long lists; cat: no pager
  VISUAL, EDITOR       the editor of config edit and describe --edit
  PHOTOS_BROWSER, BROWSER
                       the command that opens an address
  NO_COLOR             any value: no colors (--no-color)
  TERM                 dumb: no colors, no bars and no pager
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                       the proxies of the network

photos login also reads COGNITO_POOL_ID, COGNITO_ISSUER, COGNITO_CLIENT_ID,
COGNITO_CLIENT_SECRET and COGNITO_DOMAIN. They name the provider that signs you
in. Without them, the service names it.`

const exitCodesHelp = `  0    done; also if nothing had to be done
  1    failed: not a picture, not allowed, quota used up, a fault of the service
  2    the command line is wrong, or an ID is ambiguous or too short
  3    a photo or path that you named does not exist
  4    not signed in, or the session ended
  5    several items, and some of them failed; the others are done
  6    the service or the network is not available, or a disk is full; try later
  7    the keyring is locked or missing
  130  interrupted with Ctrl-C

A command about one item ends with the code of that item. A failure that
concerns all items (4, 6, 7, 130) stops the run, and the items that were not
reached are pending. photos verify ends with 5 if any file is not proven to be
stored.`

// jsonHelp returns the topic about JSON, with the fields of photos as the code has them.
func jsonHelp() string {
	var names []string
	for _, c := range photoColumns() {
		names = append(names, c.Name)
	}
	return `With --json, a command prints one JSON object per line and per result, and
nothing if there is none. A field whose value is not known is absent; with
--fields it is null. Later versions may add fields, and never change or remove
any. docs/json.md describes the objects of each command.

The fields of a photo:
` + columnsOf(names) + `
The commands that change or transfer photos add an outcome, and an error with
kind, message and hint to each item that failed.

  photos list --json | jq -r 'select(.bytes > 5e6) | .id'
  photos upload --json DIR | jq -r 'select(.outcome == "failed") | .path'
  photos list --json --fields id,description |
    jq -c '.description |= ascii_upcase' |
    photos describe --from - --from-format jsonl`
}

// columnsOf returns names in lines that fit a page of help.
func columnsOf(names []string) string {
	var b strings.Builder
	line := " "
	for _, name := range names {
		if len(line)+len(name)+1 > helpWidth {
			b.WriteString(line + "\n")
			line = " "
		}
		line += " " + name
	}
	b.WriteString(line + "\n")
	return b.String()
}

// newHelp returns the command help, which knows commands and topics.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND | TOPIC]",
		Short: "Help about a command or a topic",

		ValidArgsFunction: helpNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			found, rest, err := root.Find(args)
			if err == nil && len(rest) == 0 {
				found.InitDefaultHelpFlag()
				return found.Help()
			}
			if found == nil || err != nil {
				found, rest = root, args
			}
			e := &photo.Error{Kind: photo.KindUsage, Msg: "unknown help topic " + quote(strings.Join(args, " ")), Hint: "photos help lists commands and topics"}
			if near := suggestCommand(found, rest[0]); near != "" {
				e.Hint = fmt.Sprintf("did you mean %s?", helpOf(found, near))
			}
			return e
		},
	}
}

// helpOf returns the call that shows the help of a command below c.
func helpOf(c *cobra.Command, name string) string {
	words := strings.Fields(c.CommandPath() + " " + name)
	return strings.Join(append([]string{words[0], "help"}, words[1:]...), " ")
}
