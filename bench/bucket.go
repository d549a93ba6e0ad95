package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"photos/internal/redirect"
	"photos/internal/testkit/dbserver"
	"photos/internal/testkit/s3server"
)

// bucket compares an upload to a photosd over a bucket and PostgreSQL with a bare client that puts
// the same files into a bucket of the same server.
func (b *bench) bucket(ctx context.Context, c corpus) error {
	dir, n, err := b.files(c)
	if err != nil {
		return err
	}
	site, err := b.bucketSite(ctx)
	if err != nil {
		return err
	}
	serviceMiB := 0.0
	ours := func() (figure, error) {
		s, err := site.start(ctx)
		if err != nil {
			return figure{}, err
		}
		f, err := timed(s.photos(ctx, "upload", "--quiet", dir))
		if err == nil {
			err = s.holds(ctx, n)
		}
		mib, stopErr := s.stop()
		serviceMiB = max(serviceMiB, mib)
		return f, errors.Join(err, stopErr)
	}
	bare := func() (figure, error) {
		name, err := site.bucket(ctx)
		if err != nil {
			return figure{}, err
		}
		return timed(exec.CommandContext(ctx, site.self, "bucket-put", site.s3.URL, name, dir))
	}
	p, err := b.pairs(ours, bare)
	if err == nil {
		p.report("upload "+c.name+" to a bucket", "bare client")
		fmt.Printf("%-28s service %.0f MiB\n", "", serviceMiB)
		err = site.compareRclone(ctx, c, dir, ours)
	}
	return errors.Join(err, site.close())
}

// bucketMemory is how large the service gets with 64 uploads to a bucket under way.
func (b *bench) bucketMemory(ctx context.Context) error {
	dir, _, err := b.files(corpus{"64", 64, 40 << 20, true})
	if err != nil {
		return err
	}
	site, err := b.bucketSite(ctx)
	if err != nil {
		return err
	}
	s, err := site.start(ctx)
	if err != nil {
		return errors.Join(err, site.close())
	}
	f, err := timed(s.photos(ctx, "upload", "--quiet", "--jobs", "64", dir))
	mib, stopErr := s.stop()
	fmt.Printf("%-28s %.1f s   client %.0f MiB   service %.0f MiB\n", "64 uploads to a bucket", f.seconds, f.mib, mib)
	return errors.Join(err, stopErr, site.close())
}

// bucketSite is what the services of several runs have in common: an S3 server, a database server
// and a user pool.
type bucketSite struct {
	b       *bench
	self    string
	s3      *s3server.Server
	db      *dbserver.Server // nil: there is no PostgreSQL here
	pool    *server
	buckets int // made so far
}

