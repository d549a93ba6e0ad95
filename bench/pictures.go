package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	openapi "photos/api"
	"photos/internal/blob/disk"
	"photos/internal/httpapi"
	"photos/internal/photo"
	"photos/internal/picture"
	"photos/internal/picture/metadata"
	"photos/internal/service"
	"photos/internal/store/sqldb"
	"photos/internal/testkit/sample"
	"photos/internal/thumb"
)

// shot makes a JPEG that takes as long to decode as a photo of this size: even areas, edges, and
// the noise of a sensor. A 12 megapixel one has about 3 MB.
func shot(width, height int, seed uint64) ([]byte, error) {
	random := rand.New(rand.NewPCG(seed, 2))
	noise := make([]uint8, 1<<16)
	for i := range noise {
		noise[i] = uint8(random.IntN(17))
	}
	img := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	for y := range height {
		for x := range width {
			v := 40 + 150*y/height
			if (x/97+y/61)%5 == 0 {
				v += 40
			}
			img.Y[img.YOffset(x, y)] = uint8(v) + noise[random.Uint32()&0xffff]
		}
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = uint8(110+i%img.CStride*40/img.CStride), uint8(120+random.IntN(4))
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 88})
	return b.Bytes(), err
}

// heic makes a HEIC of the same kind, or nil without an encoder.
func (b *bench) heic(ctx context.Context, width, height int) ([]byte, error) {
	encoder, err := exec.LookPath("heif-enc")
	if err != nil {
		return nil, nil // nothing can be measured without it
	}
	file, err := shot(width, height, 3)
	if err != nil {
		return nil, err
	}
	in, out := filepath.Join(b.dir, "shot.jpg"), filepath.Join(b.dir, "shot.heic")
	if err := os.WriteFile(in, file, 0o600); err != nil {
		return nil, err
	}
	if _, err := timed(exec.CommandContext(ctx, encoder, "-q", "60", "-p", "preset=ultrafast", in, "-o", out)); err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// renditions measures what the small pictures of a photo cost.
func (b *bench) renditions(ctx context.Context) error {
	photo, err := shot(4000, 3000, 4)
	if err != nil {
		return err
	}
	large, err := b.heic(ctx, 6000, 4000)
	if err != nil {
		return err
	}
	if err := b.renditionTimes(ctx, photo, large); err != nil {
		return err
	}
	err = b.renditionsOf(ctx, volume{name: "photos of 12 megapixels", extension: "jpg", file: photo, n: max(4, int(1000*b.scale)), goal: "goal 5", memory: 256})
	if err != nil || large == nil {
		return err
	}
	return b.renditionsOf(ctx, volume{name: "HEICs of 24 megapixels", extension: "heic", file: large, n: max(4, int(20*b.scale)), goal: "no goal", memory: 640})
}

// renditionTimes prints the processor time for all sizes of one photo, and how long it takes. The
// processor time of a program in a sandbox cannot be measured: bubblewrap ends before the program does.
func (b *bench) renditionTimes(ctx context.Context, photo, large []byte) error {
	boxed := thumb.Find()
	free := boxed
	free.Bubblewrap = ""
	vips := boxed.VIPS != ""
	for _, c := range []struct {
		name, mediaType string
		file            []byte
		config          thumb.Config
		goal            float64 // 0: the processor time is not known
		possible        bool
	}{
		{"JPEG of 12 MP, libvips", picture.JPEG, photo, free, 0.30, vips},
		{"JPEG of 12 MP, in a sandbox", picture.JPEG, photo, boxed, 0, vips && boxed.Bubblewrap != ""},
		{"JPEG of 12 MP, Go alone", picture.JPEG, photo, thumb.Config{}, 0.60, true},
		{"HEIC of 24 MP, libvips", picture.HEIC, large, free, 2.5, vips && large != nil},
		{"HEIC of 24 MP, in a sandbox", picture.HEIC, large, boxed, 0, vips && large != nil && boxed.Bubblewrap != ""},
	} {
		if !c.possible {
			fmt.Printf("%-28s not measured: vipsthumbnail, heif-enc or bwrap is missing\n", c.name)
			continue
		}
		m := thumb.New(c.config)
		var busy, took []float64
		for range b.runs + 1 {
			before, began := processorTime()+childrenTime(), time.Now()
			if _, err := m.Make(ctx, c.mediaType, bytes.NewReader(c.file), int64(len(c.file))); err != nil {
				return err
			}
			busy, took = append(busy, (processorTime()+childrenTime()-before).Seconds()), append(took, time.Since(began).Seconds())
		}
		cost := "processor time unknown"
		if c.goal > 0 {
			cost = fmt.Sprintf("processor time %s s for all sizes (goal %.2f)", spreadOf(busy[1:]), c.goal)
		}
		fmt.Printf("%-28s %s, from start to end %s s, %.1f MB\n", c.name, cost, spreadOf(took[1:]), float64(len(c.file))/1e6)
	}
	return nil
}

// childrenTime returns how long programs that this one has started, and waited for, have kept
// processors busy.
func childrenTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// A volume is n photos that differ only in their last bytes.
type volume struct {
	name, extension string
	file            []byte
	n               int
	goal            string
	memory          int // the goal, in MiB
}

// renditionsOf uploads photos, waits for their small pictures, and prints how many were made per
// second, and how much memory the service and its programs took.
func (b *bench) renditionsOf(ctx context.Context, v volume) error {
	dir, n := filepath.Join(b.dir, "shots "+v.extension), v.n
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i := range n {
		one := append(slices.Clone(v.file), fmt.Sprintf("%08d", i)...)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("IMG_%05d.%s", i, v.extension)), one, 0o600); err != nil {
			return err
		}
	}
	s, err := b.site(ctx, false)
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	most := make(chan float64, 1)
	go func() { most <- mostMemory(s.cmd.Process.Pid, stop) }()
	if _, err := timed(s.photos(ctx, "upload", "--quiet", dir)); err != nil {
		return err
	}
	began := time.Now()
	before, err := s.ready(ctx)
	for made := before; err == nil && made < n; made, err = s.ready(ctx) {
		time.Sleep(max(200*time.Millisecond, time.Duration(n)*time.Millisecond)) // a list of many photos takes processor time
	}
	took := time.Since(began)
	close(stop)
	_, stopErr := s.stop()
	if err := errors.Join(err, stopErr); err != nil {
		return err
	}
	fmt.Printf("%-28s %d of %.1f MB, %.1f made per second after the upload (%s), service and programs %.0f MiB (goal %d)\n",
		v.name, n, float64(len(v.file))/1e6, float64(n-before)/took.Seconds(), v.goal, <-most, v.memory)
	return nil
}

