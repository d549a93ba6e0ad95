package e2e

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"photos/internal/testkit/s3server"
	"photos/internal/testkit/sample"
)

type bucketKey struct{}

// addS3Server builds the S3 server and puts it among the programs, where the unprivileged
// user can run it.
func addS3Server(bin string) error {
	built, err := s3server.Build(context.Background())
	if err != nil {
		return err
	}
	to := s3Program(bin)
	if err := os.Mkdir(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return sample.CopyFile(to, built, 0o755)
}

func s3Program(bin string) string { return filepath.Join(bin, "s3server", "versitygw") }

// bucketSettings are the variables that cmdBucket sets, and that photosd is started with.
func bucketSettings() []string {
	return []string{"PHOTOS_BUCKET", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}
}

// cmdBucket runs a real S3 server of the script's own, with an empty bucket photos.
func cmdBucket(ts *testscript.TestScript, neg bool, args []string) {
	b, _ := ts.Value(bucketKey{}).(*bucket)
	switch {
	case !neg && len(args) == 1 && args[0] == "start":
		b.start(ts, s3server.Options{})
	case !neg && len(args) == 2 && args[0] == "start" && args[1] == "https":
		b.start(ts, s3server.Options{TLS: true})
	case neg || len(args) < 1 || b.server == nil:
		ts.Fatalf("usage: bucket start [https], or of one that was started: bucket other|readable, bucket copy NAME, bucket ahead DURATION, bucket faults RATE|happened")
	case len(args) == 1 && args[0] == "other":
		ts.Setenv("AWS_ACCESS_KEY_ID", s3server.OtherAccessKey)
		ts.Setenv("AWS_SECRET_ACCESS_KEY", s3server.OtherSecretKey)
	case len(args) == 1 && args[0] == "readable":
		ts.Check(b.server.LetRead(context.Background(), "photos"))
	case len(args) == 2 && args[0] == "copy":
		ts.Check(b.server.CopyBucket(context.Background(), "photos", args[1]))
	case len(args) == 2 && args[0] == "ahead":
		b.ahead(ts, args[1])
	case len(args) == 2 && args[0] == "faults" && args[1] == "happened":
		b.happened(ts)
	case len(args) == 2 && args[0] == "faults":
		b.disturb(ts, args[1])
	default:
		ts.Fatalf("bucket %s: unknown", args[0])
	}
}

// bucket is a script's S3 server.
type bucket struct {
	server *s3server.Server
	faulty *s3server.Faulty
}

// start sets the variables, and BUCKET to the folder of the objects.
func (b *bucket) start(ts *testscript.TestScript, o s3server.Options) {
	ctx := context.Background()
	o.Program = s3Program(os.Getenv(envBin))
	var err error
	b.server, err = s3server.Start(ctx, o)
	ts.Check(err)
	ts.Check(b.server.CreateBucket(ctx, "photos"))
	for name, value := range map[string]string{
		"PHOTOS_BUCKET": "photos", "AWS_ENDPOINT_URL": b.server.URL, "AWS_REGION": s3server.Region, "AWS_CA_BUNDLE": b.server.CAFile,
		"AWS_ACCESS_KEY_ID": s3server.AccessKey, "AWS_SECRET_ACCESS_KEY": s3server.SecretKey,
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "BUCKET": b.server.Folder + "/photos",
	} {
		ts.Setenv(name, value)
	}
}

// ahead makes the server's clock differ from that of photosd.
func (b *bucket) ahead(ts *testscript.TestScript, by string) {
	d, err := time.ParseDuration(by)
	ts.Check(err)
	handler, err := b.server.Ahead(d)
	ts.Check(err)
	frontOf(ts, handler)
}

// frontOf makes photosd reach the server through a handler.
func frontOf(ts *testscript.TestScript, handler http.Handler) {
	web := httptest.NewServer(handler)
	ts.Defer(web.Close)
	ts.Setenv("AWS_ENDPOINT_URL", web.URL)
}

// disturb lets something happen to the first attempt of requests, with a probability. Lists are late.
func (b *bucket) disturb(ts *testscript.TestScript, rate string) {
	probability, err := strconv.ParseFloat(rate, 64)
	ts.Check(err)
	store, err := url.Parse(b.server.URL)
	ts.Check(err)
	client, err := b.server.HTTPClient()
	ts.Check(err)
	dice := rand.New(rand.NewPCG(seed(ts), 1)) // Faulty asks for one request at a time
	b.faulty = s3server.NewFaulty(client, time.Second, func(r *http.Request, attempt int) s3server.Fault {
		if attempt > 1 || dice.Float64() >= probability {
			return s3server.None
		}
		suitable := s3server.Suitable(r)
		return suitable[dice.IntN(len(suitable))]
	})
	frontOf(ts, b.faulty.Handler(store))
}

// happened requires that each fault happened.
func (b *bucket) happened(ts *testscript.TestScript) {
	for _, what := range s3server.Faults() {
		n := b.faulty.Happened(what)
		ts.Logf("%d times: %s", n, what)
		if n == 0 {
			ts.Fatalf("no %s happened", what)
		}
	}
}

func (b *bucket) end() {
	if b.server != nil {
		_ = b.server.Close()
	}
}
