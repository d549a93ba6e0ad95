package userpool_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"photos/internal/userpool"
)

// need skips a test if this machine lacks a program, unless PHOTOS_NO_SKIP=1.
func need(t *testing.T, how string, names ...string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	message := fmt.Sprintf("%s is not on PATH: %s", strings.Join(names, " or "), how)
	if os.Getenv("PHOTOS_NO_SKIP") == "1" {
		t.Fatal(message)
	}
	t.Skip(message)
	return ""
}

// newChromium starts a browser without JavaScript, which the pages do not need.
func newChromium(t *testing.T) context.Context {
	t.Helper()
	path := need(t, "apt-get install chromium", "chromium", "chromium-browser", "google-chrome")
	ctx, cancel := chromedp.NewContext(t.Context(), chromedp.WithAllocatorOptions(chromedp.ExecPath(path), chromedp.Flag("disable-gpu", true)))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	noScript := emulation.SetScriptExecutionDisabledParams{Value: true}
	if err := chromedp.Do(ctx, command(emulation.SetScriptExecutionDisabled, noScript)); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func command[P any](c cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, page *chromedp.Target) error {
		_, err := cdp.Call(ctx, page, c, params)
		return err
	})
}

// shots takes screenshots of a page at the widths of a phone and a desktop, light and dark.
func shots(t *testing.T, name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, page *chromedp.Target) error {
		for _, look := range []struct {
			name, scheme string
			width        int64
		}{{"phone", "light", 360}, {"desktop", "light", 1280}, {"dark", "dark", 1280}} {
			media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.scheme}}}
			set := chromedp.Steps(command(emulation.SetEmulatedMedia, media), chromedp.EmulateViewport(look.width, 720))
			if _, err := set(ctx, page); err != nil {
				return err
			}
			wide, err := chromedp.Evaluate[bool]("document.documentElement.scrollWidth > innerWidth")(ctx, page)
			if err != nil {
				return err
			}
			if wide {
				t.Errorf("%s scrolls sideways at %d pixels", name, look.width)
			}
			picture, err := chromedp.FullScreenshot(100)(ctx, page)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name+"-"+look.name+".png"), picture, 0o600); err != nil {
				return err
			}
		}
		return nil
	})
}

// styled requires that the browser applied the page's style sheet.
func styled(t *testing.T) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, page *chromedp.Target) error {
		radius, err := chromedp.Evaluate[string]("getComputedStyle(document.querySelector('main')).borderTopLeftRadius")(ctx, page)
		if radius == "0px" {
			t.Error("the page's policy refuses its own style sheet")
		}
		return err
	})
}

// ended requires that the browser was sent back to the client with a code.
func ended(t *testing.T) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, page *chromedp.Target) error {
		end, err := chromedp.Text(chromedp.CSS("#end"))(ctx, page)
		if end != "code true" {
			t.Errorf("the sign-in ended with %q", end)
		}
		return err
	})
}

// TestChromium signs up, opens the link and signs in with a real browser. No other test shows
// that the policy of the pages allows it.
func TestChromium(t *testing.T) {
	ctx := newChromium(t)
	client := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<p id=end>code %t</p>", r.URL.Query().Get("code") != "")
	}))
	t.Cleanup(client.Close)
	redirect := client.URL + "/callback"
	r := start(t, func(c *userpool.Config) { c.Clients[0].RedirectURIs = []string{redirect} })
	at := func(path string, q url.Values) string { return r.server.URL + path + "?" + q.Encode() }
	type css = chromedp.CSS
	fill := func(name, value string) chromedp.Action[chromedp.Void] {
		return chromedp.SendKeys(css("#"+name), value)
	}
	// submit presses the button, waits for what the next page has, and takes its pictures.
	submit := func(next, name string) chromedp.Action[chromedp.Void] {
		return chromedp.Steps(chromedp.Click(css("button")), chromedp.WaitVisible(css(next)), shots(t, name))
	}
	follow := func(link, next, name string) chromedp.Action[chromedp.Void] {
		return chromedp.Steps(chromedp.Click(css(link)), chromedp.WaitVisible(css(next)), shots(t, name))
	}
	for _, page := range []chromedp.Action[chromedp.Void]{
		chromedp.Steps(chromedp.Navigate(at("/error", url.Values{"error": {"redirect_mismatch"}})), shots(t, "error")),
		chromedp.Steps(chromedp.Navigate(at("/oauth2/authorize", authorization("redirect_uri", redirect))), styled(t), shots(t, "login")),
		chromedp.Steps(fill("email", "grace@example.org"), fill("password", "guess"), submit(".wrong", "login-wrong")),
		follow("#other", "#nickname", "signup"),
		chromedp.Steps(fill("email", ada.Email), fill("nickname", "Grace"), fill("password", "a long password"), submit("#email-wrong", "signup-wrong")),
		chromedp.Steps(chromedp.SetValue(css("#email"), "grace@example.org"), fill("password", "a long password"), submit("#confirm", "verify")),
		follow("#confirm", "#password", "confirm"),
		chromedp.Steps(fill("password", "another password"), submit(".wrong", "confirm-wrong")),
		chromedp.Steps(fill("password", "a long password"), submit("#end", "callback")),
		ended(t),
		chromedp.Steps(chromedp.Navigate(at("/login", authorization("redirect_uri", redirect, "login_hint", "grace@example.org"))), follow("#forgot", "#other", "forgot")),
		submit("[role=status]", "forgot-sent"),
	} {
		if err := chromedp.Do(ctx, page); err != nil {
			t.Fatal(err)
		}
	}
	link := resetPattern.FindString(r.talk.String())
	for _, page := range []chromedp.Action[chromedp.Void]{
		chromedp.Steps(chromedp.Navigate(link), shots(t, "reset")),
		chromedp.Steps(fill("password", "a new long password"), submit("[role=status]", "reset-done")),
	} {
		if err := chromedp.Do(ctx, page); err != nil {
			t.Fatal(err)
		}
	}
	changed := userpool.NewUser{Email: "grace@example.org", Password: "a new long password"}
	if got := r.signIn(t, newBrowser(t), authorization("redirect_uri", redirect), changed); got.status != http.StatusFound {
		t.Errorf("sign-in with the new password: status %d", got.status)
	}
}
