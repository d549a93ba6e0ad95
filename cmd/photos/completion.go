package main

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"photos/internal/api"
	"photos/internal/client"
	"photos/internal/filter"
	"photos/internal/photo"
	"photos/internal/termpic"
	"photos/internal/text"
	"photos/internal/transfer"
	"photos/internal/xmpsync"
)

// completionTime is how long the service may take to answer while the user waits for a completion.
const completionTime = 200 * time.Millisecond

// completer returns what may follow in place of toComplete. A shell runs it while the user types,
// so it says nothing, asks nothing, and does without what it cannot find out soon.
type completer = cobra.CompletionFunc

// completeValues adds the completion of values to all commands. It is called only when a shell asks.
func completeValues(e *env, root *cobra.Command) {
	e.completing = true
	flags := flagCompleters(e)
	for _, c := range allCommands(root) {
		if c.ValidArgsFunction == nil && len(c.ValidArgs) == 0 {
			c.ValidArgsFunction = argumentCompleter(e, c)
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			complete, known := flags[f.Name]
			switch {
			case f.Value.Type() == "bool":
				return
			case f.Name == "fields":
				complete = commaList(fieldsOf(c))
			case !known:
				complete = cobra.NoFileCompletions
			}
			_ = c.RegisterFlagCompletionFunc(f.Name, complete) // a flag of a parent has one already
		})
	}
}

// allCommands returns c and all commands below it.
func allCommands(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		all = append(all, allCommands(sub)...)
	}
	return all
}

// flagCompleters returns the completers of flags, by name. Any other flag has no proposals.
func flagCompleters(e *env) map[string]completer {
	return map[string]completer{
		"format":        values("table", "tsv", "csv", "jsonl", "sha256sum"),
		"from-format":   values(inputFormats()...),
		"by":            values(string(photo.ByUploaded), string(photo.ByTaken)),
		"sort":          values(fieldNames(photoColumns())...),
		"if-exists":     values(string(transfer.Fill), string(transfer.Skip), string(transfer.Replace), string(transfer.Fail)),
		"desc-from":     commaList([]string{"sidecar", "takeout", "embedded", "none"}),
		"scope":         values(string(photo.ScopeRead), string(photo.ScopeUpload), string(photo.ScopeAll)),
		"search":        e.completeFilter,
		"add":           e.forClient(plainTags),
		"remove":        e.forClient(plainTags),
		"sidecar":       values("xmp", "json"),
		"layout":        values(transfer.LayoutOriginal, "{taken:2006}/{taken:01}/{name}", "{folder}/{name}"),
		"size":          values("256", "512", "1024"),
		"prefer":        values(string(xmpsync.Local), string(xmpsync.Service)),
		"protocol":      values(protocolNames()...),
		"since":         values("today", "yesterday", "7d", "30d", time.Now().Format("2006"), time.Now().Format("2006-01")),
		"until":         values("today", "yesterday", "7d", "30d", time.Now().Format("2006"), time.Now().Format("2006-01")),
		"profile":       e.forProfiles(profileNames),
		"to":            e.forProfiles(profileNames),
		"server":        e.forProfiles(profileServers),
		"config":        directories,
		"output":        files,
		"from":          files,
		"journal":       files,
		"retry-failed":  files,
		"log-file":      files,
		"exclude-from":  files,
		"describe-size": values("256", "512", "1024"),
		"min-age":       values("30s", "10m", "1d"),
		"expires":       values("1d", "7d", "30d", "90d"),
	}
}

func protocolNames() []string {
	var names []string
	for _, p := range termpic.Protocols() {
		names = append(names, string(p))
	}
	return names
}

// argumentCompleter returns the completer of a command's arguments, by what its usage calls them.
func argumentCompleter(e *env, c *cobra.Command) completer {
	name, arguments, _ := strings.Cut(c.Use, " ")
	switch path := c.CommandPath(); {
	case path == "photos profile use", path == "photos profile rename":
		return firstArgument(e.forProfiles(profileNames))
	case path == "photos config get", path == "photos config set":
		return firstArgument(values(settingKeys()...))
	case path == "photos login":
		return firstArgument(e.forProfiles(profileServers))
	case path == "photos key revoke":
		return e.forClient(keyNames)
	case path == "photos share revoke":
		return e.forClient(shareIDs)
	case name == "restore":
		return e.forClient(photoIDs(photo.Filter{Trash: true}))
	case strings.Contains(arguments, "PHOTO"):
		return e.forClient(photoIDs(photo.Filter{}))
	case strings.Contains(arguments, "PATH"), strings.Contains(arguments, "FILE"), strings.Contains(arguments, "DIR"):
		return files
	}
	return cobra.NoFileCompletions
}

