package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/rogpeppe/go-internal/testscript"
)

// chromiums are the names under which systems install the browser.
var chromiums = []string{"chromium", "chromium-browser", "google-chrome"}

func findChromium() string {
	for _, name := range chromiums {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// chromiumTime bounds a whole sign-in in a browser that starts cold.
const chromiumTime = 2 * time.Minute

// cmdChromium has a real browser, without JavaScript, do what the account would:
// open the address that a waiting login wrote to FILE, sign up, follow the
// confirmation link, sign in, and end on the page of the command line. Pictures
// of every page are kept with the run.
func cmdChromium(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: chromium FILE")
	}
	address := ""
	waitFor(ts, "an address to open", func() bool {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		address = strings.TrimSpace(string(text))
		return err == nil && strings.HasSuffix(string(text), "\n")
	})
	ctx, cancel := context.WithTimeout(context.Background(), chromiumTime)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithAllocatorOptions(
		chromedp.ExecPath(findChromium()), chromedp.Flag("disable-gpu", true),
		chromedp.Flag("no-sandbox", true))) // it runs as a user of no rights, where it may not make one
	defer cancel()
	ts.Check(signUpInBrowser(ctx, ts, address))
	end, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
	ts.Check(err)
	if !strings.Contains(end, "Signed in") || !strings.Contains(end, ts.Getenv("PERSON_NICKNAME")) {
		ts.Fatalf("the browser ended on %q", end)
	}
}

func signUpInBrowser(ctx context.Context, ts *testscript.TestScript, address string) error {
	type css = chromedp.CSS
	fill := func(field, value string) chromedp.Action[chromedp.Void] {
		return chromedp.SendKeys(css(field), value)
	}
	press := chromedp.Click(css("button"))
	return chromedp.Do(ctx,
		browserCommand(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}),
		chromedp.Navigate(address), keep(ts, "1-sign-in"),
		chromedp.Click(css("#other")), chromedp.WaitVisible(css("#nickname")),
		fill("#email", ts.Getenv("PERSON_EMAIL")), fill("#nickname", ts.Getenv("PERSON_NICKNAME")), fill("#password", ts.Getenv("PERSON_PASSWORD")),
		keep(ts, "2-sign-up"),
		press, chromedp.WaitVisible(css("#confirm")), keep(ts, "3-confirm"),
		chromedp.Click(css("#confirm")), chromedp.WaitVisible(css(".notice")), keep(ts, "4-confirmed"),
		fill("#password", ts.Getenv("PERSON_PASSWORD")), press, chromedp.WaitVisible(css("main footer")), keep(ts, "5-signed-in"),
	)
}

func browserCommand[P any](c cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, page *chromedp.Target) error {
		_, err := cdp.Call(ctx, page, c, params)
		return err
	})
}

// keep takes a picture of the page, for people to look at after the run.
func keep(ts *testscript.TestScript, name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, page *chromedp.Target) error {
		picture, err := chromedp.FullScreenshot(100)(ctx, page)
		if err != nil {
			return err
		}
		path := filepath.Join(os.Getenv(envArtifacts), name+".png")
		ts.Logf("%s", path)
		return os.WriteFile(path, picture, 0o644)
	})
}