// ready returns how many photos have their small pictures.
func (s *site) ready(ctx context.Context) (int, error) {
	out, err := s.photos(ctx, "list", "--fields", "rendition").Output()
	if err != nil {
		return 0, err
	}
	if n := strings.Count(string(out), "none\n"); n > 0 {
		return 0, fmt.Errorf("%d photos cannot be decoded", n)
	}
	return strings.Count(string(out), "ready\n"), nil
}

// mostMemory returns the most memory in MiB that a process and its descendants have at the same
// time (proc(5): the share of each page that is theirs).
func mostMemory(pid int, stop <-chan struct{}) float64 {
	program, most := executable(pid), 0.0
	for {
		select {
		case <-stop:
			return most
		case <-time.After(50 * time.Millisecond): // to look takes some milliseconds
			most = max(most, memoryOf(pid)+descendantsMemory(pid, program))
		}
	}
}

// descendantsMemory returns the memory of all descendants of a process. A child that is still the
// same program is about to start another one. Until then it has no memory of its own, but uses that
// of its parent (vfork(2)).
func descendantsMemory(pid int, program string) float64 {
	sum := 0.0
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, child := range strings.Fields(string(text)) {
			id, err := strconv.Atoi(child)
			if err != nil || executable(id) == program {
				continue
			}
			sum += memoryOf(id) + descendantsMemory(id, program)
		}
	}
	return sum
}

