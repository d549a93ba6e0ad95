package s3_test

import (
	"context"
	"crypto/rand"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"go.uber.org/goleak"

	"photos/internal/blob/blobtest"
	"photos/internal/blob/s3"
	"photos/internal/store/sqldb"
	"photos/internal/testkit/s3server"
)

func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": s3server.AccessKey, "AWS_SECRET_ACCESS_KEY": s3server.SecretKey, "AWS_REGION": s3server.Region,
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CA_BUNDLE": "",
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	servers.close()
	if err := goleak.Find(goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop")); err != nil && code == 0 {
		os.Stderr.WriteString(err.Error() + "\n")
		code = 1
	}
	os.Exit(code)
}

// TestStoreInProcess runs the suite over a server that checks neither signatures nor bytes.
func TestStoreInProcess(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	t.Cleanup(web.Close)
	blobtest.Run(t, func(t testing.TB) blobtest.Opener { return fresh(t, s3.Config{Endpoint: web.URL}) })
}

func TestStoreOverHTTP(t *testing.T) {
	t.Parallel()
	c := realServer(t, false)
	blobtest.Run(t, func(t testing.TB) blobtest.Opener { return fresh(t, c) })
}

func TestStoreOverHTTPS(t *testing.T) {
	t.Parallel()
	c := realServer(t, true)
	blobtest.Run(t, func(t testing.TB) blobtest.Opener { return fresh(t, c) })
}

func TestStoreWithoutChecksums(t *testing.T) {
	t.Parallel()
	c := realServer(t, false)
	c.Checksums = false
	blobtest.Run(t, func(t testing.TB) blobtest.Opener { return fresh(t, c) })
}

// fresh makes a bucket and a database, and returns how to open them.
func fresh(t testing.TB, c s3.Config) blobtest.Opener {
	t.Helper()
	return freshOver(t, c, func(*s3.Config) {})
}

// freshOver is fresh with a change of how the bucket is used, after it was made.
func freshOver(t testing.TB, c s3.Config, change func(*s3.Config)) blobtest.Opener {
	t.Helper()
	c.Bucket, c.PathStyle, c.Setting, c.Spool = newBucket(t, c), true, "PHOTOS_BUCKET", t.TempDir()
	change(&c)
	url := "sqlite:" + filepath.Join(t.TempDir(), "photos.db")
	return func(t testing.TB) blobtest.Store {
		t.Helper()
		db, err := sqldb.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		c.Rows = db
		s, err := s3.Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// plainClient returns a client that knows nothing of this package.
func plainClient(c s3.Config) *awss3.Client { return s3server.Client(c.Endpoint, c.HTTP) }

func newBucket(t testing.TB, c s3.Config) string {
	t.Helper()
	name := "photos-" + strings.ToLower(rand.Text())
	if _, err := plainClient(c).CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: aws.String(name)}); err != nil {
		t.Fatal(err)
	}
	return name
}

// servers are the real servers of this test run.
var servers pool // TestMain ends them

type pool struct {
	mu sync.Mutex
	of map[bool]*s3server.Server
}

func (p *pool) get(tls bool) (*s3server.Server, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.of[tls]; s != nil {
		return s, nil
	}
	s, err := s3server.Start(context.Background(), s3server.Options{TLS: tls})
	if err != nil {
		return nil, err
	}
	if p.of == nil {
		p.of = map[bool]*s3server.Server{}
	}
	p.of[tls] = s
	return s, nil
}

func (p *pool) close() {
	for _, s := range p.of {
		_ = s.Close()
	}
}

// realServer returns how versitygw is reached.
func realServer(t testing.TB, secure bool) s3.Config {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and runs a real S3 server")
	}
	s, err := servers.get(secure)
	if err != nil {
		t.Fatal(err)
	}
	c := s3.Config{Endpoint: s.URL, Checksums: true}
	if c.HTTP, err = s.HTTPClient(); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestLeftoversWithoutRows: what the bucket has of uploads that the database does not know is
// found and removed, and nothing of others.
func TestLeftoversWithoutRows(t *testing.T) {
	t.Parallel()
	c := realServer(t, false)
	var bucket string
	s := freshOver(t, c, func(c *s3.Config) { bucket = c.Bucket })(t)
	client := plainClient(c)
	for _, key := range []string{owner + "/LOSTPARTS-" + rand.Text(), "backup/of-something-else"} {
		if _, err := client.CreateMultipartUpload(t.Context(), &awss3.CreateMultipartUploadInput{Bucket: &bucket, Key: &key}); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{".uploads/LOSTTAIL/" + rand.Text(), ".uploads/LOSTTAIL/" + rand.Text(), "backup/file", ".uploads/README"} {
		if _, err := client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("x")}); err != nil {
			t.Fatal(err)
		}
	}
	wantNoBlobs(t, s)
	var names []string
	err := s.EachStaged(t.Context(), func(name string, _ time.Time) error {
		names = append(names, name)
		return s.Discard(t.Context(), name)
	})
	if err != nil || !slices.Equal(slices.Sorted(slices.Values(names)), []string{"LOSTPARTS", "LOSTTAIL"}) {
		t.Errorf("EachStaged: %v, %v", names, err)
	}
	uploads, err := client.ListMultipartUploads(t.Context(), &awss3.ListMultipartUploadsInput{Bucket: &bucket})
	if err != nil || len(uploads.Uploads) != 1 || aws.ToString(uploads.Uploads[0].Key) != "backup/of-something-else" {
		t.Errorf("multipart uploads: %v, %v", uploads, err)
	}
	objects, err := client.ListObjectsV2(t.Context(), &awss3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil || aws.ToInt32(objects.KeyCount) != 2 {
		t.Errorf("%d objects are left, %v", aws.ToInt32(objects.KeyCount), err)
	}
}
