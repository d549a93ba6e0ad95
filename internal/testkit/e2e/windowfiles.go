package e2e

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/rogpeppe/go-internal/testscript"
)

// downloadFolder is where windows put what they download, in the folder of the script.
const downloadFolder = "downloaded"

// prepare lets the window download files and leave pages that ask whether they may be left.
func (w *window) prepare(folder string) error {
	c := chromedp.FromContext(w.ctx)
	_, err := cdp.Call(w.ctx, c.Browser, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: c.BrowserContextID, DownloadPath: folder,
	})
	if err != nil {
		return err
	}
	return chromedp.Listen(w.ctx, func(event any) {
		w.load.event(event)
		w.said.event(event)
		if _, ok := event.(*page.EventJavascriptDialogOpening); ok {
			w.asked.Add(1)
			go chromedp.Do(w.ctx, browserCommand(page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})) // one that stays open fails the next command
		}
	})
}

// files carries out the commands that bring files to the page or take them from it.
func (w *window) files(ctx context.Context, ts *testscript.TestScript, command string, args []string) error {
	paths := make([]string, 0, len(args))
	for _, arg := range args {
		paths = append(paths, ts.MkAbs(arg))
	}
	switch command {
	case "files":
		return chromedp.Do(ctx, chromedp.SetUploadFiles(chromedp.CSS(args[0]), paths[1:]))
	case "drop":
		return drop(ctx, paths)
	case "line":
		return line(ctx, args[0])
	case "reload":
		return w.reload(ctx, len(args) > 0)
	case "downloads":
		return downloads(ctx, ts.MkAbs(filepath.Join(downloadFolder, args[0])), args[1:])
	}
	return fmt.Errorf("unknown command")
}

// drop lets files and folders fall on the page, as from a file manager.
func drop(ctx context.Context, paths []string) error {
	at := input.DispatchDragEventParams{X: 400, Y: 300, Data: &input.DragData{Items: []*input.DragDataItem{}, Files: paths, DragOperationsMask: 1}}
	for _, kind := range []input.DispatchDragEventType{input.DispatchDragEventTypeDragEnter, input.DispatchDragEventTypeDragOver, input.DispatchDragEventTypeDrop} {
		at.Type = kind
		if err := chromedp.Do(ctx, browserCommand(input.DispatchDragEvent, at)); err != nil {
			return err
		}
	}
	return nil
}

// line limits what the window sends and receives to so many KiB per second; fast: to nothing.
func line(ctx context.Context, rate string) error {
	var rules []*network.Conditions
	if rate != "fast" {
		kib, err := strconv.ParseFloat(rate, 64)
		if err != nil {
			return err
		}
		rules = []*network.Conditions{{DownloadThroughput: kib * 1024, UploadThroughput: kib * 1024}}
	}
	return chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, page *chromedp.Target) error {
		if _, err := cdp.Call(ctx, page, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, page, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: rules})
		return err
	}))
}

// reload loads the page again. A page with something under way has to ask first.
func (w *window) reload(ctx context.Context, mustAsk bool) error {
	before := w.asked.Load()
	if err := chromedp.Do(ctx, chromedp.Reload()); err != nil {
		return err
	}
	if asked := w.asked.Load() > before; asked != mustAsk {
		return fmt.Errorf("the page asked whether it may be left: %t", asked)
	}
	return nil
}

// downloads waits until a file is there. If entries are given, it is a zip file with exactly these.
func downloads(ctx context.Context, path string, entries []string) error {
	for {
		_, err := os.Stat(path)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		time.Sleep(50 * time.Millisecond)
	}
	if len(entries) == 0 {
		return nil
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer z.Close()
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	slices.Sort(entries)
	if !slices.Equal(names, entries) {
		return fmt.Errorf("the zip file has %q", names)
	}
	return os.Remove(path)
}