// executable returns the path of the program that a process runs, "" if the process has ended.
func executable(pid int) string {
	path, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return path
}

// memoryOf returns the memory of one process, 0 if it has ended.
func memoryOf(pid int) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	for line := range strings.Lines(string(text)) {
		if words := strings.Fields(line); len(words) == 3 && words[0] == "Pss:" {
			kib, _ := strconv.ParseFloat(words[1], 64)
			return kib / 1024
		}
	}
	return 0
}

// What a page with a grid of photos asks.
const (
	thumbnailRate = 200 // per second
	thumbnailFor  = 20 * time.Second
)

// thumbnails is how long a stored small picture takes over HTTP.
func (b *bench) thumbnails(ctx context.Context) error {
	dir := filepath.Join(b.dir, "scenes")
	if err := sample.WriteScenes(dir, max(10, int(500*b.scale))); err != nil {
		return err
	}
	s, err := b.site(ctx, false)
	if err != nil {
		return err
	}
	defer s.stop()
	if _, err := timed(s.photos(ctx, "upload", "--quiet", dir)); err != nil {
		return err
	}
	ids, err := s.photos(ctx, "list", "--quiet").Output()
	if err != nil {
		return err
	}
	for made, want := 0, strings.Count(string(ids), "\n"); made < want; time.Sleep(200 * time.Millisecond) {
		if made, err = s.ready(ctx); err != nil {
			return err
		}
	}
	token, err := s.photos(ctx, "token").Output()
	if err != nil {
		return err
	}
	took, err := s.askThumbnails(ctx, strings.Fields(string(ids)), strings.TrimSpace(string(token)))
	if err != nil {
		return err
	}
	fmt.Printf("%-28s %d per second: median %.1f ms   p99 %.1f ms (goal 10)   most %.1f ms\n",
		"stored small picture", thumbnailRate, ms(took[len(took)/2]), ms(took[len(took)*99/100]), ms(took[len(took)-1]))
	return nil
}

// askThumbnails asks for small pictures at a fixed rate, and returns how long each took, sorted.
func (s *site) askThumbnails(ctx context.Context, ids []string, token string) ([]time.Duration, error) {
	const connections = 64 // a browser keeps its connections, too
	web := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	defer web.CloseIdleConnections()
	n := thumbnailRate * int(thumbnailFor/time.Second)
	took, errs := make([]time.Duration, n), make([]error, n)
	began := time.Now()
	var asking sync.WaitGroup
	for i := range n {
		due := began.Add(time.Duration(i) * time.Second / thumbnailRate)
		time.Sleep(time.Until(due))
		asking.Go(func() {
			status, err := asUser(ctx, web, token, s.addr+"/v1/photos/"+ids[i*7919%len(ids)]+"/thumbnail?size=256")
			if took[i] = time.Since(due); err == nil && status != http.StatusOK {
				err = fmt.Errorf("a small picture ended with status %d", status)
			}
			errs[i] = err
		})
	}
	asking.Wait()
	slices.Sort(took)
	return took, errors.Join(errs...)
}

// metadata is how long it takes to read what photos say about themselves. PHOTOS=DIR measures
// the pictures of a folder, otherwise it is some real ones.
func (b *bench) metadata(ctx context.Context) error {
	dir := os.Getenv("PHOTOS")
	if dir == "" {
		dir = filepath.Join(b.dir, "samples")
		if err := sample.Collect(dir); err != nil {
			return err
		}
	}
	var took []time.Duration
	files := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		one, err := b.readTimes(ctx, path)
		if len(one) > 0 {
			files++
		}
		took = append(took, one...)
		return err
	})
	if err != nil {
		return err
	}
	if files == 0 {
		return fmt.Errorf("there are no pictures in %s", dir)
	}
	slices.Sort(took)
	fmt.Printf("%-28s %d files: median %.3f ms (goal 0.1)   p99 %.3f ms (goal 2)   most %.3f ms\n",
		"metadata", files, ms(took[len(took)/2]), ms(took[len(took)*99/100]), ms(took[len(took)-1]))
	return nil
}

