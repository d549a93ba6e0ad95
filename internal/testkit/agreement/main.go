// Command agreement compares what the service has read from photos with what exiftool and
// ffprobe read from the same files. scripts/against-exiftool runs it.
//
//	agreement UPLOADED PHOTOS JUDGED
//
// UPLOADED is the output of `photos upload --json`, PHOTOS that of `photos list --json`. JUDGED
// lists the differences that are no faults of photos. Command agreement prints the agreement for each
// format and value, and then every difference, first those that are not judged. It exits with 1 if
// there is such a difference, if a judged one no longer occurs, or if less than 99 % of the dates,
// sizes, cameras or positions agree.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	agree, err := run(ctx, os.Args[1:], os.Stdout)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "agreement:", err)
		os.Exit(2)
	case !agree:
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (agree bool, err error) {
	if len(args) != 3 {
		return false, errors.New("usage: agreement UPLOADED PHOTOS JUDGED")
	}
	judged, err := readJudgements(args[2])
	if err != nil {
		return false, err
	}
	uploaded, err := lines[upload](args[0])
	if err != nil {
		return false, err
	}
	if len(uploaded) == 0 {
		return false, errors.New("nothing was uploaded")
	}
	list, err := lines[photo](args[1])
	if err != nil {
		return false, err
	}
	photos := map[string]photo{}
	for _, p := range list {
		photos[p.ID] = p
	}
	paths := make([]string, len(uploaded))
	for i, u := range uploaded {
		if paths[i], err = filepath.Abs(u.Path); err != nil {
			return false, err
		}
	}
	answers, err := askExifTool(ctx, paths)
	if err != nil {
		return false, err
	}
	r := newReport(judged)
	for i, u := range uploaded {
		answer := answers[paths[i]]
		p, stored := photos[u.ID]
		if !stored {
			r.refused(u, answer)
			continue
		}
		var f frame
		if size := (frame{p.Width, p.Height}); strings.HasPrefix(p.MediaType, "video/") || size != answer.size() {
			if f, err = askFFprobe(ctx, paths[i]); err != nil {
				return false, err
			}
		}
		r.add(u.Path, p.embedded(), answer, f)
	}
	return r.print(out), nil
}

// An upload is one line of `photos upload --json`.
type upload struct {
	Path, ID, Outcome, Reason string
	Error                     struct{ Message string }
}

// A photo is one line of `photos list --json`.
type photo struct {
	ID            string
	MediaType     string `json:"media_type"`
	Width, Height int
	TakenAt       string `json:"taken_at"`
	TakenFrom     string `json:"taken_source"`
	Camera        string
	Position      *struct{ Latitude, Longitude float64 }
	PositionFrom  string `json:"position_source"`
	Description   string
	DescribedFrom string `json:"description_source"`
}

// embedded returns p without what does not come from the picture itself.
func (p photo) embedded() photo {
	const source = "embedded"
	if p.TakenFrom != source {
		p.TakenAt = ""
	}
	if p.PositionFrom != source {
		p.Position = nil
	}
	if p.DescribedFrom != source {
		p.Description = ""
	}
	return p
}

// lines reads JSON Lines.
func lines[T any](name string) ([]T, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []T
	d := json.NewDecoder(bufio.NewReader(f))
	for {
		var v T
		switch err := d.Decode(&v); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, v)
	}
}

// askExifTool returns what exiftool reads from each file, by path. It exits with an error if
// one of the files is damaged, so its exit code says nothing.
func askExifTool(ctx context.Context, paths []string) (map[string]claims, error) {
	cmd := exec.CommandContext(ctx, "exiftool", "-json", "-n", "-G1", "-q", "-q", "-charset", "filename=utf8", "-@", "-")
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\n") + "\n")
	text, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, fmt.Errorf("exiftool: %w", err)
	}
	var all []claims
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("the output of exiftool: %w", err)
	}
	answers := map[string]claims{}
	for _, c := range all {
		c.addOtherLanguages()
		answers[c.text("SourceFile")] = c
	}
	return answers, nil
}

// A frame is a size in pixels.
type frame struct{ width, height int }

// askFFprobe returns the size of the first video stream as it is turned. It returns the zero frame
// if ffprobe cannot read the file.
func askFFprobe(ctx context.Context, path string) (frame, error) {
	cmd := exec.CommandContext(ctx, "ffprobe", "-v", "quiet", "-select_streams", "v:0", "-show_streams", "-of", "json", "file:"+path)
	text, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return frame{}, nil
	}
	if err != nil {
		return frame{}, fmt.Errorf("ffprobe: %w", err)
	}
	var answer struct {
		Streams []struct {
			Width, Height int
			SideDataList  []struct{ Rotation int } `json:"side_data_list"`
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return frame{}, fmt.Errorf("the output of ffprobe: %w", err)
	}
	if len(answer.Streams) == 0 {
		return frame{}, nil
	}
	s := answer.Streams[0]
	for _, d := range s.SideDataList {
		if d.Rotation%180 != 0 {
			return frame{s.Height, s.Width}, nil
		}
	}
	return frame{s.Width, s.Height}, nil
}
