package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"photos/internal/testkit/sample"
)

// The library whose pages are measured.
const (
	pagePhotos   = 100_000
	pageRequests = 200 // for each kind of page
	pageVisits   = 20  // of the browser
	paintTime    = 30 * time.Second
)

// pages measures My photos of a user with many photos: how long the HTML of a page takes, what a
// first visit weighs besides pictures, and when a real browser paints something.
func (b *bench) pages(ctx context.Context) error {
	program, err := exec.LookPath("chromium")
	if err != nil {
		fmt.Printf("%-28s not measured: %s\n", "pages", firstLine(err))
		return nil
	}
	s, err := b.site(ctx, false)
	if err != nil {
		return err
	}
	defer s.stop()
	many, n := filepath.Join(b.dir, "many"), int(pagePhotos*b.scale)
	if err := sample.Write(many, n, 1000, 1_000_000); err != nil {
		return err
	}
	if _, err := timed(s.photos(ctx, "upload", "--quiet", "--desc", "One of many photos in this library", many)); err != nil {
		return err
	}
	ctx, stop := chromedp.NewContext(ctx, chromedp.WithAllocatorOptions(
		chromedp.ExecPath(program), chromedp.Flag("disable-gpu", true), chromedp.Flag("no-sandbox", true))) // root may not make a sandbox
	defer stop()
	cookies, err := s.signInBrowser(ctx)
	if err != nil {
		return err
	}
	if err := s.timePages(ctx, cookies, n); err != nil {
		return err
	}
	return s.visitPages(ctx)
}

// signInBrowser signs the account of the site in at its pages and returns the cookies.
func (s *site) signInBrowser(ctx context.Context) (string, error) {
	type css = chromedp.CSS
	fill := func(field, value string) chromedp.Action[chromedp.Void] { return chromedp.SendKeys(css(field), value) }
	err := chromedp.Do(ctx, chromedp.Navigate(s.addr+"/login"),
		fill("#email", filepath.Base(s.home)+"@example.org"), fill("#password", "a long bench password"),
		chromedp.Click(css("button")), chromedp.WaitVisible(css("#grid")))
	if err != nil {
		return "", err
	}
	return chromedp.Run(ctx, func(ctx context.Context, page *chromedp.Target) (string, error) {
		got, err := cdp.Call(ctx, page, network.GetCookies, network.GetCookiesParams{URLs: []string{s.addr + "/myphotos"}})
		var all []string
		for _, c := range got.Cookies {
			all = append(all, c.Name+"="+c.Value)
		}
		return strings.Join(all, "; "), err
	})
}

// timePages prints how long the HTML of each kind of page takes.
func (s *site) timePages(ctx context.Context, cookies string, n int) error {
	_, first, err := s.page(ctx, cookies, "/myphotos")
	if err != nil {
		return err
	}
	next, err := linkOf(first, "next")
	if err != nil {
		return err
	}
	before, err := s.pageBefore(ctx, cookies, next)
	if err != nil {
		return err
	}
	one := regexp.MustCompile(`href="(/myphotos/[0-9a-f]{64})"`).FindStringSubmatch(first)
	if one == nil {
		return errors.New("the page of a full library has no photos")
	}
	for _, kind := range []struct{ name, path string }{
		{"first page", "/myphotos"}, {"next page", next}, {"the page before", before}, {"by date taken", "/myphotos?by=taken"},
		{"search", "/myphotos?search=library"}, {"search without hits", "/myphotos?search=nowhere"}, {"one photo", one[1]},
	} {
		var took []time.Duration
		for range pageRequests {
			d, _, err := s.page(ctx, cookies, kind.path)
			if err != nil {
				return fmt.Errorf("%s: %w", kind.path, err)
			}
			took = append(took, d)
		}
		slices.SortFunc(took, cmp.Compare)
		fmt.Printf("%-28s median %.1f ms   p95 %.1f ms (goal 100)   of %d photos\n", "HTML of "+kind.name, ms(took[len(took)/2]), ms(took[len(took)*95/100]), n)
	}
	return nil
}

// linkOf returns where the link of a page to the next or previous one leads.
func linkOf(page, rel string) (string, error) {
	link := regexp.MustCompile(`rel="` + rel + `" href="([^"]+)"`).FindStringSubmatch(page)
	if link == nil {
		return "", fmt.Errorf("a page of a full library has no %s page", rel)
	}
	return html.UnescapeString(link[1]), nil
}

// pageBefore goes one page further than second, and returns where its link back leads.
func (s *site) pageBefore(ctx context.Context, cookies, second string) (string, error) {
	_, body, err := s.page(ctx, cookies, second)
	if err != nil {
		return "", err
	}
	third, err := linkOf(body, "next")
	if err != nil {
		return "", err
	}
	if _, body, err = s.page(ctx, cookies, third); err != nil {
		return "", err
	}
	return linkOf(body, "prev")
}

// page loads a page's HTML and returns how long that took.
func (s *site) page(ctx context.Context, cookies, path string) (time.Duration, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.addr+path, nil)
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Cookie", cookies)
	began := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	took := time.Since(began)
	if err == nil && (resp.StatusCode != http.StatusOK || resp.Request.URL.Path != req.URL.Path) {
		err = fmt.Errorf("status %d at %s", resp.StatusCode, resp.Request.URL.Path)
	}
	return took, string(body), err
}

// visitPages prints what a first visit of My photos weighs, and when the browser paints.
func (s *site) visitPages(ctx context.Context) error {
	const weight = `[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].filter(e => e.initiatorType != 'img').reduce((sum, e) => sum + e.transferSize, 0)`
	const paint = `performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0`
	var painted, weights []float64
	for range pageVisits {
		err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, page *chromedp.Target) error {
			_, err := cdp.Call(ctx, page, network.ClearBrowserCache, cdp.Empty{})
			return err
		}), chromedp.Navigate(s.addr+"/myphotos"))
		if err != nil {
			return err
		}
		at, err := awaitNumber(ctx, paint)
		if err != nil {
			return err
		}
		bytes, err := awaitNumber(ctx, weight)
		if err != nil {
			return err
		}
		painted, weights = append(painted, at/1000), append(weights, bytes/1024)
	}
	fmt.Printf("%-28s %s s (goal 0.5)\n", "first paint of My photos", spreadOf(painted))
	fmt.Printf("%-28s %.1f KiB besides pictures (goal 60)\n", "first visit of My photos", slices.Max(weights))
	return nil
}

// awaitNumber waits until an expression is more than 0.
func awaitNumber(ctx context.Context, expression string) (float64, error) {
	for end := time.Now().Add(paintTime); ; time.Sleep(20 * time.Millisecond) {
		n, err := chromedp.Run(ctx, chromedp.Evaluate[float64](expression))
		if err != nil || n > 0 {
			return n, err
		}
		if time.Now().After(end) {
			return 0, fmt.Errorf("%s stays 0", expression)
		}
	}
}
