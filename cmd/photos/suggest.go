package main

import (
	"cmp"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"photos/internal/filter"
)

// suggestCommand returns the command below c that the user probably meant with word, or "".
// Meaning goes before spelling: "undelete" is spelled like delete and means restore.
func suggestCommand(c *cobra.Command, word string) string {
	word = strings.ToLower(word)
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand() {
			names = append(names, sub.Name())
		}
	}
	for _, name := range meantCommands(word) {
		if slices.Contains(names, name) {
			return name
		}
	}
	return nearest(word, names)
}

// meantCommands returns the commands that a word of other programs may mean, the best first.
func meantCommands(word string) []string {
	switch strings.NewReplacer("-", "", "_", "").Replace(word) {
	case "rm", "remove", "del", "erase", "unlink", "destroy", "trash":
		return []string{"delete", "revoke"}
	case "undelete", "untrash", "recover", "unremove", "undo", "unrm":
		return []string{"restore"}
	case "purge", "emptybin", "cleartrash", "expunge":
		return []string{"empty-trash", "delete"}
	case "show", "info", "stat", "cat", "inspect", "caption", "comment", "annotate", "edit", "exif":
		return []string{"describe", "list", "get"}
	case "search", "find", "ls", "dir", "query", "filter", "grep", "browse", "all":
		return []string{"list"}
	case "whoami", "who", "session", "me", "auth", "account":
		return []string{"status", "profile"}
	case "put", "push", "add", "import", "send", "backup", "sync", "store", "save":
		return []string{"upload", "create"}
	case "get", "pull", "fetch", "export", "mirror":
		return []string{"download"}
	case "cp", "clone", "migrate", "transfer":
		return []string{"copy", "download"}
	case "signin", "logon", "register", "signup", "init":
		return []string{"login"}
	case "signout", "logoff", "disconnect":
		return []string{"logout"}
	case "check", "validate", "compare", "diff":
		return []string{"verify", "doctor"}
	case "preview", "display", "open", "thumbnail", "image":
		return []string{"view", "describe"}
	case "diagnose", "test", "ping", "health":
		return []string{"doctor"}
	case "settings", "setting", "options", "preferences", "configure":
		return []string{"config"}
	case "accounts", "profiles", "use", "switch", "select":
		return []string{"profile", "use"}
	case "keys", "accesskey", "apikey", "tokens":
		return []string{"key", "token"}
	case "mv", "move":
		return []string{"rename"}
	case "new", "make":
		return []string{"create"}
	case "man", "topics", "usage":
		return []string{"help"}
	case "completions", "autocomplete":
		return []string{"completion"}
	}
	return nil
}

// flagHint returns what to do about an error of pflag: which flag was probably meant, or where the flags are listed.
func flagHint(c *cobra.Command, err error) string {
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok && wrong.GetFlag().Name == "json" && isFields(wrong.GetValue()) {
		return fieldsHint(wrong.GetValue())
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name, long := unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames() == ""
		if long {
			name = strings.ToLower(name)
		}
		if file := "-" + cmp.Or(unknown.GetSpecifiedShortnames(), "-"+unknown.GetSpecifiedName()); isFile(file) {
			return "a file of that name is ./" + file
		}
		if hint := unknownFlagHint(c, name, long); hint != "" {
			return hint
		}
	}
	return c.CommandPath() + " --help lists the flags"
}

// unknownFlagHint returns what the user probably meant with a flag that c does not have, or "". Meaning goes before
// spelling, as in suggestCommand.
func unknownFlagHint(c *cobra.Command, name string, long bool) string {
	f := c.Flags()
	if meant := meantFlag(f, name); meant != "" {
		return "did you mean --" + meant + "?"
	}
	if strings.Contains(c.Use, "PATH") && slices.Contains([]string{"recursive", "r", "R"}, name) {
		return "leave it out: folders are read with everything in them"
	}
	if f.Lookup("search") != nil && slices.Contains(filter.Keys(), name) {
		return "write it in the filter: --search " + name + ":..."
	}
	if long {
		var names []string
		f.VisitAll(func(flag *pflag.Flag) {
			if !flag.Hidden {
				names = append(names, flag.Name)
			}
		})
		if meant := nearest(name, names); meant != "" {
			return "did you mean --" + meant + "?"
		}
	}
	return ""
}

// isFile reports whether there is a file or folder with this path.
func isFile(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// isFields reports whether a value looks like a list of fields, as gh and others expect it after --json.
func isFields(value string) bool {
	return value != "" && strings.Trim(value, "abcdefghijklmnopqrstuvwxyz_,") == ""
}

// fieldsHint says how fields are chosen.
func fieldsHint(fields string) string {
	return "choose fields with --fields: --json --fields " + fields
}

// meantFlag returns the flag that the name of a flag of other programs means, if f has it.
func meantFlag(f *pflag.FlagSet, name string) string {
	meant := map[string]string{
		"description": "desc", "caption": "desc", "message": "desc", "comment": "desc", "title": "desc", "m": "desc", "d": "desc",
		"query": "search", "filter": "search", "find": "search", "s": "search",
		"out": "output", "dir": "output", "output-dir": "output", "dest": "output", "destination": "output",
		"force": "yes", "f": "yes", "assume-yes": "yes", "no-prompt": "yes", "confirm": "yes",
		"dry": "dry-run", "n": "dry-run", "simulate": "dry-run", "what-if": "dry-run",
		"parallel": "jobs", "threads": "jobs", "concurrency": "jobs", "transfers": "jobs", "j": "jobs",
		"silent": "quiet", "debug": "verbose", "url": "server", "host": "server", "service": "server",
		"account": "profile", "p": "profile", "user": "profile",
		"max": "limit", "number": "limit", "count": "limit", "l": "limit", "L": "limit", "after": "since", "before": "until", "from-date": "since",
		"columns": "fields", "output-format": "format", "o": "format", "order": "sort", "order-by": "sort", "sort-by": "sort",
		"print0": "null", "z": "null", "files-from": "from", "from-file": "from", "stdin": "from", "input": "from",
		"tag": "add", "untag": "remove", "V": "version", "ignore": "exclude", "ban-file": "exclude", "filter-from": "exclude-from", "include-hidden": "hidden", "no-progress": "quiet",
		"album": "tag", "album-name": "tag", "into-album": "tag", "folder-as-tags": "tag-folders", "folder-as-album": "tag-folders",
		"limit-rate": "bwlimit", "template": "layout", "structure": "layout", "target": "to", "delete": "mirror", "rate": "bwlimit", "speed": "bwlimit", "no-colour": "no-color", "color": "no-color", "empty": "clear",
	}[name]
	if meant == "" || f.Lookup(meant) == nil {
		return ""
	}
	return meant
}

// nearest returns the name that is spelled most like word: it begins so, or a third of the letters
// at most has to be changed. If none is, the result is empty.
func nearest(word string, names []string) string {
	best, least := "", len(word)/3+1
	for _, name := range names {
		d := distance(word, name)
		if len(word) >= 3 && strings.HasPrefix(name, word) {
			d = 0
		}
		if d < least {
			best, least = name, d
		}
	}
	return best
}

// distance returns how many letters have to be inserted, removed, replaced or swapped with their
// neighbor to make b of a.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
