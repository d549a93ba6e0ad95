package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/rogpeppe/go-internal/testscript"
)

// window is a browser window of a script. Windows share no cookies, like browsers of two
// users.
type window struct {
	ctx   context.Context // of the browser, until the script ends
	plain bool            // without JavaScript
	asked atomic.Int64    // how often pages asked whether they may be left
	load  loading
	said  console
}

// windows are those of a script.
type windows struct {
	ctx    context.Context // of the process
	byName map[string]*window
	now    *window
}

type windowsKey struct{}

// windowTime bounds each command of a script, on a busy machine.
const windowTime = 90 * time.Second

// cmdWindow drives a real browser, a step per line. Before it acts or examines, it waits until the page is
// whole; after a click or a key, it waits for the page to which that leads, if there is one. What
// a script of the page does later needs a command that waits for it. A command fails if the browser's
// console has an error:
//
//	window open NAME [plain]        a new window, or go on in an old one; plain: without JavaScript
//	window go ADDRESS               open an address
//	window click TEXT|CSS           press what has this text, or the first that the selector finds
//	window fill CSS VALUE           type into a field
//	window files CSS FILE...        choose files
//	window drop FILE...             let files and folders fall on the page
//	window line KIB|fast            how many KiB per second the network carries
//	window reload [asks]            load the page again; asks: the page must ask whether it may be left
//	window downloads NAME [FILE...] wait until a file is downloaded; FILE: it is a zip file with these
//	window key KEY...               press keys, such as Tab, ArrowRight or Shift+Tab
//	window sees TEXT...             wait until the page has each text; ! window sees: it does not have it
//	window has CSS                  wait until the selector finds something
//	window at REGEXP                wait until the address matches
//	window size WIDTH [HEIGHT]      how large the window is
//	window look light|dark|forced|still|print  colors; still: the user wants less motion; print: as on paper
//	window shot NAME                keep a picture of the page for people to look at
//	window picture NAME WIDTH HEIGHT  keep what the window shows, without the rest of the page, as a WebP for documents
//	window axe                      require that axe-core finds nothing to complain about; ! window axe: that it does
//	window check NAME               window axe in light and dark colors, and in forced ones at 320 pixels; keep pictures
//	window tree REGEXP...           wait until the accessibility tree has a line that begins with each pattern; ! window tree: no line
//	window back                     press the back button
//	window lists CSS N              wait until the selector finds so many
//	window eval EXPRESSION          wait until the expression is true (also in a plain window)
//	window saves NAME CSS ATTRIBUTE set $NAME to an attribute
//	window weighs KIB               require that the page and its files took at most so many KiB, besides pictures
func cmdWindow(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: window COMMAND ARG...")
	}
	all := windowsOf(ts)
	if args[0] == "open" {
		ts.Check(all.open(args[1:], ts.MkAbs(downloadFolder)))
		return
	}
	if all.now == nil {
		ts.Fatalf("there is no window yet")
	}
	if neg && !slices.Contains([]string{"sees", "axe", "tree"}, args[0]) {
		ts.Fatalf("window %s cannot be negated", args[0])
	}
	ctx, cancel := context.WithTimeout(all.now.ctx, windowTime)
	defer cancel()
	err := all.now.do(ctx, ts, neg, args[0], args[1:])
	if neg && args[0] == "axe" {
		if err == nil {
			ts.Fatalf("axe-core finds nothing")
		}
		return
	}
	if err != nil {
		ts.Logf("%s\n%s", all.now.describe(ctx), ts.ReadFile("photosd.log"))
		ts.Fatalf("window %s: %v", strings.Join(args, " "), err)
	}
}

// windowsOf starts the browser when a script first needs it.
func windowsOf(ts *testscript.TestScript) *windows {
	box, _ := ts.Value(windowsKey{}).(*windows)
	if box.byName != nil {
		return box
	}
	ctx, cancel := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(
		chromedp.ExecPath(findChromium()), chromedp.Flag("disable-gpu", true), chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("no-sandbox", true))) // it runs as a user of no rights, where it may not make one
	ts.Defer(cancel)
	ts.Check(chromedp.Do(ctx))
	box.ctx, box.byName = ctx, map[string]*window{}
	return box
}