func (b *bench) bucketSite(ctx context.Context) (*bucketSite, error) {
	s := &bucketSite{b: b}
	var err error
	if s.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if s.s3, err = s3server.Start(ctx, s3server.Options{}); err != nil {
		return nil, err
	}
	if s.db, err = dbserver.Start(ctx, dbserver.Postgres); errors.Is(err, dbserver.ErrMissing) {
		s.db, err = nil, nil
	}
	if err == nil {
		err = s.startPool(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *bucketSite) startPool(ctx context.Context) (err error) {
	s.pool, err = s.b.startPool(ctx)
	return err
}

// startPool starts a user pool, which photosd needs with a bucket or a database server. Its client
// is cli.
func (b *bench) startPool(ctx context.Context) (*server, error) {
	dir, err := b.folder()
	if err != nil {
		return nil, err
	}
	args := []string{"-db", filepath.Join(dir, "pool.db"), "-client", "cli"}
	for _, uri := range redirect.URIs() {
		args = append(args, "-redirect", uri)
	}
	return serve(exec.CommandContext(ctx, filepath.Join(b.bin, "poolserver"), args...))
}

// start starts a service with a bucket and a database of its own, and signs an account in.
func (s *bucketSite) start(ctx context.Context) (*site, error) {
	dir, err := s.b.folder()
	if err != nil {
		return nil, err
	}
	bucket, err := s.bucket(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(s.b.bin, "photosd"), "--listen", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--log-level", "error",
		"--issuer", s.pool.addr, "--domain", s.domain(), "--client-id", "cli", "--bucket", bucket)
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+s.s3.URL, "AWS_REGION="+s3server.Region, "AWS_ACCESS_KEY_ID="+s3server.AccessKey,
		"AWS_SECRET_ACCESS_KEY="+s3server.SecretKey, "AWS_CA_BUNDLE=")
	if s.db != nil {
		address, err := s.db.Create(ctx, bucket)
		if err != nil {
			return nil, err
		}
		cmd.Env = append(cmd.Env, "DATABASE_URL="+address)
	}
	return s.b.signedIn(ctx, cmd, dir, "--insecure-storage")
}

// compareRclone compares ours with rclone, which puts the files below dir into a bucket.
func (s *bucketSite) compareRclone(ctx context.Context, c corpus, dir string, ours func() (figure, error)) error {
	version, err := exec.CommandContext(ctx, "rclone", "version").Output()
	if errors.Is(err, exec.ErrNotFound) {
		fmt.Printf("%-28s rclone is not on PATH: not compared\n", "")
		return nil
	}
	if err != nil {
		return fmt.Errorf("rclone version: %w", err)
	}
	name, _, _ := strings.Cut(string(version), "\n")
	p, err := s.b.pairs(ours, func() (figure, error) {
		bucket, err := s.bucket(ctx)
		if err != nil {
			return figure{}, err
		}
		cmd := exec.CommandContext(ctx, "rclone", "--config", os.DevNull, "copy", "--transfers", "16", dir, "bench:"+bucket)
		cmd.Env = append(os.Environ(), "RCLONE_CONFIG_BENCH_TYPE=s3", "RCLONE_CONFIG_BENCH_PROVIDER=Other", "RCLONE_CONFIG_BENCH_REGION="+s3server.Region,
			"RCLONE_CONFIG_BENCH_ENDPOINT="+s.s3.URL, "RCLONE_CONFIG_BENCH_ACCESS_KEY_ID="+s3server.AccessKey,
			"RCLONE_CONFIG_BENCH_SECRET_ACCESS_KEY="+s3server.SecretKey)
		cmd.Env = slices.DeleteFunc(cmd.Env, func(v string) bool { return strings.HasPrefix(v, "AWS_CA_BUNDLE=") }) // rclone fails with it
		return timed(cmd)
	})
	if err == nil {
		p.report("upload "+c.name+" to a bucket", name)
	}
	return err
}

// bucket makes a new bucket.
func (s *bucketSite) bucket(ctx context.Context) (string, error) {
	s.buckets++
	name := fmt.Sprint("photos", s.buckets)
	return name, s.s3.CreateBucket(ctx, name)
}

// domain returns the origin of the user pool.
func (s *bucketSite) domain() string {
	u, err := url.Parse(s.pool.addr)
	if err != nil {
		return s.pool.addr
	}
	return u.Scheme + "://" + u.Host
}

func (s *bucketSite) close() error {
	var problems []error
	if s.pool != nil {
		_, err := s.pool.stop()
		problems = append(problems, err)
	}
	if s.db != nil {
		problems = append(problems, s.db.Close())
	}
	return errors.Join(append(problems, s.s3.Close())...)
}

// bucketPut digests every file below dir and puts it into a bucket, over conns connections.
func bucketPut(ctx context.Context, address, bucket, dir string, conns int) error {
	client := s3server.Client(address, awshttp.NewBuildableClient(), func(o *awss3.Options) {
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired // the digest signs the request already
	})
	paths := make(chan string, 1024)
	errs := make([]error, conns)
	var all sync.WaitGroup
	for i := range conns {
		all.Go(func() {
			for path := range paths {
				if errs[i] == nil {
					errs[i] = putFile(ctx, client, bucket, path)
				}
			}
		})
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			paths <- path
		}
		return err
	})
	close(paths)
	all.Wait()
	return errors.Join(errors.Join(errs...), err)
}

// putFile leaves the digest to the SDK, which reads the file for it before it sends it.
func putFile(ctx context.Context, client *awss3.Client, bucket, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	key := filepath.Base(path)
	_, err = client.PutObject(ctx, &awss3.PutObjectInput{Bucket: &bucket, Key: &key, Body: f})
	return err
}
