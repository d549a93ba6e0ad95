package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"photos/internal/client"
	"photos/internal/photo"
	"photos/internal/term"
	"photos/internal/text"
)

// maxEdited is how many photos one editor shows.
const maxEdited = 2000

const editHelp = `# One line per photo: its ID, its [name], and its description. Change the
# descriptions, save and leave the editor. A line that stays as it is, or that you
# remove, changes nothing. A new line inside a description is written \n, and a
# backslash \\. Lines that begin with # are ignored.
`

// editDescriptions shows the descriptions of the photos in the user's editor, and sets those that
// were changed. The file stays if one of them cannot be set, so that no text is lost.
func editDescriptions(ctx context.Context, e *env, args []string, o describeOptions) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	c, list, rep, err := o.begin(ctx, e, args, stop)
	if err != nil {
		return err
	}
	defer list.close()
	rep.cards = false
	photos, err := findToEdit(ctx, c, list)
	if err != nil {
		return err
	}
	if len(photos) == 0 {
		return rep.finish()
	}
	d, err := newDraft("descriptions.txt", editText(photos))
	if err != nil {
		return err
	}
	written, err := d.edit(ctx, e)
	if err != nil {
		d.remove()
		return err
	}
	items, err := editedItems(string(written), photos)
	if err == nil {
		err = setDescriptions(ctx, describer{describeOptions: o, client: c, changeReport: rep}, items)
	}
	if err != nil {
		e.Say("photos: what you wrote is in %s", d.path)
		return err
	}
	d.remove()
	return nil
}

// findToEdit returns the photos of a call. Nothing is edited if one of them is not found.
func findToEdit(ctx context.Context, c *client.Client, list *itemList) ([]photo.Photo, error) {
	var photos []photo.Photo
	for it := range list.all() {
		p, err := photo.Photo{}, it.Err
		if err == nil {
			p, err = it.find(ctx, c, livePhotos)
		}
		switch {
		case err != nil:
			return nil, about(it.Name, err)
		case len(photos) == maxEdited:
			return nil, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("more than %d photos", maxEdited), Hint: "choose fewer, for example with --limit"}
		case !slices.ContainsFunc(photos, func(q photo.Photo) bool { return q.ID == p.ID }):
			photos = append(photos, p)
		}
	}
	return photos, nil
}

// editText returns the text that the user edits.
func editText(photos []photo.Photo) []byte {
	return append([]byte(editHelp), editLines(photos)...)
}

// editLines returns one line per photo.
func editLines(photos []photo.Photo) []byte {
	var b []byte
	for _, p := range photos {
		b = fmt.Appendf(b, "%s %s %s\n", p.ID.Short(), editName(p), term.EscapeTSV(p.Description))
	}
	return b
}

// editName returns the name of a photo between brackets.
func editName(p photo.Photo) string { return "[" + text.Line(p.Name) + "]" }

// editedItems returns the photos whose descriptions are no longer what they were, each with the
// version that the user saw.
func editedItems(written string, photos []photo.Photo) ([]listItem, error) {
	lines, err := editedLines(written, photos)
	if err != nil {
		return nil, err
	}
	var items []listItem
	for _, l := range lines {
		if l.text != l.photo.Description {
			items = append(items, l.item(photo.FromFlag))
		}
	}
	return items, nil
}

// edited is a line that the user has edited.
type edited struct {
	photo photo.Photo // as the user saw it
	text  string
}

// item returns the item that sets the description.
func (e edited) item(source photo.Source) listItem {
	return listItem{Name: e.photo.ID.String(), Description: e.text, Described: true, Source: source, Version: &e.photo.Version, Err: checkDescription(e.text)}
}

// editedLines reads the text that the user has edited. A photo may have only one description in it.
func editedLines(written string, photos []photo.Photo) ([]edited, error) {
	var lines []edited
	for n, line := range strings.Split(strings.ReplaceAll(written, "\r\n", "\n"), "\n") {
		if strings.HasPrefix(line, "#") || photo.IsBlank(line) {
			continue
		}
		p, desc, err := editedLine(line, photos)
		if err != nil {
			return nil, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("line %d: %s; nothing was changed", n+1, err), Hint: "a line is an ID, a [name] and a description"}
		}
		i := slices.IndexFunc(lines, func(l edited) bool { return l.photo.ID == p.ID })
		switch {
		case i < 0:
			lines = append(lines, edited{p, desc})
		case lines[i].text != desc:
			return nil, &photo.Error{Kind: photo.KindUsage, Msg: fmt.Sprintf("line %d: the photo has two descriptions; nothing was changed", n+1)}
		}
	}
	return lines, nil
}

// editedLine reads one line.
func editedLine(line string, photos []photo.Photo) (photo.Photo, string, error) {
	id, rest, _ := strings.Cut(line, " ")
	i := slices.IndexFunc(photos, func(p photo.Photo) bool { return id == p.ID.Short() })
	if i < 0 {
		return photo.Photo{}, "", errors.New("does not begin with the ID of one of the photos")
	}
	p := photos[i]
	rest, found := strings.CutPrefix(rest, editName(p))
	if !found {
		return p, "", errors.New("the name must stay between the ID and the description")
	}
	desc, err := term.UnescapeTSV(strings.TrimSpace(rest))
	return p, desc, err
}

// setDescriptions sets the descriptions of the items and reports each.
func setDescriptions(ctx context.Context, d describer, items []listItem) error {
	d.describeAll(ctx, slices.Values(items))
	return d.finish()
}