func (all *windows) open(args []string, folder string) error {
	if len(args) == 0 {
		return fmt.Errorf("which window?")
	}
	if w := all.byName[args[0]]; w != nil {
		all.now = w
		return nil
	}
	ctx, _ := chromedp.NewContext(all.ctx, chromedp.WithNewBrowserContext()) // ends with the browser
	w := &window{ctx: ctx, plain: len(args) > 1 && args[1] == "plain"}
	all.byName[args[0]], all.now = w, w
	err := chromedp.Do(ctx,
		browserCommand(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: w.plain}),
		chromedp.EmulateViewport(1280, 800),
	)
	return errors.Join(err, w.prepare(folder))
}

// do carries out one command.
func (w *window) do(ctx context.Context, ts *testscript.TestScript, neg bool, command string, args []string) error {
	need := map[string]int{"go": 1, "click": 1, "fill": 2, "files": 2, "key": 1, "sees": 1, "has": 1, "at": 1, "size": 1, "look": 1, "shot": 1, "lists": 2, "eval": 1, "saves": 3, "weighs": 1, "drop": 1, "line": 1, "downloads": 1, "check": 1, "tree": 1, "picture": 3}
	if len(args) < need[command] {
		return fmt.Errorf("needs %d arguments", need[command])
	}
	if said := w.said.take(); said != "" {
		return fmt.Errorf("the console says %s", said)
	}
	waits := []string{"go", "sees", "tree", "has", "lists", "at", "eval", "downloads", "line", "size", "look"}
	if neg || !slices.Contains(waits, command) {
		if err := w.ready(ctx); err != nil {
			return fmt.Errorf("the page is not whole: %w", err)
		}
	}
	switch command {
	case "go", "back", "click", "fill", "key":
		return w.act(ctx, command, args)
	case "files", "drop", "line", "reload", "downloads":
		return w.files(ctx, ts, command, args)
	case "sees":
		return w.sees(ctx, neg, args)
	case "tree":
		return w.tree(ctx, neg, args)
	case "has":
		return w.until(ctx, fmt.Sprintf("!!document.querySelector(%s)", quoted(args[0])))
	case "lists":
		return w.until(ctx, fmt.Sprintf("document.querySelectorAll(%s).length == %s", quoted(args[0]), args[1]))
	case "at":
		return w.at(ctx, args[0])
	case "eval":
		return w.until(ctx, "!!("+args[0]+")")
	case "saves":
		if err := w.until(ctx, fmt.Sprintf("!!document.querySelector(%s)", quoted(args[1]))); err != nil {
			return err
		}
		value, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf("document.querySelector(%s).getAttribute(%s)", quoted(args[1]), quoted(args[2]))))
		ts.Setenv(args[0], value)
		return err
	}
	return w.inspect(ctx, ts, command, args)
}

// act carries out the commands that do what a user does with a mouse or a keyboard.
func (w *window) act(ctx context.Context, command string, args []string) error {
	switch command {
	case "go":
		return chromedp.Do(ctx, chromedp.Navigate(args[0]))
	case "back":
		return w.back(ctx)
	case "click":
		return w.click(ctx, args[0])
	case "fill":
		return w.fill(ctx, args[0], args[1])
	}
	return w.press(ctx, args)
}

// inspect carries out the commands that change only how the page looks, or examine it.
func (w *window) inspect(ctx context.Context, ts *testscript.TestScript, command string, args []string) error {
	switch command {
	case "size":
		size := numbers(ts, args, 0, 800)
		return chromedp.Do(ctx, chromedp.EmulateViewport(int64(size[0]), int64(size[1])))
	case "look":
		return look(ctx, args[0])
	case "shot":
		return w.shot(ctx, ts, args[0])
	case "check":
		return w.check(ctx, ts, args[0])
	case "picture":
		return w.picture(ctx, ts, args[0], numbers(ts, args[1:], 0, 0))
	case "axe":
		return w.axe(ctx)
	case "weighs":
		return w.weighs(ctx, args[0])
	}
	return fmt.Errorf("unknown command")
}

// shot keeps a picture of the page with all its pictures.
func (w *window) shot(ctx context.Context, ts *testscript.TestScript, name string) error {
	const pictures = `[...document.images].map(e => (e.loading = 'eager', e.complete)).every(Boolean)`
	if err := w.until(ctx, pictures); err != nil {
		return err
	}
	return chromedp.Do(ctx, chromedp.Sleep(100*time.Millisecond), keep(ts, name)) // they are painted a moment later
}

