// Package metrics counts and times what photosd does, and shows the figures to Prometheus.
//
// Nothing in it is about a user: labels are patterns of routes, names of calls and
// statuses, never a path, a token, an owner or the name of a photo. So the number of
// series is bounded, whatever clients send.
//
//	http.go      requests and connections
//	store.go     calls of the database, commits, connections to it
//	blob.go      calls of the blob store
//	service.go   sweeps, and what waits for a processor
package metrics

import (
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// namespace begins the name of every metric that is not one of Go's.
const namespace = "photosd"

// Metrics are the figures of one photosd.
type Metrics struct {
	registry *prometheus.Registry

	http    httpMetrics
	store   storeMetrics
	blobs   *prometheus.HistogramVec
	service serviceMetrics
}

// New makes the figures of the program with the version.
func New(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.gauge("build_info", "Is 1; the labels say which program runs.", prometheus.Labels{"version": version, "go": runtime.Version()}, func() float64 { return 1 })
	m.http = newHTTPMetrics(m)
	m.store = newStoreMetrics(m)
	m.blobs = m.histogram("blob_call_duration_seconds", "How long calls of the blob store took.", callBuckets(), "call", "outcome")
	m.service = newServiceMetrics(m)
	return m
}

// Handler answers with the figures in the formats of Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// callBuckets returns the buckets of calls of a store: from a read of memory to a call that waits for
// a machine that does not answer.
func callBuckets() []float64 {
	return []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
}

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(h)
	return h
}

// gauge registers a figure that is asked for when Prometheus comes.
func (m *Metrics) gauge(name, help string, labels prometheus.Labels, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help, ConstLabels: labels}, value))
}

// outcome is the label that says whether a call failed.
func outcome(err error) string {
	if err != nil {
		return "error"
	}
	return "ok"
}
