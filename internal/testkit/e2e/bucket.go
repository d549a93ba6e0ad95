package e2e

import (
	"context"
	"os"
	"path/filepath"

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
	default:
		ts.Fatalf("usage: bucket start [https]")
	}
}

// bucket is a script's S3 server.
type bucket struct{ server *s3server.Server }

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

func (b *bucket) end() {
	if b.server != nil {
		_ = b.server.Close()
	}
}
