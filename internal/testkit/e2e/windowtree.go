package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// tree waits until the accessibility tree, from which screen readers read, has a line for each
// pattern. A line has a role, a name in quotes and the properties, such as
//
//	checkbox "Select Hills" checked=true focusable=true
//
// A live region has its text as its name.
func (w *window) tree(ctx context.Context, neg bool, patterns []string) error {
	for _, pattern := range patterns {
		want, err := regexp.Compile("^(?:" + pattern + ")")
		if err != nil {
			return err
		}
		for {
			lines, err := treeLines(ctx)
			if err == nil && slices.ContainsFunc(lines, want.MatchString) != neg {
				break
			}
			if ctx.Err() != nil || err == nil && neg {
				return errors.Join(fmt.Errorf("accessibility tree, %s:\n%s", pattern, strings.Join(lines, "\n")), err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	return nil
}

// treeLines returns a line for each part of the page that assistive technology sees.
func treeLines(ctx context.Context) ([]string, error) {
	nodes, err := chromedp.Run(ctx, func(ctx context.Context, page *chromedp.Target) ([]*accessibility.Node, error) {
		tree, err := cdp.Call(ctx, page, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		return tree.Nodes, err
	})
	if err != nil {
		return nil, err
	}
	byID := map[accessibility.NodeID]*accessibility.Node{}
	for _, n := range nodes {
		byID[n.NodeID] = n
	}
	var lines []string
	for _, n := range nodes {
		if role := valueText(n.Role); !n.Ignored && role != "StaticText" && role != "InlineTextBox" {
			lines = append(lines, treeLine(n, byID))
		}
	}
	return lines, nil
}

func treeLine(n *accessibility.Node, byID map[accessibility.NodeID]*accessibility.Node) string {
	properties, live := "", false
	for _, p := range n.Properties {
		properties += fmt.Sprintf(" %s=%s", p.Name, valueText(p.Value))
		live = live || p.Name == "live"
	}
	if n.Value != nil {
		properties += " value=" + valueText(n.Value)
	}
	name := valueText(n.Name)
	if live && name == "" {
		name = strings.Join(strings.Fields(textBelow(n, byID)), " ")
	}
	return fmt.Sprintf("%s %q%s", valueText(n.Role), name, properties)
}

// textBelow returns the text in a part of the page.
func textBelow(n *accessibility.Node, byID map[accessibility.NodeID]*accessibility.Node) string {
	if valueText(n.Role) == "StaticText" {
		return valueText(n.Name)
	}
	text := ""
	for _, id := range n.ChildIDs {
		if child := byID[id]; child != nil {
			text += textBelow(child, byID)
		}
	}
	return text
}

func valueText(v *accessibility.Value) string {
	if v == nil || len(v.Value) == 0 {
		return ""
	}
	var text string
	if json.Unmarshal(v.Value, &text) == nil {
		return text
	}
	return string(v.Value)
}