// picture keeps a picture for documents: sharp on good screens, and small.
func (w *window) picture(ctx context.Context, ts *testscript.TestScript, name string, size []int) error {
	const scale, quality = 1.5, 78
	err := chromedp.Do(ctx, chromedp.EmulateViewport(int64(size[0]), int64(size[1]), chromedp.EmulateScale(scale)), chromedp.Sleep(500*time.Millisecond))
	if err != nil {
		return err
	}
	return chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		shot, err := cdp.Call(ctx, target, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: new(int64(quality))})
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(ts.Getenv("ARTIFACTS"), name+".webp"), shot.Data, 0o644)
	}))
}

// check examines the page in the ways in which users look at it.
func (w *window) check(ctx context.Context, ts *testscript.TestScript, name string) error {
	for _, c := range []struct {
		look  string
		width int64
	}{{"dark", 1280}, {"forced", 320}, {"light", 1280}} { // the last one is as a window begins
		err := errors.Join(look(ctx, c.look), chromedp.Do(ctx, chromedp.EmulateViewport(c.width, 800)))
		if err == nil {
			err = w.until(ctx, "document.documentElement.scrollWidth <= innerWidth")
		}
		if err == nil {
			err = w.axe(ctx)
		}
		if err == nil {
			err = w.shot(ctx, ts, name+"-"+c.look)
		}
		if err != nil {
			return fmt.Errorf("%s colors, %d pixels: %w", c.look, c.width, err)
		}
	}
	return nil
}

func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has JSON
	}
	return string(text)
}