// values proposes words.
func values(words ...string) completer {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveKeepOrder)
}

func files(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveDefault
}

func directories(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// helpNames proposes the commands and topics below those that are given.
func helpNames(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	found, rest, err := cmd.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, sub := range found.Commands() {
		if sub.IsAvailableCommand() || sub.IsAdditionalHelpTopicCommand() {
			out = append(out, sub.Name()+"\t"+sub.Short)
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// firstArgument proposes nothing after the first argument.
func firstArgument(f completer) completer {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return f(cmd, args, toComplete)
	}
}

// commaList proposes words after each comma, without those that are there already.
func commaList(words []string) completer {
	return func(_ *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		before := ""
		if i := strings.LastIndexByte(toComplete, ','); i >= 0 {
			before = toComplete[:i+1]
		}
		given := strings.Split(before, ",")
		var out []string
		for _, w := range words {
			if !slices.Contains(given, w) {
				out = append(out, before+w)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveKeepOrder
	}
}

// completeFilter proposes keys of filters and their values for the last word of the filter.
func (e *env) completeFilter(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveKeepOrder
	before := toComplete[:strings.LastIndexAny(toComplete, " -")+1]
	if strings.Count(before, `"`)%2 == 1 {
		return nil, directive // in a phrase
	}
	key, _, inValue := strings.Cut(toComplete[len(before):], ":")
	if inValue && key == "tag" {
		out, _ := e.forClient(tagNames)(cmd, args, toComplete)
		for i, tag := range out {
			out[i] = before + "tag:" + tag
		}
		return out, directive
	}
	var out []string
	for _, k := range filter.Keys() {
		switch {
		case !inValue:
			out = append(out, before+k+":")
		case k == key:
			for _, v := range filterValues(k) {
				out = append(out, before+k+":"+v)
			}
		}
	}
	return out, directive
}

// filterValues returns values of a key of filters that are worth proposing.
func filterValues(key string) []string {
	now := time.Now()
	switch key {
	case "type":
		return []string{string(filter.Photo), string(filter.Video), string(filter.Raw)}
	case "has":
		return []string{string(filter.HasDescription), string(filter.HasPosition), string(filter.HasDate), string(filter.HasCamera)}
	case "is":
		return []string{string(filter.Described), string(filter.Undescribed), string(filter.Trashed)}
	case "taken", "uploaded":
		return []string{now.Format("2006"), now.Format("2006-01"), "today", "yesterday", "7d"}
	case "ext":
		return []string{"jpg", "heic", "png", "mp4", "mov"}
	case "size":
		return []string{">1M", ">10M", "<100k"}
	}
	return nil
}

// fieldsOf returns the fields that a command prints.
func fieldsOf(c *cobra.Command) []string {
	switch c.CommandPath() {
	case "photos upload", "photos download", "photos copy":
		return fieldNames(uploadColumns())
	case "photos verify":
		return fieldNames(proofColumns())
	case "photos describe", "photos delete", "photos restore", "photos empty-trash":
		return append(fieldNames(photoColumns()), "outcome")
	case "photos share list":
		return fieldNames(shareColumns())
	case "photos key list":
		return fieldNames(keyColumns())
	case "photos profile list":
		return fieldNames(profileColumns())
	case "photos config list":
		return fieldNames(configColumns())
	case "photos doctor":
		return fieldNames(findingColumns())
	}
	return fieldNames(photoColumns())
}

func settingKeys() []string {
	var keys []string
	for _, row := range allSettings() {
		keys = append(keys, row.key)
	}
	return keys
}

// forProfiles proposes what f makes of the profiles.
func (e *env) forProfiles(f func(profile) string) completer {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		if !e.loadForCompletion(cmd) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ps := e.profiles()
		ps.warn = func(string, ...any) {}
		all, _, _ := ps.all() // without profiles there are no proposals
		var out []string
		for _, p := range all {
			out = append(out, f(p))
		}
		slices.Sort(out)
		return slices.Compact(out), cobra.ShellCompDirectiveNoFileComp
	}
}

func profileNames(p profile) string {
	return p.Name + "\t" + text.Line(p.Session.Account.Label()+" at "+p.Server)
}

func profileServers(p profile) string { return text.Line(p.Server) }

// loadForCompletion finds the settings of the line that is completed.
func (e *env) loadForCompletion(cmd *cobra.Command) bool {
	set, err := loadSettings(cmd.Flags(), e.getenv)
	e.set = set
	return err == nil
}

// forClient proposes what f finds with a client of the session, if there is one whose token is
// still valid.
func (e *env) forClient(f func(ctx context.Context, c *client.Client, args []string, toComplete string) []string) completer {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		found := make(chan []string, 1)
		go func() { // a keyring may not answer in time
			if e.loadForCompletion(cmd) {
				if c, err := e.connect(); err == nil {
					found <- f(ctx, c, args, toComplete)
					return
				}
			}
			found <- nil
		}()
		select {
		case proposals := <-found:
			if len(proposals) > 0 {
				return proposals, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
			}
		case <-ctx.Done():
		}
		return nil, cobra.ShellCompDirectiveDefault // local files
	}
}

// proposedPhotos is how many photos a completion proposes.
const proposedPhotos = 30

// photoIDs proposes the IDs of recent photos, or those that begin with what the user typed, with
// their names. Local files that fit come too, since a PHOTO may be one.
func photoIDs(f photo.Filter) func(ctx context.Context, c *client.Client, args []string, toComplete string) []string {
	return func(ctx context.Context, c *client.Client, args []string, toComplete string) []string {
		if toComplete != "" && !photo.IsHex(toComplete) {
			return nil
		}
		f.IDPrefix = strings.ToLower(toComplete)
		var out []string
		for p, err := range c.List(ctx, f, proposedPhotos) {
			if err != nil {
				return nil
			}
			id := p.ID.Short()
			if len(toComplete) > len(id) {
				id = p.ID.String()
			}
			if !slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(p.ID.String(), strings.ToLower(a)) }) {
				out = append(out, toComplete+id[len(toComplete):]+"\t"+text.Cut(p.Name, 40))
			}
		}
		if len(out) == 0 {
			return nil
		}
		return append(out, filesBeginning(toComplete)...)
	}
}

// filesBeginning returns the names of files in the current folder that begin with prefix. Those
// that a shell would have to quote are left out: the shell completes them when no ID fits.
func filesBeginning(prefix string) []string {
	paths, err := filepath.Glob(prefix + "*")
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(paths, func(path string) bool {
		info, err := os.Stat(path)
		return err != nil || info.IsDir() || strings.HasPrefix(path, "-") || strings.ContainsFunc(path, needsQuotes)
	})
}

func needsQuotes(r rune) bool {
	return !text.Safe(r) || strings.ContainsRune(" \t\n'\"\\$`&|;<>()*?[]{}~#!:", r)
}

// plainTags proposes the user's tags.
func plainTags(ctx context.Context, c *client.Client, _ []string, _ string) []string {
	const enough = 10_000
	var out []string
	for t, err := range c.Tags(ctx) {
		if err != nil || len(out) == enough {
			break
		}
		out = append(out, text.Line(t.Tag))
	}
	return out
}

// tagNames proposes the user's tags as a filter has them: some need quotes.
func tagNames(ctx context.Context, c *client.Client, args []string, toComplete string) []string {
	out := plainTags(ctx, c, args, toComplete)
	for i, name := range out {
		if strings.ContainsAny(name, ` "\\`) {
			out[i] = strconv.Quote(name)
		}
	}
	return out
}

// keyNames proposes the names of access keys.
func keyNames(ctx context.Context, c *client.Client, args []string, _ string) []string {
	keys, err := c.Keys(ctx)
	if err != nil {
		return nil
	}
	var out []string
	for _, k := range keys {
		if !slices.Contains(args, k.Name) && photo.ValidKeyName(k.Name) {
			out = append(out, k.Name+"\t"+text.Line(string(k.Scope)))
		}
	}
	return out
}

// shareIDs proposes the IDs of links that have not ended.
func shareIDs(ctx context.Context, c *client.Client, args []string, _ string) []string {
	shares, err := c.Shares(ctx)
	if err != nil {
		return nil
	}
	var out []string
	for _, s := range shares {
		if s.State == api.ShareActive && !slices.Contains(args, s.ID) && photo.ValidShareID(s.ID) {
			out = append(out, s.ID+"\t"+text.Cut(cmp.Or(shownTitle(s), "until "+showTime(s.ExpiresAt.Time)), 40))
		}
	}
	return out
}
