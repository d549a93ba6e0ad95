package s3server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
)

// HTTPClient returns a client that trusts the server's certificate.
func (s *Server) HTTPClient() (*awshttp.BuildableClient, error) {
	client := awshttp.NewBuildableClient()
	if s.CAFile == "" {
		return client, nil
	}
	pem, err := os.ReadFile(s.CAFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return client.WithTransportOptions(func(t *http.Transport) {
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}), nil
}

// Client returns a client of the server at url that does nothing on its own. http may be nil.
func Client(url string, http aws.HTTPClient, options ...func(*awss3.Options)) *awss3.Client {
	return awss3.New(awss3.Options{
		BaseEndpoint: &url, Region: Region, UsePathStyle: true, HTTPClient: http,
		Credentials: Credentials(),
	}, options...)
}

// Credentials returns those of the account that the server knows.
func Credentials() aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: AccessKey, SecretAccessKey: SecretKey}, nil
	})
}

// CreateBucket makes a bucket.
func (s *Server) CreateBucket(ctx context.Context, name string) error {
	http, err := s.HTTPClient()
	if err != nil {
		return err
	}
	_, err = Client(s.URL, http).CreateBucket(ctx, &awss3.CreateBucketInput{Bucket: &name})
	return err
}

// LetRead lets the other account list and read a bucket.
func (s *Server) LetRead(ctx context.Context, bucket string) error {
	http, err := s.HTTPClient()
	if err != nil {
		return err
	}
	policy := fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["%s"]},
		"Action": ["s3:ListBucket", "s3:GetObject"], "Resource": ["arn:aws:s3:::%s", "arn:aws:s3:::%s/*"]}]}`, OtherAccessKey, bucket, bucket)
	_, err = Client(s.URL, http).PutBucketPolicy(ctx, &awss3.PutBucketPolicyInput{Bucket: &bucket, Policy: &policy})
	return err
}

// CopyBucket makes a bucket with all objects of another one.
func (s *Server) CopyBucket(ctx context.Context, from, to string) error {
	http, err := s.HTTPClient()
	if err != nil {
		return err
	}
	client := Client(s.URL, http)
	if _, err := client.CreateBucket(ctx, &awss3.CreateBucketInput{Bucket: &to}); err != nil {
		return err
	}
	pages := awss3.NewListObjectsV2Paginator(client, &awss3.ListObjectsV2Input{Bucket: &from})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, object := range page.Contents {
			source := from + "/" + aws.ToString(object.Key)
			if _, err := client.CopyObject(ctx, &awss3.CopyObjectInput{Bucket: &to, Key: object.Key, CopySource: &source}); err != nil {
				return err
			}
		}
	}
	return nil
}