// until waits until an expression is true. DevTools may evaluate it in a page whose own
// scripts are off.
func (w *window) until(ctx context.Context, expression string) error {
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if err == nil && ok {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s is not true: %w", expression, ctx.Err())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// find returns an expression for the element with a text, or the first that a selector
// finds.
func find(what string) string {
	return fmt.Sprintf(`((what) => {
		const all = [...document.querySelectorAll('a, button, summary, label, [role=button]')].filter(e => e.checkVisibility());
		const text = e => e.textContent.trim().replace(/\s+/g, ' ');
		return all.find(e => text(e) == what) || all.find(e => text(e).startsWith(what)) || (() => { try { return document.querySelector(what) } catch { return null } })();
	})(%s)`, quoted(what))
}

// click clicks with a real mouse. It waits until the place of what it clicks stays the same: while
// the page scrolls or is laid out, the browser gives a click to what it has drawn before.
func (w *window) click(ctx context.Context, what string) error {
	const settled = 100 * time.Millisecond
	for before := []float64(nil); ; time.Sleep(settled) {
		at, err := chromedp.Run(ctx, chromedp.Evaluate[[]float64](`((e) => {
			if (!e) return [];
			e.scrollIntoView({block: 'center'});
			const r = e.getBoundingClientRect();
			return [r.left + r.width / 2, r.top + r.height / 2];
		})(`+find(what)+`)`))
		if ctx.Err() != nil {
			return fmt.Errorf("%s is not on the page, or does not stay in its place: %w", what, ctx.Err())
		}
		if err == nil && len(at) == 2 && slices.Equal(at, before) {
			return errors.Join(chromedp.Do(ctx, chromedp.MouseClickXY(at[0], at[1])), w.settle(ctx))
		}
		before = at // empty, too, while the browser goes from one page to the next
	}
}

// fill types a text over what a field has.
func (w *window) fill(ctx context.Context, field, text string) error {
	if err := w.until(ctx, fmt.Sprintf("((e) => e && e.checkVisibility() && (e.focus(), e.select(), true))(document.querySelector(%s))", quoted(field))); err != nil {
		return err
	}
	return chromedp.Do(ctx, browserCommand(input.InsertText, input.InsertTextParams{Text: text}))
}

// keys are the names of keys as scripts write them.
func keys() map[string]string {
	return map[string]string{"Tab": "\t", "Enter": "\r", "Space": " ", "Escape": "\u001b", "ArrowRight": "\u0303", "ArrowLeft": "\u0302", "ArrowUp": "\u0304", "ArrowDown": "\u0301"}
}

func (w *window) press(ctx context.Context, names []string) error {
	for _, name := range names {
		var options []chromedp.KeyOption
		for modifier, bit := range map[string]chromedp.Modifier{"Shift+": chromedp.ModifierShift, "Control+": chromedp.ModifierCtrl} {
			if rest, found := strings.CutPrefix(name, modifier); found {
				name, options = rest, append(options, chromedp.KeyModifiers(bit))
			}
		}
		text, ok := keys()[name]
		if !ok {
			text = name
		}
		if err := errors.Join(chromedp.Do(ctx, chromedp.KeyEvent(text, options...)), w.settle(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// sees compares with the text that users see, and with the texts of fields and pictures.
func (w *window) sees(ctx context.Context, neg bool, texts []string) error {
	const page = `[document.body.innerText, ...[...document.querySelectorAll('img')].map(e => e.alt), ...[...document.querySelectorAll('textarea, input')].map(e => e.value)].join('\n').replace(/\s+/g, ' ')`
	for _, text := range texts {
		expression := fmt.Sprintf("(%s).includes(%s)", page, quoted(text))
		if neg {
			seen, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
			if err == nil && seen {
				err = fmt.Errorf("%q is on the page", text)
			}
			if err != nil {
				return err
			}
			continue
		}
		if err := w.until(ctx, expression); err != nil {
			return fmt.Errorf("%q is not on the page: %w", text, err)
		}
	}
	return nil
}

func (w *window) at(ctx context.Context, pattern string) error {
	want, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	for {
		address, err := chromedp.Run(ctx, chromedp.Location())
		if err == nil && want.MatchString(address) {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("it is at %s", address)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func look(ctx context.Context, look string) error {
	feature := func(name, value string) *emulation.MediaFeature {
		return &emulation.MediaFeature{Name: name, Value: value}
	}
	media := ""
	features := []*emulation.MediaFeature{feature("prefers-color-scheme", "light"), feature("forced-colors", "none"), feature("prefers-reduced-motion", "no-preference")}
	switch look {
	case "light":
	case "dark":
		features[0].Value = "dark"
	case "forced":
		features[1].Value = "active"
	case "still":
		features[2].Value = "reduce"
	case "print":
		media = "print"
	default:
		return fmt.Errorf("%s is not a look", look)
	}
	return chromedp.Do(ctx, browserCommand(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: media, Features: features}))
}

// axe runs axe-core, which checks the rules of WCAG that a program can check.
func (w *window) axe(ctx context.Context) error {
	source, err := os.ReadFile(filepath.Join(os.Getenv(envBin), "npm", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return err
	}
	scripts := func(off bool) error {
		return chromedp.Do(ctx, browserCommand(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off}))
	}
	if err := scripts(false); err != nil { // the page is here already, and its own scripts did not run
		return err
	}
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[any](string(source)+"; 1")); err != nil {
		return err
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[string](`axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v =>
		v.id + ' (' + v.help + '): ' + v.nodes.map(n => n.target.join(' ') + ' ' + n.failureSummary).join('; ')).join('\n'))`, chromedp.EvalAwaitPromise))
	if err == nil && found != "" {
		err = fmt.Errorf("axe-core finds\n%s", found)
	}
	err = errors.Join(err, scripts(w.plain))
	w.said.take() // what axe-core itself did is not the page's fault
	return err
}

// weighs adds up what the page and its files took on the wire, besides pictures.
func (w *window) weighs(ctx context.Context, most string) error {
	limit, err := strconv.ParseFloat(most, 64)
	if err != nil {
		return err
	}
	const sum = `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
		.filter(e => e.initiatorType != 'img').reduce((sum, e) => sum + e.transferSize, 0) / 1024`
	got, err := chromedp.Run(ctx, chromedp.Evaluate[float64](sum))
	if err == nil && (got > limit || got == 0) {
		err = fmt.Errorf("it takes %.1f KiB", got)
	}
	return err
}

// describe returns what the window shows, for the log of a script that fails.
func (w *window) describe(ctx context.Context) string {
	ctx = context.WithoutCancel(ctx)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	address, _ := chromedp.Run(ctx, chromedp.Location())
	body, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	return fmt.Sprintf("the window is at %s and shows\n%s\n%v", address, body, err)
}