// readTimes returns how long the metadata of a file took, in several runs; nothing if it is not
// a picture.
func (b *bench) readTimes(ctx context.Context, path string) ([]time.Duration, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var took []time.Duration
	for i := range b.runs + 1 {
		began := time.Now()
		_, err := metadata.Read(ctx, f, info.Size())
		if photo.KindOf(err) == photo.KindNotPicture {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if i > 0 { // the first run reads from the disk
			took = append(took, time.Since(began))
		}
	}
	return took, nil
}

// queue compares uploads to a service that makes small pictures with uploads to one that makes
// none.
func (b *bench) queue(ctx context.Context, c corpus) error {
	dir, n, err := b.files(c)
	if err != nil {
		return err
	}
	p, err := b.pairs(
		func() (figure, error) { return b.uploadToQueue(ctx, dir, n, "with") },
		func() (figure, error) { return b.uploadToQueue(ctx, dir, n, "without") })
	if err == nil {
		p.report("upload "+c.name+" with the queue", "without (goal 1.05)")
	}
	return err
}

func (b *bench) uploadToQueue(ctx context.Context, dir string, n int, queue string) (figure, error) {
	self, err := os.Executable()
	if err != nil {
		return figure{}, err
	}
	data, err := b.folder()
	if err != nil {
		return figure{}, err
	}
	s, err := serve(exec.CommandContext(ctx, self, "queue-serve", data, queue))
	if err != nil {
		return figure{}, err
	}
	client := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, filepath.Join(b.bin, "photos"), args...)
		cmd.Env = append(os.Environ(), "PHOTOS_CONFIG_DIR="+data, "HOME="+data, "XDG_STATE_HOME="+data, "XDG_CACHE_HOME="+data, "PHOTOS_SERVER=http://"+s.addr, "PHOTOS_TOKEN=any", "PHOTOS_TOKEN_FILE=", "PHOTOS_PROFILE=")
		return cmd
	}
	f, err := timed(client("upload", "--quiet", dir))
	if err == nil {
		out, listErr := client("list", "--quiet").Output()
		if got := bytes.Count(out, []byte("\n")); listErr == nil && got != n {
			listErr = fmt.Errorf("%d photos arrived, want %d", got, n)
		}
		err = listErr
	}
	_, stopErr := s.stop()
	return f, errors.Join(err, stopErr)
}

// queueServe is the service with photos on disk, with or without small pictures. Every token is
// somebody's.
func queueServe(ctx context.Context, dir, queue string) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(dir, "photos.db"))
	if err != nil {
		return err
	}
	blobs, err := disk.Open(filepath.Join(dir, "data"))
	if err != nil {
		return err
	}
	config := service.Config{
		Store: db, Blobs: blobs, Staging: blobs, Inspect: metadata.Read,
		Verify: func(context.Context, string) (service.Identity, error) {
			return service.Identity{Pool: "bench", Subject: "ada", Expires: time.Now().Add(time.Hour)}, nil
		},
	}
	if queue == "with" {
		config.Renditions = thumb.New(thumb.Find())
	}
	svc, err := service.New(config)
	if err != nil {
		return err
	}
	handler, err := httpapi.New(httpapi.Config{BaseURL: "http://" + l.Addr().String(), Local: true, Service: svc, OpenAPI: openapi.JSON})
	if err != nil {
		return err
	}
	if queue == "with" {
		go svc.Background.Run(ctx)
	}
	fmt.Printf("listening on %s\n", l.Addr())
	web := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = web.Close() })
	if err := web.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return errors.Join(blobs.Close(), db.Close())
}
